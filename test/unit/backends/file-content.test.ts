/** What is seen in a content beside its type: passwords, macros, and how large a picture says that it is. */
import { describe, expect, test } from "vitest";
import { readContent } from "../../../src/backends/file-type.ts";
import { ascii, compoundFileOf, join, zipOf } from "../../support/containers.ts";
import { sampleFile } from "../../support/sample-files.ts";
import { type Reads, stored } from "../../support/stored-bytes.ts";

const seen = (bytes: Uint8Array, reads?: Reads) => readContent(stored(bytes, reads));
const DOCX = { "[Content_Types].xml": "<Types/>", "word/document.xml": "<w:document/>" };
const u16 = (value: number) => Uint8Array.of(value >>> 8, value & 255);

describe("a password", () => {
  test.each([
    [
      "a PDF, in its trailer",
      join([sampleFile("Ärger im Büro.pdf"), ascii("\ntrailer\n<</Root 1 0 R/Encrypt 5 0 R>>\n%%EOF")]),
    ],
    [
      "a PDF, in its first object",
      join([ascii("%PDF-1.7\n1 0 obj<</Type/XRef/Encrypt<</V 5>>>>"), ascii(" ".repeat(200_000))]),
    ],
    ["an archive", zipOf({ "a.txt": "x" }, { encrypted: true })],
    ["a document of Office 2007 and later", compoundFileOf(["EncryptionInfo", "EncryptedPackage"])],
    [
      "a Word document",
      compoundFileOf(["WordDocument"], { content: Uint8Array.of(0xec, 0xa5, 0xc1, 0, 0, 0, 0, 0, 0, 0, 0, 1) }),
    ],
    [
      "a workbook",
      compoundFileOf(["Workbook"], { content: Uint8Array.of(9, 8, 4, 0, 0, 6, 5, 0, 0x2f, 0, 2, 0, 1, 0) }),
    ],
    ["a presentation", compoundFileOf(["PowerPoint Document", "EncryptedSummary"])],
  ])("is seen in %s", async (_what, bytes) => {
    expect((await seen(bytes)).encrypted).toBe(true);
  });

  test.each([
    "Ärger im Büro.pdf",
    "Archiv.zip",
    "отчёт.doc",
    "Übersicht.xls",
    "発表.ppt",
    "отчёт.docx",
    "Übersicht.xlsx",
  ])("is not seen in %s, which has none, nor are macros", async (name) => {
    expect(await seen(sampleFile(name))).toMatchObject({ encrypted: false, macros: false });
  });

  test("is seen however its name is written", async () => {
    expect((await seen(ascii("%PDF-1.7\ntrailer<</#45ncr#79pt 5 0 R>>"))).encrypted).toBe(true);
  });

  test("is not taken from a word that begins alike", async () => {
    expect((await seen(ascii("%PDF-1.7\n<</EncryptMetadata false>>"))).encrypted).toBe(false);
    expect((await seen(ascii("%PDF-1.7\n(how to use /Encrypt in your files) Tj"))).encrypted).toBe(false);
  });
});

describe("macros are seen in", () => {
  test.each([
    ["a document", zipOf({ ...DOCX, "word/vbaProject.bin": "x" })],
    [
      "an archive whose main part has another name",
      zipOf({ "[Content_Types].xml": "", "word/main.xml": "", "word/vbaProject.bin": "" }),
    ],
    ["a Word document", compoundFileOf(["WordDocument", "Macros"])],
    ["a workbook", compoundFileOf(["Workbook", "_VBA_PROJECT_CUR"])],
  ])("%s", async (_what, bytes) => {
    expect((await seen(bytes)).macros).toBe(true);
  });
});

