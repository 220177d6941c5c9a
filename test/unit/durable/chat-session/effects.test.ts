/** What leaves the object through its outbox: mails, reports, removals; tried again, parked, bounded, and repeatable. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { type EffectPorts, runEffect } from "../../../../durable/chat-session/effects.ts";
import { directoryName } from "../../../../src/core/directory.ts";
import { type Chat, documents, faulty, openedChat, pass, stopClock } from "../../../support/chats.ts";
import { ANNA, accepted, CUSTOMER, HOUR, MINUTE, SECOND, SYSTEM } from "../../../support/core-fixtures.ts";

beforeAll(stopClock);

const ADDRESS = { email: "cleo@example.com" };

/** Where the platform's `EmailMessage` keeps the stream it was made with. */
const RAW = "EmailMessage::raw";

/** The raw messages that leave a chat; `fail` is asked before each. */
async function watchMails(chat: Chat, fail: () => Error | undefined = () => undefined): Promise<string[]> {
  const sent: string[] = [];
  await chat.replace((own) => ({
    EMAIL: faulty(own.EMAIL, {
      send: async (message: { [RAW]: ReadableStream }) => {
        sent.push(await new Response(message[RAW]).text());
        const error = fail();
        if (error !== undefined) throw error;
        return { messageId: "m" };
      },
    }),
  }));
  return sent;
}

function directoryOf({ address: { service, startDay } }: Chat) {
  return env.DIRECTORY.getByName(directoryName({ service, startDay }));
}

async function entryOf(chat: Chat) {
  const found = await directoryOf(chat).find();
  return found.find(({ sessionId }) => sessionId === chat.address.sessionId);
}

describe("the transcript mail", () => {
  it("leaves once, after the end, and not before", async () => {
    const chat = await openedChat({}, ADDRESS);
    const sent = await watchMails(chat);
    accepted(await chat.port.execute(CUSTOMER, { type: "RequestTranscript" }));
    await chat.say("hello");
    await chat.settle();
    expect(sent).toEqual([]);
    accepted(await chat.port.execute(CUSTOMER, { type: "EndSession" }));
    await chat.settle();
    await chat.settle();
    expect(sent).toHaveLength(1);
    expect(sent[0]).toContain("To: <cleo@example.com>");
  });

  it("is tried again with the same bytes, across evictions, until it leaves", async () => {
    const chat = await openedChat({ transcriptEmail: "always" }, ADDRESS);
    await chat.settle();
    accepted(await chat.port.execute(CUSTOMER, { type: "EndSession" }));
    const all: string[] = [];
    for (const wait of [0, 30 * SECOND, 2 * MINUTE]) {
      pass(wait);
      const sent = await watchMails(chat, () => new Error("busy"));
      await chat.alarm();
      all.push(...sent);
      await chat.evict();
    }
    pass(10 * MINUTE);
    all.push(...(await sentNow(chat)));
    expect(all).toHaveLength(4);
    expect(new Set(all).size).toBe(1);
    expect(await chat.effects()).toEqual([]);
  });

  async function sentNow(chat: Chat): Promise<string[]> {
    const sent = await watchMails(chat);
    await chat.settle();
    return sent;
  }

  it("is parked after its last try, kept, shown in the Directory, and never tried again by itself", async () => {
    const chat = await openedChat({ transcriptEmail: "always" }, ADDRESS);
    await chat.settle();
    const sent = await watchMails(chat, () => new Error("busy"));
    accepted(await chat.port.execute(CUSTOMER, { type: "EndSession" }));
    for (let tries = 0; tries < 12; tries += 1) {
      await chat.alarm();
      pass(12 * HOUR);
    }
    await chat.settle();
    expect(sent).toHaveLength(8);
    expect(await chat.effects()).toMatchObject([{ kind: "SendTranscript", attempts: 8 }]);
    expect((await chat.effects())[0]?.parkedAt).toBeDefined();
    expect(await entryOf(chat)).toMatchObject({ parked: true });
    expect(accepted(await chat.port.frozenMail(CUSTOMER))).toBe(sent[0]);
  });
});

describe("an effect that hangs", () => {
  it("delays none of the others", async () => {
    const chat = await openedChat({ transcriptEmail: "always" }, ADDRESS);
    await chat.settle();
    const { promise: hanging, resolve: answer } = Promise.withResolvers<EmailSendResult>();
    await chat.replace((own) => ({ EMAIL: faulty(own.EMAIL, { send: () => hanging }) }));
    accepted(await chat.port.execute(CUSTOMER, { type: "EndSession" }));
    const endedAt = Date.now();
    const ringing = chat.alarm();
    await vi.waitFor(async () => expect(await entryOf(chat)).toMatchObject({ endedAt }));
    expect(await chat.effects()).toMatchObject([{ kind: "SendTranscript", attempts: 0 }]);
    answer({ messageId: "m" });
    await ringing;
    expect(await chat.effects()).toEqual([]);
  });

  it("is given up after ten seconds, told to stop, and counted as a failure", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    let stopped = false;
    const hangs = (_to: string, signal: AbortSignal) => {
      signal.addEventListener("abort", () => {
        stopped = true;
      });
      return new Promise<never>(() => {});
    };
    const ports: Pick<EffectPorts, "sendTranscript"> = { sendTranscript: hangs };
    const effect = { kind: "SendTranscript", to: "a@example.com", effectId: "e", attempts: 0, dueAt: 0 } as const;
    const outcome = runEffect(effect, ports as EffectPorts);
    await vi.advanceTimersByTimeAsync(10 * SECOND - 1);
    expect(stopped).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await outcome).toEqual({ outcome: "later", failure: "timed-out" });
    expect(stopped).toBe(true);
    stopClock();
  });
});

