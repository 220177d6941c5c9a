/** Builds small ZIP archives and compound files with any names in them, right or broken on purpose. */

/** A ZIP archive whose entries hold their text, stored. */
export function zipOf(
  entries: Readonly<Record<string, string>>,
  options: { comment?: string; zip64?: boolean; encrypted?: boolean } = {},
): Uint8Array {
  const flags = options.encrypted === true ? 0x801 : 0x800;
  const locals: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(entries)) {
    const common = [n16(20), n16(flags), n16(0), n16(0), n16(0x21), n32(crc32(ascii(text)))];
    const sizes = [n32(ascii(text).length), n32(ascii(text).length), n16(ascii(name).length), n16(0)];
    const local = join([ascii("PK\x03\x04"), ...common, ...sizes, ascii(name), ascii(text)]);
    const rest = [n16(0), n16(0), n16(0), n32(0), n32(offset), ascii(name)];
    directory.push(join([ascii("PK\x01\x02"), n16(20), ...common, ...sizes, ...rest]));
    locals.push(local);
    offset += local.length;
  }
  const listed = join(directory);
  return join([...locals, listed, endOf(directory.length, listed.length, offset, options)]);
}

function endOf(
  count: number,
  size: number,
  offset: number,
  options: { comment?: string; zip64?: boolean },
): Uint8Array {
  const comment = ascii(options.comment ?? "");
  const tail = [n16(comment.length), comment];
  if (options.zip64 !== true) {
    return join([ascii("PK\x05\x06"), n16(0), n16(0), n16(count), n16(count), n32(size), n32(offset), ...tail]);
  }
  const record = [
    ascii("PK\x06\x06"),
    n64(44),
    n16(45),
    n16(45),
    n32(0),
    n32(0),
    n64(count),
    n64(count),
    n64(size),
    n64(offset),
  ];
  const locator = [ascii("PK\x06\x07"), n32(0), n64(offset + size), n32(1)];
  const end = [
    ascii("PK\x05\x06"),
    n16(0),
    n16(0),
    n16(0xffff),
    n16(0xffff),
    n32(0xffffffff),
    n32(0xffffffff),
    ...tail,
  ];
  return join([...record, ...locator, ...end]);
}

/** What a test may get wrong in a compound file. */
export interface CompoundFaults {
  /** The allocation table says that the directory's last sector is followed by its first. */
  readonly directoryLoop?: boolean;
  /** Each entry names itself and the first one as its siblings. */
  readonly siblingLoop?: boolean;
  /** Sectors of padding between the header and the directory, to move it out of the head. */
  readonly padding?: number;
  /** Names go into a storage below the root instead of the root. */
  readonly nested?: boolean;
  /** What the first stream begins with; it stands in the first sector of padding. */
  readonly content?: Uint8Array;
}

const END = 0xfffffffe;
const FREE = 0xffffffff;
const SECTOR = 512;

/** A compound file (version 3) with streams of these names, all empty. */
export function compoundFileOf(names: readonly string[], faults: CompoundFaults = {}): Uint8Array {
  const listed = faults.nested === true ? ["MBD0001", ...names] : names;
  const first = (index: number): number =>
    faults.siblingLoop === true ? 1 : index + 2 <= listed.length ? index + 2 : FREE;
  const entries = listed.map((name, index) => {
    if (faults.nested === true && index === 0) return entryOf(name, 1, FREE, FREE, 2);
    const bytes = index === 0 && faults.content !== undefined ? 8192 : 0;
    return entryOf(name, 2, faults.siblingLoop === true ? index + 1 : FREE, first(index), FREE, bytes);
  });
  const directory = pad(join([entryOf("Root Entry", 5, FREE, FREE, 1), ...entries]), SECTOR);
  const padding = Math.max(faults.padding ?? 0, faults.content === undefined ? 0 : 1);
  const sectors = directory.length / SECTOR;
  const chain = Array.from({ length: padding + sectors }, (_, sector) => {
    if (sector < padding) return FREE;
    if (sector < padding + sectors - 1) return sector + 1;
    return faults.directoryLoop === true ? padding : END;
  });
  const tableSectors = Math.ceil((chain.length + 2) / 127);
  const table = pad(join(chain.map(n32)), SECTOR * tableSectors, 0xff);
  const header = headerOf(
    padding,
    Array.from({ length: tableSectors }, (_, index) => padding + sectors + index),
  );
  const padded = new Uint8Array(padding * SECTOR);
  padded.set(faults.content ?? new Uint8Array(0));
  return join([header, padded, directory, table]);
}

function headerOf(directoryStart: number, tables: readonly number[]): Uint8Array {
  const signature = Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1);
  const version = [n16(0x3e), n16(3), n16(0xfffe), n16(9), n16(6), new Uint8Array(6), n32(0)];
  const starts = [n32(tables.length), n32(directoryStart), n32(0), n32(4096), n32(END), n32(0), n32(END), n32(0)];
  return pad(join([signature, new Uint8Array(16), ...version, ...starts, ...tables.map(n32)]), SECTOR, 0xff);
}

function entryOf(name: string, type: number, left: number, right: number, child: number, bytes = 0): Uint8Array {
  const text = pad(join(Array.from(name, (character) => n16(character.charCodeAt(0)))), 64);
  const links = [n16(name.length * 2 + 2), Uint8Array.of(type, 1), n32(left), n32(right), n32(child)];
  return pad(join([text, ...links, new Uint8Array(36), n32(0), n32(bytes)]), 128);
}

/** Bytes put one behind the other. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

/** One byte per character (code units up to 0xff). */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function pad(bytes: Uint8Array, multiple: number, fill = 0): Uint8Array {
  const missing = (multiple - (bytes.length % multiple)) % multiple;
  return join([bytes, new Uint8Array(missing).fill(fill)]);
}

function n16(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, value >>> 8);
}

function n32(value: number): Uint8Array {
  return join([n16(value & 0xffff), n16(value >>> 16)]);
}

function n64(value: number): Uint8Array {
  return join([n32(value % 2 ** 32), n32(Math.floor(value / 2 ** 32))]);
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}
