/** The document store: R2 behind the few calls Satchel makes. Every put is create-only, so that a key is written once. */

/** A page of keys. */
export interface KeyPage {
  readonly keys: readonly string[];
  readonly cursor?: string;
}

/** Where documents lie. Faults of the store are exceptions; what is merely absent is a value. */
export interface DocumentStore {
  /** A stream of `length` bytes from `offset`; undefined where there is no object, or only a tombstone. */
  get(key: string, offset: number, length: number): Promise<ReadableStream<Uint8Array> | undefined>;
  /** A part of an object, whole in memory: for the few bytes that judging a type takes. */
  readAt(key: string, offset: number, length: number): Promise<Uint8Array>;
  /** Size of the object in bytes; undefined where there is none, or only a tombstone. */
  size(key: string): Promise<number | undefined>;
  /** Puts a tombstone unless something is there: afterwards no create-only put to this key can land. */
  seal(key: string): Promise<"sealed" | "occupied">;
  /** Removes objects and tombstones; absent keys are fine. */
  remove(keys: readonly string[]): Promise<void>;
  /** Gives up an R2 multipart upload; one that is unknown or complete already is fine. */
  abort(key: string, multipartId: string): Promise<void>;
  /** Keys that begin with a prefix, at most 1 000 a page. */
  list(prefix: string, cursor?: string): Promise<KeyPage>;
  /** Stores bytes that are in memory; `sealed` where the key was taken, and nothing was stored. */
  put(key: string, bytes: Uint8Array): Promise<"stored" | "sealed">;
  /** Begins an upload of exactly `size` bytes. */
  openSized(key: string, size: number): SizedUpload;
  /** Begins an upload of unknown length. */
  openParts(key: string): Promise<PartUpload>;
}

/** An upload of a known number of bytes, streamed with back-pressure. */
export interface SizedUpload {
  /**
   * Takes a piece once the store has room for it. `sealed` where the store has refused the key already: then no byte is
   * taken any more. Fails where the store does, or on more bytes than were promised.
   */
  write(piece: Uint8Array): Promise<"written" | "sealed">;
  /** Ends the upload. Fails on fewer bytes than were promised; then nothing is stored. */
  finish(): Promise<"stored" | "sealed">;
  /** Gives it up; nothing is stored. Never fails. */
  abort(): Promise<void>;
}

/** An R2 multipart upload: equal parts of `PART_BYTES`, the last may be smaller. */
export interface PartUpload {
  readonly multipartId: string;
  /** Sends the next part; `aborted` where the upload was given up meanwhile. */
  send(part: Uint8Array): Promise<"sent" | "aborted">;
  /** Makes the object visible; `aborted` where the upload was given up meanwhile, and nothing was stored. */
  complete(): Promise<"stored" | "aborted">;
}

/** Size of every part but the last, in bytes: the least that R2 takes. */
export const PART_BYTES = 5 * 1024 * 1024;

const CREATE_ONLY = { onlyIf: { etagDoesNotMatch: "*" } } as const;
/** Marks an object that only keeps its key from being written. */
const TOMBSTONE = { satchel: "tombstone" } as const;
/** R2 answers this for an upload id it does not know (any more). */
const NO_SUCH_UPLOAD = "10024";

/** The store over one bucket. */
export function createDocumentStore(bucket: R2Bucket): DocumentStore {
  return {
    get: (key, offset, length) => get(bucket, key, offset, length),
    async readAt(key, offset, length) {
      const object = await bucket.get(key, { range: { offset, length } });
      if (object === null) throw new Error("document store: the object to be judged is gone");
      return new Uint8Array(await object.arrayBuffer());
    },
    size: (key) => size(bucket, key),
    seal: (key) => seal(bucket, key),
    remove: (keys) => bucket.delete([...keys]),
    abort: (key, multipartId) => abort(bucket, key, multipartId),
    async list(prefix, cursor) {
      const page = await bucket.list({ prefix, ...(cursor === undefined ? {} : { cursor }) });
      const keys = page.objects.map(({ key }) => key);
      return page.truncated ? { keys, cursor: page.cursor } : { keys };
    },
    async put(key, bytes) {
      return (await bucket.put(key, bytes, CREATE_ONLY)) === null ? "sealed" : "stored";
    },
    openSized: (key, size) => openSized(bucket, key, size),
    openParts: (key) => openParts(bucket, key),
  };
}

