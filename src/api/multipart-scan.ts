/** Finds the boundaries in a stream of bytes, in linear time and without copying or keeping content (RFC 2046). */

import type { ByteSource } from "../backends/byte-source.ts";
import { MultipartError } from "./multipart-error.ts";

const CR = 13;
const LF = 10;
const DASH = 45;

/**
 * A delimiter (CR LF dash dash boundary) ready to be searched for. A boundary holds no CR, so the delimiter has only
 * one, its first byte. Two things follow: after a partial match nothing within it can be the start of another, which
 * keeps the search linear; and only the last CR of a piece can start a delimiter that the next piece completes.
 */
class Delimiter {
  readonly bytes: Uint8Array;
  /** Boyer-Moore-Horspool: how far to move when the byte under the delimiter's end is this one. */
  readonly #shift: Uint8Array;

  constructor(boundary: string) {
    this.bytes = new TextEncoder().encode(`\r\n--${boundary}`);
    this.#shift = new Uint8Array(256).fill(this.bytes.length);
    for (let i = 0; i < this.bytes.length - 1; i++) this.#shift[this.bytes[i] ?? 0] = this.bytes.length - 1 - i;
  }

  /** The index of the first whole delimiter at or after `from`, or -1. */
  find(piece: Uint8Array, from: number): number {
    const { bytes } = this;
    const shift = this.#shift;
    const last = bytes.length - 1;
    const lastByte = bytes[last];
    const { length } = piece;
    for (let end = from + last; end < length; ) {
      const byte = piece[end] ?? 0;
      let matched = 0;
      if (byte === lastByte) {
        const start = end - last;
        while (matched < last && piece[start + matched] === bytes[matched]) matched++;
        if (matched === last) return start;
      }
      end += Math.max(matched, shift[byte] ?? 1);
    }
    return -1;
  }

  /** Where the beginning of a delimiter stands at the end of a piece that holds no whole one at or after `from`. */
  findTail(piece: Uint8Array, from: number): number {
    const tail = piece.subarray(Math.max(from, piece.length - this.bytes.length + 1));
    const start = tail.lastIndexOf(CR);
    if (start === -1) return piece.length;
    for (let i = start + 1; i < tail.length; i++) if (tail[i] !== this.bytes[i - start]) return piece.length;
    return piece.length - tail.length + start;
  }
}

/**
 * Cuts a body into content and headers. It stands either in content (the preamble counts as such) or right behind a
 * delimiter: `nextBytes` until that answers undefined, then `readHead`, and so on. It keeps one piece of the source and
 * one part's headers, nothing else. After a refusal every call throws the same one.
 */
export class MultipartScanner {
  readonly #source: ByteSource;
  readonly #delimiter: Delimiter;
  readonly #head: Uint8Array;
  readonly #maxAround: number;
  #piece: Uint8Array = new Uint8Array(0);
  #at = 0;
  #inContent = true;
  #closed = false;
  /** How much of a delimiter the pieces before this one ended with. */
  #matched = 2;
  /** How much of that was never content: its CR LF may be the one that ended the headers, or missing at the start. */
  #borrowed = 2;
  #failure: MultipartError | undefined;

  /**
   * `maxHeaderBytes` counts from the delimiter to the empty line, both line ends included; `maxAroundBytes` what stands
   * behind the closing delimiter.
   */
  constructor(source: ByteSource, boundary: string, maxHeaderBytes: number, maxAroundBytes: number) {
    this.#maxAround = maxAroundBytes;
    this.#source = source;
    this.#delimiter = new Delimiter(boundary);
    this.#head = new Uint8Array(Math.max(maxHeaderBytes, 2));
  }

  /** Makes a refusal final, also against a caller that catches it and goes on. Answers what to throw. */
  fail(error: MultipartError): MultipartError {
    this.#failure ??= error;
    return this.#failure;
  }

