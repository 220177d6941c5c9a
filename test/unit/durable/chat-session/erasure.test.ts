/** The end of retention on the real object: what goes, what is told of it, and what a crash on the way changes: nothing. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { directoryName } from "../../../../src/core/directory.ts";
import { objectPrefix } from "../../../../src/core/documents.ts";
import { CLOSE } from "../../../../src/protocol/wire.ts";
import { type Chat, documents, faulty, openedChat, pass, stopClock } from "../../../support/chats.ts";
import { ANNA, accepted, CUSTOMER, DAY, MINUTE, reasonOf, SECOND, SYSTEM } from "../../../support/core-fixtures.ts";
import { connect } from "../../../support/live-client.ts";

beforeAll(stopClock);

const down = () => Promise.reject(new Error("down"));

/** A chat that has ended with a file that an agent downloaded, and whose erasure is due. */
async function overdue(): Promise<Chat> {
  const chat = await openedChat({ retentionDays: 1, auditRetentionDays: 7 }, { email: "cleo@example.com" });
  await chat.join();
  await chat.say("secret words");
  const reservation = await chat.reserve();
  await documents().put(reservation.key, new Uint8Array(100));
  const file = { size: 100, sha256: "ab", contentType: "text/plain" };
  accepted(await chat.port.execute(SYSTEM, { type: "CommitUpload", ...reservation, ...file }));
  const { fileId } = reservation;
  accepted(await chat.port.execute(ANNA, { type: "OpenDownload", fileId, method: "get" }));
  // A second one was cancelled: its tombstone is there too.
  await chat.reserve({ name: "b.txt", uploadKey: "key-b" });
  accepted(await chat.port.execute(CUSTOMER, { type: "CancelUpload", uploadKey: "key-b" }));
  accepted(await chat.port.execute(CUSTOMER, { type: "EndSession" }));
  pass(MINUTE);
  await chat.alarm();
  await chat.settle();
  expect(await chat.phase()).toBe("ended");
  pass(DAY);
  return chat;
}

function directoryOf({ address: { service, startDay } }: Chat) {
  return env.DIRECTORY.getByName(directoryName({ service, startDay }));
}

function recordOf(chat: Chat) {
  return directoryOf(chat).erasure(chat.address.sessionId);
}

async function expectNothingLeft(chat: Chat): Promise<void> {
  expect(await chat.keys()).toEqual([]);
  expect(await chat.stored()).toEqual([]);
  expect(await chat.alarmAt()).toBeNull();
}

