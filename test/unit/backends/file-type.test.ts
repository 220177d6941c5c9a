/** What files really are: samples from real programs, files dressed as others, and files made to break the reader. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { detectType, earlyVerdict } from "../../../src/backends/file-type.ts";
import {
  acceptedDetection,
  acceptedDetections,
  type DetectedType,
  KNOWN_EXTENSIONS,
} from "../../../src/core/file-types.ts";
import { ascii, join, zipOf } from "../../support/containers.ts";
import { SAMPLE_NAMES, sampleFile } from "../../support/sample-files.ts";
import { stored } from "../../support/stored-bytes.ts";

const typeOf = (bytes: Uint8Array): Promise<DetectedType> => detectType(stored(bytes));
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const extensionOf = (name: string): string => name.slice(name.lastIndexOf(".") + 1);

describe("real files", () => {
  test("there is a sample for every extension of the table but jpeg's twin names", () => {
    const sampled = new Set(SAMPLE_NAMES.map(extensionOf));
    expect(KNOWN_EXTENSIONS.filter((extension) => !sampled.has(extension))).toEqual(["tiff"]);
  });

  test.each(SAMPLE_NAMES)("%s is accepted for its own extension, early and at last", async (name) => {
    const bytes = sampleFile(name);
    expect(await earlyVerdict(bytes, acceptedDetections(extensionOf(name)))).toBe("plausible");
    expect(acceptedDetection(extensionOf(name), await typeOf(bytes))).toMatchObject({ ok: true });
  });

  /** Extensions that may hold what another one is for. */
  const SHARED: Readonly<Record<string, readonly string[]>> = {
    jpg: ["jpeg"],
    jpeg: ["jpg"],
    tif: ["tiff"],
    mp4: ["m4a"],
    txt: ["csv", "eml", "json", "log", "md"],
    csv: ["txt", "eml", "json", "log", "md"],
    log: ["txt", "csv", "eml", "json", "md"],
    md: ["txt", "csv", "eml", "json", "log"],
    json: ["txt", "csv", "eml", "log", "md"],
    eml: ["txt", "csv", "json", "log", "md"],
    ics: ["txt", "csv", "log", "md"],
    vcf: ["txt", "csv", "log", "md"],
    docx: ["zip"],
    xlsx: ["zip"],
    pptx: ["zip"],
    odt: ["zip"],
    ods: ["zip"],
    odp: ["zip"],
  };

  test.each(SAMPLE_NAMES)("%s is refused under every other extension, whatever its first bytes allow", async (name) => {
    const type = await typeOf(sampleFile(name));
    const own = extensionOf(name);
    const accepted = KNOWN_EXTENSIONS.filter((extension) => acceptedDetection(extension, type).ok);
    expect([...accepted].sort()).toEqual([own, ...(SHARED[own] ?? [])].sort());
  });

  test.each(SAMPLE_NAMES)("%s: the early verdict never refuses what the last one accepts", async (name) => {
    const bytes = sampleFile(name);
    const type = await typeOf(bytes);
    for (const extension of KNOWN_EXTENSIONS) {
      if (acceptedDetection(extension, type).ok)
        expect(await earlyVerdict(bytes, acceptedDetections(extension))).toBe("plausible");
    }
  });
});

