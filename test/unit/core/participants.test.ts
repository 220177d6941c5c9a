/** How a session is opened, how agents come and go, and what participants change about themselves. */
import { describe, expect, test } from "vitest";
import { OPENING_REPEAT_MS } from "../../../src/core/participants.ts";
import { chatWithAnna, eventTypes, newWorld, openChat, reserve } from "../../support/core-chat.ts";
import {
  ANNA,
  accepted,
  BERT,
  CUSTOMER,
  openCommand,
  RENEWED,
  reasonOf,
  SECOND,
  START,
  SYSTEM,
} from "../../support/core-fixtures.ts";
import { MemorySession } from "../../support/memory-session.ts";

describe("opening", () => {
  test("lets the customer join and tells the limits", async () => {
    const chat = new MemorySession(newWorld());
    expect(accepted(chat.execute(SYSTEM, openCommand()))).toMatchObject({
      participantId: 1,
      tokenVersion: 1,
      position: 1,
      limits: { uploadMaxFiles: 3, used: { files: 0, bytes: 0, downloads: 0 } },
    });
    expect(chat.events()).toMatchObject([{ type: "ParticipantJoined", from: { nickname: "Cleo", type: "Client" } }]);
    await chat.alarm();
    expect(chat.reports).toEqual([1]);
  });

  test("again with the same key gets the same session and writes nothing", () => {
    const chat = openChat({}, { opening: "hash" });
    const before = chat.session;
    chat.world.now += OPENING_REPEAT_MS - 1;
    expect(accepted(chat.execute(SYSTEM, openCommand({}, { opening: "hash" })))).toMatchObject({ participantId: 1 });
    expect(chat.session).toBe(before);
  });

  test.each([
    ["ten minutes later", { opening: "hash" }, OPENING_REPEAT_MS],
    ["for another request", { opening: "other" }, 0],
    ["without a key", {}, 0],
  ])("again %s is refused", (_when, opening, later) => {
    const chat = openChat({}, { opening: "hash" });
    chat.world.now += later;
    expect(reasonOf(chat.execute(SYSTEM, openCommand({}, opening)))).toBe("idempotency-key-reused");
  });

  test("again is refused where the session has no key, or has ended", () => {
    expect(reasonOf(openChat().execute(SYSTEM, openCommand()))).toBe("idempotency-key-reused");
    const chat = openChat({}, { opening: "hash" });
    accepted(chat.execute(CUSTOMER, { type: "EndSession" }));
    expect(reasonOf(chat.execute(SYSTEM, openCommand({}, { opening: "hash" })))).toBe("idempotency-key-reused");
  });
});

describe("an agent", () => {
  test("who joins is announced, audited, and gets a participant id", () => {
    const chat = openChat();
    const joined = accepted(chat.execute(ANNA, { type: "JoinSession", nickname: "Anna M." }));
    expect(joined).toEqual({ participantId: 2, position: 2 });
    expect(chat.events(1)).toMatchObject([{ type: "ParticipantJoined", from: { nickname: "Anna M.", type: "Agent" } }]);
    expect(chat.audit()).toMatchObject([{ action: "session-joined", agentId: "anna", participantId: 2 }]);
  });

  test("who joins again while in the session changes nothing", () => {
    const chat = chatWithAnna();
    const before = chat.session;
    expect(accepted(chat.execute(ANNA, { type: "JoinSession" }))).toEqual({ participantId: 2, position: 2 });
    expect(chat.session).toBe(before);
  });

  test("who comes back keeps the participant id", () => {
    const chat = chatWithAnna();
    accepted(chat.execute(BERT, { type: "JoinSession" }));
    accepted(chat.execute(ANNA, { type: "LeaveSession" }));
    expect(accepted(chat.execute(ANNA, { type: "JoinSession" })).participantId).toBe(2);
    expect(eventTypes(chat, 3)).toEqual(["ParticipantLeft", "ParticipantJoined"]);
  });

  test("who leaves can do nothing more, and the session stays open", () => {
    const chat = chatWithAnna();
    accepted(chat.execute(ANNA, { type: "LeaveSession" }));
    expect(chat.events().at(-1)).toMatchObject({ type: "ParticipantLeft", reason: "left" });
    expect(reasonOf(reserve(chat, {}, ANNA))).toBe("not-joined");
    expect(reasonOf(reserve(chat))).toBe("accepted");
  });
});

describe("a nickname", () => {
  test("is changed by an event that carries the new one, and later events do too", () => {
    const chat = openChat();
    const event = accepted(chat.execute(CUSTOMER, { type: "UpdateNickname", nickname: "C." }));
    expect(event).toMatchObject({ type: "NicknameUpdated", nickname: "C.", from: { nickname: "C." } });
    const said = accepted(chat.execute(CUSTOMER, { type: "SendMessage", text: "hi", visibility: "all" }));
    expect(said.from.nickname).toBe("C.");
  });
});

