/**
 * The one multipart/form-data parser (RFC 7578), for every door: streams, pulls, and copies no content. Ours, because
 * no package did it all when looked at (@remix-run/multipart-parser, multipasta, busboy, @ssttevee/multipart-parser):
 * they hold whole parts, push without back-pressure, need node:stream, or read names as Latin-1, and none asks for
 * large pieces.
 */

import { ByteSource } from "../backends/byte-source.ts";
import { MultipartError } from "./multipart-error.ts";
import type { PartHead } from "./multipart-headers.ts";
import { parseBoundary, parsePartHead } from "./multipart-headers.ts";
import { MultipartScanner } from "./multipart-scan.ts";

/** Bounds, in bytes or numbers of things; going over one is a `MultipartError`. A file's size the caller bounds. */
export interface MultipartLimits {
  /** `too-many-parts` */
  readonly maxParts: number;
  /** Of one part, from its boundary to the empty line: `header-too-large`. This much memory is taken at once. */
  readonly maxHeaderBytes: number;
  /** Of one part: `too-many-headers`. */
  readonly maxHeaderCount: number;
  /** Of one part without a file name, of any part that is passed over, and of any `text()`: `field-too-large`. */
  readonly maxFieldBytes: number;
  /** Of all these together: `fields-too-large`. */
  readonly maxFieldsTotalBytes: number;
  /** Of what stands before the first boundary (`boundary-not-found`), and behind the last (`epilogue-too-large`). */
  readonly maxAroundBytes: number;
}

/** Enough for every client we know, the Genesys widget with its `userData` included. */
export const defaultMultipartLimits: MultipartLimits = {
  maxParts: 128,
  maxHeaderBytes: 8192,
  maxHeaderCount: 16,
  maxFieldBytes: 64 * 1024,
  maxFieldsTotalBytes: 256 * 1024,
  maxAroundBytes: 64 * 1024,
};

/** How to parse, besides the limits. */
export interface MultipartOptions {
  /**
   * True: a body that is left before its end is unlocked and not cancelled, so that the caller can read some of it
   * away and answer on the same connection. Default false: it is cancelled, as it is when a part is still being read.
   */
  readonly keepBody?: boolean;
  /** The time in milliseconds; only differences count. */
  readonly now?: () => number;
}

/** One part, readable once and only until the next is asked for. */
export interface Part extends PartHead {
  /**
   * The content as it arrives: pieces of up to 256 KiB that are the reader's to keep, and nothing is read before it is
   * asked for. Leaving early is fine: the rest is passed over. Read after the parser moved on, it throws an Error: it
   * never ends as if that were all.
   */
  readonly body: AsyncIterable<Uint8Array>;
  /**
   * The whole content as text, a leading byte order mark included, at most `maxBytes` and never more than
   * `maxFieldBytes`. Throws `field-too-large`, `fields-too-large`, or `bad-encoding` for what is not UTF-8.
   */
  text(maxBytes?: number): Promise<string>;
}

/** Field bytes taken so far, shared by the parts of one body. */
interface Tally {
  fieldBytes: number;
}

class StreamedPart implements Part {
  readonly name: string;
  declare readonly fileName?: string;
  declare readonly contentType?: string;
  readonly body: AsyncIterable<Uint8Array>;
  readonly #scanner: MultipartScanner;
  readonly #limits: MultipartLimits;
  readonly #tally: Tally;
  /** Infinity for a file that is streamed. */
  #maxBytes: number;
  #bytes = 0;
  #state: "fresh" | "taken" | "passed" = "fresh";

  constructor(head: PartHead, scanner: MultipartScanner, limits: MultipartLimits, tally: Tally) {
    this.name = head.name;
    if (head.fileName !== undefined) this.fileName = head.fileName;
    if (head.contentType !== undefined) this.contentType = head.contentType;
    this.#scanner = scanner;
    this.#limits = limits;
    this.#tally = tally;
    this.#maxBytes = head.fileName === undefined ? limits.maxFieldBytes : Number.POSITIVE_INFINITY;
    this.body = this.#stream();
  }

