/** What the multipart parser costs and survives: bytes cut anywhere, linear time, constant memory, leaving early. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseMultipart } from "../../../src/api/multipart.ts";
import { MultipartError } from "../../../src/api/multipart-error.ts";
import type { WrittenPart } from "../../support/multipart-bodies.ts";
import { bytesOf, cutAt, encodeMultipart, joined, singly, streamOf } from "../../support/multipart-bodies.ts";

const boundary = "----b-b";
const type = `multipart/form-data; boundary=${boundary}`;
const seed = 7578;
const unbounded = { maxParts: 1e6, maxFieldBytes: 1e9, maxFieldsTotalBytes: 1e9, maxHeaderBytes: 1e5 };

async function readAll(body: ReadableStream<Uint8Array>, contentType = type): Promise<WrittenPart[]> {
  const parts: WrittenPart[] = [];
  for await (const part of parseMultipart(body, contentType, unbounded)) {
    const pieces: Uint8Array[] = [];
    for await (const piece of part.body) pieces.push(piece);
    const { name, fileName, contentType: partType } = part;
    parts.push({ name, fileName, contentType: partType, content: joined(pieces) });
  }
  return parts;
}

function oneFile(content: Uint8Array | string, name = boundary): Uint8Array {
  return encodeMultipart(name, [{ name: "file", fileName: "f", content }]);
}

/** A piece that counts how often one of its bytes is looked at. */
function counting(piece: Uint8Array, count: { reads: number }): Uint8Array {
  return new Proxy(piece, {
    get(target, key) {
      if (typeof key === "string" && /^\d+$/.test(key)) count.reads++;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** The three escapes are read back as what they stand for, and NUL is refused: neither can come back as it was. */
const letters = fc.oneof(
  fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  fc.constantFrom('"', "\\", ";", " ", "=", "x", "%", "2", "/", "\r", "\n"),
);
const names = fc.string({ unit: letters, maxLength: 20 }).filter((name) => !/%(22|0A|0D)|\0/.test(name));
/** Bytes that are full of beginnings of a boundary, and never hold a whole one. */
const contents = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom("\r", "\n", "\r\n", "-", "--", "\r\n--", "\r\n------b-", `${boundary} `, `\r\n\r${boundary}`),
    ),
    { maxLength: 8 },
  )
  .map((pieces) => joined(pieces))
  .filter((bytes) => !new TextDecoder("latin1").decode(joined(["\r\n", bytes])).includes(`\r\n--${boundary}`));
const writtenParts = fc.array(
  fc.record({
    name: names,
    fileName: fc.option(names, { nil: undefined }),
    contentType: fc.constantFrom(undefined, "text/plain", "application/x; a=b"),
    content: contents,
  }),
  { maxLength: 5 },
);
const cuts = fc.array(fc.nat(2000), { maxLength: 30 });

describe("any body", () => {
  it("comes back as it was written, wherever it is cut", async () => {
    const anyBody = fc.asyncProperty(writtenParts, cuts, async (parts, places) => {
      const body = encodeMultipart(boundary, parts);
      expect(await readAll(streamOf(cutAt(body, places)))).toEqual(parts);
      expect(await readAll(streamOf(singly(body)))).toEqual(parts);
      expect(await readAll(streamOf([joined(["\r\npreamble\r\n", body, "epilogue"])]))).toEqual(parts);
    });
    await fc.assert(anyBody, { numRuns: 150, seed });
  });

  it("comes back as the platform wrote it", async () => {
    const platformBody = fc.asyncProperty(writtenParts, async (parts) => {
      // Unlike browsers, workerd writes line ends in names as they are, refuses backslashes, and escapes with them.
      fc.pre(parts.every((part) => !/[\r\n\\]|" *;/.test(part.name + part.fileName)));
      const form = new FormData();
      for (const part of parts) form.append(part.name, new Blob([part.content]), part.fileName ?? "");
      const response = new Response(form);
      const seen = await readAll(response.body ?? streamOf([]), response.headers.get("content-type") ?? "");
      const expected = parts.map(({ name, fileName = "", content }) => ({ name, fileName, content }));
      expect(seen.map(({ name, fileName, content }) => ({ name, fileName, content }))).toEqual(expected);
    });
    await fc.assert(platformBody, { numRuns: 100, seed });
  });

  it("is parsed or refused, and nothing else, when it is cut short, changed or garbage", async () => {
    const edits = fc.array(fc.tuple(fc.nat(2000), fc.constantFrom(0, 10, 13, 34, 45, 59, 61, 92, 128, 255)), {
      maxLength: 4,
    });
    const broken = fc.asyncProperty(
      writtenParts,
      edits,
      fc.nat(2500),
      contents,
      cuts,
      async (parts, changes, end, tail, places) => {
        const body = joined([encodeMultipart(boundary, parts).subarray(0, end), tail]);
        for (const [at, byte] of changes) if (at < body.length) body[at] = byte;
        const outcome = await readAll(streamOf(cutAt(body, places))).catch((error: unknown) => error);
        if (!Array.isArray(outcome)) expect(outcome).toBeInstanceOf(MultipartError);
      },
    );
    await fc.assert(broken, { numRuns: 300, seed });
  });

  it("is refused when it ends anywhere before its last boundary", async () => {
    const body = encodeMultipart(boundary, [
      { name: "x", content: "1" },
      { name: "y", fileName: "y", content: "\r\n--" },
    ]);
    for (let end = 0; end < body.length - 2; end++) {
      const reason = end < boundary.length + 2 ? "boundary-not-found" : "truncated";
      await expect(readAll(streamOf([body.subarray(0, end)])), `cut at ${end}`).rejects.toMatchObject({ reason });
    }
  });
});

describe("the work", () => {
  const a70 = "a".repeat(70);
  const size = 20_000;
  it.each([
    ["beginnings of its boundary", boundary, "\r\n------b-"],
    ["beginnings of a long boundary", a70, `\r\n--${a70.slice(1)}`],
    ["its boundary's own letter", a70, "a"],
    ["line ends", "-", "\r\n"],
    ["carriage returns", "-", "\r"],
  ])("on content made of %s is linear, in large pieces and in single bytes", async (_, name, unit) => {
    const body = oneFile(unit.repeat(size / unit.length), name);
    const contentType = `multipart/form-data; boundary=${name}`;
    for (const pieces of [cutAt(body, [size / 2]), [...singly(body)]]) {
      const count = { reads: 0 };
      await readAll(streamOf(pieces.map((piece) => counting(piece, count))), contentType);
      expect(count.reads).toBeGreaterThan(size / 100);
      expect(count.reads).toBeLessThan(3 * body.length);
    }
  });

  it("on content without boundaries skips most of it", async () => {
    const count = { reads: 0 };
    const body = oneFile(new Uint8Array(size), a70);
    await readAll(streamOf([counting(body, count)]), `multipart/form-data; boundary=${a70}`);
    expect(count.reads).toBeLessThan(size / 20);
  });

  it("on ten thousand parts is linear", async () => {
    const parts = Array.from({ length: 10_000 }, (_, index) => ({ name: `n${index}`, content: `${index}` }));
    const body = encodeMultipart(boundary, parts);
    const count = { reads: 0 };
    const seen = await readAll(streamOf([counting(body, count)]));
    expect(seen.length).toBe(10_000);
    expect(seen.at(-1)).toMatchObject({ name: "n9999", content: bytesOf("9999") });
    expect(count.reads).toBeLessThan(2 * body.length);
  });
});

describe("the memory", () => {
  it("for 64 MiB is one piece: nothing is read ahead and nothing is copied", async () => {
    const total = 64 * 1024 * 1024;
    const block = new Uint8Array(256 * 1024).map((_, index) => (index * 31) & 0xff);
    const progress = { sent: 0, seen: 0, ahead: 0, copied: 0 };
    function* generated(): Generator<Uint8Array> {
      yield bytesOf(`--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n`);
      for (; progress.sent < total; progress.sent += block.length) yield block;
      yield bytesOf(`\r\n--${boundary}--`);
    }
    for await (const part of parseMultipart(streamOf(generated()), type)) {
      for await (const piece of part.body) {
        progress.seen += piece.length;
        progress.ahead = Math.max(progress.ahead, progress.sent - progress.seen);
        if (piece.buffer !== block.buffer) progress.copied += piece.length;
      }
    }
    expect(progress).toEqual({ sent: total, seen: total, ahead: 0, copied: 0 });
  });

  it("holds pieces of at most 256 KiB of a platform body, which stay as they were given", async () => {
    const content = new Uint8Array(3_000_001).map((_, index) => (index * 7919) >> 5);
    const pieces: Uint8Array[] = [];
    const body = new Response(oneFile(content)).body;
    for await (const part of parseMultipart(body, type)) for await (const piece of part.body) pieces.push(piece);
    expect(Math.max(...pieces.map((piece) => piece.buffer.byteLength))).toBe(256 * 1024);
    expect(pieces.length).toBeLessThan(20);
    expect(await digest(joined(pieces))).toBe(await digest(content));
  });

  it("of a sender that drips is not a buffer for every byte", async () => {
    const pipe = new IdentityTransformStream();
    const dripped = (async () => {
      const writer = pipe.writable.getWriter();
      for (const byte of singly(oneFile("0123456789"))) await writer.write(byte);
      await writer.close();
    })();
    const pieces: Uint8Array[] = [];
    for await (const part of parseMultipart(pipe.readable, type))
      for await (const piece of part.body) pieces.push(piece);
    await dripped;
    expect(new TextDecoder().decode(joined(pieces))).toBe("0123456789");
    expect(pieces.every((piece) => piece.buffer.byteLength < 100)).toBe(true);
  });
});

async function digest(bytes: Uint8Array): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).join();
}

describe("a body that is left", () => {
  const body = oneFile("content".repeat(100));
  const watched = (pieces: Iterable<Uint8Array> = singly(body)) => {
    const state = { cancelled: 0 };
    return { state, stream: streamOf(pieces, () => void state.cancelled++) };
  };

  it("is cancelled once and unlocked when the caller leaves the loop, between parts or within one", async () => {
    for (const within of [false, true]) {
      const { state, stream } = watched();
      leaving: for await (const part of parseMultipart(stream, type)) {
        if (!within) break;
        for await (const _ of part.body) break leaving;
      }
      expect([state.cancelled, stream.locked]).toEqual([1, false]);
    }
  });

  it("is cancelled and unlocked on a refusal, which stays the same if the caller goes on", async () => {
    const { state, stream } = watched();
    const parts = parseMultipart(stream, type);
    const part = (await parts.next()).value;
    await expect(part?.text(3)).rejects.toMatchObject({ reason: "field-too-large" });
    await expect(parts.next()).rejects.toMatchObject({ reason: "field-too-large", field: "file" });
    expect([state.cancelled, stream.locked]).toEqual([1, false]);
  });

  it("is only unlocked where the caller wants to read it away", async () => {
    const { state, stream } = watched();
    for await (const _ of parseMultipart(stream, type, {}, { keepBody: true })) break;
    expect([state.cancelled, stream.locked]).toEqual([0, false]);
    const rest: Uint8Array[] = [];
    for await (const piece of stream) rest.push(piece);
    expect(new TextDecoder().decode(joined(rest))).toContain(`--${boundary}--`);
    const platform = new Response(body).body ?? streamOf([]);
    for await (const _ of parseMultipart(platform, type)) break;
    expect(platform.locked).toBe(false);
  });

  it("is neither cancelled nor locked after its end", async () => {
    const { state, stream } = watched();
    await readAll(stream);
    expect([state.cancelled, stream.locked]).toEqual([0, false]);
  });

  it("breaks off where the sender's connection fails", async () => {
    const failing = (function* (): Generator<Uint8Array> {
      yield body.subarray(0, 100);
      throw new Error("lost");
    })();
    await expect(readAll(streamOf(failing))).rejects.toMatchObject({ why: "gone" });
  });
});

describe("a part", () => {
  it("that was passed fails when it is read, and never looks complete", async () => {
    const parts = parseMultipart(
      streamOf([
        encodeMultipart(boundary, [
          { name: "x", content: "1" },
          { name: "y", content: "2" },
        ]),
      ]),
      type,
    );
    const first = (await parts.next()).value;
    const second = (await parts.next()).value;
    await expect(first?.body[Symbol.asyncIterator]().next()).rejects.toThrow("moved on");
    expect(await second?.text()).toBe("2");
    await expect(second?.text()).rejects.toThrow("only once");
    expect((await parts.next()).done).toBe(true);
  });

  it("cannot be read and passed at the same time", async () => {
    const start = oneFile("").subarray(0, -15);
    for (const pipe of [new TransformStream<Uint8Array, Uint8Array>(), new IdentityTransformStream()]) {
      void pipe.writable.getWriter().write(start).catch(String);
      const parts = parseMultipart(pipe.readable, type, {}, { keepBody: true });
      const text = (await parts.next()).value?.text();
      const outcomes = await Promise.allSettled([text, parts.next()]);
      expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
      expect(pipe.readable.locked).toBe(false);
    }
  });
});
