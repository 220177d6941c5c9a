/** Tells what a ZIP archive is (office document, program, plain archive) from its central directory, as its readers do. */
import type { Content } from "../core/content.ts";
import type { DetectedType } from "../core/file-types.ts";
import { type BoundedReader, hasAscii, viewOf } from "./ranged-source.ts";

const LOCAL_HEADER = "PK\x03\x04";
const DIRECTORY_ENTRY = "PK\x01\x02";
const END = "PK\x05\x06";
const END_LENGTH = 22;
const ZIP64_LOCATOR = "PK\x06\x07";
const ZIP64_LOCATOR_LENGTH = 20;
const ZIP64_END = "PK\x06\x06";
const ZIP64_END_LENGTH = 56;

/** More directory than this is not read; no office document comes near it. */
const MAX_DIRECTORY = 768 * 1024;

/** ODF 1.3 part 2, section 3.3: the first entry is `mimetype`, stored, so that its text stands at byte 38. */
const ODF_PREFIX = "application/vnd.oasis.opendocument.";
const ODF_TYPES: ReadonlyMap<string, DetectedType> = new Map([
  ["text", "odt"],
  ["spreadsheet", "ods"],
  ["presentation", "odp"],
]);

interface Directory {
  readonly offset: number;
  readonly size: number;
  readonly entries: number;
}

interface EntryNames {
  /** Lower case with `/`, since part names are compared that way (OPC, ECMA-376 part 2, section 6.2.2). */
  readonly names: readonly string[];
  /** At least one entry needs a password (APPNOTE 4.4.4, bit 0). */
  readonly encrypted: boolean;
  readonly complete: boolean;
}

/** True where these first bytes are those of a ZIP archive, an empty one included. */
export function startsLikeZip(head: Uint8Array): boolean {
  return hasAscii(head, LOCAL_HEADER) || hasAscii(head, END);
}

/**
 * True where the last bytes are the end of a ZIP archive: bytes that begin as an image or PDF and end so are two files in one
 * (as in GIFAR), made to be taken for one and used as the other.
 */
export function endsLikeZip(tail: Uint8Array, size: number): boolean {
  const end = findEnd(tail);
  if (end === null) return false;
  const view = viewOf(tail);
  return view.getUint32(end + 12, true) <= size && view.getUint32(end + 16, true) <= size;
}

/** What an archive is that starts like a ZIP. `unknown` where its directory is missing, broken or contradicts itself. */
export async function zipContent(head: Uint8Array, tail: Uint8Array, reader: BoundedReader): Promise<Content> {
  const directory = await findDirectory(tail, reader);
  const found = directory === null ? null : await readNames(directory, reader);
  if (found === null) return { type: "unknown", encrypted: false, macros: false };
  const type = typeOf(found, head);
  // Programs go by the parts that are named there, whatever the main one is called.
  const packaged = found.names.includes("[content_types].xml") && found.names.some(isMacro);
  return { type, encrypted: found.encrypted, macros: type === "macro-office" || packaged };
}

/** Offset in the tail of the end record whose comment reaches exactly to the end of the file, or null. */
function findEnd(tail: Uint8Array): number | null {
  for (let at = tail.length - END_LENGTH; at >= 0; at--) {
    if (
      hasAscii(tail, END, at) &&
      at + END_LENGTH + (tail[at + 20] ?? 0) + (tail[at + 21] ?? 0) * 256 === tail.length
    ) {
      return at;
    }
  }
  return null;
}

async function findDirectory(tail: Uint8Array, reader: BoundedReader): Promise<Directory | null> {
  const end = findEnd(tail);
  if (end === null) return null;
  const view = viewOf(tail);
  const endOffset = reader.size - tail.length + end;
  let directory: Directory | null = {
    entries: view.getUint16(end + 10, true),
    size: view.getUint32(end + 12, true),
    offset: view.getUint32(end + 16, true),
  };
  if (directory.entries === 0xffff || directory.size === 0xffffffff || directory.offset === 0xffffffff) {
    directory = await findZip64Directory(endOffset, reader);
  }
  return directory !== null && directory.offset + directory.size <= endOffset ? directory : null;
}