  async text(maxBytes = this.#limits.maxFieldBytes): Promise<string> {
    this.#take();
    this.#maxBytes = Math.min(maxBytes, this.#limits.maxFieldBytes);
    // Copied together: windows would keep their whole pieces alive, for a sender that drips many times what it sent.
    let all = new Uint8Array(256);
    let length = 0;
    for (let bytes = await this.#pull(); bytes !== undefined; bytes = await this.#pull()) {
      if (length + bytes.length > all.length) {
        const larger = new Uint8Array(Math.max(all.length * 2, length + bytes.length));
        larger.set(all.subarray(0, length));
        all = larger;
      }
      all.set(bytes, length);
      length += bytes.length;
    }
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(all.subarray(0, length));
    } catch {
      throw this.#scanner.fail(new MultipartError("bad-encoding", this.name));
    }
  }

  /** Reads the rest away, and no more of it than of a field. */
  async pass(): Promise<void> {
    this.#state = "passed";
    this.#maxBytes = Math.min(this.#maxBytes, this.#limits.maxFieldBytes);
    while ((await this.#next()) !== undefined);
  }

  #take(): void {
    if (this.#state === "taken") throw new Error("a multipart part can be read only once");
    if (this.#state === "fresh") this.#state = "taken";
  }

  async *#stream(): AsyncGenerator<Uint8Array, void, undefined> {
    this.#take();
    for (let bytes = await this.#pull(); bytes !== undefined; bytes = await this.#pull()) yield bytes;
  }

  /** For the part's reader, who must not take over what the parser has begun to pass. */
  #pull(): Promise<Uint8Array | undefined> {
    if (this.#state === "passed") throw new Error("the multipart parser has moved on from this part");
    return this.#next();
  }

  async #next(): Promise<Uint8Array | undefined> {
    const isFile = this.#maxBytes === Number.POSITIVE_INFINITY;
    const bytes = await this.#scanner.nextBytes(isFile);
    if (bytes === undefined || isFile) return bytes;
    this.#bytes += bytes.length;
    this.#tally.fieldBytes += bytes.length;
    if (this.#bytes > this.#maxBytes) throw this.#scanner.fail(new MultipartError("field-too-large", this.name));
    if (this.#tally.fieldBytes > this.#limits.maxFieldsTotalBytes) {
      throw this.#scanner.fail(new MultipartError("fields-too-large", this.name));
    }
    return bytes;
  }
}

/** Passes over what stands before the first boundary. */
async function skipPreamble(scanner: MultipartScanner, maxBytes: number): Promise<void> {
  try {
    let left = maxBytes;
    for (let bytes = await scanner.nextBytes(false); bytes !== undefined; bytes = await scanner.nextBytes(false)) {
      left -= bytes.length;
      if (left < 0) throw scanner.fail(new MultipartError("boundary-not-found"));
    }
  } catch (error) {
    const missing = error instanceof MultipartError && error.reason === "truncated";
    throw missing ? new MultipartError("boundary-not-found") : error;
  }
}

/**
 * Gives a body's parts in their order, each before its content has arrived; so a file can be stored before the fields
 * behind it are known, as Genesys widgets need. Part names may repeat, and `_charset_` is a field like any other.
 *
 * Refusals are thrown as `MultipartError`, from here or from the part that is being read, and are final. A wrong
 * content type is refused before the body is touched. A body that breaks off is a `BodyBroken`. Any other error is a misuse.
 * The body is locked at the first `next()`; it is unlocked at the end, on an error thrown from here, and when the
 * caller leaves the loop, by an error of its own or a part's too.
 */
export async function* parseMultipart(
  body: ReadableStream<Uint8Array> | null,
  contentType: string | null,
  limits: Partial<MultipartLimits> = {},
  options: MultipartOptions = {},
): AsyncGenerator<Part, void, undefined> {
  const boundary = parseBoundary(contentType);
  if (body === null) throw new MultipartError("boundary-not-found");
  const bounds = { ...defaultMultipartLimits, ...limits };
  const source = new ByteSource(body, options.now);
  try {
    const scanner = new MultipartScanner(source, boundary, bounds.maxHeaderBytes, bounds.maxAroundBytes);
    const tally: Tally = { fieldBytes: 0 };
    await skipPreamble(scanner, bounds.maxAroundBytes);
    for (let count = 1; ; count++) {
      const bytes = await scanner.readHead();
      if (bytes === undefined) return;
      if (count > bounds.maxParts) throw new MultipartError("too-many-parts");
      const part = new StreamedPart(parsePartHead(bytes, bounds.maxHeaderCount), scanner, bounds, tally);
      yield part;
      await part.pass();
    }
  } finally {
    source.leave(options.keepBody !== true);
  }
}