async function get(bucket: R2Bucket, key: string, offset: number, length: number) {
  try {
    const object = await bucket.get(key, { range: { offset, length } });
    return object === null || isTombstone(object) ? undefined : object.body;
  } catch (error) {
    // No range of an empty object can be satisfied, and a tombstone is empty.
    if ((await size(bucket, key)) === undefined) return undefined;
    throw error;
  }
}

async function size(bucket: R2Bucket, key: string): Promise<number | undefined> {
  const object = await bucket.head(key);
  return object === null || isTombstone(object) ? undefined : object.size;
}

async function seal(bucket: R2Bucket, key: string): Promise<"sealed" | "occupied"> {
  const put = await bucket.put(key, new Uint8Array(0), { ...CREATE_ONLY, customMetadata: TOMBSTONE });
  if (put !== null) return "sealed";
  const there = await bucket.head(key);
  // Deleted between the two calls: the caller's next try decides.
  if (there === null) return seal(bucket, key);
  return isTombstone(there) ? "sealed" : "occupied";
}

async function abort(bucket: R2Bucket, key: string, multipartId: string): Promise<void> {
  try {
    await bucket.resumeMultipartUpload(key, multipartId).abort();
  } catch (error) {
    if (!isUnknownUpload(error)) throw error;
  }
}

function isUnknownUpload(error: unknown): boolean {
  return error instanceof Error && error.message.includes(NO_SUCH_UPLOAD);
}

function openSized(bucket: R2Bucket, key: string, size: number): SizedUpload {
  const { readable, writable } = new FixedLengthStream(size);
  const writer = writable.getWriter();
  const put = bucket.put(key, readable, CREATE_ONLY);
  // A put that fails early is told to whoever writes or finishes; without the second function it would also count as
  // unhandled.
  let refused = false;
  put.then(
    (object) => {
      refused = object === null;
    },
    () => {},
  );
  return {
    async write(piece) {
      // A refused put may have stopped reading: pieces would wait in memory, for nobody.
      if (refused) return "sealed";
      const written = writer.write(piece);
      written.catch(() => {});
      // A put that was refused stops reading, and the write alone would wait for ever.
      await Promise.race([written, put]);
      return refused ? "sealed" : "written";
    },
    async finish() {
      writer.close().catch(() => {});
      return (await put) === null ? "sealed" : "stored";
    },
    async abort() {
      await writer.abort(new Error("upload given up")).catch(() => {});
      await put.catch(() => {});
    },
  };
}

async function openParts(bucket: R2Bucket, key: string): Promise<PartUpload> {
  const upload = await bucket.createMultipartUpload(key);
  const sent: R2UploadedPart[] = [];
  return {
    multipartId: upload.uploadId,
    async send(part) {
      const next = await unlessAborted(upload.uploadPart(sent.length + 1, part));
      if (next === "aborted") return next;
      sent.push(next);
      return "sent";
    },
    async complete() {
      const object = await unlessAborted(upload.complete(sent));
      return object === "aborted" ? object : "stored";
    },
  };
}

async function unlessAborted<T>(step: Promise<T>): Promise<T | "aborted"> {
  try {
    return await step;
  } catch (error) {
    if (isUnknownUpload(error)) return "aborted";
    throw error;
  }
}

function isTombstone(object: R2Object): boolean {
  return object.customMetadata?.satchel === TOMBSTONE.satchel;
}
