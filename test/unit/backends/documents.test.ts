/** The store over R2 and the one in memory keep the same contract; and what R2 does that no other store does is borne. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createDocumentStore } from "../../../src/backends/documents.ts";
import { faulty } from "../../support/chats.ts";
import { describeDocumentStore } from "../../support/document-contract.ts";
import { MemoryDocuments } from "../../support/memory-documents.ts";
import { MemoryStore } from "../../support/memory-store.ts";

const memory = new MemoryDocuments(new MemoryStore());

describeDocumentStore("documents in R2", () => createDocumentStore(env.FILES));
describeDocumentStore("documents in memory, where portable tests keep them", () => memory);

const down = () => Promise.reject(new Error("internal error (10001)"));
const bytes = new Uint8Array(1000);

/** The store over the real bucket, some of whose calls are replaced. */
const over = (calls: Record<string, (...args: never[]) => unknown>) => createDocumentStore(faulty(env.FILES, calls));

/** A bucket's multipart upload whose steps all fail, though nobody has given it up. */
const failingParts = { uploadId: "id", uploadPart: down, complete: down, abort: down };

describe("a put of known size", () => {
  it("that R2 refuses before it has read anything takes no more bytes, and waits for no reader", async () => {
    const upload = over({ put: async () => null }).openSized("key", 2000);
    expect(await upload.write(bytes)).toBe("sealed");
    expect(await upload.write(bytes)).toBe("sealed");
    expect(await upload.finish()).toBe("sealed");
    await upload.abort();
  });

  it("that R2 refuses while a piece waits for room ends the waiting", async () => {
    const { promise: put, resolve: refuse } = Promise.withResolvers<null>();
    const upload = over({ put: () => put }).openSized("key", 2000);
    const waiting = upload.write(bytes);
    refuse(null);
    expect(await waiting).toBe("sealed");
    await upload.abort();
  });

  it("that fails in R2 is told to whoever writes, and to whoever finishes; giving it up is silent", async () => {
    const upload = over({ put: down }).openSized("key", 2000);
    await expect(upload.write(bytes)).rejects.toThrow("10001");
    await expect(upload.finish()).rejects.toThrow("10001");
    await upload.abort();
  });
});

describe("sealing", () => {
  it("tries again where what stood at the key went between R2's two answers", async () => {
    const key = `seal/${crypto.randomUUID()}`;
    await env.FILES.put(key, bytes);
    let looks = 0;
    const store = over({
      head: async (asked: string) => {
        looks += 1;
        if (looks === 1) await env.FILES.delete(asked);
        return env.FILES.head(asked);
      },
    });
    expect(await store.seal(key)).toBe("sealed");
    expect(await createDocumentStore(env.FILES).put(key, bytes)).toBe("sealed");
  });

  it("does not take an object's own empty metadata for a tombstone's", async () => {
    const key = `seal/${crypto.randomUUID()}`;
    await env.FILES.put(key, new Uint8Array(0), { customMetadata: { satchel: "file" } });
    expect(await createDocumentStore(env.FILES).seal(key)).toBe("occupied");
  });
});

describe("a fault of R2", () => {
  const store = over({
    createMultipartUpload: async () => failingParts,
    resumeMultipartUpload: () => failingParts,
    put: down,
    head: down,
    get: down,
    list: down,
    delete: down,
  });

  it("in parts is not taken for their having been given up", async () => {
    const parts = await store.openParts("key");
    await expect(parts.send(bytes)).rejects.toThrow("10001");
    await expect(parts.complete()).rejects.toThrow("10001");
    await expect(store.abort("key", parts.multipartId)).rejects.toThrow("10001");
  });

  it.each([
    ["put", () => store.put("key", bytes)],
    ["seal", () => store.seal("key")],
    ["size", () => store.size("key")],
    ["get", () => store.get("key", 0, 10)],
    ["readAt", () => store.readAt("key", 0, 10)],
    ["list", () => store.list("key")],
    ["remove", () => store.remove(["key"])],
  ])("in %s is not taken for absence", async (_call, call) => {
    await expect(call()).rejects.toThrow("10001");
  });
});
