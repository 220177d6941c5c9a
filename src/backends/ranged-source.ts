/** Reads pieces of a stored object for type detection, within a fixed budget, so that no crafted file can cost more. */

/** A stored object as type detection sees it. */
export interface TypeSource {
  /** The first bytes: at least min(size, 4096) of them. */
  readonly head: Uint8Array;
  /** The last bytes, up to 64 KiB. */
  readonly tail: Uint8Array;
  /** Bytes of the whole object. */
  readonly size: number;
  /** Ranged read of the stored object; without it only head and tail are known. Rejects on store faults only. */
  readonly readAt?: (offset: number, length: number) => Promise<Uint8Array>;
}

/** Ranged reads of one detection: 16 blocks of 64 KiB, so at most 1 MiB. */
export const MAX_RANGED_READS = 16;
/** Looks at a few bytes each, beside those reads: at the headers of a JPEG's segments, say, whose metadata can be megabytes. */
export const MAX_PEEKS = 64;
const PEEK_BYTES = 16;
const BLOCK = 64 * 1024;

/** Gives bytes from head and tail where they have them, and from cached ranged reads where they do not. */
export class BoundedReader {
  readonly size: number;
  readonly #source: TypeSource;
  readonly #blocks = new Map<number, Uint8Array>();
  #peeks = 0;

  constructor(source: TypeSource) {
    this.#source = source;
    this.size = source.size;
  }

  /** Exactly `length` bytes at `offset`, or null where the object ends before, or the budget does. */
  async read(offset: number, length: number): Promise<Uint8Array | null> {
    if (!Number.isSafeInteger(offset) || offset < 0 || length < 0 || offset + length > this.size) return null;
    const { head, tail } = this.#source;
    if (offset + length <= head.length) return head.subarray(offset, offset + length);
    const inTail = offset - (this.size - tail.length);
    if (inTail >= 0) return tail.subarray(inTail, inTail + length);
    return this.#readBlocks(offset, length);
  }

  /** The same for at most 16 bytes, without reading what stands around them. */
  async peek(offset: number, length: number): Promise<Uint8Array | null> {
    const { head, tail, readAt } = this.#source;
    const outside = offset + length > head.length && offset < this.size - tail.length;
    if (!outside || readAt === undefined) return this.read(offset, length);
    if (!Number.isSafeInteger(offset) || length > PEEK_BYTES || offset + length > this.size) return null;
    if (this.#peeks >= MAX_PEEKS) return null;
    this.#peeks += 1;
    const bytes = await readAt(offset, length);
    return bytes.length === length ? bytes : null;
  }

  async #readBlocks(offset: number, length: number): Promise<Uint8Array | null> {
    if (length > MAX_RANGED_READS * BLOCK) return null;
    const result = new Uint8Array(length);
    for (let at = offset; at < offset + length; ) {
      const start = at - (at % BLOCK);
      const block = await this.#block(start);
      if (block === null) return null;
      const end = Math.min(offset + length, start + BLOCK);
      result.set(block.subarray(at - start, end - start), at - offset);
      at = end;
    }
    return result;
  }

  async #block(start: number): Promise<Uint8Array | null> {
    const cached = this.#blocks.get(start);
    if (cached !== undefined) return cached;
    const { readAt } = this.#source;
    if (readAt === undefined || this.#blocks.size >= MAX_RANGED_READS) return null;
    const length = Math.min(BLOCK, this.size - start);
    const block = await readAt(start, length);
    if (block.length !== length) return null;
    this.#blocks.set(start, block);
    return block;
  }
}

/** A view for reading numbers of exactly these bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** True where `bytes` has these ASCII characters at `offset`. */
export function hasAscii(bytes: Uint8Array, text: string, offset = 0): boolean {
  if (offset + text.length > bytes.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[offset + i] !== text.charCodeAt(i)) return false;
  return true;
}