describe("user data", () => {
  const update = (chat: MemorySession, userData: Record<string, string>) =>
    chat.execute(CUSTOMER, { type: "UpdateUserData", userData });

  test("is merged, and an empty value removes its key", () => {
    const chat = openChat({}, { userData: { order: "1", shop: "x" } });
    accepted(update(chat, { order: "2", shop: "", colour: "red" }));
    expect(chat.session?.userData).toEqual({ order: "2", colour: "red" });
  });

  test("has at most 64 keys in a session", () => {
    const chat = openChat();
    const many = Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`k${index}`, "v"]));
    accepted(update(chat, many));
    expect(reasonOf(update(chat, { more: "v" }))).toBe("bad-request");
    expect(reasonOf(update(chat, { k0: "", more: "v" }))).toBe("accepted");
  });
});

describe("what was read", () => {
  const read = (chat: MemorySession, position: number) =>
    accepted(chat.execute(CUSTOMER, { type: "MarkRead", position }));
  const readPosition = (chat: MemorySession) => chat.session?.participants[0]?.readPosition;

  test("only grows, stays within the transcript, and is told to the others", () => {
    const chat = chatWithAnna();
    read(chat, 2);
    read(chat, 1);
    expect(readPosition(chat)).toBe(2);
    expect(chat.frames).toEqual([{ frame: "read", visibility: "all", participantId: 1, position: 2 }]);
    read(chat, 999);
    expect(readPosition(chat)).toBe(2);
  });
});

describe("a new token", () => {
  const rotate = (chat: MemorySession, who = CUSTOMER) => accepted(chat.execute(who, { type: "RotateToken" }));
  const mark = (chat: MemorySession, who = CUSTOMER) =>
    reasonOf(chat.execute(who, { type: "MarkSeen", always: false }));
  const THIRD = { ...RENEWED, tokenVersion: 3 };

  test("makes every older one worthless when it is first used", () => {
    const chat = openChat();
    expect(rotate(chat)).toEqual({ tokenVersion: 2 });
    expect(mark(chat, RENEWED)).toBe("accepted");
    expect(mark(chat)).toBe("token-revoked");
    expect(mark(chat, THIRD)).toBe("token-revoked");
  });

  test("whose answer was lost locks nobody out: the old one asks again and gets the same", () => {
    const chat = openChat();
    rotate(chat);
    expect(mark(chat)).toBe("accepted");
    expect(rotate(chat)).toEqual({ tokenVersion: 2 });
    expect(mark(chat, RENEWED)).toBe("accepted");
    expect(mark(chat)).toBe("token-revoked");
  });

  test("that asks for the next one is used by that, and is the only one that stays", () => {
    const chat = openChat();
    rotate(chat);
    expect(rotate(chat, RENEWED)).toEqual({ tokenVersion: 3 });
    expect(mark(chat)).toBe("token-revoked");
    expect(mark(chat, RENEWED)).toBe("accepted");
    expect(mark(chat, THIRD)).toBe("accepted");
    expect(mark(chat, RENEWED)).toBe("token-revoked");
  });

  test("is noted as used though what it was used for is refused", () => {
    const chat = openChat();
    rotate(chat);
    expect(reasonOf(reserve(chat, { size: 0 }, RENEWED))).toBe("empty-file");
    expect(mark(chat)).toBe("token-revoked");
  });
});

describe("a sign of life", () => {
  const seenAt = (chat: MemorySession) => chat.session?.participants[0]?.seenAt;

  test("is written at most once per third of the time until a customer counts as gone", () => {
    const chat = openChat();
    chat.world.now += 15 * SECOND - 1;
    accepted(chat.execute(CUSTOMER, { type: "MarkSeen", always: false }));
    expect(seenAt(chat)).toBe(START);
    chat.world.now += 1;
    accepted(chat.execute(CUSTOMER, { type: "MarkSeen", always: false }));
    expect(seenAt(chat)).toBe(START + 15 * SECOND);
  });

  test("is written at once when the last socket closed, and never after the end", () => {
    const chat = openChat();
    chat.world.now += SECOND;
    accepted(chat.execute(CUSTOMER, { type: "MarkSeen", always: true }));
    expect(seenAt(chat)).toBe(START + SECOND);
    accepted(chat.execute(CUSTOMER, { type: "EndSession" }));
    const ended = chat.session;
    chat.world.now += SECOND;
    accepted(chat.execute(CUSTOMER, { type: "MarkSeen", always: true }));
    expect(chat.session).toBe(ended);
  });
});
