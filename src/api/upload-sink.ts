/** Where the bytes of one upload go: a single put where the size is known, parts of 5 MiB where it is not. */
import type { DocumentStore, PartUpload } from "../backends/documents.ts";

/**
 * Takes pieces with back-pressure. `sealed`: the key was taken by a tombstone, `aborted`: the parts were given up; either
 * way this upload was ended meanwhile, and nothing was stored.
 */
export interface UploadSink {
  write(piece: Uint8Array): Promise<"written" | "sealed" | "aborted">;
  /** Makes the object visible. */
  finish(): Promise<"stored" | "sealed" | "aborted">;
  /** Gives up. Never fails. */
  abort(): Promise<void>;
}

/** Tells the session the id of a multipart upload, before any part is sent. */
export type Attach = (multipartId: string) => Promise<void>;

/** Opens the way for one upload. `buffer` is needed, and used, only where `size` is undefined. */
export function openSink(
  documents: DocumentStore,
  key: string,
  size: number | undefined,
  buffer: Uint8Array<ArrayBuffer> | undefined,
  attach: Attach,
): UploadSink {
  if (size !== undefined) return documents.openSized(key, size);
  if (buffer === undefined) throw new Error("an upload of unknown size needs a buffer");
  return new PartSink(documents, key, buffer, attach);
}

/** Collects a buffer's worth; one buffer is a plain create-only put, more are an R2 multipart upload. */
class PartSink implements UploadSink {
  readonly #documents: DocumentStore;
  readonly #key: string;
  readonly #buffer: Uint8Array<ArrayBuffer>;
  readonly #attach: Attach;
  #filled = 0;
  #parts: PartUpload | undefined;
  #givenUp = false;

  constructor(documents: DocumentStore, key: string, buffer: Uint8Array<ArrayBuffer>, attach: Attach) {
    this.#documents = documents;
    this.#key = key;
    this.#buffer = buffer;
    this.#attach = attach;
  }

  async write(piece: Uint8Array): Promise<"written" | "aborted"> {
    for (let rest = piece; rest.length > 0; ) {
      if (this.#filled === this.#buffer.length && (await this.#flush()) === "aborted") return "aborted";
      const fitting = rest.subarray(0, this.#buffer.length - this.#filled);
      this.#buffer.set(fitting, this.#filled);
      this.#filled += fitting.length;
      rest = rest.subarray(fitting.length);
    }
    return "written";
  }

  async finish(): Promise<"stored" | "sealed" | "aborted"> {
    const last = this.#buffer.subarray(0, this.#filled);
    if (this.#parts === undefined) return this.#documents.put(this.#key, last);
    return (await this.#parts.send(last)) === "aborted" ? "aborted" : this.#parts.complete();
  }

  async abort(): Promise<void> {
    this.#givenUp = true;
    if (this.#parts === undefined) return;
    // The session knows the id too, and aborts it again when this fails.
    await this.#documents.abort(this.#key, this.#parts.multipartId).catch(() => {});
  }

  async #flush(): Promise<"sent" | "aborted"> {
    if (this.#parts === undefined) {
      this.#parts = await this.#documents.openParts(this.#key);
      if (this.#givenUp) {
        // The store answered when nobody waited any more: no session knows of these parts, so they go here or nowhere.
        await this.abort();
        return "aborted";
      }
      await this.#attach(this.#parts.multipartId);
    }
    this.#filled = 0;
    return this.#parts.send(this.#buffer);
  }
}
