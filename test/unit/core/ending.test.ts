/** How a session ends, and how nothing is left of it. */
import { describe, expect, test } from "vitest";
import { LEASE_MS } from "../../../src/core/documents.ts";
import {
  chatWithAnna,
  commit,
  effectsOf,
  eventTypes,
  held,
  object,
  openChat,
  phaseName,
  release,
  reserve,
  reserved,
  stateOf,
  upload,
} from "../../support/core-chat.ts";
import {
  ANNA,
  accepted,
  BERT,
  CUSTOMER,
  DAY,
  HOUR,
  MAIL_BUSY,
  openCommand,
  reasonOf,
  SECOND,
  SYSTEM,
} from "../../support/core-fixtures.ts";
import type { MemorySession } from "../../support/memory-session.ts";

function end(chat: MemorySession, who = CUSTOMER) {
  return chat.execute(who, { type: "EndSession" });
}

describe("the end", () => {
  test("lets everybody leave, and is final", () => {
    const chat = chatWithAnna();
    const before = chat.events().at(-1)?.position ?? 0;
    accepted(end(chat));
    expect(chat.session?.phase).toMatchObject({ name: "ended", reason: "customer" });
    expect(chat.events(before)).toMatchObject([
      { type: "ParticipantLeft", reason: "ended", from: { participantId: 1 } },
      { type: "ParticipantLeft", reason: "ended", from: { participantId: 2 } },
    ]);
    expect(reasonOf(chat.execute(CUSTOMER, { type: "SendMessage", text: "hi", visibility: "all" }))).toBe(
      "session-ended",
    );
    expect(reasonOf(reserve(chat))).toBe("session-ended");
  });

  test("by an agent says so", () => {
    const chat = chatWithAnna();
    accepted(end(chat, ANNA));
    expect(chat.session?.phase).toMatchObject({ name: "ended", reason: "agent" });
  });

  test("does not let those leave again who had left", () => {
    const chat = chatWithAnna();
    accepted(chat.execute(ANNA, { type: "LeaveSession" }));
    const before = chat.events().at(-1)?.position ?? 0;
    accepted(end(chat));
    expect(eventTypes(chat, before)).toEqual(["ParticipantLeft"]);
  });

  test("asked for again changes nothing", () => {
    const chat = chatWithAnna();
    accepted(end(chat));
    const ended = chat.session;
    accepted(end(chat));
    accepted(end(chat, ANNA));
    expect(chat.session).toBe(ended);
  });

  test("comes too when the customer leaves", () => {
    const chat = chatWithAnna();
    accepted(chat.execute(CUSTOMER, { type: "LeaveSession" }));
    expect(chat.session?.phase).toMatchObject({ name: "ended", reason: "customer" });
  });

  test("is reported to the Directory with a newer version", async () => {
    const chat = openChat();
    accepted(end(chat));
    expect(effectsOf(chat)).toEqual(["ReportAssignment", "ReportSession"]);
    await chat.alarm();
    expect(chat.reports).toEqual([2]);
  });
});

