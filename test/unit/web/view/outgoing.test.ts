/** Files on their way: each on its own, none lost, none sent twice at once. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NO_ANSWER } from "../../../../src/web/client/api.ts";
import type { FileRefusal } from "../../../../src/web/client/file-check.ts";
import type { Transfer } from "../../../../src/web/client/transfer.ts";
import { OutgoingFiles } from "../../../../src/web/view/outgoing.ts";

type Ending = Awaited<Transfer["done"]>;

/** What stands for the chat: uploads end as the test says. */
class FakeChat {
  readonly started: { readonly file: File; readonly key: string; readonly end: (how: Ending) => void }[] = [];
  readonly cancelled: string[] = [];
  refusal: FileRefusal | undefined;
  waiting: { files: number; bytes: number } | undefined;
  there = true;
  readonly sent: string[] = [];
  prepare: (file: File) => Promise<File | undefined> = async (file) => file;
  changes = 0;
  readonly outgoing = new OutgoingFiles({
    files: {
      check: (_file, waiting) => {
        this.waiting = waiting;
        return this.refusal;
      },
      send: (file, key, progressed) => {
        const done = Promise.withResolvers<Ending>();
        this.started.push({ file, key, end: done.resolve });
        progressed(1);
        return { done: done.promise, cancel: () => this.cancelled.push(key) };
      },
    },
    reached: () => this.there,
    prepare: (file) => this.prepare(file),
    sent: (fileId, file) => this.sent.push(`${fileId} ${file.name}`),
    changed: () => {
      this.changes += 1;
    },
  });

  get phases() {
    return this.outgoing.files.map(({ file, phase }) => `${file.name} ${phase}`);
  }

  /** Waits for what was begun to get as far as it can by itself. */
  async settled() {
    await vi.advanceTimersByTimeAsync(0);
  }

  async pick(...names: string[]) {
    this.outgoing.add(names.map((name) => new File(["12345"], name)));
    await this.settled();
  }

  async end(index: number, how: Ending) {
    this.started[index]?.end(how);
    await this.settled();
  }

  key(index: number) {
    return this.outgoing.files[index]?.key ?? "";
  }
}

const SENT = { ok: true, value: { fileId: "f1" } } as Ending;
const refused = (code: string, status = 422): Ending => ({
  ok: false,
  problem: { type: "about:blank", title: code, status, code },
});

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("files that were picked", () => {
  it("go two at a time, the others when there is room", async () => {
    const chat = new FakeChat();
    await chat.pick("a", "b", "c");
    expect(chat.phases).toEqual(["a sending", "b sending", "c queued"]);
    await chat.end(1, SENT);
    expect(chat.phases).toEqual(["a sending", "b sent", "c sending"]);
  });

  it("do not hold each other up: one is refused, the others go", async () => {
    const chat = new FakeChat();
    chat.refusal = { code: "type-not-allowed", allowed: ["pdf"] };
    await chat.pick("bad");
    chat.refusal = undefined;
    await chat.pick("good");
    expect(chat.phases).toEqual(["bad failed", "good sending"]);
    expect(chat.outgoing.files[0]).toMatchObject({ again: false, fault: { code: "type-not-allowed" } });
    expect(chat.started).toHaveLength(1);
  });

  it("count for the limits before the server counts them", async () => {
    const chat = new FakeChat();
    await chat.pick("a", "b");
    await chat.pick("c");
    expect(chat.waiting).toEqual({ files: 2, bytes: 10 });
  });

  it("count no more once the limits count them, and stay until the transcript shows them", async () => {
    const chat = new FakeChat();
    await chat.pick("a", "b");
    await chat.end(0, SENT);
    await chat.pick("c");
    expect(chat.waiting).toEqual({ files: 2, bytes: 10 });
    chat.outgoing.settle();
    await chat.pick("d");
    expect(chat.waiting).toEqual({ files: 2, bytes: 10 });
    expect(chat.phases).toEqual(["a counted", "b sending", "c sending", "d queued"]);
    expect([chat.outgoing.files[0]?.fileId, chat.sent]).toEqual(["f1", ["f1 a"]]);
  });
});

