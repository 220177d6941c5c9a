/** Compound files: the old Office formats, whatever else is in that container, and crafted chains. */
import { describe, expect, test } from "vitest";
import { detectType, TAIL_BYTES } from "../../../src/backends/file-type.ts";
import type { DetectedType } from "../../../src/core/file-types.ts";
import { compoundFileOf, join } from "../../support/containers.ts";
import { stored } from "../../support/stored-bytes.ts";

const typeOf = (bytes: Uint8Array): Promise<DetectedType> => detectType(stored(bytes));
describe("compound files and what they are", () => {
  test.each([
    ["doc", ["WordDocument", "1Table"]],
    ["xls", ["Workbook"]],
    ["xls", ["Book", "Workbook"]],
    ["ppt", ["Current User", "PowerPoint Document"]],
    ["encrypted-office", ["EncryptionInfo", "EncryptedPackage"]],
    ["unknown", ["WordDocument", "Workbook"]],
    ["unknown", ["__properties_version1.0"]],
    ["unknown", []],
  ])("%s: %j", async (expected, names) => {
    expect(await typeOf(compoundFileOf(names))).toBe(expected);
  });

  test("a document embedded in another container does not count", async () => {
    expect(await typeOf(compoundFileOf(["WordDocument"], { nested: true }))).toBe("unknown");
  });

  test("a directory outside of head and tail is read in ranges", async () => {
    const names = [...Array.from({ length: 40 }, (_, i) => `Stream ${i}`), "WordDocument"];
    const bytes = compoundFileOf(names, { padding: 400 });
    const padded = join([bytes, new Uint8Array(TAIL_BYTES)]);
    const reads = { count: 0, bytes: 0 };
    expect(await detectType(stored(padded, reads))).toBe("doc");
    expect(reads.count).toBeGreaterThan(0);
    expect(reads.count).toBeLessThanOrEqual(16);
  });

  test("loops in the directory's chain or among siblings end", async () => {
    const names = ["Workbook", ...Array.from({ length: 20 }, (_, i) => `Stream ${i}`)];
    expect(await typeOf(compoundFileOf(names, { directoryLoop: true }))).toBe("xls");
    expect(await typeOf(compoundFileOf(names, { siblingLoop: true }))).toBe("xls");
  });
});