describe("an end with an upload in flight", () => {
  test("waits for the upload, refuses everything else, and lets the file be the last thing announced", () => {
    const chat = chatWithAnna();
    const one = reserved(chat);
    accepted(end(chat));
    expect(phaseName(chat)).toBe("closing");
    expect(reasonOf(chat.execute(ANNA, { type: "SendMessage", text: "hi", visibility: "all" }))).toBe("session-ended");
    expect(reasonOf(chat.execute(BERT, { type: "JoinSession" }))).toBe("session-ended");
    expect(reasonOf(reserve(chat, { uploadKey: "other" }))).toBe("session-ended");
    const { position } = accepted(commit(chat, one));
    expect(eventTypes(chat, position - 1)).toEqual(["FileUploaded", "ParticipantLeft", "ParticipantLeft"]);
    expect(phaseName(chat)).toBe("ended");
  });

  test.each([
    ["given up", (chat: MemorySession, one: ReturnType<typeof reserved>) => release(chat, one)],
    ["cancelled", (chat: MemorySession) => chat.execute(CUSTOMER, { type: "CancelUpload", uploadKey: "key-1" })],
    ["too large", (chat: MemorySession, one: ReturnType<typeof reserved>) => commit(chat, one, 5000)],
  ])("comes when the upload is %s", (_how, settle) => {
    const chat = openChat();
    const one = reserved(chat, { uploadKey: "key-1" });
    accepted(end(chat));
    settle(chat, one);
    expect(phaseName(chat)).toBe("ended");
  });

  test.each([
    ["came", true, "available"],
    ["never came", false, "released"],
  ] as const)("comes within the lease when the worker is dead and its bytes %s", async (_what, there, state) => {
    const chat = openChat();
    const one = reserved(chat);
    if (there) chat.world.store.put(one.key, object(100));
    accepted(end(chat));
    await chat.runUntil(chat.world.now + LEASE_MS);
    expect(phaseName(chat)).toBe("ended");
    expect(stateOf(chat, one)).toBe(state);
  });

  test("comes within the lease when only unclaimed bytes are waiting", async () => {
    const chat = openChat();
    const one = held(chat);
    accepted(end(chat));
    await chat.runUntil(chat.world.now + LEASE_MS);
    expect(phaseName(chat)).toBe("ended");
    expect(stateOf(chat, one)).toBe("released");
  });

  test("is not due before the last of several uploads is settled", () => {
    const chat = openChat();
    const [first, second] = [reserved(chat), reserved(chat)];
    accepted(end(chat));
    accepted(commit(chat, first));
    expect(phaseName(chat)).toBe("closing");
    accepted(commit(chat, second));
    expect(phaseName(chat)).toBe("ended");
  });
});

describe("retention", () => {
  test("counts from the end, with the value in force then", async () => {
    const chat = openChat({ retentionDays: 30 });
    chat.changeOptions({ retentionDays: 2 });
    accepted(end(chat));
    await chat.runUntil(chat.world.now + 2 * DAY - 1);
    expect(phaseName(chat)).toBe("ended");
    await chat.runUntil(chat.world.now + 1);
    expect(chat.session).toBeUndefined();
  });

  test("ends with no object, no row and no alarm", async () => {
    const chat = chatWithAnna({ retentionDays: 1 });
    upload(chat);
    upload(chat, {}, ANNA);
    accepted(release(chat, reserved(chat)));
    accepted(end(chat));
    await chat.runUntil(chat.world.now + DAY);
    expect(chat.world.store.entries.size).toBe(0);
    expect(chat.rows.load()).toBeUndefined();
    expect(chat.events()).toEqual([]);
    expect(chat.nextWakeup()).toBeUndefined();
  });

  test("drops mails that were still to be tried, and everything else that waited", async () => {
    const chat = openChat({ retentionDays: 1, transcriptEmail: "always" }, { email: "a@example.com" });
    chat.mailAnswers.push(...Array.from({ length: 20 }, () => MAIL_BUSY));
    accepted(end(chat));
    await chat.runUntil(chat.world.now + DAY - SECOND);
    expect(effectsOf(chat)).toContain("SendTranscript");
    chat.world.now += SECOND;
    await chat.beginAlarm();
    expect(effectsOf(chat)).toEqual(["EraseSession"]);
  });

  test("begins again where the store was down, and refuses every command meanwhile", async () => {
    const chat = chatWithAnna({ retentionDays: 1 });
    const { fileId } = upload(chat);
    const clientId = "m-1";
    accepted(chat.execute(CUSTOMER, { type: "SendMessage", text: "hi", visibility: "all", clientId }));
    accepted(end(chat));
    chat.world.store.down = true;
    await chat.runUntil(chat.world.now + DAY + HOUR);
    expect(phaseName(chat)).toBe("erasing");
    const refused = [
      chat.execute(CUSTOMER, { type: "OpenDownload", fileId, method: "get" }),
      chat.execute(CUSTOMER, { type: "SendMessage", text: "hi", visibility: "all", clientId }),
      chat.execute({ kind: "customer", participantId: 1, tokenVersion: 9 }, { type: "EndSession" }),
      chat.execute(BERT, { type: "JoinSession" }),
      chat.execute(SYSTEM, openCommand()),
      chat.execute(SYSTEM, { type: "CommitUpload", documentId: "x", attempt: 1, size: 1, sha256: "", contentType: "" }),
    ];
    expect(refused.map(reasonOf)).toEqual(refused.map(() => "unknown-session"));
    chat.world.store.down = false;
    await chat.runUntil(chat.world.now + 2 * HOUR);
    expect(chat.session).toBeUndefined();
    expect(chat.world.store.entries.size).toBe(0);
  });
});
