/** What a service makes of a scanner's verdict. */
import { describe, expect, test } from "vitest";
import { admitScanned, mayWaitForScan, SCAN_PATIENCE_MS, type ScanVerdict } from "../../../src/core/scan.ts";
import { accepted, reasonOf } from "../../support/core-fixtures.ts";

const POLICIES = ["required", "best-effort"] as const;
const INFECTED: ScanVerdict = { verdict: "infected", signature: "Eicar-Test-Signature" };

describe.each(POLICIES)("under %s", (policy) => {
  test("a clean file may be announced, and is marked so", () => {
    expect(accepted(admitScanned(policy, { verdict: "clean" }))).toBe("clean");
  });

  test("an infected file is refused, with the name of what was found", () => {
    const refused = admitScanned(policy, INFECTED);
    expect(refused).toEqual({ ok: false, refusal: { reason: "malware-found", signature: "Eicar-Test-Signature" } });
  });

  test("a file that holds more than the scanner can look into is refused: no further try would tell more", () => {
    expect(reasonOf(admitScanned(policy, { verdict: "none", why: "too-large" }))).toBe("not-scannable");
  });
});

describe.each(["down", "slow", "nonsense", "busy"] as const)("a scanner that is %s", (why) => {
  test("refuses for now where a scan is required", () => {
    expect(reasonOf(admitScanned("required", { verdict: "none", why }))).toBe("scanner-unavailable");
  });

  test("lets the file through with a mark where it is scanned as well as may be", () => {
    expect(accepted(admitScanned("best-effort", { verdict: "none", why }))).toBe("skipped");
  });
});

test("a rescued upload waits for its verdict ten minutes from its beginning, and no longer", () => {
  expect(mayWaitForScan(1000, 1000 + SCAN_PATIENCE_MS - 1)).toBe(true);
  expect(mayWaitForScan(1000, 1000 + SCAN_PATIENCE_MS)).toBe(false);
});
