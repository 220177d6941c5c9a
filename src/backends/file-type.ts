/** Finds out what a file really is: a quick look at its first bytes, then a verdict by its ends and its directory. */
import { fileTypeFromBuffer } from "file-type";
import type { Content } from "../core/content.ts";
import type { DetectedType } from "../core/file-types.ts";
import { compoundContent, startsLikeCompoundFile } from "./compound-file-type.ts";
import { hasPictureSize, pictureSize } from "./picture-size.ts";
import { BoundedReader, hasAscii, type TypeSource, viewOf } from "./ranged-source.ts";
import { textType } from "./text-type.ts";
import { endsLikeZip, startsLikeZip, zipContent } from "./zip-type.ts";

export type { TypeSource } from "./ranged-source.ts";

/** How many first bytes the early verdict needs. */
export const HEAD_BYTES = 4096;

/** How many last bytes the verdict needs; a ZIP's end record with a comment can be that far from the end. */
export const TAIL_BYTES = 64 * 1024;

const ZIP_TYPES: readonly DetectedType[] = ["zip", "docx", "xlsx", "pptx", "odt", "ods", "odp"];
const COMPOUND_TYPES: readonly DetectedType[] = ["doc", "xls", "ppt", "encrypted-office"];

/** What the library's names mean to us. Formats that are not here are not told apart: nothing accepts them. */
const LIBRARY_TYPES: ReadonlyMap<string, DetectedType> = new Map([
  ["jpg", "jpeg"],
  ["png", "png"],
  ["apng", "png"],
  ["gif", "gif"],
  ["webp", "webp"],
  ["heic", "heic"],
  ["avif", "avif"],
  ["tif", "tiff"],
  ["bmp", "bmp"],
  ["7z", "7z"],
  ["tar", "tar"],
  ["mp3", "mp3"],
  ["m4a", "m4a"],
  ["mp4", "mp4"],
  ["m4v", "mp4"],
  ["mov", "mov"],
  ["wav", "wav"],
  ["ogg", "ogg"],
  ["opus", "ogg"],
  ["oga", "ogg"],
  ["spx", "ogg"],
  ["webm", "webm"],
]);

/**
 * Whether a file can still turn out to be of an accepted type (`acceptedDetections` of its extension), by its first bytes alone:
 * give the first `HEAD_BYTES`, or the whole of a smaller file. Never impossible for what `detectType` would accept.
 */
export async function earlyVerdict(
  head: Uint8Array,
  accepted: readonly DetectedType[],
): Promise<"plausible" | "impossible"> {
  const candidates = await headTypes(head.subarray(0, HEAD_BYTES));
  return candidates.some((type) => accepted.includes(type)) ? "plausible" : "impossible";
}

/**
 * What the stored bytes are, and what of it options decide on. Never throws and never hangs for any content: what cannot be told is `unknown`, which nothing
 * accepts. At most `MAX_RANGED_READS` ranged reads, 1 MiB together. Rejects only where `readAt` rejects (a store fault).
 */
export async function readContent(source: TypeSource): Promise<Content> {
  const { tail, size } = source;
  const head = source.head.subarray(0, HEAD_BYTES);
  if (size === 0 || head.length < Math.min(size, HEAD_BYTES)) return bare("unknown");
  const reader = new BoundedReader(source);
  if (startsLikeZip(head)) return zipContent(head, tail, reader);
  if (startsLikeCompoundFile(head)) return compoundContent(reader);
  if (endsLikeZip(tail, size)) return bare("unknown");
  const type = await plainType(head, tail, size);
  if (type === "pdf") return { ...bare(type), encrypted: hasEncryption(head) || hasEncryption(tail) };
  if (!hasPictureSize(type)) return bare(type);
  return { ...bare(type), picture: (await pictureSize(type, head, reader)) ?? "unreadable" };
}

/** The type alone, by {@link readContent}. */
export async function detectType(source: TypeSource): Promise<DetectedType> {
  return (await readContent(source)).type;
}

function bare(type: DetectedType): Content {
  return { type, encrypted: false, macros: false };
}

const latin1 = new TextDecoder("latin1");

/** An `Encrypt` entry of the trailer, or of the stream that takes its place (ISO 32000-1, 7.5.5 and 7.5.8), at either end of the file. */
function hasEncryption(bytes: Uint8Array): boolean {
  // A name may be written with numbers for characters (7.3.5); what follows is a dictionary, or a reference to one.
  const text = latin1
    .decode(bytes)
    .replace(/#([0-9a-f]{2})/giu, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return /\/Encrypt\s*(?:<<|\d+\s+\d+\s+R)/u.test(text);
}

async function headTypes(head: Uint8Array): Promise<readonly DetectedType[]> {
  if (startsLikeZip(head)) return ZIP_TYPES;
  if (startsLikeCompoundFile(head)) return COMPOUND_TYPES;
  return [await plainType(head, new Uint8Array(0), head.length)];
}

/** Everything that is no container. Text goes before the library, which takes "BMW;Preis" for a bitmap. */
async function plainType(head: Uint8Array, tail: Uint8Array, size: number): Promise<DetectedType> {
  // Only at the very first byte, although readers take a PDF within the first 1 024: before it could stand another file.
  if (hasAscii(head, "%PDF-")) return "pdf";
  if (hasAscii(head, "{\\rtf")) return "rtf";
  const text = textType(head, tail, size);
  if (text !== null) return text;
  if (head[0] === 0x1f && head[1] === 0x8b && head[2] === 8) return "gzip";
  return binaryType(head);
}

async function binaryType(head: Uint8Array): Promise<DetectedType> {
  const type = LIBRARY_TYPES.get((await askLibrary(head)) ?? "");
  // The library follows a TIFF to its first directory, which most programs write at the end.
  if (type === undefined) return hasAscii(head, "II*\0") || hasAscii(head, "MM\0*") ? "tiff" : "unknown";
  if (type === "heic") return stillImageBrand(head);
  return isSane(type, head) ? type : "unknown";
}

async function askLibrary(head: Uint8Array): Promise<string | undefined> {
  try {
    return (await fileTypeFromBuffer(head))?.ext;
  } catch {
    // The bytes come from strangers: what the library's parsers choke on is no type we know.
    return undefined;
  }
}

/** `mif1` and `msf1` are the neutral brands of HEIF; which codec it is stands in the compatible brands (ISO 23008-12, 10.2). */
function stillImageBrand(head: Uint8Array): DetectedType {
  const end = Math.min(viewOf(head).getUint32(0), head.length);
  const brands: string[] = [];
  for (let at = 8; at + 4 <= end; at += 4) {
    if (at !== 12) brands.push(String.fromCharCode(...head.subarray(at, at + 4)));
  }
  if (brands.some((brand) => /^hei[cxms]$|^hev[cxms]$/u.test(brand))) return "heic";
  return brands.some((brand) => brand === "avif" || brand === "avis") ? "avif" : "unknown";
}

/** The library is content with very short signatures for these; a few more bytes keep other binaries out. */
function isSane(type: DetectedType, head: Uint8Array): boolean {
  if (type === "gif") return hasAscii(head, "GIF87a") || hasAscii(head, "GIF89a");
  if (type === "jpeg") return (head[3] ?? 0) >= 0xc0;
  if (type === "png") return hasAscii(head, "IHDR", 12);
  if (type === "webp") return hasAscii(head, "VP8", 12);
  // The size of the second header tells the version of a bitmap, and there are only these.
  if (type === "bmp")
    return head.length >= 18 && [12, 40, 52, 56, 64, 108, 124].includes(viewOf(head).getUint32(14, true));
  return true;
}