describe("the Directory", () => {
  it("finds a session by a keyed hash of its address, and never holds the address", async () => {
    const chat = await openedChat({}, { email: "Cleo@Example.com" });
    await chat.settle();
    const entry = await entryOf(chat);
    expect(entry).toMatchObject({ sessionId: chat.address.sessionId, parked: false });
    expect(entry?.emailHash).toMatch(/^[0-9a-f]{64}$/);
    const other = await openedChat({}, { email: "cleo@example.com" });
    await other.settle();
    const stranger = await openedChat({}, { email: "dora@example.com" });
    await stranger.settle();
    const found = await directoryOf(chat).find(entry?.emailHash);
    const ids = found.map(({ sessionId }) => sessionId);
    expect(ids).toEqual(expect.arrayContaining([chat.address.sessionId, other.address.sessionId]));
    expect(ids).not.toContain(stranger.address.sessionId);
    expect(JSON.stringify(found).toLowerCase()).not.toContain("cleo");
  });

  it("is told again until it has heard, in versions that only grow", async () => {
    const chat = await openedChat();
    await chat.replace(() => ({
      DIRECTORY: { getByName: () => ({ report: () => Promise.reject(new Error("down")) }) },
    }));
    await chat.alarm();
    expect(await entryOf(chat)).toBeUndefined();
    await chat.evict();
    pass(2 * SECOND);
    await chat.settle();
    const before = await entryOf(chat);
    accepted(await chat.port.execute(CUSTOMER, { type: "EndSession" }));
    await chat.settle();
    expect((await entryOf(chat))?.version).toBeGreaterThan(before?.version ?? 0);
    expect(await entryOf(chat)).toMatchObject({ endedAt: Date.now() });
  });
});

describe("an object in the store", () => {
  it("goes when its file is deleted, also where the store was down at first", async () => {
    const chat = await openedChat();
    const reservation = await chat.reserve();
    await documents().put(reservation.key, new Uint8Array(100));
    const file = { size: 100, sha256: "ab", contentType: "text/plain" };
    accepted(await chat.port.execute({ kind: "system" }, { type: "CommitUpload", ...reservation, ...file }));
    await chat.settle();
    await chat.replace((own) => ({ FILES: faulty(own.FILES, { delete: () => Promise.reject(new Error("down")) }) }));
    accepted(await chat.port.execute(CUSTOMER, { type: "DeleteFile", fileId: reservation.fileId }));
    await chat.alarm();
    expect(await chat.keys()).toHaveLength(1);
    expect(await chat.state(reservation)).toBe("deleted");
    await chat.evict();
    pass(2 * SECOND);
    await chat.settle();
    expect(await chat.keys()).toEqual([]);
    expect(await chat.state(reservation)).toBe("purged");
  });

  it("gives way to a tombstone where its upload was cancelled after it had arrived: no other can land there", async () => {
    const chat = await openedChat();
    const reservation = await chat.reserve({ uploadKey: "key" });
    await documents().put(reservation.key, new Uint8Array(100));
    accepted(await chat.port.execute(CUSTOMER, { type: "CancelUpload", uploadKey: "key" }));
    await chat.settle();
    expect(await documents().size(reservation.key)).toBeUndefined();
    expect(await documents().put(reservation.key, new Uint8Array(100))).toBe("sealed");
  });

  it("can no longer be made of parts once its upload was cancelled", async () => {
    const chat = await openedChat();
    const { documentId, attempt, key } = await chat.reserve({ uploadKey: "key" });
    const parts = await documents().openParts(key);
    const { multipartId } = parts;
    accepted(await chat.port.execute(SYSTEM, { type: "AttachMultipart", documentId, attempt, multipartId }));
    expect(await parts.send(new Uint8Array(100))).toBe("sent");
    accepted(await chat.port.execute(CUSTOMER, { type: "CancelUpload", uploadKey: "key" }));
    await chat.settle();
    expect(await parts.complete()).toBe("aborted");
    expect(await documents().size(key)).toBeUndefined();
  });

  it("is looked for once more a day after its upload was given up, and then its row is forgotten", async () => {
    const chat = await openedChat({ disconnectTimeout: 100 * HOUR, timeoutAlert: 100 * HOUR });
    await chat.join();
    const reservation = await chat.reserve({ uploadKey: "key" });
    accepted(await chat.port.execute(CUSTOMER, { type: "CancelUpload", uploadKey: "key" }));
    await chat.settle();
    expect(await chat.keys()).toHaveLength(1);
    expect(await documents().size(reservation.key)).toBeUndefined();
    pass(24 * HOUR);
    await chat.settle();
    expect(await chat.keys()).toEqual([]);
    expect(await chat.state(reservation)).toBe("forgotten");
    accepted(await chat.port.execute(ANNA, { type: "EndSession" }));
  });
});
