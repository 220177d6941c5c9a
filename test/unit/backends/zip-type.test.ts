/** ZIP archives: office documents, programs and plain archives, whole and broken. */
import { describe, expect, test } from "vitest";
import { detectType, earlyVerdict } from "../../../src/backends/file-type.ts";
import { acceptedDetection, acceptedDetections, type DetectedType } from "../../../src/core/file-types.ts";
import { ascii, join, zipOf } from "../../support/containers.ts";
import { sampleFile } from "../../support/sample-files.ts";
import { stored } from "../../support/stored-bytes.ts";

const typeOf = (bytes: Uint8Array): Promise<DetectedType> => detectType(stored(bytes));
const DOCX = { "[Content_Types].xml": "<Types/>", "_rels/.rels": "", "word/document.xml": "<w:document/>" };

describe("archives and what they are", () => {
  test.each([
    ["docx", DOCX],
    ["docx", { "[Content_Types].xml": "", "word\\Document2.xml": "" }],
    ["xlsx", { "[Content_Types].xml": "", "xl/workbook.xml": "" }],
    ["pptx", { "ppt/presentation.xml": "", "[Content_Types].xml": "" }],
    ["macro-office", { ...DOCX, "word/vbaProject.bin": "" }],
    ["macro-office", { "[Content_Types].xml": "", "xl/workbook.xml": "", "xl/macrosheets/sheet1.xml": "" }],
    ["zip", { "word/document.xml": "" }],
    ["zip", { "[Content_Types].xml": "", "word/document.xml.bak": "" }],
    ["zip", { ...DOCX, "xl/workbook.xml": "" }],
    ["zip", { "my/word/document.xml": "", "my/[Content_Types].xml": "" }],
    ["java-archive", { ...DOCX, "META-INF/MANIFEST.MF": "" }],
    ["android-package", { "AndroidManifest.xml": "", "META-INF/MANIFEST.MF": "" }],
    ["odt", odf("text")],
    ["zip", odf("text-template")],
    ["macro-office", { ...odf("spreadsheet"), "Basic/Standard/Module1.xml": "" }],
    ["zip", { "a.txt": "hello" }],
    ["zip", {}],
  ] as const)("%s: %j", async (expected, entries) => {
    expect(await typeOf(zipOf(entries))).toBe(expected);
    expect(await typeOf(zipOf(entries, { comment: "PK\x05\x06 with a comment" }))).toBe(expected);
  });

  test("a plain archive renamed to docx is refused, a docx renamed to zip is not", async () => {
    expect(acceptedDetection("docx", await typeOf(sampleFile("Archiv.zip"))).ok).toBe(false);
    expect(acceptedDetection("zip", await typeOf(sampleFile("отчёт.docx")))).toMatchObject({
      mimeType: "application/zip",
    });
  });

  test("the 64-bit directory is read", async () => {
    expect(await typeOf(zipOf(DOCX, { zip64: true }))).toBe("docx");
  });

  test("a directory in front of the tail is read in ranges, within the budget", async () => {
    const names = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`word/media/picture-${i}.png`, ""]));
    const bytes = zipOf({ ...DOCX, ...names });
    const reads = { count: 0, bytes: 0 };
    expect(await detectType(stored(bytes, reads))).toBe("docx");
    expect(reads.count).toBeGreaterThan(0);
    const { readAt: _, ...withoutReads } = stored(bytes);
    expect(await detectType(withoutReads)).toBe("unknown");
  });

  test("a directory beyond the budget leaves a plain archive plain and a document undecided", async () => {
    const names = Object.fromEntries(
      Array.from({ length: 9000 }, (_, i) => [`picture-${"x".repeat(60)}-${i}.png`, ""]),
    );
    for (const [entries, expected] of [
      [names, "zip"],
      [{ ...DOCX, ...names }, "unknown"],
    ] as const) {
      const reads = { count: 0, bytes: 0 };
      expect(await detectType(stored(zipOf(entries), reads))).toBe(expected);
      expect(reads.count).toBeLessThanOrEqual(16);
      expect(reads.bytes).toBeLessThanOrEqual(1024 * 1024);
    }
  });

  test("an archive with something behind it, or cut off, or hiding entries, is unknown", async () => {
    const bytes = zipOf(DOCX);
    expect(await typeOf(join([bytes, ascii("x")]))).toBe("unknown");
    expect(await typeOf(bytes.slice(0, -1))).toBe("unknown");
    const fewer = bytes.slice();
    fewer.set([2, 0], bytes.length - 12);
    expect(await typeOf(fewer)).toBe("unknown");
    const more = bytes.slice();
    more.set([4, 0], bytes.length - 12);
    expect(await typeOf(more)).toBe("unknown");
  });

  test("a program that unpacks itself is no archive", async () => {
    const bytes = join([ascii("MZ\x90\0\x03\0\0\0"), zipOf({ "a.txt": "a" })]);
    expect(await earlyVerdict(bytes, acceptedDetections("zip"))).toBe("impossible");
    expect(await typeOf(bytes)).toBe("unknown");
  });
});

function odf(kind: string): Record<string, string> {
  return { mimetype: `application/vnd.oasis.opendocument.${kind}`, "META-INF/manifest.xml": "", "content.xml": "" };
}
