/** The conformance table is true: each test that it names exists, and every section that is demanded of us has its rows. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PROJECT } from "../../support/node/command.ts";
import { namesIn } from "../../support/node/test-names.ts";
import { demands } from "./conformance.ts";

const ROWS = demands();

/** The sections of the reference that this door is held to. */
const SECTIONS = [
  ...[
    "1",
    "1.1",
    "2.1",
    "2.2",
    "2.3",
    "3",
    "3.1",
    "3.2",
    "3.3",
    "4.1",
    "4.2",
    "4.3",
    "4.4",
    "4.5",
    "4.6",
    "4.7",
    "4.8",
  ],
  ...[
    "4.9",
    "4.10",
    "4.11",
    "4.12",
    "4.13",
    "4.14",
    "4.15",
    "5.1",
    "5.2",
    "8.2",
    "9.1",
    "9.2",
    "9.3",
    "9.4",
    "9.5",
    "14",
  ],
];

function sourceOf(file: string): Promise<string> {
  const [, unit] = /^unit\/(.+)$/.exec(file) ?? [];
  const path = unit === undefined ? `test/integration/gms/${file}.test.ts` : `test/unit/api/gms/${unit}.test.ts`;
  return readFile(join(PROJECT, path), "utf8");
}

test("every section that is demanded has rows, and no row is of another", () => {
  expect([...new Set(ROWS.map(({ section }) => section))]).toEqual(SECTIONS);
});

test("no demand stands there twice", () => {
  const keys = ROWS.map(({ section, demand }) => `${section} ${demand}`);
  expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
});

test.each(ROWS.filter(({ proof }) => proof !== undefined))("$section: $demand", async ({ proof }) => {
  const names = namesIn(await sourceOf(proof?.file ?? ""));
  expect([...names]).toContain(proof?.test);
});

test("a test that does not exist would be noticed", async () => {
  const names = namesIn(await sourceOf("operations"));
  expect(names.has("send makes coffee")).toBe(false);
  expect(names.size).toBeGreaterThan(10);
});