  /**
   * The next content bytes, never empty: a window on the source's piece, not a copy (at most 74 bytes at the seam of
   * two pieces are). Undefined at the delimiter. `large`: in pieces as large as the sender's pace allows, rather than
   * whatever has arrived. Throws `truncated`.
   */
  async nextBytes(large: boolean): Promise<Uint8Array | undefined> {
    if (this.#failure !== undefined) throw this.#failure;
    while (this.#inContent) {
      if (this.#at >= this.#piece.length) await this.#refill(large);
      const bytes = this.#matched > 0 ? this.#resume() : this.#scan();
      if (bytes.length > 0) return bytes;
    }
    return undefined;
  }

  /**
   * The bytes behind the delimiter up to and including the empty line, valid until the next call; undefined when it was
   * the closing one, and then the epilogue has been read away. Throws `truncated`, `bad-boundary`, `header-too-large`,
   * `epilogue-too-large`.
   */
  async readHead(): Promise<Uint8Array | undefined> {
    if (this.#failure !== undefined) throw this.#failure;
    let length = 0;
    let lineEnds = 0; // bytes of CR LF CR LF seen in a row
    while (lineEnds < 4 && !this.#closed) {
      if (this.#at >= this.#piece.length) await this.#refill(false);
      const byte = this.#piece[this.#at++] ?? 0;
      if (length === this.#head.length) throw this.fail(new MultipartError("header-too-large"));
      this.#head[length++] = byte;
      if (byte === (lineEnds % 2 === 0 ? CR : LF)) lineEnds++;
      else lineEnds = byte === CR ? 1 : 0;
      if (length === 2) this.#closed = this.#isClosing();
    }
    if (this.#closed) return this.#readAway();
    this.#inContent = true;
    this.#matched = 2;
    this.#borrowed = 2;
    return this.#head.subarray(0, length);
  }

  /** Judges the two bytes behind a delimiter. A longer word that begins with the boundary may not occur in content. */
  #isClosing(): boolean {
    const [first, second] = this.#head;
    if (first === DASH && second === DASH) return true;
    if (first !== CR && first !== 32 && first !== 9) throw this.fail(new MultipartError("bad-boundary"));
    return false;
  }

  async #readAway(): Promise<undefined> {
    let left = this.#maxAround;
    let piece: Uint8Array | undefined = this.#piece.subarray(this.#at);
    this.#piece = new Uint8Array(0);
    for (; piece !== undefined; piece = await this.#source.read(1)) {
      left -= piece.length;
      if (left < 0) throw this.fail(new MultipartError("epilogue-too-large"));
    }
    return undefined;
  }

  async #refill(large: boolean): Promise<void> {
    const piece = await (large ? this.#source.readPiece() : this.#source.read(1));
    if (piece === undefined) throw this.fail(new MultipartError("truncated"));
    this.#piece = piece;
    this.#at = 0;
  }

  /** Goes on with a delimiter that began in an earlier piece; where it is none after all, answers what it was. */
  #resume(): Uint8Array {
    const { bytes } = this.#delimiter;
    const { length } = this.#piece;
    while (this.#matched < bytes.length && this.#at < length && this.#piece[this.#at] === bytes[this.#matched]) {
      this.#matched++;
      this.#at++;
    }
    if (this.#matched < bytes.length && this.#at === length) return bytes.subarray(0, 0);
    this.#inContent = this.#matched < bytes.length;
    const content = this.#inContent ? bytes.slice(this.#borrowed, this.#matched) : bytes.subarray(0, 0);
    this.#matched = 0;
    this.#borrowed = 0;
    return content;
  }

  /** Content up to the next delimiter, or up to where one may begin at the end of the piece. */
  #scan(): Uint8Array {
    const from = this.#at;
    const found = this.#delimiter.find(this.#piece, from);
    if (found !== -1) {
      this.#inContent = false;
      this.#at = found + this.#delimiter.bytes.length;
      return this.#piece.subarray(from, found);
    }
    const tail = this.#delimiter.findTail(this.#piece, from);
    this.#matched = this.#piece.length - tail;
    this.#at = this.#piece.length;
    return this.#piece.subarray(from, tail);
  }
}
