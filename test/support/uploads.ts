/** Uploads whose sender, store and session a test holds in its hand, over the real object and the real store. */
import type { SessionPort } from "../../durable/kit/objects.ts";
import { type Reserved, receiveUpload, sessionLedger } from "../../src/api/upload.ts";
import { BodyBroken } from "../../src/backends/byte-source.ts";
import { type DocumentStore, PART_BYTES } from "../../src/backends/documents.ts";
import type { Scanner } from "../../src/backends/scanner.ts";
import type { AnnouncedFile } from "../../src/core/attempts.ts";
import type { Result } from "../../src/core/refusal.ts";
import { toHex } from "../../src/protocol/encoding.ts";
import { type Chat, documents } from "./chats.ts";
import { zipOf } from "./containers.ts";
import { DAY } from "./core-fixtures.ts";

/** One mebibyte, in bytes. */
export const MIB = 1024 * 1024;
/** Options under which nobody goes while the tests let time pass. */
export const PATIENT = { timeoutAlert: 10 * DAY, disconnectTimeout: 10 * DAY };
/** What is used where nothing is. */
export const FREE = { files: 0, bytes: 0, downloads: 0 };

/** Text of so many bytes, which every check of a `.txt` accepts. */
export function textOf(bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes).fill(0x61);
}

/** An office file whose directory is larger than the ends of the file that are looked at first: it has to be read back. */
export function officeFile(part: string): Uint8Array<ArrayBuffer> {
  const pictures = Array.from({ length: 1500 }, (_, index) => [`pictures/picture-${index}.png`, ""]);
  return new Uint8Array(zipOf({ "[Content_Types].xml": "<Types/>", [part]: "x", ...Object.fromEntries(pictures) }));
}

/** SHA-256 in hex, of bytes that are all there. */
export async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** A body that arrives when the test says so. */
export class Sender implements AsyncIterable<Uint8Array> {
  readonly #waiting: ((result: Promise<IteratorResult<Uint8Array>>) => void)[] = [];
  readonly #sent: Promise<IteratorResult<Uint8Array>>[] = [];
  #taken: () => void = () => {};

  /** Sends a piece; resolves when the one before it was stored and this one is asked for. */
  send(piece: Uint8Array): Promise<void> {
    const taken = new Promise<void>((resolve) => {
      this.#taken = resolve;
    });
    this.#push(Promise.resolve({ done: false, value: piece }));
    return taken;
  }

  end(): void {
    this.#push(Promise.resolve({ done: true, value: undefined }));
  }

  /** The client is gone, or has been silent for too long. */
  leave(why: "gone" | "silent" = "gone"): void {
    const gone = Promise.reject(new BodyBroken(why));
    gone.catch(() => {});
    this.#push(gone);
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return {
      next: () => {
        this.#taken();
        const sent = this.#sent.shift();
        return sent ?? new Promise((resolve) => this.#waiting.push(resolve));
      },
    };
  }

  #push(result: Promise<IteratorResult<Uint8Array>>): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#sent.push(result);
    else waiting(result);
  }
}

/** What may be different from the usual upload: a `.txt` of known size to the real store and session. */
export interface Unusual {
  readonly size?: number | undefined;
  readonly extension?: string;
  readonly documents?: DocumentStore;
  readonly session?: SessionPort;
  readonly scanner?: Scanner;
}

/** Runs the pipeline of one upload. */
export function receive(
  chat: Chat,
  reservation: Reserved,
  pieces: AsyncIterable<Uint8Array>,
  { session = chat.port, ...unusual }: Unusual = {},
): Promise<Result<AnnouncedFile>> {
  return receiveUpload({
    ledger: sessionLedger(session),
    documents: documents(),
    reservation,
    extension: "txt",
    size: 100,
    pieces,
    buffer: new Uint8Array(PART_BYTES),
    now: () => Date.now(),
    scanner: undefined,
    ...unusual,
  });
}

/** A whole body that is there at once. */
export async function* bodyOf(...pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}