async function findZip64Directory(endOffset: number, reader: BoundedReader): Promise<Directory | null> {
  const locator = await reader.read(endOffset - ZIP64_LOCATOR_LENGTH, ZIP64_LOCATOR_LENGTH);
  if (locator === null || !hasAscii(locator, ZIP64_LOCATOR)) return null;
  const record = await reader.read(Number(viewOf(locator).getBigUint64(8, true)), ZIP64_END_LENGTH);
  if (record === null || !hasAscii(record, ZIP64_END)) return null;
  const view = viewOf(record);
  const [entries, size, offset] = [32, 40, 48].map((at) => Number(view.getBigUint64(at, true)));
  return entries === undefined || size === undefined || offset === undefined ? null : { entries, size, offset };
}

async function readNames(directory: Directory, reader: BoundedReader): Promise<EntryNames | null> {
  const bytes = await reader.read(directory.offset, Math.min(directory.size, MAX_DIRECTORY));
  if (bytes === null) return null;
  const complete = bytes.length === directory.size;
  const view = viewOf(bytes);
  const names: string[] = [];
  let encrypted = false;
  let at = 0;
  while (names.length < directory.entries && at + 46 <= bytes.length && hasAscii(bytes, DIRECTORY_ENTRY, at)) {
    const nameEnd = at + 46 + view.getUint16(at + 28, true);
    if (nameEnd > bytes.length) break;
    names.push(partName(bytes.subarray(at + 46, nameEnd)));
    encrypted ||= (view.getUint16(at + 8, true) & 1) === 1;
    at = nameEnd + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  // Fewer names than promised, or bytes behind the last one, hide entries from one reader and show them to another.
  if (complete && (names.length !== directory.entries || at !== bytes.length)) return null;
  return { names, encrypted, complete };
}

const latin1 = new TextDecoder("latin1");

function partName(bytes: Uint8Array): string {
  return latin1.decode(bytes).replaceAll("\\", "/").toLowerCase();
}

function typeOf({ names, complete }: EntryNames, head: Uint8Array): DetectedType {
  const all = new Set(names);
  if (all.has("androidmanifest.xml")) return "android-package";
  if (all.has("meta-inf/manifest.mf")) return "java-archive";
  const type = officeType(names, all) ?? openDocumentType(all, head);
  if (type === null) return "zip";
  // A document whose whole directory could not be seen may have its macros in the rest.
  if (!complete) return "unknown";
  return names.some(isMacro) ? "macro-office" : type;
}

/** Some producers number the main part (`word/document2.xml`); two kinds of main part are no document of either kind. */
function officeType(names: readonly string[], all: ReadonlySet<string>): DetectedType | null {
  if (!all.has("[content_types].xml")) return null;
  const types = new Set<DetectedType>();
  for (const name of names) {
    if (/^word\/document\d*\.xml$/u.test(name)) types.add("docx");
    else if (/^xl\/workbook\d*\.xml$/u.test(name)) types.add("xlsx");
    else if (/^ppt\/presentation\d*\.xml$/u.test(name)) types.add("pptx");
  }
  const [type] = types;
  return types.size === 1 && type !== undefined ? type : null;
}

function openDocumentType(all: ReadonlySet<string>, head: Uint8Array): DetectedType | null {
  if (!hasAscii(head, "mimetype", 30) || !all.has("content.xml") || !all.has("meta-inf/manifest.xml")) return null;
  const text = latin1.decode(head.subarray(38, 38 + 128));
  const kind = text.startsWith(ODF_PREFIX) ? /^[a-z-]+/u.exec(text.slice(ODF_PREFIX.length))?.[0] : undefined;
  return ODF_TYPES.get(kind ?? "") ?? null;
}

/** VBA projects and macro sheets of Office, script libraries of OpenDocument. */
function isMacro(name: string): boolean {
  return name.endsWith("vbaproject.bin") || name.startsWith("xl/macrosheets/") || /^(?:basic|scripts)\/./u.test(name);
}
