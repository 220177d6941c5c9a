import { listDurableObjectIds } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { BEGIN, type Chat, openedChat, pass, stopClock, unopenedChat } from "../../../support/chats.ts";
import { ANNA, CUSTOMER, reasonOf, SYSTEM } from "../../../support/core-fixtures.ts";

beforeAll(stopClock);

async function expectUntouched(chat: Chat): Promise<void> {
  expect(await chat.stored()).toEqual([]);
  expect(await chat.alarmAt()).toBeNull();
}

describe("a session that was never opened", () => {
  it("is unknown to every way of reading, and reading it writes nothing", async () => {
    const chat = await unopenedChat();
    for (const principal of [CUSTOMER, ANNA, SYSTEM]) {
      expect(reasonOf(await chat.port.view(principal))).toBe("unknown-session");
      expect(reasonOf(await chat.port.limits(principal))).toBe("unknown-session");
      expect(reasonOf(await chat.port.events(principal, 0))).toBe("unknown-session");
      expect(reasonOf(await chat.port.transcript(principal))).toBe("unknown-session");
      expect(reasonOf(await chat.port.frozenMail(principal))).toBe("unknown-session");
    }
    await expectUntouched(chat);
  });

  it("refuses every command but the one that opens it, and writes nothing", async () => {
    const chat = await unopenedChat();
    const attempt = { documentId: "d", attempt: 1 };
    const answers = [
      await chat.port.execute(CUSTOMER, { type: "SendMessage", text: "hello", clientId: "c1", visibility: "all" }),
      await chat.port.execute(CUSTOMER, { type: "MarkSeen", always: true }),
      await chat.port.execute(CUSTOMER, { type: "EndSession" }),
      await chat.port.execute(ANNA, { type: "JoinSession" }),
      await chat.port.execute(SYSTEM, { type: "HoldUpload", name: "a.txt", extension: "txt" }),
      await chat.port.execute(SYSTEM, { type: "CommitUpload", ...attempt, size: 1, sha256: "0", contentType: "t" }),
      await chat.port.execute(SYSTEM, { type: "FinishEffect", effectId: "e", outcome: { outcome: "done" } }),
    ];
    expect(answers.map(reasonOf)).toEqual(answers.map(() => "unknown-session"));
    await expectUntouched(chat);
  });

  it("opens no socket, neither live nor for a long poll, and writes nothing", async () => {
    const chat = await unopenedChat();
    for (const kind of ["live", "poll"] as const) {
      const answer = await chat.port.connect(CUSTOMER, { kind, after: 0 });
      expect(answer.status).toBe(404);
      expect(answer.webSocket).toBeNull();
      expect(await answer.json()).toMatchObject({ reason: "unknown-session" });
    }
    await expectUntouched(chat);
  });

  it("writes nothing and sets no alarm when an alarm rings", async () => {
    const chat = await unopenedChat();
    await chat.inside((_instance, { storage }) => storage.setAlarm(Date.now() + 1000));
    expect(await chat.alarm()).toBe(true);
    await expectUntouched(chat);
  });
});

describe("the command that opens a session", () => {
  it("makes the schema, the first event and an alarm", async () => {
    const chat = await openedChat();
    expect(await chat.stored()).toContain("events");
    expect(await chat.eventTypes()).toEqual(["ParticipantJoined"]);
    expect(await chat.alarmAt()).toBe(BEGIN);
  });

  it("gives the same session to the same opening, and another opening nothing", async () => {
    const chat = await openedChat({}, { opening: "hash-of-the-request" });
    const before = await chat.record();
    await chat.open({}, { opening: "hash-of-the-request" });
    expect(await chat.record()).toEqual(before);
    await expect(chat.open({}, { opening: "hash-of-another" })).rejects.toThrow("idempotency-key-reused");
    pass(10 * 60_000);
    await expect(chat.open({}, { opening: "hash-of-the-request" })).rejects.toThrow("idempotency-key-reused");
  });

  it("makes one session of two openings at the same time", async () => {
    const chat = await unopenedChat();
    await Promise.all([chat.open({}, { opening: "same" }), chat.open({}, { opening: "same" })]);
    expect(await chat.eventTypes()).toEqual(["ParticipantJoined"]);
  });

  it("is not reached with a forged session id: no object is woken", async () => {
    const known = (await listDurableObjectIds(env.SESSIONS)).length;
    const forged = `${"A".repeat(39)}B`;
    const url = `http://127.0.0.1/v1/sessions/${forged}`;
    const answer = await exports.default.fetch(url, { headers: { Authorization: "Bearer x" } });
    expect(answer.status).toBe(404);
    expect(await listDurableObjectIds(env.SESSIONS)).toHaveLength(known);
  });
});
