/** Tells what a compound file (MS-CFB: the old Office formats, and much else) is from the names in its root storage. */
import type { Content } from "../core/content.ts";
import type { DetectedType } from "../core/file-types.ts";
import { type BoundedReader, viewOf } from "./ranged-source.ts";

const SIGNATURE = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
const HEADER_LENGTH = 512;
/** Sector and stream numbers from here on are marks (end of chain, free), not places. */
const FIRST_MARK = 0xfffffffa;
const DIFAT_IN_HEADER = 109;
const ENTRY_LENGTH = 128;
/** Directories beyond this are not read: 4 096 entries, and the end of every loop in a crafted chain. */
const MAX_DIRECTORY = 512 * 1024;
const MAX_DIFAT_HOPS = 64;

/** The streams that make a root storage a document: MS-DOC 2.1, MS-XLS 2.1.2, MS-PPT 2.1.2, MS-OFFCRYPTO 2.3. */
const MAIN_STREAMS: ReadonlyMap<string, DetectedType> = new Map([
  ["WORDDOCUMENT", "doc"],
  ["WORKBOOK", "xls"],
  ["BOOK", "xls"],
  ["POWERPOINT DOCUMENT", "ppt"],
  ["ENCRYPTEDPACKAGE", "encrypted-office"],
]);

/** Storages and streams of VBA projects, wherever they lie (MS-OVBA 2.2.1). */
const MACRO_NAMES: ReadonlySet<string> = new Set(["MACROS", "_VBA_PROJECT_CUR", "_VBA_PROJECT", "VBA"]);
/** Offset of the flags in a Word document's first stream, and the one that says that it is encrypted (MS-DOC 2.5.2). */
const WORD_FLAGS_AT = 10;
const WORD_ENCRYPTED = 0x0100;
/** The record of a workbook that says how it is encrypted (MS-XLS 2.4.117); it follows the first one. */
const FILE_PASS = 0x002f;
const WORKBOOK_LOOK = 4096;
/** Streams smaller than this lie inside of another one and are not looked into. */
const MINI_STREAM = 4096;

interface Entry {
  readonly name: string;
  /** First sector and bytes of a stream. */
  readonly start: number;
  readonly size: number;
  readonly left: number;
  readonly right: number;
  readonly child: number;
}

/** True where these first bytes are those of a compound file. */
export function startsLikeCompoundFile(head: Uint8Array): boolean {
  return SIGNATURE.every((byte, at) => head[at] === byte);
}

/**
 * The type by the root storage's own streams; a document embedded in another one is in a storage below and does not count.
 * `unknown` for installers, mails and whatever else uses this container, and for broken ones. Macros of presentations lie
 * compressed in their main stream and are not seen here, nor is a password of a very small document.
 */
export async function compoundContent(reader: BoundedReader): Promise<Content> {
  const unknown = { type: "unknown", encrypted: false, macros: false } as const;
  const file = await openCompoundFile(reader);
  if (file === null) return unknown;
  const entries = await file.directory();
  const streams = new Map(rootEntries(entries).map((entry) => [entry.name.toUpperCase(), entry]));
  const types = new Set([...MAIN_STREAMS].flatMap(([name, type]) => (streams.has(name) ? [type] : [])));
  const [type] = types;
  if (types.size !== 1 || type === undefined) return unknown;
  const macros = entries.some(({ name }) => MACRO_NAMES.has(name.toUpperCase()));
  return { type, macros, encrypted: await isEncrypted(type, streams, file) };
}

async function isEncrypted(
  type: DetectedType,
  streams: ReadonlyMap<string, Entry>,
  file: CompoundFile,
): Promise<boolean> {
  if (type === "encrypted-office" || streams.has("ENCRYPTEDSUMMARY")) return true;
  if (type === "doc") {
    const start = await file.beginning(streams.get("WORDDOCUMENT"), WORD_FLAGS_AT + 2);
    return start !== null && (start.getUint16(WORD_FLAGS_AT, true) & WORD_ENCRYPTED) !== 0;
  }
  const book = streams.get("WORKBOOK") ?? streams.get("BOOK");
  const records = type === "xls" ? await file.beginning(book, WORKBOOK_LOOK) : null;
  if (records === null) return false;
  for (let at = 0; at + 4 <= records.byteLength; at += 4 + records.getUint16(at + 2, true))
    if (records.getUint16(at, true) === FILE_PASS) return true;
  return false;
}

