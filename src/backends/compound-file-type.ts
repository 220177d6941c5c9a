/** Tells what a compound file (MS-CFB: the old Office formats, and much else) is from the names in its root storage. */
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

interface Entry {
  readonly name: string;
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
 * `unknown` for installers, mails and whatever else uses this container, and for broken ones. Legacy documents with macros have
 * no type and no extension of their own: finding those is the scanner's work.
 */
export async function compoundFileType(reader: BoundedReader): Promise<DetectedType> {
  const file = await openCompoundFile(reader);
  if (file === null) return "unknown";
  const types = new Set<DetectedType>();
  for (const name of rootNames(await file.directory())) {
    const type = MAIN_STREAMS.get(name.toUpperCase());
    if (type !== undefined) types.add(type);
  }
  const [type] = types;
  return types.size === 1 && type !== undefined ? type : "unknown";
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
    left: view.getUint32(at + 68, true),
    right: view.getUint32(at + 72, true),
    child: view.getUint32(at + 76, true),
  };
}

/** Names in the root storage: its children are a binary tree of siblings, each visited once, whatever the links say. */
function rootNames(entries: readonly Entry[]): string[] {
  const names: string[] = [];
  const visited = new Set<number>();
  const pending = [entries[0]?.child ?? FIRST_MARK];
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    const entry = entries[id];
    if (entry === undefined || visited.has(id)) continue;
    visited.add(id);
    names.push(entry.name);
    pending.push(entry.left, entry.right);
  }
  return names;
}
