/** A document store in memory with the semantics the design rests on: create-only puts, tombstones, multipart uploads. */

/** An object: what counting, hashing and judging its bytes would give. */
export interface StoredObject {
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
  readonly contentType: string;
  /** False where the content is not what the name says. */
  readonly acceptable: boolean;
}

/** A tombstone keeps a key from ever being created. */
export type StoreEntry = StoredObject | "tombstone";

/** The store of a whole deployment; sessions share it. */
export class MemoryStore {
  readonly entries = new Map<string, StoreEntry>();
  /** Multipart uploads that are neither complete nor aborted, by id, with their keys. */
  readonly multiparts = new Map<string, string>();
  /** While true every call fails. */
  down = false;
  #lastMultipart = 0;

  /** Create-only: `sealed` where anything is there, and nothing was stored. */
  put(key: string, object: StoredObject): "stored" | "sealed" {
    this.#reach();
    if (this.entries.has(key)) return "sealed";
    this.entries.set(key, object);
    return "stored";
  }

  /** Puts a tombstone unless an object is there. */
  seal(key: string): "sealed" | "occupied" {
    this.#reach();
    const there = this.entries.get(key);
    if (there === undefined) this.entries.set(key, "tombstone");
    return there === undefined || there === "tombstone" ? "sealed" : "occupied";
  }

  /** The object; undefined where there is none, or only a tombstone. */
  read(key: string): StoredObject | undefined {
    this.#reach();
    const there = this.entries.get(key);
    return there === "tombstone" ? undefined : there;
  }

  /** Removes objects and tombstones; absent keys are fine. */
  remove(keys: readonly string[]): void {
    this.#reach();
    for (const key of keys) this.entries.delete(key);
  }

  /** Every key that begins with a prefix. */
  list(prefix: string): string[] {
    this.#reach();
    return [...this.entries.keys()].filter((key) => key.startsWith(prefix));
  }

  /** Begins an upload of unknown length. */
  openParts(key: string): string {
    this.#reach();
    this.#lastMultipart += 1;
    const multipartId = `multipart-${this.#lastMultipart}`;
    this.multiparts.set(multipartId, key);
    return multipartId;
  }

  /** Makes a multipart upload's object visible, whatever stood at the key: R2 knows no create-only completion. */
  complete(multipartId: string, object: StoredObject): "stored" | "aborted" {
    this.#reach();
    const key = this.multiparts.get(multipartId);
    if (key === undefined) return "aborted";
    this.multiparts.delete(multipartId);
    this.entries.set(key, object);
    return "stored";
  }

  /** Gives a multipart upload up; one that is unknown or complete is fine. */
  abort(multipartId: string): void {
    this.#reach();
    this.multiparts.delete(multipartId);
  }

  #reach(): void {
    if (this.down) throw new Error("the store is down");
  }
}
