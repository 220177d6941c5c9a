/** Reading pieces of a stored object: from what is there, then in ranges, never beyond the budget. */
import { expect, test } from "vitest";
import { BoundedReader, MAX_RANGED_READS } from "../../../src/backends/ranged-source.ts";
import { type Reads, stored } from "../../support/stored-bytes.ts";

const MIB = 1024 * 1024;

function readerOf(size: number): { reader: BoundedReader; reads: Reads; bytes: Uint8Array } {
  const bytes = Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8)) & 255);
  const reads = { count: 0, bytes: 0 };
  return { reader: new BoundedReader(stored(bytes, reads)), reads, bytes };
}

test("the first and the last bytes cost no read", async () => {
  const { reader, reads, bytes } = readerOf(300_000);
  expect(await reader.read(10, 20)).toEqual(bytes.slice(10, 30));
  expect(await reader.read(299_990, 10)).toEqual(bytes.slice(299_990));
  expect(reads.count).toBe(0);
});

test("bytes between them are read once, also across blocks", async () => {
  const { reader, reads, bytes } = readerOf(300_000);
  expect(await reader.read(4000, 130_000)).toEqual(bytes.slice(4000, 134_000));
  expect(await reader.read(65_530, 10)).toEqual(bytes.slice(65_530, 65_540));
  expect(reads.count).toBe(3);
});

test("reads that are scattered on purpose end with the budget", async () => {
  const { reader, reads } = readerOf(3 * MIB);
  const answers: boolean[] = [];
  for (let at = 10_000; at < 2.5 * MIB; at += 64 * 1024) answers.push((await reader.read(at, 100)) !== null);
  expect(answers.filter((answered) => answered)).toHaveLength(MAX_RANGED_READS);
  expect(answers.at(-1)).toBe(false);
  expect(reads).toEqual({ count: MAX_RANGED_READS, bytes: MIB });
});

test("nothing is given beyond the end, before the start, or for numbers that are none", async () => {
  const { reader, reads } = readerOf(300_000);
  for (const [offset, length] of [
    [299_999, 2],
    [-1, 1],
    [2 ** 60, 1],
    [Number.NaN, 1],
    [0, 2 * MIB],
  ] as const) {
    expect(await reader.read(offset, length)).toBeNull();
  }
  expect(reads.count).toBe(0);
});

test("a range that comes back short is no answer", async () => {
  const source = stored(new Uint8Array(300_000));
  const reader = new BoundedReader({ ...source, readAt: () => Promise.resolve(new Uint8Array(5)) });
  expect(await reader.read(100_000, 5)).toBeNull();
});
