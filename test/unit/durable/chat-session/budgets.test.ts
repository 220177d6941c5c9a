/** Rows are money (design section 8): what a message, an upload, typing and reading cost, by the storage's own counters. */
import { beforeAll, describe, expect, it } from "vitest";
import { POSITION_BLOCK } from "../../../../src/core/draft.ts";
import { type Chat, documents, openedChat, pass, stopClock } from "../../../support/chats.ts";
import { ANNA, accepted, CUSTOMER, DAY, SECOND, SYSTEM } from "../../../support/core-fixtures.ts";
import { greet } from "../../../support/live-client.ts";

beforeAll(stopClock);

/** What was read and written; setting the alarm is billed as a row written. */
interface Cost {
  readonly written: number;
  readonly read: number;
}

/** Counts what the object's storage reads and writes while something is done. */
async function costOf(chat: Chat, what: () => Promise<unknown>): Promise<Cost> {
  const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  let alarms = 0;
  const restore = await chat.inside((_instance, { storage }) => {
    const [sql, alarm] = [Object.getPrototypeOf(storage.sql), Object.getPrototypeOf(storage)];
    const { exec } = sql;
    const { setAlarm } = alarm;
    sql.exec = function (this: SqlStorage, ...args: Parameters<SqlStorage["exec"]>) {
      const cursor = exec.apply(this, args);
      cursors.push(cursor);
      return cursor;
    };
    alarm.setAlarm = function (this: DurableObjectStorage, ...args: Parameters<DurableObjectStorage["setAlarm"]>) {
      alarms += 1;
      return setAlarm.apply(this, args);
    };
    return () => {
      sql.exec = exec;
      alarm.setAlarm = setAlarm;
    };
  });
  await what();
  return chat.inside(() => {
    restore();
    const total = (count: "rowsWritten" | "rowsRead") => cursors.reduce((sum, cursor) => sum + cursor[count], 0);
    return { written: total("rowsWritten") + alarms, read: total("rowsRead") };
  });
}

/** A chat in full swing: everything that is written once has been written. */
async function runningChat(events = 0): Promise<Chat> {
  const chat = await openedChat({ uploadMaxFiles: 100, uploadMaxTotalSize: 100_000, retentionDays: 10 });
  await chat.join();
  await chat.settle();
  await chat.inside((_instance, { storage }) => {
    const event = { type: "Message", text: "hello", from: { participantId: 1, nickname: "Cleo", type: "Client" } };
    const body = JSON.stringify({ ...event, at: Date.now(), visibility: "all" });
    for (let position = 10; position < 10 + events; position += 1) {
      storage.sql.exec(
        "INSERT INTO events (position, at, type, participant_id, client_id, body) VALUES (?, ?, 'Message', 1, NULL, ?)",
        position,
        Date.now(),
        body,
      );
    }
  });
  if (events > 0) await chat.evict();
  await chat.say("hello");
  return chat;
}

describe("a message", () => {
  it("writes at most two rows, from the customer and from an agent, over REST and a socket", async () => {
    const chat = await runningChat();
    const { client } = await greet(chat.port, CUSTOMER, 100);
    const ways: (() => Promise<unknown>)[] = [
      () => chat.say("one"),
      () => chat.say("two", ANNA),
      () =>
        chat.port.execute(CUSTOMER, { type: "SendMessage", text: "three", visibility: "all", clientId: "client-id" }),
      () => client.say("four"),
    ];
    for (const way of ways) {
      pass(5 * SECOND);
      const { written } = await costOf(chat, way);
      expect(written).toBeGreaterThan(0);
      expect(written).toBeLessThanOrEqual(2);
    }
  });

  it("costs the same in a transcript of ten thousand", async () => {
    const [short, long] = [await runningChat(), await runningChat(10_000)];
    pass(5 * SECOND);
    const [before, after] = [await costOf(short, () => short.say("x")), await costOf(long, () => long.say("x"))];
    expect(after).toEqual(before);
  });
});

