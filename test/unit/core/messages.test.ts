/** Messages, notes, pushed URLs, notices and typing; a repeated send is one event. */
import { describe, expect, test } from "vitest";
import { POSITION_BLOCK } from "../../../src/core/draft.ts";
import { isVisible } from "../../../src/core/transcript.ts";
import { chatWithAnna, eventTypes, openChat } from "../../support/core-chat.ts";
import { ANNA, accepted, CUSTOMER, DAY, RENEWED, reasonOf, SECOND, START } from "../../support/core-fixtures.ts";
import type { MemorySession } from "../../support/memory-session.ts";

function say(chat: MemorySession, text: string, clientId?: string, who = CUSTOMER) {
  const id = clientId === undefined ? {} : { clientId };
  return chat.execute(who, { type: "SendMessage", text, visibility: "all", ...id });
}

describe("a message", () => {
  test("is appended at the next position in its sender's name", () => {
    const chat = chatWithAnna();
    const event = accepted(
      chat.execute(ANNA, { type: "SendMessage", text: "hello", messageType: "text", visibility: "all" }),
    );
    expect(event).toEqual({
      type: "Message",
      text: "hello",
      messageType: "text",
      position: 3,
      from: { participantId: 2, nickname: "anna", type: "Agent" },
      at: chat.world.now,
      visibility: "all",
    });
    expect(chat.events(2)).toEqual([event]);
  });

  test("may be as long as the service allows and not longer", () => {
    const chat = openChat({ maxMessageLength: 20 });
    expect(reasonOf(say(chat, "x".repeat(20)))).toBe("accepted");
    expect(say(chat, "x".repeat(21))).toEqual({ ok: false, refusal: { reason: "message-too-long", limit: 20 } });
  });
});

describe("a repeated send", () => {
  test("gets the first event and appends nothing, whatever it says now", () => {
    const chat = openChat();
    const first = accepted(say(chat, "one", "m-1"));
    expect(accepted(say(chat, "two", "m-1"))).toEqual(first);
    expect(chat.events(1)).toHaveLength(1);
  });

  test("is recognised after an eviction and after the end", () => {
    const chat = openChat();
    const first = accepted(say(chat, "one", "m-1"));
    accepted(chat.execute(CUSTOMER, { type: "EndSession" }));
    chat.evict();
    expect(accepted(say(chat, "one", "m-1"))).toEqual(first);
    expect(reasonOf(say(chat, "one", "m-2"))).toBe("session-ended");
  });

  test("of another participant is another event", () => {
    const chat = chatWithAnna();
    accepted(say(chat, "one", "m-1"));
    expect(accepted(say(chat, "two", "m-1", ANNA))).toMatchObject({ text: "two" });
  });

  test("with a revoked token is refused", () => {
    const chat = openChat();
    accepted(say(chat, "one", "m-1"));
    accepted(chat.execute(CUSTOMER, { type: "RotateToken" }));
    accepted(chat.execute(RENEWED, { type: "Stay" }));
    expect(reasonOf(say(chat, "one", "m-1"))).toBe("token-revoked");
  });

  test("works for URLs and notices too", () => {
    const chat = chatWithAnna();
    const push = () => accepted(chat.execute(ANNA, { type: "PushUrl", url: "https://example.com", clientId: "u-1" }));
    const notice = () =>
      accepted(chat.execute(CUSTOMER, { type: "SendNotice", text: "n", userData: { a: "b" }, clientId: "n-1" }));
    expect([push(), notice()]).toMatchObject([{ type: "PushUrl" }, { type: "CustomNotice", userData: { a: "b" } }]);
    expect([push(), notice()]).toEqual(chat.events(2));
  });
});

describe("a note", () => {
  test("of an agent is seen by agents only", () => {
    const chat = chatWithAnna();
    const note = accepted(chat.execute(ANNA, { type: "SendMessage", text: "psst", visibility: "agents" }));
    expect([isVisible(note, "agent"), isVisible(note, "customer")]).toEqual([true, false]);
  });

  test("is not for customers to write", () => {
    const chat = openChat();
    expect(reasonOf(chat.execute(CUSTOMER, { type: "SendMessage", text: "psst", visibility: "agents" }))).toBe(
      "missing-privilege",
    );
  });
});

describe("typing", () => {
  const type = (chat: MemorySession, who = CUSTOMER) =>
    accepted(chat.execute(who, { type: "SetTyping", typing: true }));

  test("is told with a position of its own, and not stored", () => {
    const chat = openChat();
    accepted(chat.execute(CUSTOMER, { type: "SetTyping", typing: true, preview: "he" }));
    const from = { participantId: 1, nickname: "Cleo", type: "Client" };
    const typing = { frame: "typing", from, typing: true, preview: "he", visibility: "all", position: 2, at: START };
    expect(chat.frames).toEqual([typing]);
    expect(eventTypes(chat)).toEqual(["ParticipantJoined"]);
    expect(accepted(say(chat, "hi")).position).toBe(3);
  });

  test("is written down once for 32 positions", () => {
    const chat = openChat();
    const changes = () => chat.rows.log.filter(({ change }) => change === "SessionChanged").length;
    const before = changes();
    for (let count = 0; count < POSITION_BLOCK; count += 1) type(chat);
    expect(changes() - before).toBe(1);
    type(chat);
    expect(changes() - before).toBe(2);
  });

  test("and what follows it never get a position that was handed out before an eviction", () => {
    const chat = openChat();
    type(chat);
    accepted(say(chat, "hi"));
    type(chat);
    const highest = chat.session?.position ?? 0;
    chat.evict();
    expect(accepted(say(chat, "again")).position).toBeGreaterThan(highest);
    type(chat);
    expect(chat.frames.map((frame) => frame.position)).toEqual([
      ...new Set(chat.frames.map(({ position }) => position)),
    ]);
  });
});

describe("staying", () => {
  test("answers an idle alert without an event, also across an eviction", async () => {
    const chat = openChat({ disconnectTimeout: DAY });
    await chat.runUntil(START + 255 * SECOND);
    expect(eventTypes(chat)).toContain("IdleAlert");
    accepted(chat.execute(CUSTOMER, { type: "Stay" }));
    expect(eventTypes(chat).at(-1)).toBe("IdleAlert");
    chat.evict();
    await chat.runUntil(START + 2 * 255 * SECOND - 1);
    expect(eventTypes(chat).filter((type) => type === "IdleAlert")).toHaveLength(1);
    await chat.runUntil(START + 2 * 255 * SECOND);
    expect(eventTypes(chat).filter((type) => type === "IdleAlert")).toHaveLength(2);
  });
});