describe("the size of a picture is read", () => {
  test.each([
    ["anim.gif"],
    ["logo.png"],
    ["photo.jpeg"],
    ["写真.jpg"],
    ["картинка.webp"],
    ["IMG_0001.heic"],
    ["logo.avif"],
    ["bild.bmp"],
  ])("from %s", async (name) => {
    const { picture } = await seen(sampleFile(name));
    expect(picture).toEqual({ width: expect.any(Number), height: expect.any(Number) });
    if (typeof picture === "object") expect(Math.min(picture.width, picture.height)).toBeGreaterThan(0);
  });

  test.each([
    ["png", pngOf(50_000, 40_000)],
    ["gif", join([ascii("GIF89a"), Uint8Array.of(0x50, 0xc3, 0x40, 0x9c), new Uint8Array(20)])],
    ["jpeg", jpegOf(50_000, 40_000)],
    ["jpeg behind 600 kB of metadata", jpegOf(50_000, 40_000, 10)],
    ["jpeg behind 3 MB of metadata", jpegOf(50_000, 40_000, 50)],
    ["gif by its first frame", gifOf([0x21, 0xfe, 2, 65, 66, 0, 0x2c, 0x50, 0, 0x40, 0, 0, 0xc3, 0, 0x9c, 0])],
    ["webp, extended", webpOf("VP8X", Uint8Array.of(0, 0, 0, 0, 0x4f, 0xc3, 0, 0x3f, 0x9c, 0))],
  ])("where it is a bomb: %s", async (_what, bytes) => {
    expect((await seen(bytes)).picture).toEqual({ width: 50_000, height: 40_000 });
  });

  test("from the other kinds of WebP", async () => {
    const lossy = webpOf("VP8 ", Uint8Array.of(0, 0, 0, 0x9d, 0x01, 0x2a, 0xff, 0x3f, 0x0a, 0));
    expect((await seen(lossy)).picture).toEqual({ width: 16_383, height: 10 });
    const lossless = webpOf("VP8L", Uint8Array.of(0x2f, 0xff, 0xff, 0x03, 0x00));
    expect((await seen(lossless)).picture).toMatchObject({ width: 16_384 });
  });

  test.each([
    ["a JPEG whose data begins before its frame", join([ascii("\xff\xd8\xff\xda\0\x02"), new Uint8Array(50)])],
    ["a JPEG of nothing but empty segments", join([ascii("\xff\xd8"), ascii("\xff\xe0\0\x02".repeat(5000))])],
    ["a JPEG that goes nowhere", join([ascii("\xff\xd8"), ascii("\xff\xe0\0\0".repeat(50))])],
    ["a PNG without columns", pngOf(0, 5)],
  ])("and %s tells none, within the budget", async (_what, bytes) => {
    const reads = { count: 0, bytes: 0 };
    expect((await seen(bytes, reads)).picture).toBe("unreadable");
    expect(reads.count).toBeLessThanOrEqual(16);
  });
});

function pngOf(width: number, height: number): Uint8Array {
  const size = new DataView(new ArrayBuffer(8));
  size.setUint32(0, width);
  size.setUint32(4, height);
  return join([
    ascii("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
    new Uint8Array(size.buffer),
    ascii("\x08\x06\0\0\0"),
    new Uint8Array(40),
  ]);
}

function jpegOf(width: number, height: number, segments = 0): Uint8Array {
  const segment = join([ascii("\xff\xe2"), u16(60_002), new Uint8Array(60_000)]);
  const frame = join([ascii("\xff\xc0"), u16(17), ascii("\x08"), u16(height), u16(width), new Uint8Array(20)]);
  return join([ascii("\xff\xd8"), ...Array.from({ length: segments }, () => segment), frame]);
}

function webpOf(kind: string, chunk: Uint8Array): Uint8Array {
  return join([ascii("RIFF\x40\0\0\0WEBP"), ascii(kind), ascii("\x0a\0\0\0"), chunk, new Uint8Array(40)]);
}

/** A GIF of one pixel, with a colour table of four, and these blocks. */
function gifOf(blocks: readonly number[]): Uint8Array {
  return join([ascii("GIF89a\x01\0\x01\0\x81\0\0"), new Uint8Array(12), Uint8Array.from(blocks), ascii(";")]);
}
