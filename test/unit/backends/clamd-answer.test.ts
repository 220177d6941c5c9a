/** What clamd's answers mean: each that it has, and that nothing else is taken for one of them. */
import { describe, expect, test } from "vitest";
import { readVerdict, readVersion, signatureName } from "../../../src/backends/clamd-answer.ts";

describe("a verdict", () => {
  test.each([
    ["stream: OK", { verdict: "clean" }],
    ["stream: Eicar-Test-Signature FOUND", { verdict: "infected", signature: "Eicar-Test-Signature" }],
    ["stream: Win.X(44d88612fea8a8f36de82e1278abb02f:68) FOUND", expect.objectContaining({ verdict: "infected" })],
    ["stream: OK FOUND", { verdict: "infected", signature: "OK" }],
    ["stream: Heuristics.Limits.Exceeded.MaxRecursion FOUND", { verdict: "none", why: "too-large" }],
    ["stream: Heuristics.Limits.Exceeded FOUND", { verdict: "none", why: "too-large" }],
    ["stream: Heuristics.Limits.ExceededNot FOUND", expect.objectContaining({ verdict: "infected" })],
    ["stream: Heuristics.Encrypted.Zip FOUND", { verdict: "infected", signature: "Heuristics.Encrypted.Zip" }],
    ["INSTREAM size limit exceeded. ERROR", { verdict: "none", why: "too-large" }],
    ["COMMAND READ TIMED OUT ERROR", { verdict: "none", why: "slow" }],
    ["stream: Can't allocate memory ERROR", { verdict: "none", why: "down" }],
  ])("of %j is %j", (answer, verdict) => {
    expect(readVerdict(answer)).toEqual(verdict);
  });

  test.each([
    "",
    "OK",
    "stream: ok",
    "stream: OK ",
    " stream: OK",
    "stream:OK",
    "stream: OK\n",
    "stream: FOUND",
    "stream:  FOUND ",
    "1: stream: OK",
    "/etc/passwd: OK",
    "PONG",
    "UNKNOWN COMMAND",
    "HTTP/1.1 400 Bad Request",
  ])("is not in %j", (answer) => {
    expect(readVerdict(answer)).toEqual({ verdict: "none", why: "nonsense" });
  });
});

describe("a version", () => {
  test("tells when the signatures were made", () => {
    const at = Date.UTC(2026, 10, 4, 9, 26, 12);
    const state = { version: "ClamAV 1.4.3", signaturesAt: at };
    expect(readVersion("ClamAV 1.4.3/27450/Wed Nov  4 09:26:12 2026")).toEqual(state);
    expect(readVersion("ClamAV 1.4.3/27450/Wed Nov 04 09:26:12 2026")).toEqual(state);
  });

  test("tells nothing of them where there are none of the makers', or a time that is none", () => {
    expect(readVersion("ClamAV 1.4.3")).toEqual({ version: "ClamAV 1.4.3", signaturesAt: undefined });
    const dateless = { version: "ClamAV 1.4.3", signaturesAt: undefined };
    expect(readVersion("ClamAV 1.4.3/27450/yesterday")).toEqual(dateless);
    expect(readVersion("ClamAV 1.4.3/27450/Wed Foo  4 09:26:12 2026")).toEqual(dateless);
  });

  test.each(["", "PONG", "ClamAV", "ClamAV 1.4\n", "ClamAV 1.4.3/x/y", "UNKNOWN COMMAND", "ClamAV \u0007"])(
    "is not in %j",
    (answer) => {
      expect(readVersion(answer)).toBeUndefined();
    },
  );
});

test.each([
  ["Eicar-Test-Signature", "Eicar-Test-Signature"],
  ["Win.Trojan\u202egnp.exe\n", "Win.Trojan?gnp.exe?"],
  ["", "unnamed"],
  ["x".repeat(300), "x".repeat(200)],
])("of the signature %j is shown %j", (name, shown) => {
  expect(signatureName(name)).toBe(shown);
});
