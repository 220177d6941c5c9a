/** What every document store promises, as one suite: each implementation runs it, over keys of its own. */
import { describe, expect, it } from "vitest";
import { type DocumentStore, PART_BYTES } from "../../src/backends/documents.ts";

let lastKey = 0;

/** A key nobody else uses. */
function freshKey(): string {
  lastKey += 1;
  return `contract/${crypto.randomUUID()}/${lastKey}`;
}

function bytesOf(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + seed) % 251);
}

async function read(
  store: DocumentStore,
  key: string,
  offset = 0,
  length = 1_000_000,
): Promise<Uint8Array | undefined> {
  const body = await store.get(key, offset, length);
  return body === undefined ? undefined : new Uint8Array(await new Response(body).arrayBuffer());
}

/** Stores a piece at a time, as the upload pipeline does. */
async function storeSized(store: DocumentStore, key: string, size: number, pieces: readonly Uint8Array[]) {
  const upload = store.openSized(key, size);
  for (const piece of pieces) if ((await upload.write(piece)) === "sealed") return "sealed";
  return upload.finish();
}

/** Runs the suite over the store that `make` gives. */
export function describeDocumentStore(name: string, make: () => DocumentStore): void {
  describe(name, () => {
    describeReading(make);
    describeSingleWrites(make);
    describeSizedUploads(make);
    describeSealing(make);
    describeParts(make);
    describeListing(make);
  });
}

function describeReading(make: () => DocumentStore): void {
  it("gives back the bytes that were put, whole and in parts", async () => {
    const [store, key, bytes] = [make(), freshKey(), bytesOf(5000)];
    expect(await store.put(key, bytes)).toBe("stored");
    expect(await store.size(key)).toBe(5000);
    expect(await read(store, key, 0, 5000)).toEqual(bytes);
    expect(await read(store, key, 4990, 10)).toEqual(bytes.subarray(4990));
    expect(await store.readAt(key, 100, 7)).toEqual(bytes.subarray(100, 107));
  });

  it("has neither bytes nor a size for a key where nothing was put, and cannot read a part of it", async () => {
    const [store, key] = [make(), freshKey()];
    expect(await store.get(key, 0, 10)).toBeUndefined();
    expect(await store.size(key)).toBeUndefined();
    await expect(store.readAt(key, 0, 1)).rejects.toThrow(/gone/);
  });

  it("fails loudly on a range beyond the end of an object that is there", async () => {
    const [store, key] = [make(), freshKey()];
    await store.put(key, bytesOf(10));
    await expect(store.get(key, 20, 5)).rejects.toThrow();
  });
}

function describeSingleWrites(make: () => DocumentStore): void {
  it("writes a key once: a second put is told so and changes nothing", async () => {
    const [store, key] = [make(), freshKey()];
    expect(await store.put(key, bytesOf(100, 1))).toBe("stored");
    expect(await store.put(key, bytesOf(200, 2))).toBe("sealed");
    expect(await read(store, key, 0, 100)).toEqual(bytesOf(100, 1));
  });

  it("lets exactly one of two puts at the same time win", async () => {
    const [store, key] = [make(), freshKey()];
    const outcomes = await Promise.all([store.put(key, bytesOf(100, 1)), store.put(key, bytesOf(100, 2))]);
    expect(outcomes.sort()).toEqual(["sealed", "stored"]);
  });

  it("removes objects and tombstones, and does not mind keys that are absent", async () => {
    const [store, object, tombstone, absent] = [make(), freshKey(), freshKey(), freshKey()];
    await store.put(object, bytesOf(10));
    await store.seal(tombstone);
    await store.remove([object, tombstone, absent]);
    expect(await store.size(object)).toBeUndefined();
    expect(await store.put(tombstone, bytesOf(10))).toBe("stored");
  });
}

function describeSizedUploads(make: () => DocumentStore): void {
  it("stores a stream of exactly the promised bytes", async () => {
    const [store, key, bytes] = [make(), freshKey(), bytesOf(300_000)];
    const pieces = [bytes.subarray(0, 100_000), bytes.subarray(100_000, 100_001), bytes.subarray(100_001)];
    expect(await storeSized(store, key, 300_000, pieces)).toBe("stored");
    expect(await read(store, key)).toEqual(bytes);
  });

  it("stores nothing where more bytes come than were promised", async () => {
    const [store, key] = [make(), freshKey()];
    await expect(storeSized(store, key, 100, [bytesOf(60), bytesOf(60)])).rejects.toThrow();
    expect(await store.size(key)).toBeUndefined();
  });

  it("stores nothing where fewer bytes come than were promised", async () => {
    const [store, key] = [make(), freshKey()];
    await expect(storeSized(store, key, 100, [bytesOf(60)])).rejects.toThrow();
    expect(await store.size(key)).toBeUndefined();
  });

  it("stores nothing after an upload was given up, and giving up twice is fine", async () => {
    const [store, key] = [make(), freshKey()];
    const upload = store.openSized(key, 100);
    await upload.write(bytesOf(60));
    await upload.abort();
    await upload.abort();
    expect(await store.size(key)).toBeUndefined();
    expect(await store.put(key, bytesOf(10))).toBe("stored");
  });
}

