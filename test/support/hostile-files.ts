/** Files made to be taken for something else, to run somewhere, or to break who opens them; each with its expected answer. */
import { ascii, compoundFileOf, join, zipOf } from "./containers.ts";

/** What a door answers to a file: the code of its refusal, or the type that it is served as. */
export type Expected = { readonly refused: string } | { readonly served: string };

/** One hostile file. */
export interface HostileFile {
  readonly what: string;
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly expected: Expected;
  /** What its sender says that it is. */
  readonly declared?: string;
}

const PAGE = "<!doctype html><html><body><script>alert(document.domain)</script></body></html>";
const SVG = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>';
const PDF = "%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n";
const DOCX = { "[Content_Types].xml": "<Types/>", "word/document.xml": "<w:document/>" };
const MISMATCH = { refused: "type-mismatch" };

function text(content: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(content));
}

function raw(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(join(parts));
}

function png(width: number, height: number, rest: Uint8Array = new Uint8Array(40)): Uint8Array<ArrayBuffer> {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint32(8, 0x08060000);
  return raw(ascii("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), new Uint8Array(header.buffer), new Uint8Array(4), rest);
}

function gif(width: number, height: number, rest: string): Uint8Array<ArrayBuffer> {
  const size = Uint8Array.of(width & 255, width >>> 8, height & 255, height >>> 8);
  return raw(ascii("GIF89a"), size, ascii("\0\0\0"), ascii(rest), ascii(";"));
}

function jpeg(width: number, height: number, rest: Uint8Array = new Uint8Array(0)): Uint8Array<ArrayBuffer> {
  const size = Uint8Array.of(height >>> 8, height & 255, width >>> 8, width & 255);
  const frame = [ascii("\xff\xc0\0\x11\x08"), size, ascii("\x03\x01\x22\0\x02\x11\x01\x03\x11\x01")];
  return raw(ascii("\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"), ...frame, ascii("\xff\xd9"), rest);
}

/** Files dressed as others: what they are decides, whatever they are called or declared to be. */
const DRESSED: readonly HostileFile[] = [
  { what: "a page called PDF", name: "a.pdf", bytes: text(PAGE), expected: MISMATCH },
  { what: "a page called picture", name: "a.png", bytes: text(PAGE), expected: MISMATCH },
  { what: "a page called document", name: "a.docx", bytes: text(PAGE), expected: MISMATCH },
  { what: "a drawing with scripts called picture", name: "a.jpg", bytes: text(SVG), expected: MISMATCH },
  { what: "a drawing by its name", name: "a.svg", bytes: text(SVG), expected: { refused: "type-not-allowed" } },
  { what: "a page by its name", name: "a.html", bytes: text(PAGE), expected: { refused: "type-not-allowed" } },
  { what: "a page called text, shown as text", name: "a.txt", bytes: text(PAGE), expected: { served: "text/plain" } },
  { what: "a drawing called text, shown as text", name: "a.txt", bytes: text(SVG), expected: { served: "text/plain" } },
  { what: "a page called table, saved as one", name: "a.csv", bytes: text(PAGE), expected: { served: "text/csv" } },
  { what: "a program called picture", name: "a.png", bytes: raw(ascii("MZ\x90\0\x03\0\0\0\x04")), expected: MISMATCH },
  { what: "an ELF program called text", name: "a.txt", bytes: raw(ascii("\x7fELF\x02\x01\x01\0")), expected: MISMATCH },
  {
    what: "an installer called document",
    name: "a.doc",
    bytes: raw(compoundFileOf(["!_StringData"])),
    expected: MISMATCH,
  },
  { what: "a text declared to be a page", name: "a.txt", bytes: text("a"), declared: "text/html", expected: MISMATCH },
  {
    what: "a picture declared to be a drawing",
    name: "a.png",
    bytes: png(1, 1),
    declared: "image/svg+xml",
    expected: MISMATCH,
  },
  {
    what: "a picture declared to be another",
    name: "a.png",
    bytes: png(1, 1),
    declared: "image/jpeg",
    expected: MISMATCH,
  },
  {
    what: "a PDF declared to be nothing in particular",
    name: "a.pdf",
    bytes: text(PDF),
    declared: "application/octet-stream",
    expected: { served: "application/pdf" },
  },
];

/** Two files in one: refused, or served so that only one of the two can be meant. */
const POLYGLOTS: readonly HostileFile[] = [
  { what: "a PDF behind the beginning of a page", name: "a.pdf", bytes: text(`${PAGE}\n${PDF}`), expected: MISMATCH },
  {
    what: "a PDF that is a page further on",
    name: "a.pdf",
    bytes: text(`${PDF}${PAGE}`),
    expected: { served: "application/pdf" },
  },
  {
    what: "a GIF that is a script",
    name: "a.gif",
    bytes: gif(0x2f2a, 0x0a00, "*/=1;alert(1)//"),
    expected: { served: "image/gif" },
  },
  {
    what: "a small GIF that is a script further on",
    name: "a.gif",
    bytes: gif(1, 1, "=1;alert(1)"),
    expected: { served: "image/gif" },
  },
  { what: "a GIF that is a page further on", name: "a.gif", bytes: gif(1, 1, PAGE), expected: { served: "image/gif" } },
  {
    what: "a PNG with a page in its comment",
    name: "a.png",
    bytes: png(1, 1, ascii(`\0\0\0\x50tEXtComment\0${PAGE}`)),
    expected: { served: "image/png" },
  },
  {
    what: "a JPEG with an archive behind it",
    name: "a.jpg",
    bytes: jpeg(1, 1, zipOf({ "a.txt": "x" })),
    expected: MISMATCH,
  },
  {
    what: "a GIF with a Java archive behind it",
    name: "a.gif",
    bytes: raw(gif(1, 1, ""), zipOf({ "META-INF/MANIFEST.MF": "x" })),
    expected: MISMATCH,
  },
  {
    what: "a PDF with an archive behind it",
    name: "a.pdf",
    bytes: raw(text(PDF), zipOf({ "a.txt": "x" })),
    expected: MISMATCH,
  },
  {
    what: "an archive that begins as a program",
    name: "a.zip",
    bytes: raw(ascii("MZ\x90\0"), zipOf({ "a.txt": "x" })),
    expected: MISMATCH,
  },
  {
    what: "a Java archive called archive",
    name: "a.zip",
    bytes: raw(zipOf({ "META-INF/MANIFEST.MF": "x" })),
    expected: MISMATCH,
  },
  {
    what: "two kinds of document in one",
    name: "a.docx",
    bytes: raw(zipOf({ ...DOCX, "xl/workbook.xml": "" })),
    expected: MISMATCH,
  },
  { what: "an archive called document", name: "a.docx", bytes: raw(zipOf({ "a.txt": "x" })), expected: MISMATCH },
];

/** What no scanner sees into, and what an office program runs. */
const CLOSED: readonly HostileFile[] = [
  {
    what: "an archive with a password",
    name: "a.zip",
    bytes: raw(zipOf({ "a.txt": "x" }, { encrypted: true })),
    expected: { refused: "file-encrypted" },
  },
  {
    what: "a document with a password",
    name: "a.docx",
    bytes: raw(compoundFileOf(["EncryptionInfo", "EncryptedPackage"])),
    expected: { refused: "file-encrypted" },
  },
  {
    what: "a PDF with a password",
    name: "a.pdf",
    bytes: text(PDF.replace("<</Root", "<</Encrypt 9 0 R/Root")),
    expected: { refused: "file-encrypted" },
  },
  {
    what: "a document with macros",
    name: "a.docx",
    bytes: raw(zipOf({ ...DOCX, "word/vbaProject.bin": "x" })),
    expected: { refused: "file-has-macros" },
  },
  {
    what: "a document with macros called archive",
    name: "a.zip",
    bytes: raw(zipOf({ ...DOCX, "word/vbaProject.bin": "x" })),
    expected: { refused: "file-has-macros" },
  },
  {
    what: "a document with macros by its name",
    name: "a.docm",
    bytes: raw(zipOf({ ...DOCX, "word/vbaProject.bin": "x" })),
    expected: { refused: "type-not-allowed" },
  },
  {
    what: "an old document with macros",
    name: "a.doc",
    bytes: raw(compoundFileOf(["WordDocument", "Macros", "_VBA_PROJECT"])),
    expected: { refused: "file-has-macros" },
  },
];

/** Small to send and huge to open; nothing is ever unpacked or decoded here. */
const BOMBS: readonly HostileFile[] = [
  {
    what: "a PNG of 65 000 by 65 000 pixels",
    name: "a.png",
    bytes: png(65_000, 65_000),
    expected: { refused: "picture-too-large" },
  },
  {
    what: "a PNG of more pixels than there are numbers",
    name: "a.png",
    bytes: png(0xffffffff, 0xffffffff),
    expected: { refused: "picture-too-large" },
  },
  {
    what: "a JPEG of 65 000 by 65 000 pixels",
    name: "a.jpg",
    bytes: jpeg(65_000, 65_000),
    expected: { refused: "picture-too-large" },
  },
  {
    what: "a GIF of 65 000 by 65 000 pixels",
    name: "a.gif",
    bytes: gif(65_000, 65_000, ""),
    expected: { refused: "picture-too-large" },
  },
  { what: "a PNG without a size", name: "a.png", bytes: png(0, 0), expected: MISMATCH },
  {
    what: "a JPEG without a frame",
    name: "a.jpg",
    bytes: raw(ascii("\xff\xd8\xff\xda\0\x02"), new Uint8Array(50)),
    expected: MISMATCH,
  },
  {
    what: "an archive in archives, which stays packed",
    name: "a.zip",
    bytes: nested(20),
    expected: { served: "application/zip" },
  },
  { what: "an archive whose directory lies", name: "a.zip", bytes: lyingZip(), expected: MISMATCH },
  {
    what: "a document whose directory goes in circles",
    name: "a.doc",
    bytes: raw(compoundFileOf(["WordDocument"], { directoryLoop: true, siblingLoop: true })),
    expected: { served: "application/msword" },
  },
];

function nested(depth: number): Uint8Array<ArrayBuffer> {
  let archive = raw(zipOf({ "a.txt": "x".repeat(1000) }));
  for (let level = 0; level < depth; level += 1) archive = raw(zipOf({ "a.zip": String.fromCharCode(...archive) }));
  return archive;
}

/** The end record promises one entry more than the directory has. */
function lyingZip(): Uint8Array<ArrayBuffer> {
  const archive = raw(zipOf({ "a.txt": "x" }));
  archive[archive.length - 12] = 2;
  return archive;
}

/** All of them. */
export const HOSTILE_FILES: readonly HostileFile[] = [...DRESSED, ...POLYGLOTS, ...CLOSED, ...BOMBS];
