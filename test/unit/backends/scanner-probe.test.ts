/** When a scanner is tried, and how long what was found holds. What is found is tested with a real clamd. */
import { beforeEach, expect, test } from "vitest";
import type { ScannedFile, Scanner } from "../../../src/backends/scanner.ts";
import { probed } from "../../../src/backends/scanner-probe.ts";
import type { ScanVerdict } from "../../../src/core/scan.ts";

const MINUTE = 60_000;
const CLEAN: ScanVerdict = { verdict: "clean" };
const DOWN: ScanVerdict = { verdict: "none", why: "down" };
const SLOW: ScanVerdict = { verdict: "none", why: "slow" };
const TOO_LARGE: ScanVerdict = { verdict: "none", why: "too-large" };
const FOUND: ScanVerdict = { verdict: "infected", signature: "Eicar-Test-Signature" };

let time: number;
let failures: string[];
/** What was scanned: a probe's two files by what they are, others by their size. */
let seen: (string | number)[];
let answers: { eicar: ScanVerdict; nested: ScanVerdict; file: ScanVerdict };
let scanner: Scanner;

async function firstBytes({ open }: ScannedFile): Promise<Uint8Array> {
  const body = await open();
  return body === undefined ? new Uint8Array() : new Uint8Array(await new Response(body).arrayBuffer()).subarray(0, 4);
}

beforeEach(() => {
  time = 0;
  failures = [];
  seen = [];
  answers = { eicar: FOUND, nested: TOO_LARGE, file: CLEAN };
  const told: Scanner = {
    async scan(file) {
      const [first] = await firstBytes(file);
      const kind = first === 0x58 ? "eicar" : first === 0x1f ? "nested" : "file";
      seen.push(kind === "file" ? file.size : kind);
      return answers[kind];
    },
    state: async () => ({ version: "ClamAV 1.4.3", signaturesAt: undefined }),
  };
  scanner = probed(told, { now: () => time, report: (failure) => failures.push(failure) });
});

const scan = (size: number) => scanner.scan({ size, open: async () => new Response("harmless").body ?? undefined });

test("a scanner is tried at its first file, and not again for ten minutes", async () => {
  expect(await scan(1)).toEqual(CLEAN);
  time += 10 * MINUTE - 1;
  expect(await scan(2)).toEqual(CLEAN);
  time += 1;
  expect(await scan(3)).toEqual(CLEAN);
  expect(seen).toEqual(["eicar", "nested", 1, 2, "eicar", "nested", 3]);
  expect(failures).toEqual([]);
});

test.each([DOWN, SLOW])("a scanner is tried again after it gave no verdict: %j", async (verdict) => {
  await scan(1);
  answers.file = verdict;
  expect(await scan(2)).toEqual(verdict);
  answers = { eicar: FOUND, nested: CLEAN, file: CLEAN };
  expect(await scan(3)).toEqual(DOWN);
  expect(seen).toEqual(["eicar", "nested", 1, 2, "eicar", "nested"]);
});

test("a file that is too large says nothing of the scanner", async () => {
  answers.file = TOO_LARGE;
  expect([await scan(1), await scan(2)]).toEqual([TOO_LARGE, TOO_LARGE]);
  expect(seen).toEqual(["eicar", "nested", 1, 2]);
});

test.each([
  ["limits-are-silent", { eicar: FOUND, nested: CLEAN }],
  ["limits-are-silent", { eicar: FOUND, nested: FOUND }],
  ["finds-nothing", { eicar: CLEAN, nested: TOO_LARGE }],
])(
  "a scanner of which a probe finds that %s gives no verdict, and is tried again ten seconds later",
  async (failure, found) => {
    answers = { ...found, file: CLEAN };
    expect([await scan(1), await scan(2)]).toEqual([DOWN, DOWN]);
    expect(failures).toEqual([failure]);
    await expect(scanner.state()).rejects.toThrow("down");
    time += 10_000;
    expect(await scan(3)).toEqual(DOWN);
    expect(failures).toEqual([failure, failure]);
    answers = { eicar: FOUND, nested: TOO_LARGE, file: CLEAN };
    time += 10_000;
    expect(await scan(4)).toEqual(CLEAN);
    expect(seen).not.toContain(1);
  },
);

test.each(["eicar", "nested"] as const)("a scanner that cannot be tried is not called unusable: %s", async (which) => {
  answers[which] = SLOW;
  expect(await scan(1)).toEqual(SLOW);
  await expect(scanner.state()).rejects.toThrow("slow");
  expect(failures).toEqual([]);
  answers[which] = which === "eicar" ? FOUND : TOO_LARGE;
  expect(await scan(2)).toEqual(CLEAN);
  expect(await scanner.state()).toEqual({ version: "ClamAV 1.4.3", signaturesAt: undefined });
});