describe("files dressed as others", () => {
  const html = utf8("\ufeff \n<!-- x -->\n<!DOCTYPE html><html><script>alert(1)</script></html>");

  test("HTML dressed as PDF is refused after its first bytes", async () => {
    expect(await earlyVerdict(html, acceptedDetections("pdf"))).toBe("impossible");
    expect(await typeOf(html)).toBe("html");
  });

  test("HTML that names a PDF a little later is no PDF", async () => {
    expect(await typeOf(utf8("<html>%PDF-1.7</html>"))).toBe("html");
    expect(await typeOf(utf8("\n%PDF-1.7 text"))).toBe("text");
  });

  test.each([
    ["<svg onload=x>", "svg"],
    ["<?xml version='1.0'?><!-- c --><svg xmlns='x'/>", "svg"],
    ["<!DOCTYPE svg PUBLIC 'x'><svg/>", "svg"],
    ["<?xml version='1.0'?><a/>", "xml"],
    ["<?xml version='1.0'?><html xmlns='x'/>", "html"],
    ["<!-- never closed", "html"],
    ["<ScRiPt>", "html"],
    ["<b>bold</b>", "html"],
    ["<3 you", "text"],
    ["< a", "text"],
    ["a < b", "text"],
    ["begin:vcard\nfn:x", "vcard"],
  ])("%j is %s", async (text, expected) => {
    expect(await typeOf(utf8(text))).toBe(expected);
    expect(await typeOf(join([Uint8Array.of(0xff, 0xfe), utf16(text)]))).toBe(expected);
  });

  test("a picture's name does not help a program, a page or an archive", async () => {
    for (const bytes of [ascii("MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff"), html, zipOf({ "a.txt": "a" })]) {
      for (const extension of ["jpg", "png", "gif", "webp", "bmp"]) {
        expect(await earlyVerdict(bytes, acceptedDetections(extension))).toBe("impossible");
      }
    }
  });

  test.each([
    "BMW;Preis\n1;2\n",
    "MZ ist kein Programm",
    "GIF89a=1;//",
    "FORMULAR;a",
    "ID3;Name",
    "II*x",
    "solid text",
    "PK",
  ])("text that begins like something else is text: %j", async (text) => {
    expect(await typeOf(utf8(text))).toBe("text");
  });

  test("text with control bytes is no text, at its beginning or at its end", async () => {
    expect(await typeOf(utf8("a\0b"))).toBe("unknown");
    expect(await typeOf(utf8(`${"a".repeat(100_000)}\x01`))).toBe("unknown");
    expect(await typeOf(utf8(`${"ä".repeat(100_000)}\n`))).toBe("text");
  });

  test("UTF-16 may be cut anywhere between head and tail", async () => {
    for (const filler of ["", "a", "ab"]) {
      const text = join([Uint8Array.of(0xff, 0xfe), utf16(`${"🙂".repeat(40_000)}${filler}`)]);
      expect(await typeOf(text)).toBe("text");
    }
    const text = join([Uint8Array.of(0xff, 0xfe), utf16("Ā".repeat(10_000))]);
    expect(await detectType({ ...stored(text), tail: text.slice(-999) })).toBe("text");
    expect(await typeOf(join([Uint8Array.of(0xff, 0xfe), Uint8Array.of(0, 0xdc, 0x41, 0)]))).toBe("unknown");
  });

  test("a picture or PDF that ends as an archive is neither", async () => {
    const archive = zipOf({ "META-INF/MANIFEST.MF": "x", "A.class": "x" });
    for (const name of ["anim.gif", "写真.jpg", "Ärger im Büro.pdf"]) {
      expect(await typeOf(join([sampleFile(name), archive]))).toBe("unknown");
    }
  });

  test("a picture with other bytes behind it is still that picture", async () => {
    expect(await typeOf(join([sampleFile("写真.jpg"), ascii("SEFHk\0\0\0 motion photo")]))).toBe("jpeg");
  });

  test.each([
    ["jpeg", "写真.jpg"],
    ["png", "logo.png"],
    ["gif", "anim.gif"],
    ["webp", "картинка.webp"],
    ["pdf", "Ärger im Büro.pdf"],
  ])("a %s that was cut off is still one", async (type, name) => {
    expect(await typeOf(sampleFile(name).slice(0, 1000))).toBe(type);
  });

  test("a PNG and an MP3 with much metadata before the content are told by their first bytes", async () => {
    const png = sampleFile("logo.png");
    const profile = join([ascii("\0\x01\0\0iCCP"), new Uint8Array(65536 + 4)]);
    expect(await typeOf(join([png.slice(0, 33), profile, png.slice(33)]))).toBe("png");
    expect(await typeOf(join([ascii("ID3\x04\0\0\0\x04\0\0"), new Uint8Array(65536), sampleFile("tone.mp3")]))).toBe(
      "mp3",
    );
  });

  test.each([
    ["heic", "heic", "mif1 heic"],
    ["avif", "mif1", "mif1 avif miaf"],
    ["unknown", "mif1", "mif1 jpeg"],
  ])("%s by the brands %s and %s", async (expected, major, compatible) => {
    const brands = compatible.split(" ").join("");
    const box = join([
      Uint8Array.of(0, 0, 0, 16 + brands.length),
      ascii(`ftyp${major}\0\0\0\0${brands}`),
      new Uint8Array(64),
    ]);
    expect(await typeOf(box)).toBe(expected);
  });
});

describe("anything at all", () => {
  test("an empty object, or one whose first bytes are missing, is unknown", async () => {
    expect(await typeOf(new Uint8Array(0))).toBe("unknown");
    expect(await detectType({ head: new Uint8Array(10), tail: new Uint8Array(0), size: 5000 })).toBe("unknown");
  });

  test("a fault of the store is not taken for a verdict", async () => {
    const source = stored(
      zipOf(Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`a-rather-long-name-${i}`, ""]))),
    );
    const failing = { ...source, readAt: () => Promise.reject(new Error("store down")) };
    await expect(detectType(failing)).rejects.toThrow("store down");
  });

  test("random bytes behind every magic number neither throw nor hang, and keep to the budget", async () => {
    const magic = fc.constantFrom(
      "",
      "PK\x03\x04",
      "PK\x05\x06",
      "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
      "%PDF-",
      "\xff\xd8\xff",
      "\x89PNG\r\n\x1a\n",
      "GIF89a",
      "RIFF\0\0\0\0WEBP",
      "\0\0\0\x18ftypmif1",
      "ID3",
      "II*\0",
      "OggS",
      "\x1aE\xdf\xa3",
      "BM",
      "\xff\xfe",
    );
    await fc.assert(
      fc.asyncProperty(magic, fc.uint8Array({ maxLength: 6000 }), async (start, rest) => {
        const bytes = join([ascii(start), rest]);
        const reads = { count: 0, bytes: 0 };
        const source = stored(bytes, reads);
        await detectType({ ...source, tail: source.tail.slice(-100) });
        await earlyVerdict(bytes, acceptedDetections("pdf"));
        expect(reads.count).toBeLessThanOrEqual(16);
      }),
      { numRuns: 400 },
    );
  });

  test("a sample with any bytes changed neither throws nor hangs", async () => {
    const containers = [
      "отчёт.doc",
      "発表.ppt",
      "Übersicht.xls",
      "отчёт.docx",
      "отчёт.odt",
      "Archiv.zip",
      "IMG_0001.heic",
      "scan.tif",
    ];
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...containers), fc.array(change, { maxLength: 30 }), async (name, changes) => {
        const bytes = sampleFile(name);
        for (const [at, value] of changes) bytes[at % Math.min(bytes.length, 2048)] = value;
        await typeOf(bytes);
        await typeOf(bytes.slice(0, bytes.length / 2));
      }),
      { numRuns: 400 },
    );
  });
});

function utf16(text: string): Uint8Array {
  return Uint8Array.from(
    Array.from({ length: text.length }, (_, i) => text.charCodeAt(i)).flatMap((unit) => [unit & 255, unit >> 8]),
  );
}
