/** The scanner over TCP inside workerd, with a real clamd. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EICAR, EICAR_SIGNATURE, NO_CLAMD, startClamd, type TestClamd } from "../../support/node/clamd.ts";
import { type ScannerRuntime, startScannerRuntime } from "../../support/node/scanner-runtime.ts";

let runtime: ScannerRuntime;
let clamd: TestClamd;

beforeAll(async () => {
  runtime = await startScannerRuntime();
  if (NO_CLAMD === "") clamd = await startClamd();
});
afterAll(async () => {
  await runtime.close();
  await clamd?.stop();
});

describe.runIf(NO_CLAMD === "")(`clamd over TCP${NO_CLAMD}`, () => {
  test("calls a harmless file clean, and EICAR by its name", async () => {
    const settings = { url: clamd.url };
    expect(await runtime.scan({ settings, file: { size: 100 } })).toEqual({
      verdict: { verdict: "clean" },
      opened: true,
    });
    expect(await runtime.scan({ settings, file: Buffer.from(EICAR) })).toEqual({
      verdict: { verdict: "infected", signature: EICAR_SIGNATURE },
      opened: true,
    });
    const MIB = 2 ** 20;
    expect(await runtime.scan({ settings, file: { size: 90 * MIB, end: EICAR } })).toMatchObject({
      verdict: { verdict: "infected" },
    });
  });
  test("is of no use where its limits are silent", async () => {
    const silent = await startClamd({ AlertExceedsMax: "no" });
    const scanned = await runtime.scan({ settings: { url: silent.url }, file: { size: 100 } });
    await silent.stop();
    expect(scanned).toEqual({ verdict: { verdict: "none", why: "down" }, opened: false });
    expect(runtime.log()).toContain('{"event":"scanner-unusable","failure":"limits-are-silent"}');
  });
  test("is down where nobody listens", async () => {
    const scanned = await runtime.scan({ settings: { url: "tcp://127.0.0.1:9" }, file: { size: 100 } });
    expect(scanned).toEqual({ verdict: { verdict: "none", why: "down" }, opened: false });
  });
});
