/** Real files, mutated: detection always ends in a type or `unknown` within its reads, and a first look never refuses what a last one takes. */
import { expect } from "vitest";
import { earlyVerdict, readContent } from "../../src/backends/file-type.ts";
import { MAX_RANGED_READS } from "../../src/backends/ranged-source.ts";
import { acceptedDetection, acceptedDetections, KNOWN_EXTENSIONS } from "../../src/core/file-types.ts";
import { zipOf } from "../support/containers.ts";
import { fuzz } from "../support/fuzz.ts";
import { mutatedBytes } from "../support/mutations.ts";
import { SAMPLE_NAMES, sampleFile } from "../support/sample-files.ts";
import { stored } from "../support/stored-bytes.ts";

const MAGIC = [
  "%PDF-1.7",
  "PK\x03\x04",
  "PK\x01\x02",
  "PK\x05\x06",
  "PK\x06\x06",
  "PK\x06\x07",
  "GIF89a",
  "\xff\xd8\xff\xe0",
  "\x89PNG\r\n\x1a\n",
  "RIFF",
  "WEBPVP8 ",
  "ftypheic",
  "ftypmif1",
  "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
  "BM",
  "II*\0",
  "MM\0*",
  "\x1f\x8b\x08",
  "OggS",
  "ID3",
  "{\\rtf1",
  "<html>",
  "<script>",
  "\xef\xbb\xbf",
  "\xff\xfe",
  "\xfe\xff",
];
const NAMES = [
  "[Content_Types].xml",
  "word/document.xml",
  "word/vbaProject.bin",
  "mimetype",
  "META-INF/MANIFEST.MF",
  "application/vnd.oasis.opendocument.text",
];

async function detectWithinBounds(bytes: Uint8Array): Promise<void> {
  const reads = { count: 0, bytes: 0 };
  const { type, picture } = await readContent(stored(bytes, reads));
  expect(type).toMatch(/^[a-z0-9-]+$/);
  expect(reads.count).toBeLessThanOrEqual(MAX_RANGED_READS);
  expect(reads.bytes).toBeLessThanOrEqual(1024 * 1024);
  if (picture !== undefined && picture !== "unreadable") {
    for (const pixels of [picture.width, picture.height]) {
      expect(Number.isSafeInteger(pixels)).toBe(true);
      expect(pixels).toBeGreaterThan(0);
    }
  }
  for (const extension of KNOWN_EXTENSIONS) {
    if (!acceptedDetection(extension, type).ok) continue;
    expect(await earlyVerdict(bytes, acceptedDetections(extension)), extension).toBe("plausible");
  }
}

fuzz("any file", mutatedBytes(SAMPLE_NAMES.map(sampleFile), [...MAGIC, ...NAMES]), detectWithinBounds);

const isContainer = (name: string) => /\.(?:zip|docx|xlsx|pptx|odt|ods|odp|doc|xls|ppt)$/.test(name);
const archives = [
  zipOf({ "[Content_Types].xml": "", "word/document.xml": "x" }),
  zipOf(
    { mimetype: "application/vnd.oasis.opendocument.text", "content.xml": "", "META-INF/manifest.xml": "" },
    { zip64: true },
  ),
  zipOf({ "a.txt": "x" }, { comment: "PK\x05\x06" }),
];

fuzz(
  "any archive, any compound file",
  mutatedBytes([...archives, ...SAMPLE_NAMES.filter(isContainer).map(sampleFile)], [...MAGIC, ...NAMES]),
  detectWithinBounds,
);

const isPicture = (name: string) => /\.(?:jpe?g|png|gif|webp|heic|avif|bmp|tif)$/.test(name);
const BOXES = [
  "meta",
  "iprp",
  "ipco",
  "ispe",
  "ipma",
  "pitm",
  "iloc",
  "mdat",
  "VP8X",
  "VP8L",
  "VP8 ",
  "IHDR",
  "\xff\xc0\0\x11\x08",
  "\xff\xe1\0\x02",
  "\xff\xff",
];

fuzz(
  "any picture",
  mutatedBytes(SAMPLE_NAMES.filter(isPicture).map(sampleFile), [...MAGIC, ...BOXES]),
  detectWithinBounds,
);
