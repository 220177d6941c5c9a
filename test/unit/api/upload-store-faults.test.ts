/** Uploads while the store or the session fails, hangs or answers late: a clear refusal, no quota, no object, no open parts. */
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { SessionPort } from "../../../durable/kit/objects.ts";
import { createDocumentStore, type DocumentStore, type PartUpload } from "../../../src/backends/documents.ts";
import type { Named } from "../../../src/core/chat.ts";
import type { CommandType } from "../../../src/core/commands.ts";
import { type Chat, documents, faulty, openedChat, pass, stopClock } from "../../support/chats.ts";
import { accepted, CUSTOMER, reasonOf, SECOND, type SYSTEM } from "../../support/core-fixtures.ts";
import { bodyOf, FREE, MIB, PATIENT, receive, Sender, textOf } from "../../support/uploads.ts";

beforeAll(stopClock);
afterEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
});

const ROOMY = { ...PATIENT, uploadMaxFileSize: 20 * MIB, uploadMaxTotalSize: 40 * MIB };
const FORM = { size: 20 * MIB, exact: false };
const UNKNOWN_SIZE = { size: undefined };

const down = () => Promise.reject(new Error("down"));
const never = () => new Promise<never>(() => {});

/** The real store over a bucket some of whose calls fail. */
const overBucket = (faults: Record<string, (...args: never[]) => unknown>) =>
  createDocumentStore(faulty(env.FILES, faults));

/** A store whose multipart uploads fail in one step; `opened` are those that were begun. */
function overParts(opened: PartUpload[], faults: Record<string, (...args: never[]) => unknown>): DocumentStore {
  return faulty(documents(), {
    openParts: async (key: string) => {
      const parts = await documents().openParts(key);
      opened.push(parts);
      return faulty(parts, faults);
    },
  });
}

/** The session, where one command fails: `instead` is called in its place. */
function without(chat: Chat, type: CommandType, instead: () => Promise<never>): SessionPort {
  return faulty(chat.port, {
    execute: (principal: typeof SYSTEM, command: Named<CommandType>) =>
      command.type === type ? instead() : chat.port.execute(principal, command),
  });
}

/** From here on timers ring when a test lets time pass. */
function holdTimers(): void {
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: Date.now() });
}

/** Lets so many seconds pass, in steps, since one limit begins where another ends. */
async function wait(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) await vi.advanceTimersByTimeAsync(SECOND);
}

async function expectNothing(chat: Chat): Promise<void> {
  expect(await chat.used()).toEqual(FREE);
  expect(await chat.eventTypes()).toEqual(["ParticipantJoined"]);
  await chat.settle();
  for (const documentId of await chat.keys()) {
    const key = `${chat.address.startDay}/${chat.address.sessionId}/${documentId}`;
    expect(await documents().size(key)).toBeUndefined();
  }
}

/** Nothing can be sent to these parts, or made of them, any more. */
async function expectAborted(opened: readonly PartUpload[]): Promise<void> {
  expect(opened).toHaveLength(1);
  for (const parts of opened) {
    expect(await parts.send(textOf(1))).toBe("aborted");
    expect(await parts.complete()).toBe("aborted");
  }
}

describe("a store that fails", () => {
  it.each([
    ["a file of known size", 300_000],
    ["a small form", undefined],
  ])("at once refuses %s, which can be sent again", async (_what, size) => {
    const chat = await openedChat(ROOMY);
    const reservation = await chat.reserve({ size: 300_000, exact: size !== undefined });
    const content = () => bodyOf(textOf(150_000), textOf(150_000));
    const unusual = { size, documents: overBucket({ put: down }) };
    expect(reasonOf(await receive(chat, reservation, content(), unusual))).toBe("store-unavailable");
    await expectNothing(chat);
    const again = await chat.reserve({ size: 300_000, exact: size !== undefined });
    expect(reasonOf(await receive(chat, again, content(), { size }))).toBe("accepted");
  });

  it.each(["send", "complete"])("in the %s of a form's parts leaves none of them open", async (step) => {
    const chat = await openedChat(ROOMY);
    const opened: PartUpload[] = [];
    const store = overParts(opened, { [step]: down });
    const content = bodyOf(textOf(6 * MIB), textOf(6 * MIB));
    const outcome = await receive(chat, await chat.reserve(FORM), content, { ...UNKNOWN_SIZE, documents: store });
    expect(reasonOf(outcome)).toBe("store-unavailable");
    await expectNothing(chat);
    await expectAborted(opened);
  });

  it("and cannot even abort a form's parts leaves that to the session, which knows their id", async () => {
    const chat = await openedChat(ROOMY);
    const opened: PartUpload[] = [];
    const store = faulty(overParts(opened, { send: down }), { abort: down });
    const content = bodyOf(textOf(6 * MIB));
    const outcome = await receive(chat, await chat.reserve(FORM), content, { ...UNKNOWN_SIZE, documents: store });
    expect(reasonOf(outcome)).toBe("store-unavailable");
    await expectNothing(chat);
    await expectAborted(opened);
  });
});

