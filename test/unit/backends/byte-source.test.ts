/** How a body is cut into pieces, whatever the sender's pace. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { readParts } from "../../../src/api/form.ts";
import { ByteSource, STALL_MS } from "../../../src/backends/byte-source.ts";
import { ok } from "../../../src/core/refusal.ts";

const SECOND = 1000;

/** A sender of so many bytes a second, after `burst` bytes at once, and a clock that moves as it sends. */
function sender(bytesPerSecond: number, seconds: number, burst = 0) {
  const { readable, writable } = new IdentityTransformStream();
  let now = 0;
  const clock = () => now;
  const send = async () => {
    const writer = writable.getWriter();
    if (burst > 0) await writer.write(new Uint8Array(burst));
    for (let second = 0; second < seconds; second += 1) {
      now += SECOND;
      await writer.write(new Uint8Array(bytesPerSecond).fill(second));
    }
    await writer.close();
  };
  return { source: new ByteSource(readable, clock), now: clock, send };
}

describe("pieces of a body", () => {
  it.each([100, 500, 1000, 5000])(
    "come every few seconds from a sender of %i bytes a second",
    async (bytesPerSecond) => {
      const seconds = 600;
      const { source, now, send } = sender(bytesPerSecond, seconds);
      const sent = send();
      let [total, last, longest] = [0, 0, 0];
      for await (const piece of source.pieces()) {
        total += piece.length;
        longest = Math.max(longest, now() - last);
        last = now();
      }
      await sent;
      expect(total).toBe(bytesPerSecond * seconds);
      // A lease of 60 seconds is renewed with the first piece after 20.
      expect(longest).toBeLessThanOrEqual(Math.max(10, 4096 / bytesPerSecond + 1) * SECOND);
    },
  );

  it("come within the time of a lease from a sender that was fast and has become slow", async () => {
    const [burst, seconds] = [1024 * 1024, 600];
    const { source, now, send } = sender(1000, seconds, burst);
    const sent = send();
    let [total, last, longest] = [0, 0, 0];
    for await (const piece of source.pieces()) {
      total += piece.length;
      longest = Math.max(longest, now() - last);
      last = now();
    }
    await sent;
    expect(total).toBe(burst + 1000 * seconds);
    // Renewed with the first piece after 20 seconds, a lease of 60 bears 40 without one.
    expect(longest).toBeLessThanOrEqual(40 * SECOND);
  });

  it("are large, and few, from a fast sender", async () => {
    const { readable, writable } = new IdentityTransformStream();
    const bytes = new Uint8Array(4 * 1024 * 1024).map((_byte, index) => index % 251);
    const writer = writable.getWriter();
    const sent = writer.write(bytes).then(() => writer.close());
    const sizes: number[] = [];
    let at = 0;
    for await (const piece of new ByteSource(readable, () => 0).pieces()) {
      expect(piece[0]).toBe(at % 251);
      at += piece.length;
      sizes.push(piece.length);
    }
    await sent;
    expect(at).toBe(bytes.length);
    expect(sizes.length).toBeLessThan(25);
    expect(Math.max(...sizes)).toBe(256 * 1024);
  });
});

describe("a body that breaks off", () => {
  afterEach(() => vi.useRealTimers());

  it("because its sender is silent is given up after forty seconds, and the sender told to stop", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const cancelled = Promise.withResolvers<void>();
    const source = new ByteSource(new ReadableStream({ cancel: () => cancelled.resolve() }));
    const read = expect(source.read(1)).rejects.toMatchObject({ why: "silent" });
    await vi.advanceTimersByTimeAsync(STALL_MS);
    await read;
    await cancelled.promise;
  });

  it("because its sender has gone says so", async () => {
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error("lost")) });
    await expect(new ByteSource(broken).read(1)).rejects.toMatchObject({ why: "gone" });
  });

  it.each([
    ["before its first part", "--b"],
    ["between its parts", '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b'],
    ["behind its last boundary", "--b--"],
  ])("%s does not keep a form waiting for ever", async (_where, begun) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    void writable.getWriter().write(new TextEncoder().encode(begun)).catch(String);
    const headers = { "Content-Type": "multipart/form-data; boundary=b" };
    const request = new Request("https://chat.example", { method: "POST", headers, body: readable });
    const result = readParts(request, Date.now, async (parts) => {
      for await (const part of parts) await part.text();
      return ok("read");
    });
    const refusal = { reason: "bad-request", fields: [{ field: "body", problem: "more of it within 40 seconds" }] };
    const refused = expect(result).resolves.toEqual({ ok: false, refusal });
    await vi.advanceTimersByTimeAsync(STALL_MS);
    await refused;
  });
});
