/** A document store in memory that keeps bytes, with the semantics of the store model: for the HTTP layer outside workerd. */
import { sha256 } from "../../src/backends/digest.ts";
import type { DocumentStore, PartUpload, SizedUpload } from "../../src/backends/documents.ts";
import type { MemoryStore, StoredObject } from "./memory-store.ts";
import { joined } from "./multipart-bodies.ts";

const KEYS_PER_PAGE = 1000;

/** Keys, tombstones and uploads are the model's; only the bytes are kept here, as long as the model keeps their object. */
export class MemoryDocuments implements DocumentStore {
  readonly #store: MemoryStore;
  readonly #bytes = new WeakMap<StoredObject, Uint8Array<ArrayBuffer>>();

  constructor(store: MemoryStore) {
    this.#store = store;
  }

  async get(key: string, offset: number, length: number): Promise<ReadableStream<Uint8Array> | undefined> {
    const bytes = this.#read(key);
    if (bytes === undefined) return undefined;
    if (offset >= bytes.length) throw new Error("memory store: the range is outside the object");
    return new Blob([bytes.subarray(offset, offset + length)]).stream();
  }

  async readAt(key: string, offset: number, length: number): Promise<Uint8Array> {
    const bytes = this.#read(key);
    if (bytes === undefined) throw new Error("memory store: the object is gone");
    return bytes.slice(offset, offset + length);
  }

  async size(key: string): Promise<number | undefined> {
    return this.#store.read(key)?.size;
  }

  async seal(key: string): Promise<"sealed" | "occupied"> {
    return this.#store.seal(key);
  }

  async remove(keys: readonly string[]): Promise<void> {
    this.#store.remove(keys);
  }

  async abort(_key: string, multipartId: string): Promise<void> {
    this.#store.abort(multipartId);
  }

  async list(prefix: string, cursor = ""): Promise<{ keys: readonly string[]; cursor?: string }> {
    const left = this.#store
      .list(prefix)
      .sort()
      .filter((key) => key > cursor);
    const keys = left.slice(0, KEYS_PER_PAGE);
    const last = keys.at(-1);
    return left.length > keys.length && last !== undefined ? { keys, cursor: last } : { keys };
  }

  async put(key: string, bytes: Uint8Array): Promise<"stored" | "sealed"> {
    return this.#store.put(key, await this.#object(bytes));
  }

  openSized(key: string, size: number): SizedUpload {
    const pieces: Uint8Array[] = [];
    let total = 0;
    let given: "up" | undefined;
    return {
      write: async (piece) => {
        total += piece.length;
        if (total > size) throw new Error("memory store: more bytes than were promised");
        pieces.push(piece);
        return "written";
      },
      finish: async () => {
        if (given === "up" || total < size) throw new Error("memory store: fewer bytes than were promised");
        return this.put(key, joined(pieces));
      },
      abort: async () => {
        given = "up";
      },
    };
  }

  async openParts(key: string): Promise<PartUpload> {
    const parts: Uint8Array[] = [];
    const multipartId = this.#store.openParts(key);
    return {
      multipartId,
      send: async (part) => {
        if (!this.#store.multiparts.has(multipartId)) return "aborted";
        parts.push(part.slice());
        return "sent";
      },
      complete: async () => this.#store.complete(multipartId, await this.#object(joined(parts))),
    };
  }

  #read(key: string): Uint8Array<ArrayBuffer> | undefined {
    const object = this.#store.read(key);
    return object === undefined ? undefined : this.#bytes.get(object);
  }

  async #object(bytes: Uint8Array): Promise<StoredObject> {
    const digest = sha256();
    await digest.write(bytes);
    const object = {
      size: bytes.length,
      sha256: await digest.finish(),
      contentType: "application/octet-stream",
      acceptable: true,
    };
    this.#bytes.set(object, new Uint8Array(bytes));
    return object;
  }
}