describe("a store that hangs", () => {
  it("and takes no bytes is given up after thirty seconds, and five more for stopping it", async () => {
    const chat = await openedChat(ROOMY);
    const reservation = await chat.reserve({ size: 300_000 });
    holdTimers();
    const unusual = { size: 300_000, documents: overBucket({ put: never }) };
    let outcome: string | undefined;
    const received = receive(chat, reservation, bodyOf(textOf(300_000)), unusual).then((result) => {
      outcome = reasonOf(result);
    });
    await wait(29);
    expect(outcome).toBeUndefined();
    await wait(6);
    await received;
    expect(outcome).toBe("store-unavailable");
    await expectNothing(chat);
  });

  it.each(["send", "complete"])("in the %s of a form's parts is given up, and the parts are aborted", async (step) => {
    const chat = await openedChat(ROOMY);
    const reservation = await chat.reserve(FORM);
    const opened: PartUpload[] = [];
    let hangs: () => void = () => {};
    const reached = new Promise<void>((resolve) => {
      hangs = resolve;
    });
    const hang = () => {
      hangs();
      return never();
    };
    holdTimers();
    const unusual = { ...UNKNOWN_SIZE, documents: overParts(opened, { [step]: hang }) };
    const received = receive(chat, reservation, bodyOf(textOf(6 * MIB)), unusual);
    await reached;
    await wait(30);
    expect(reasonOf(await received)).toBe("store-unavailable");
    await expectNothing(chat);
    await expectAborted(opened);
  });

  it("before it opens a form's parts, and opens them too late, is told to abort them", async () => {
    const chat = await openedChat(ROOMY);
    const reservation = await chat.reserve(FORM);
    const { promise: late, resolve: answer } = Promise.withResolvers<PartUpload>();
    let asked: () => void = () => {};
    const reached = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const openParts = () => {
      asked();
      return late;
    };
    const aborted: string[] = [];
    const abort = async (key: string, multipartId: string) => {
      aborted.push(multipartId);
      await documents().abort(key, multipartId);
    };
    holdTimers();
    const unusual = { ...UNKNOWN_SIZE, documents: faulty(documents(), { openParts, abort }) };
    const received = receive(chat, reservation, bodyOf(textOf(6 * MIB)), unusual);
    await reached;
    await wait(30);
    expect(reasonOf(await received)).toBe("store-unavailable");
    const parts = await documents().openParts(reservation.key);
    answer(parts);
    await vi.waitFor(() => expect(aborted).toEqual([parts.multipartId]));
    await expectAborted([parts]);
    await expectNothing(chat);
  });
});

describe("a key that was sealed while the session still waits for its upload", () => {
  it.each([
    ["a file of known size", 100, 100],
    ["a small form", undefined, 100],
  ])("takes nothing of %s, which is not announced", async (_what, size, length) => {
    const chat = await openedChat(ROOMY);
    const reservation = await chat.reserve({ size: length, exact: size !== undefined });
    await documents().seal(reservation.key);
    const outcome = await receive(chat, reservation, bodyOf(textOf(length)), { size });
    expect(reasonOf(outcome)).toBe("upload-expired");
    expect(await chat.state(reservation)).toBe("released");
    await expectNothing(chat);
  });

  it.each([
    ["between two parts, and reads no further", 6, false],
    ["before the last part", 1, true],
  ])("takes nothing of a form whose parts were aborted %s", async (_when, after, ends) => {
    const chat = await openedChat(ROOMY);
    const reservation = await chat.reserve(FORM);
    const opened: PartUpload[] = [];
    const sender = new Sender();
    const received = receive(chat, reservation, sender, { ...UNKNOWN_SIZE, documents: overParts(opened, {}) });
    await sender.send(textOf(6 * MIB));
    for (const { multipartId } of opened) await documents().abort(reservation.key, multipartId);
    void sender.send(textOf(after * MIB));
    if (ends) sender.end();
    expect(reasonOf(await received)).toBe("upload-expired");
    expect(await chat.state(reservation)).toBe("released");
    await expectNothing(chat);
  });
});