describe("the end of retention", () => {
  it("erases rows, objects and the alarm, after which the session is unknown and nothing is written", async () => {
    const chat = await overdue();
    expect(await chat.keys()).toHaveLength(2);
    await chat.alarm();
    await expectNothingLeft(chat);
    for (const principal of [CUSTOMER, ANNA, SYSTEM]) {
      expect(reasonOf(await chat.port.view(principal))).toBe("unknown-session");
      const again = { type: "SendMessage", text: "hello", visibility: "all" } as const;
      expect(reasonOf(await chat.port.execute(principal, again))).toBe("unknown-session");
    }
    await chat.evict();
    expect(reasonOf(await chat.port.events(CUSTOMER, 0))).toBe("unknown-session");
    await expectNothingLeft(chat);
  });

  it("leaves a record that counts what was removed, until the audit's own retention is over, and names nobody", async () => {
    const chat = await overdue();
    const rows: Record<string, unknown> = {};
    for (const table of ["participants", "documents", "events", "audit"]) {
      rows[table] = (await chat.rows(`SELECT count(*) AS total FROM ${table}`))[0]?.total;
    }
    await chat.alarm();
    const record = await recordOf(chat);
    expect(record).toMatchObject({ erasedAt: Date.now(), keepUntil: Date.now() + 7 * DAY, objects: 2, rows });
    expect(rows).toMatchObject({ participants: 2, documents: 2 });
    const hashed = { actor: expect.stringMatching(/^[0-9a-f]{64}$/), count: 1 };
    expect(record?.audit).toContainEqual(expect.objectContaining(hashed));
    expect(JSON.stringify(record)).not.toMatch(/cleo|anna|secret|a\.txt|b\.txt/i);
    const known = await directoryOf(chat).find();
    expect(known.map(({ sessionId }) => sessionId)).not.toContain(chat.address.sessionId);
  });

  it("counts and removes every object where the store lists them in many pages", async () => {
    const chat = await overdue();
    const prefix = objectPrefix(chat.address);
    for (let extra = 0; extra < 5; extra += 1) await env.FILES.put(`${prefix}extra-${extra}`, "x");
    expect(await chat.keys()).toHaveLength(7);
    await chat.replace((own) => ({
      FILES: faulty(own.FILES, { list: (options: R2ListOptions) => own.FILES.list({ ...options, limit: 2 }) }),
    }));
    await chat.alarm();
    await expectNothingLeft(chat);
    expect(await recordOf(chat)).toMatchObject({ objects: 7 });
  });

  it("needs no valid configuration; the agents in its record are then not told apart", async () => {
    const chat = await overdue();
    await chat.replace(() => ({ TOKEN_SECRETS: "nonsense" }));
    await chat.alarm();
    await expectNothingLeft(chat);
    expect((await recordOf(chat))?.audit).toContainEqual(expect.objectContaining({ actor: "agent", count: 1 }));
  });

  it("gives up parts that the store could not give up before, so that no object is made of them afterwards", async () => {
    const chat = await openedChat({ retentionDays: 1 });
    const { documentId, attempt, key } = await chat.reserve({ uploadKey: "key" });
    const parts = await documents().openParts(key);
    const { multipartId } = parts;
    accepted(await chat.port.execute(SYSTEM, { type: "AttachMultipart", documentId, attempt, multipartId }));
    await parts.send(new Uint8Array(100));
    accepted(await chat.port.execute(CUSTOMER, { type: "CancelUpload", uploadKey: "key" }));
    await chat.replace((own) => ({ FILES: faulty(own.FILES, { resumeMultipartUpload: () => ({ abort: down }) }) }));
    accepted(await chat.port.execute(CUSTOMER, { type: "EndSession" }));
    await chat.settle();
    await chat.evict();
    pass(DAY);
    await chat.alarm();
    await expectNothingLeft(chat);
    expect(await parts.complete()).toBe("aborted");
    await expectNothingLeft(chat);
  });

  it("is the same where the alarm rings twice", async () => {
    const chat = await overdue();
    await chat.alarm();
    const record = await recordOf(chat);
    await chat.inside((_instance, { storage }) => storage.setAlarm(Date.now()));
    pass(SECOND);
    await chat.alarm();
    await expectNothingLeft(chat);
    expect(await recordOf(chat)).toEqual(record);
  });
});

describe("an erasure that a fault cut short", () => {
  it.each(["list", "delete"])(
    "is begun again where the store failed to %s, and refuses everything meanwhile",
    async (call) => {
      const chat = await overdue();
      await chat.replace((own) => ({ FILES: faulty(own.FILES, { [call]: down }) }));
      await chat.alarm();
      expect(await chat.phase()).toBe("erasing");
      expect(reasonOf(await chat.port.view(CUSTOMER))).toBe("unknown-session");
      await chat.evict();
      pass(5 * SECOND);
      await chat.alarm();
      await expectNothingLeft(chat);
    },
  );

  it("tells of all objects, also of those it had removed before it failed", async () => {
    const chat = await overdue();
    const directory = { getByName: () => ({ erase: down }) };
    await chat.replace(() => ({ DIRECTORY: directory }));
    await chat.alarm();
    expect(await chat.keys()).toEqual([]);
    expect(await chat.phase()).toBe("erasing");
    expect(await chat.alarmAt()).toBeLessThanOrEqual(Date.now() + 2 * SECOND);
    const began = Date.now();
    await chat.evict();
    pass(2 * SECOND);
    await chat.alarm();
    await expectNothingLeft(chat);
    expect(await recordOf(chat)).toMatchObject({ objects: 2, erasedAt: began });
  });

  it("closes sockets that nobody has said anything over, and wakes nothing with them", async () => {
    const chat = await overdue();
    const silent = await connect(chat.port, ANNA);
    await chat.alarm();
    expect(await silent.next()).toEqual({ type: "closed", code: CLOSE.unknownSession });
    await expectNothingLeft(chat);
  });

  it("answers a socket that had not said hello yet as everybody else: the session is unknown", async () => {
    const chat = await overdue();
    const late = await connect(chat.port, CUSTOMER);
    const silent = await connect(chat.port, ANNA);
    await chat.replace((own) => ({ FILES: faulty(own.FILES, { list: down }) }));
    await chat.alarm();
    expect(await chat.phase()).toBe("erasing");
    late.send({ type: "hello", position: 0 });
    for (const client of [late, silent]) {
      expect(await client.next()).toEqual({ type: "closed", code: CLOSE.unknownSession });
    }
    await chat.evict();
    pass(5 * SECOND);
    await chat.alarm();
    await expectNothingLeft(chat);
  });
});