describe("a file", () => {
  it("that is cancelled is cancelled, and makes room", async () => {
    const chat = new FakeChat();
    await chat.pick("a", "b", "c");
    const key = chat.key(0);
    chat.outgoing.remove(key);
    await chat.settled();
    expect(chat.cancelled).toEqual([key]);
    expect(chat.phases).toEqual(["b sending", "c sending"]);
  });

  it("that is cancelled while its metadata is taken out is never sent", async () => {
    const chat = new FakeChat();
    const ready = Promise.withResolvers<File>();
    chat.prepare = () => ready.promise;
    await chat.pick("a");
    chat.outgoing.remove(chat.key(0));
    ready.resolve(new File([], "a"));
    await chat.settled();
    expect(chat.started).toEqual([]);
  });

  it("whose metadata cannot be taken out is not sent as it is", async () => {
    const chat = new FakeChat();
    chat.prepare = async () => undefined;
    await chat.pick("a");
    expect(chat.outgoing.files[0]).toMatchObject({ phase: "failed", fault: { code: "metadata" } });
    expect(chat.started).toEqual([]);
  });

  it("that the server refused for what it is cannot be tried again, for another reason it can", async () => {
    const chat = new FakeChat();
    await chat.pick("a", "b");
    await chat.end(0, refused("type-mismatch"));
    await chat.end(1, refused("agent-needed"));
    expect(chat.outgoing.files.map(({ again }) => again)).toEqual([false, true]);
    chat.outgoing.again(chat.key(1));
    await chat.settled();
    expect(chat.phases).toEqual(["a failed", "b sending"]);
  });

  it("that was interrupted goes on by itself, as the same upload with the same bytes", async () => {
    const chat = new FakeChat();
    chat.there = false;
    await chat.pick("a");
    await chat.end(0, NO_ANSWER);
    expect(chat.phases).toEqual(["a interrupted"]);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(chat.started).toHaveLength(1);
    chat.there = true;
    chat.outgoing.resume();
    await chat.settled();
    expect(chat.phases).toEqual(["a sending"]);
    expect(chat.started[1]).toMatchObject({ key: chat.started[0]?.key, file: chat.started[0]?.file });
  });

  it("that may have arrived is sent again whatever the limits say by now: it is the same upload", async () => {
    const chat = new FakeChat();
    chat.there = false;
    await chat.pick("a");
    await chat.end(0, NO_ANSWER);
    chat.refusal = { code: "too-many-files", limit: 1 };
    chat.there = true;
    chat.outgoing.resume();
    await chat.settled();
    expect(chat.phases).toEqual(["a sending"]);
  });

  it("that was interrupted and is given up is given up at the server too", async () => {
    const chat = new FakeChat();
    chat.there = false;
    await chat.pick("a");
    const key = chat.key(0);
    await chat.end(0, NO_ANSWER);
    chat.outgoing.remove(key);
    expect(chat.cancelled).toEqual([key]);
  });

  it("that gets no answer while the chat does is tried a few times, then left to its sender", async () => {
    const chat = new FakeChat();
    await chat.pick("a");
    for (let tries = 0; tries < 5; tries += 1) {
      await chat.end(tries, NO_ANSWER);
      await vi.advanceTimersByTimeAsync(60_000);
    }
    expect(chat.started).toHaveLength(5);
    expect(chat.outgoing.files[0]).toMatchObject({ phase: "failed", again: true });
    chat.outgoing.again(chat.key(0));
    await chat.settled();
    expect(chat.phases).toEqual(["a sending"]);
  });

  it("is cancelled with all others when the chat is left, and nothing begins any more", async () => {
    const chat = new FakeChat();
    await chat.pick("a", "b", "c");
    chat.outgoing.stop();
    await chat.end(0, SENT);
    expect(chat.cancelled).toHaveLength(2);
    expect(chat.started).toHaveLength(2);
  });
});
