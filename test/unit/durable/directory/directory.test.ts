/** A directory: sessions found again, older news ignored, and what remains of an erased session, for as long as it may. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { DirectoryEntry, ErasureRecord } from "../../../../src/core/directory.ts";
import { BEGIN, pass, stopClock } from "../../../support/chats.ts";
import { DAY, MINUTE } from "../../../support/core-fixtures.ts";

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

  it("is known as its newest report says, whatever order the reports come in", async () => {
    const stub = directory();
    await stub.report(entry({ version: 3, endedAt: BEGIN + MINUTE, parked: true }));
    await stub.report(entry({ version: 2 }));
    await stub.report(entry({ version: 3, parked: false }));
    expect(await stub.find()).toEqual([entry({ version: 3, endedAt: BEGIN + MINUTE, parked: true })]);
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
});

it("a directory that was never told anything knows nothing, and reading it writes nothing", async () => {
  const stub = directory();
  expect(await stub.find()).toEqual([]);
  expect(await stub.erasure("session-a")).toBeUndefined();
  const query = "SELECT count(*) AS tables FROM sqlite_master WHERE name NOT LIKE '\\_cf\\_%' ESCAPE '\\'";
  const tables = await runInDurableObject(stub, (_instance, { storage }) => storage.sql.exec(query).one().tables);
  expect(tables).toBe(0);
});