describe("a session that", () => {
  it("no longer knows the upload when its first part is due has the parts aborted", async () => {
    const chat = await openedChat(ROOMY);
    const opened: PartUpload[] = [];
    const sender = new Sender();
    const unusual = { ...UNKNOWN_SIZE, documents: overParts(opened, {}) };
    const received = receive(chat, await chat.reserve({ ...FORM, uploadKey: "key" }), sender, unusual);
    await sender.send(textOf(4 * MIB));
    accepted(await chat.port.execute(CUSTOMER, { type: "CancelUpload", uploadKey: "key" }));
    await chat.settle();
    void sender.send(textOf(4 * MIB));
    sender.end();
    expect(reasonOf(await received)).toBe("upload-expired");
    await expectNothing(chat);
    await expectAborted(opened);
  });

  it("cannot be told of a form's parts has none of them stored", async () => {
    const chat = await openedChat(ROOMY);
    const opened: PartUpload[] = [];
    const unusual = {
      ...UNKNOWN_SIZE,
      documents: overParts(opened, {}),
      session: without(chat, "AttachMultipart", down),
    };
    const outcome = await receive(chat, await chat.reserve(FORM), bodyOf(textOf(6 * MIB)), unusual);
    expect(reasonOf(outcome)).toBe("store-unavailable");
    await expectNothing(chat);
    await expectAborted(opened);
  });

  it("cannot be asked to renew a lease makes the worker abort its put", async () => {
    const chat = await openedChat(ROOMY);
    const sender = new Sender();
    const unusual = { size: 200, session: without(chat, "RenewLease", down) };
    const received = receive(chat, await chat.reserve({ size: 200 }), sender, unusual);
    const failed = expect(received).rejects.toThrow("down");
    await sender.send(textOf(100));
    pass(25 * SECOND);
    void sender.send(textOf(100));
    await failed;
    await expectNothing(chat);
  });
});

describe("an upload that is given up", () => {
  it("lets its parts go by itself, before the session's alarm does", async () => {
    const chat = await openedChat(ROOMY);
    const opened: PartUpload[] = [];
    const sender = new Sender();
    const unusual = { ...UNKNOWN_SIZE, documents: overParts(opened, {}) };
    const received = receive(chat, await chat.reserve(FORM), sender, unusual);
    const failed = expect(received).rejects.toThrow("the sender is gone");
    await sender.send(textOf(6 * MIB));
    sender.leave();
    await failed;
    expect(opened).toHaveLength(1);
    await expectAborted(opened);
  });

  it("of a declared size ends its put by itself", async () => {
    const chat = await openedChat();
    let puts = 0;
    const bucket = faulty(env.FILES, {
      put: async (key: string, body: ReadableStream, options: R2PutOptions) => {
        puts += 1;
        await env.FILES.put(key, body, options).finally(() => {
          puts -= 1;
        });
      },
    });
    const sender = new Sender();
    const received = receive(chat, await chat.reserve(), sender, { documents: createDocumentStore(bucket) });
    await sender.send(textOf(50));
    expect(puts).toBe(1);
    sender.leave();
    expect(reasonOf(await received)).toBe("size-mismatch");
    expect(puts).toBe(0);
    await expectNothing(chat);
  });
});

describe("a sender who falls silent", () => {
  it.each([
    ["of a raw body", { size: 100 }],
    ["of a form", { size: undefined }],
  ])("%s is given up, before its lease is over, and nothing of it stays", async (_what, unusual) => {
    const chat = await openedChat(PATIENT);
    const sender = new Sender();
    const received = receive(chat, await chat.reserve(), sender, unusual);
    await sender.send(textOf(50));
    sender.leave("silent");
    expect(reasonOf(await received)).toBe("upload-expired");
    expect(await chat.used()).toEqual(FREE);
    await chat.settle();
    expect((await chat.documents()).map(({ phase }) => phase.state)).toEqual(["released"]);
  });
});