function describeSealing(make: () => DocumentStore): void {
  it("seals a free key, and sealing it again is the same", async () => {
    const [store, key] = [make(), freshKey()];
    expect(await store.seal(key)).toBe("sealed");
    expect(await store.seal(key)).toBe("sealed");
  });

  it("does not seal a key where an object is, and leaves the object alone", async () => {
    const [store, key] = [make(), freshKey()];
    await store.put(key, bytesOf(10));
    expect(await store.seal(key)).toBe("occupied");
    expect(await read(store, key, 0, 10)).toEqual(bytesOf(10));
  });

  it("never serves a tombstone", async () => {
    const [store, key] = [make(), freshKey()];
    await store.seal(key);
    expect(await store.size(key)).toBeUndefined();
    expect(await store.get(key, 0, 10)).toBeUndefined();
    expect(await store.get(key, 0, 0)).toBeUndefined();
  });

  it("refuses every create-only way of writing to a sealed key", async () => {
    const [store, key] = [make(), freshKey()];
    await store.seal(key);
    expect(await store.put(key, bytesOf(10))).toBe("sealed");
    expect(await storeSized(store, key, 10, [bytesOf(10)])).toBe("sealed");
    expect(await store.size(key)).toBeUndefined();
  });

  it("refuses an upload that was in flight when the key was sealed", async () => {
    const [store, key] = [make(), freshKey()];
    const upload = store.openSized(key, 100);
    await upload.write(bytesOf(60));
    expect(await store.seal(key)).toBe("sealed");
    await upload.write(bytesOf(40));
    expect(await upload.finish()).toBe("sealed");
    expect(await store.size(key)).toBeUndefined();
  });
}

function describeParts(make: () => DocumentStore): void {
  it("stores equal parts and a smaller last one as one object", async () => {
    const [store, key, first] = [make(), freshKey(), bytesOf(PART_BYTES)];
    const upload = await store.openParts(key);
    expect(await upload.send(first)).toBe("sent");
    expect(await upload.send(bytesOf(7, 9))).toBe("sent");
    expect(await store.size(key)).toBeUndefined();
    expect(await upload.complete()).toBe("stored");
    expect(await store.size(key)).toBe(PART_BYTES + 7);
    expect(await store.readAt(key, PART_BYTES - 1, 8)).toEqual(
      Uint8Array.from([...first.subarray(-1), ...bytesOf(7, 9)]),
    );
  });

  it("stores nothing of parts that were given up, whatever is tried with them afterwards", async () => {
    const [store, key] = [make(), freshKey()];
    const upload = await store.openParts(key);
    await upload.send(bytesOf(PART_BYTES));
    await store.abort(key, upload.multipartId);
    expect(await upload.send(bytesOf(5))).toBe("aborted");
    expect(await upload.complete()).toBe("aborted");
    expect(await store.size(key)).toBeUndefined();
  });

  it("does not let parts replace a tombstone once they were given up", async () => {
    const [store, key] = [make(), freshKey()];
    const upload = await store.openParts(key);
    await upload.send(bytesOf(100));
    await store.abort(key, upload.multipartId);
    expect(await store.seal(key)).toBe("sealed");
    expect(await upload.complete()).toBe("aborted");
    expect(await store.size(key)).toBeUndefined();
    expect(await store.seal(key)).toBe("sealed");
  });

  it("does not mind giving up parts that were given up, or completed, before", async () => {
    const [store, key] = [make(), freshKey()];
    const upload = await store.openParts(key);
    await upload.send(bytesOf(100));
    await upload.complete();
    await store.abort(key, upload.multipartId);
    await store.abort(key, upload.multipartId);
    expect(await store.size(key)).toBe(100);
  });
}

function describeListing(make: () => DocumentStore): void {
  it("lists the keys of one prefix and of no other", async () => {
    const [store, prefix] = [make(), `${freshKey()}/`];
    await Promise.all([
      store.put(`${prefix}a`, bytesOf(1)),
      store.seal(`${prefix}b`),
      store.put(freshKey(), bytesOf(1)),
    ]);
    expect(await store.list(prefix)).toEqual({ keys: [`${prefix}a`, `${prefix}b`] });
    expect(await store.list(`${prefix}none`)).toEqual({ keys: [] });
  });

  it("lists more keys than fit a page, each once", async () => {
    const [store, prefix] = [make(), `${freshKey()}/`];
    const names = Array.from({ length: 1005 }, (_, index) => `${prefix}${String(index).padStart(4, "0")}`);
    for (let at = 0; at < names.length; at += 100)
      await Promise.all(names.slice(at, at + 100).map((key) => store.put(key, bytesOf(1))));
    const first = await store.list(prefix);
    expect(first.keys).toHaveLength(1000);
    const second = await store.list(prefix, first.cursor);
    expect(second.cursor).toBeUndefined();
    expect([...first.keys, ...second.keys]).toEqual(names);
  });
}
