/** Reads a request's body in large pieces where the platform can: small ones are what an upload's time goes into. */

import { TimedOut, within } from "./deadline.ts";

/** Bytes asked for at once. */
const BUFFER_BYTES = 256 * 1024;
/** The first large piece, and the least of a slow sender, in bytes: enough for a first look at the content. */
const LEAST_PIECE_BYTES = 4 * 1024;
/**
 * Most bytes waited for at once. More is no faster, since a read takes what else has arrived; and a sender that was fast and
 * is slow now still gives a piece within the lease's time: at one kilobyte a second there is one in 32 seconds.
 */
const MOST_WAITED_BYTES = 32 * 1024;
/** A sender that takes longer for a piece than this, in milliseconds, is asked for smaller ones. */
const SLOW_PIECE_MS = 2000;
/** A piece this small is copied out and its buffer used again, so that a dripping sender does not cost one per byte. */
const SMALL_BYTES = 4096;

/**
 * A sender who is silent for so long, in milliseconds, is given up: with the 20 seconds since the last renewal that is within
 * the lease of an upload, and nothing else may wait for ever either.
 */
export const STALL_MS = 40_000;

/** The body broke off before its end: its sender has gone, or was silent for `STALL_MS`. */
export class BodyBroken extends Error {
  readonly why: "gone" | "silent";

  constructor(why: "gone" | "silent") {
    super(`the sender is ${why}`);
    this.why = why;
  }
}

type Read = (atLeast: number) => Promise<Uint8Array | undefined>;
interface OpenReader {
  readonly read: Read;
  readonly cancel: () => Promise<void>;
  readonly releaseLock: () => void;
}

/** What workerd's reader of bytes has and Node's does not, in whose types this is compiled too. */
interface ByteReader extends Omit<OpenReader, "read"> {
  readonly readAtLeast?: (atLeast: number, view: Uint8Array) => Promise<{ readonly value?: Uint8Array | undefined }>;
}

/** `readAtLeast` of workerd, seven times faster than its default reader; undefined where there is none. */
function openByteReader(body: ReadableStream<Uint8Array>): OpenReader | undefined {
  let reader: ByteReader;
  try {
    reader = body.getReader({ mode: "byob" });
  } catch {
    return undefined; // Not a byte stream. A locked one fails once more, and loudly, in the default reader.
  }
  if (typeof reader.readAtLeast !== "function") {
    reader.releaseLock();
    return undefined;
  }
  const readAtLeast = reader.readAtLeast.bind(reader);
  let spare: ArrayBufferLike | undefined;
  const read: Read = async (atLeast) => {
    const view = new Uint8Array(spare ?? new ArrayBuffer(BUFFER_BYTES));
    spare = undefined; // Reading detaches it: the buffer comes back in the result.
    const { value } = await readAtLeast(Math.min(atLeast, BUFFER_BYTES), view);
    if (value === undefined || value.byteLength === 0) return undefined;
    if (value.byteLength > SMALL_BYTES) return value;
    spare = value.buffer;
    return value.slice();
  };
  return { read, cancel: () => reader.cancel(), releaseLock: () => reader.releaseLock() };
}

function openDefaultReader(body: ReadableStream<Uint8Array>): OpenReader {
  const reader = body.getReader();
  const read: Read = async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return undefined;
      if (value.byteLength > 0) return value;
    }
  };
  return { read, cancel: () => reader.cancel(), releaseLock: () => reader.releaseLock() };
}

/** Exclusive reader of one body. Nothing is read ahead: each `read` is one demand on the sender. */
export class ByteSource {
  readonly #reader: OpenReader;
  readonly #now: () => number;
  #wish = LEAST_PIECE_BYTES;
  #busy = false;
  #left = false;
  #ended = false;

  /** Locks the body; throws a TypeError when somebody else has. `now` gives milliseconds. */
  constructor(body: ReadableStream<Uint8Array>, now: () => number = Date.now) {
    this.#reader = openByteReader(body) ?? openDefaultReader(body);
    this.#now = now;
  }

  /**
   * The next piece, never empty, at most 256 KiB where the platform lets us choose; undefined at the end. It is the
   * caller's for ever, never overwritten. `atLeast` is a wish in bytes: more waiting, fewer pieces. Fails with
   * `BodyBroken` where the sender has gone or is silent, and with a plain Error on two reads at once or after `leave`.
   */
  async read(atLeast: number): Promise<Uint8Array | undefined> {
    if (this.#busy) throw new Error("the body is being read already");
    if (this.#left) throw new Error("the body was left");
    if (this.#ended) return undefined;
    this.#busy = true;
    try {
      const piece = await within(this.#reader.read(atLeast), STALL_MS);
      this.#ended = piece === undefined;
      return piece;
    } catch (error) {
      const silent = error instanceof TimedOut;
      // The read still waits: nobody could read on.
      if (silent) this.leave(true);
      throw new BodyBroken(silent ? "silent" : "gone");
    } finally {
      this.#busy = false;
    }
  }

  /**
   * The next piece, as large as the sender's pace allows: a reader that has to show a sign of life while bytes move gets
   * one every few seconds from a sender of some hundred bytes a second too.
   */
  async readPiece(): Promise<Uint8Array | undefined> {
    const asked = this.#now();
    const piece = await this.read(this.#wish);
    const slow = this.#now() - asked > SLOW_PIECE_MS;
    this.#wish = slow ? Math.max(LEAST_PIECE_BYTES, this.#wish / 4) : Math.min(MOST_WAITED_BYTES, this.#wish * 4);
    return piece;
  }

  /** All that is left, in such pieces. */
  async *pieces(): AsyncGenerator<Uint8Array, undefined> {
    for (let piece = await this.readPiece(); piece !== undefined; piece = await this.readPiece()) yield piece;
  }

  /**
   * Gives the lock back and, where the end was not reached and `cancel` is true, tells the sender to stop. A read that
   * still waits is always cancelled, and fails: workerd gives no lock back before.
   */
  leave(cancel: boolean): void {
    if (this.#left) return;
    this.#left = true;
    // Not awaited: a sender that is slow to stop must not hold the caller. A body that has failed has nothing to stop.
    if ((cancel || this.#busy) && !this.#ended) this.#reader.cancel().catch(() => {});
    this.#reader.releaseLock();
  }
}
