/** A directory: sessions found again, older news ignored, and what remains of an erased session, for as long as it may. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Directory } from "../../../../durable/directory/directory.ts";
import type { DirectoryEntry, ErasureRecord } from "../../../../src/core/directory.ts";
import { BEGIN, openedChat, pass, stopClock } from "../../../support/chats.ts";
import { accepted, CUSTOMER, DAY, MINUTE } from "../../../support/core-fixtures.ts";

beforeAll(stopClock);

const directory = () => env.DIRECTORY.getByName(crypto.randomUUID());
const entry = (more: Partial<DirectoryEntry> = {}): DirectoryEntry => ({
  sessionId: "session-a",
  version: 1,
  startedAt: BEGIN,
  parked: false,
  ...more,
});
const erasure = (more: Partial<ErasureRecord> = {}): ErasureRecord => ({
  sessionId: "session-a",
  erasedAt: Date.now(),
  keepUntil: Date.now() + 400 * DAY,
  objects: 3,
  rows: { events: 7 },
  audit: [{ actor: "customer", action: "file-downloaded", count: 2, lastAt: BEGIN }],
  ...more,
});

describe("a session", () => {
  it("is found by the hash of its address, or among all, newest first", async () => {
    const stub = directory();
    await stub.report(entry({ emailHash: "hash-1" }));
    await stub.report(entry({ sessionId: "session-b", startedAt: BEGIN + MINUTE, emailHash: "hash-2" }));
    await stub.report(entry({ sessionId: "session-c", startedAt: BEGIN + 2 * MINUTE, emailHash: "hash-1" }));
    const ids = (found: DirectoryEntry[]) => found.map(({ sessionId }) => sessionId);
    expect(ids(await stub.find())).toEqual(["session-c", "session-b", "session-a"]);
    expect(ids(await stub.find("hash-1"))).toEqual(["session-c", "session-a"]);
    expect(await stub.find("hash-3")).toEqual([]);
  });

  it("is listed among all of the month, a part at a time", async () => {
    const stub = directory();
    for (const sessionId of ["c", "a", "b"]) await stub.report(entry({ sessionId }));
    expect(await stub.sessionsAfter("", 2)).toEqual(["a", "b"]);
    expect(await stub.sessionsAfter("b", 2)).toEqual(["c"]);
    expect(await directory().sessionsAfter("", 2)).toEqual([]);
  });

  it("is known as its newest report says, whatever order the reports come in", async () => {
    const stub = directory();
    await stub.report(entry({ version: 3, endedAt: BEGIN + MINUTE, parked: true }));
    await stub.report(entry({ version: 2 }));
    await stub.report(entry({ version: 3, parked: false }));
    expect(await stub.find()).toEqual([entry({ version: 3, endedAt: BEGIN + MINUTE, parked: true })]);
  });

  it("is kept in the directory of its service and of the month in which it began, and in no other", async () => {
    const chat = await openedChat();
    await chat.settle();
    const { sessionId, service, startDay } = chat.address;
    expect([service, startDay]).toEqual(["unconfigured", "2040-01-15"]);
    const knows = async (name: string) => {
      const found = await env.DIRECTORY.getByName(name).find();
      return found.some((one) => one.sessionId === sessionId);
    };
    expect(await knows("unconfigured:2040-01")).toBe(true);
    for (const other of ["unconfigured:2040-02", "sales:2040-01", "unconfigured"])
      expect(await knows(other)).toBe(false);
    // It ends in the next month, and is still where it was begun.
    pass(20 * DAY);
    accepted(await chat.port.execute(CUSTOMER, { type: "EndSession" }));
    await chat.settle();
    expect(await knows("unconfigured:2040-01")).toBe(true);
    expect(await knows("unconfigured:2040-02")).toBe(false);
    stopClock();
  });

  it("is among the thousand newest of an answer, or left out", async () => {
    const stub = directory();
    await runInDurableObject(stub, (instance: Directory) => {
      for (let index = 0; index <= 1000; index += 1) {
        instance.report(entry({ sessionId: `session-${index}`, startedAt: BEGIN + index }));
      }
    });
    const found = await stub.find();
    expect(found).toHaveLength(1000);
    expect(found.at(-1)?.sessionId).toBe("session-1");
  });

  it("that was erased is not known again by a report that comes late", async () => {
    const stub = directory();
    await stub.report(entry());
    await stub.erase(erasure());
    await stub.report(entry({ version: 9, emailHash: "hash-1" }));
    expect(await stub.find()).toEqual([]);
  });
});

describe("what remains of an erased session", () => {
  it("is its first record, also where it is erased twice", async () => {
    const stub = directory();
    const first = erasure();
    await stub.erase(first);
    await stub.erase(erasure({ objects: 0, rows: {} }));
    expect(await stub.erasure("session-a")).toEqual(first);
    expect(await stub.erasure("session-b")).toBeUndefined();
  });

  it("is forgotten when its time is over, each record at its own, by one alarm", async () => {
    const stub = directory();
    await stub.erase(erasure({ keepUntil: Date.now() + 2 * DAY }));
    await stub.erase(erasure({ sessionId: "session-b", keepUntil: Date.now() + DAY }));
    const alarmAt = () => runInDurableObject(stub, (_instance, { storage }) => storage.getAlarm());
    expect(await alarmAt()).toBe(Date.now() + DAY);
    pass(DAY);
    await runDurableObjectAlarm(stub);
    expect(await stub.erasure("session-b")).toBeUndefined();
    expect(await stub.erasure("session-a")).toBeDefined();
    expect(await alarmAt()).toBe(Date.now() + DAY);
    pass(DAY);
    await runDurableObjectAlarm(stub);
    expect(await stub.erasure("session-a")).toBeUndefined();
    expect(await alarmAt()).toBeNull();
  });

  it("is forgotten by an alarm that is late, twice or early exactly as by one in time", async () => {
    const stub = directory();
    await stub.erase(erasure({ keepUntil: Date.now() + DAY }));
    await stub.erase(erasure({ sessionId: "session-b", keepUntil: Date.now() + 3 * DAY }));
    const ring = () => runInDurableObject(stub, (instance: Directory) => instance.alarm());
    await ring();
    expect(await stub.erasure("session-a")).toBeDefined();
    pass(2 * DAY);
    await ring();
    await ring();
    expect(await stub.erasure("session-a")).toBeUndefined();
    expect(await stub.erasure("session-b")).toBeDefined();
  });
});

describe("what is not a report or a record", () => {
  /** A field's value as no caller's types allow it. */
  const wrong = <T extends object>(right: T, field: keyof T, value: unknown): T => ({ ...right, [field]: value });

  it.each([
    ["version", "two"],
    ["version", Number.NaN],
    ["startedAt", "yesterday"],
    ["endedAt", 1.5],
    ["sessionId", null],
    ["emailHash", new Uint8Array(4)],
  ] as const)("is refused, and changes nothing: a report whose %s is %s", async (field, value) => {
    const stub = directory();
    await stub.report(entry());
    const report = (instance: Directory) => instance.report(wrong(entry({ version: 2 }), field, value));
    await runInDurableObject(stub, (instance: Directory) => expect(() => report(instance)).toThrow());
    expect(await stub.find()).toEqual([entry()]);
  });

  it.each([
    ["keepUntil", Number.NaN],
    ["keepUntil", "for ever"],
    ["erasedAt", null],
    ["sessionId", null],
  ] as const)("is refused, and changes nothing: a record whose %s is %s", async (field, value) => {
    const stub = directory();
    await stub.report(entry());
    await runInDurableObject(stub, async (instance: Directory, { storage }) => {
      await expect(instance.erase(wrong(erasure(), field, value))).rejects.toThrow();
      expect(await storage.getAlarm()).toBeNull();
    });
    expect(await stub.find()).toEqual([entry()]);
    expect(await stub.erasure("session-a")).toBeUndefined();
  });

  it("is never a part of the query: SQL in a hash or an id finds nothing and harms nothing", async () => {
    const stub = directory();
    const id = "x'); DROP TABLE sessions; --";
    await stub.report(entry({ sessionId: id, emailHash: "' OR '1'='1" }));
    await stub.report(entry());
    expect(await stub.find("' OR 1=1 --")).toEqual([]);
    expect((await stub.find("' OR '1'='1")).map(({ sessionId }) => sessionId)).toEqual([id]);
    expect(await stub.find()).toHaveLength(2);
  });
});

it("a directory that was never told anything knows nothing, and reading it writes nothing", async () => {
  const stub = directory();
  expect(await stub.find()).toEqual([]);
  expect(await stub.erasure("session-a")).toBeUndefined();
  const query = "SELECT count(*) AS tables FROM sqlite_master WHERE name NOT LIKE '\\_cf\\_%' ESCAPE '\\'";
  const tables = await runInDurableObject(stub, (_instance, { storage }) => storage.sql.exec(query).one().tables);
  expect(tables).toBe(0);
});