describe("a burst of messages while the agent looks elsewhere", () => {
  it("costs one row a second more, for the alarm that tells the last count", async () => {
    const chat = await runningChat();
    pass(5 * SECOND);
    await chat.alarm();
    pass(5 * SECOND);
    const alone = await costOf(chat, () => chat.say("one"));
    const burst = await costOf(chat, async () => {
      for (let count = 0; count < 10; count += 1) await chat.say("more");
    });
    expect(burst.written).toBe(10 * alone.written + 1);
  });
});

describe("typing, and what was read", () => {
  it("writes one row for every 32 signs of typing, and one for what was read", async () => {
    const chat = await runningChat();
    accepted(await chat.port.execute(ANNA, { type: "SetTyping", typing: true }));
    const typing = await costOf(chat, () => chat.port.execute(ANNA, { type: "SetTyping", typing: true }));
    expect(typing.written).toBe(0);
    const long = await costOf(chat, async () => {
      for (let keys = 0; keys < 100; keys += 1) {
        accepted(await chat.port.execute(ANNA, { type: "SetTyping", typing: keys % 2 === 0, preview: `${keys}` }));
      }
    });
    expect(long.written).toBeGreaterThan(0);
    expect(long.written).toBeLessThanOrEqual(Math.ceil(100 / POSITION_BLOCK));
    const reading = await costOf(chat, () => chat.port.execute(ANNA, { type: "MarkRead", position: 2 }));
    expect(reading.written).toBe(1);
  });
});

describe("an upload", () => {
  it("writes at most ten rows from reservation to announcement, a renewal included", async () => {
    const chat = await runningChat();
    const { written } = await costOf(chat, async () => {
      const reservation = await chat.reserve({ uploadKey: "key" });
      pass(20 * SECOND);
      const { documentId, attempt } = reservation;
      accepted(await chat.port.execute(SYSTEM, { type: "RenewLease", documentId, attempt }));
      await documents().put(reservation.key, new Uint8Array(100));
      const file = { size: 100, sha256: "ab", contentType: "text/plain" };
      accepted(await chat.port.execute(SYSTEM, { type: "CommitUpload", ...reservation, ...file }));
    });
    expect(written).toBeGreaterThan(0);
    expect(written).toBeLessThanOrEqual(10);
  });
});

describe("a client that polls with nothing new", () => {
  it("writes one row for its sign of life in a third of the time-out, else nothing", async () => {
    const chat = await runningChat();
    const costs: number[] = [];
    for (let polls = 0; polls < 20; polls += 1) {
      pass(3 * SECOND);
      costs.push((await costOf(chat, () => chat.port.events(CUSTOMER, 1000))).written);
    }
    // Twenty polls take a minute; a third of 45 seconds is 15.
    expect(costs.reduce((sum, rows) => sum + rows, 0)).toBeLessThanOrEqual(4);
    expect(Math.max(...costs)).toBe(1);
  });

  it("reads as little in a transcript of ten thousand as in one of ten", async () => {
    const [short, long] = [await runningChat(10), await runningChat(10_000)];
    const end = (chat: Chat) => chat.port.view(SYSTEM).then((view) => accepted(view).position);
    const read = async (chat: Chat, position: number) =>
      (await costOf(chat, () => chat.port.events(SYSTEM, position))).read;
    expect(await read(long, await end(long))).toBe(await read(short, await end(short)));
    expect(await read(long, 0)).toBeLessThanOrEqual(201);
  });
});

it("an hour in which nothing happens costs nothing but its alarms", async () => {
  const chat = await openedChat({ disconnectTimeout: DAY, timeoutAlert: DAY });
  await chat.settle();
  await chat.alarm();
  const { written } = await costOf(chat, async () => {
    pass(3600 * SECOND);
    await chat.evict();
    accepted(await chat.port.view(SYSTEM));
  });
  expect(written).toBe(0);
});