async function openCompoundFile(reader: BoundedReader): Promise<CompoundFile | null> {
  const header = await reader.read(0, HEADER_LENGTH);
  if (header === null) return null;
  const view = viewOf(header);
  const version = view.getUint16(26, true);
  const shift = view.getUint16(30, true);
  const agrees = (version === 3 && shift === 9) || (version === 4 && shift === 12);
  return agrees && view.getUint16(28, true) === 0xfffe ? new CompoundFile(reader, view, 2 ** shift) : null;
}

class CompoundFile {
  readonly #reader: BoundedReader;
  readonly #header: DataView;
  readonly #sectorSize: number;

  constructor(reader: BoundedReader, header: DataView, sectorSize: number) {
    this.#reader = reader;
    this.#header = header;
    this.#sectorSize = sectorSize;
  }

  /** All directory entries that can be reached within the bounds, in order. */
  async directory(): Promise<Entry[]> {
    const entries: Entry[] = [];
    const visited = new Set<number>();
    let sector = this.#header.getUint32(48, true);
    while (!visited.has(sector) && visited.size * this.#sectorSize < MAX_DIRECTORY) {
      visited.add(sector);
      const view = await this.#sector(sector);
      if (view === null) break;
      for (let at = 0; at < this.#sectorSize; at += ENTRY_LENGTH) entries.push(readEntry(view, at));
      sector = await this.#next(sector);
    }
    return entries;
  }

  /** The first bytes of a stream, as many as its first sector and `length` have; null where they cannot be read. */
  async beginning(stream: Entry | undefined, length: number): Promise<DataView | null> {
    if (stream === undefined || stream.size < MINI_STREAM) return null;
    const view = await this.#sector(stream.start);
    return view === null ? null : new DataView(view.buffer, view.byteOffset, Math.min(view.byteLength, length));
  }

  async #sector(sector: number): Promise<DataView | null> {
    if (sector >= FIRST_MARK) return null;
    const bytes = await this.#reader.read((sector + 1) * this.#sectorSize, this.#sectorSize);
    return bytes === null ? null : viewOf(bytes);
  }

  /** The sector after this one by the allocation table; a mark where the chain ends or cannot be followed. */
  async #next(sector: number): Promise<number> {
    const perSector = this.#sectorSize / 4;
    const table = await this.#sector(await this.#tableSector(Math.floor(sector / perSector)));
    return table === null ? FIRST_MARK : table.getUint32((sector % perSector) * 4, true);
  }

  /** Where the n-th sector of the allocation table is: the first 109 stand in the header, the others in a chain of their own. */
  async #tableSector(index: number): Promise<number> {
    if (index < DIFAT_IN_HEADER) return this.#header.getUint32(76 + index * 4, true);
    const perSector = this.#sectorSize / 4 - 1;
    const hops = Math.floor((index - DIFAT_IN_HEADER) / perSector);
    if (hops > MAX_DIFAT_HOPS) return FIRST_MARK;
    let next = this.#header.getUint32(68, true);
    for (let hop = 0; ; hop++) {
      const list = await this.#sector(next);
      if (list === null) return FIRST_MARK;
      if (hop === hops) return list.getUint32(((index - DIFAT_IN_HEADER) % perSector) * 4, true);
      next = list.getUint32(perSector * 4, true);
    }
  }
}

function readEntry(view: DataView, at: number): Entry {
  const length = Math.min(Math.max(view.getUint16(at + 64, true) / 2 - 1, 0), 31);
  let name = "";
  for (let i = 0; i < length; i++) name += String.fromCharCode(view.getUint16(at + i * 2, true));
  return {
    name,
    start: view.getUint32(at + 116, true),
    size: view.getUint32(at + 120, true),
    left: view.getUint32(at + 68, true),
    right: view.getUint32(at + 72, true),
    child: view.getUint32(at + 76, true),
  };
}

/** Entries of the root storage: its children are a binary tree of siblings, each visited once, whatever the links say. */
function rootEntries(entries: readonly Entry[]): Entry[] {
  const found: Entry[] = [];
  const visited = new Set<number>();
  const pending = [entries[0]?.child ?? FIRST_MARK];
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    const entry = entries[id];
    if (entry === undefined || visited.has(id)) continue;
    visited.add(id);
    found.push(entry);
    pending.push(entry.left, entry.right);
  }
  return found;
}
