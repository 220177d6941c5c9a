/** What agents who look elsewhere have not read: told to the Lobby at once, then once a second, the last word never lost. */
import { beforeAll, describe, expect, it } from "vitest";
import { MAX_UNREAD } from "../../../../durable/chat-session/unread.ts";
import type { UnreadHint } from "../../../../src/core/assignment.ts";
import { type Chat, openedChat, pass, stopClock } from "../../../support/chats.ts";
import { ANNA, accepted, BERT, CUSTOMER, SECOND } from "../../../support/core-fixtures.ts";
import { greet } from "../../../support/live-client.ts";

beforeAll(stopClock);

/** A Lobby that notes the hints it is given. */
async function listen(chat: Chat, fail?: Error): Promise<UnreadHint[]> {
  const hints: UnreadHint[] = [];
  const lobby = {
    report: async () => {},
    unread: async (hint: UnreadHint) => {
      hints.push(hint);
      if (fail !== undefined) throw fail;
    },
  };
  await chat.replace(() => ({ LOBBY: { getByName: () => lobby } }));
  return hints;
}

/** A chat that Anna serves, with everything told that its beginning had to tell. */
async function served(): Promise<{ chat: Chat; hints: UnreadHint[] }> {
  const chat = await (await openedChat()).join();
  await chat.settle();
  accepted(await chat.port.execute(ANNA, { type: "MarkRead", position: 2 }));
  pass(2 * SECOND);
  await chat.alarm();
  const hints = await listen(chat);
  pass(2 * SECOND);
  return { chat, hints };
}

const unread = (hints: readonly UnreadHint[], agentId = "anna") =>
  hints.filter((hint) => hint.agentId === agentId).map((hint) => hint.unread);

describe("a message for an agent without a socket", () => {
  it("is told at once", async () => {
    const { chat, hints } = await served();
    await chat.say("hello");
    expect(hints).toEqual([{ sessionId: chat.address.sessionId, agentId: "anna", unread: 1 }]);
  });

  it("is followed by at most one hint a second, and the last count is told by the alarm", async () => {
    const { chat, hints } = await served();
    for (let count = 0; count < 5; count += 1) await chat.say("hello");
    expect(unread(hints)).toEqual([1]);
    expect(await chat.alarmAt()).toBe(Date.now() + SECOND);
    pass(SECOND);
    await chat.alarm();
    expect(unread(hints)).toEqual([1, 5]);
    // Nothing is left to tell: the alarm goes back to what it was for.
    expect(await chat.alarmAt()).toBeGreaterThan(Date.now() + SECOND);
    pass(SECOND);
    await chat.alarm();
    expect(unread(hints)).toEqual([1, 5]);
  });

  it("is told by the alarm also where the object lost its memory in between", async () => {
    const { chat } = await served();
    await chat.say("one");
    await chat.say("two");
    await chat.evict();
    const hints = await listen(chat);
    pass(SECOND);
    await chat.alarm();
    expect(unread(hints)).toEqual([2]);
  });

  it("counts what others did after the position that was read, notes too, and nothing of the agent's own", async () => {
    const { chat, hints } = await served();
    accepted(await chat.port.execute(BERT, { type: "JoinSession" }));
    await chat.say("one", ANNA);
    pass(SECOND);
    accepted(await chat.port.execute(BERT, { type: "SendMessage", text: "a note", visibility: "agents" }));
    expect(unread(hints)).toEqual([1, 2]);
    accepted(await chat.port.execute(ANNA, { type: "MarkRead", position: 5 }));
    pass(SECOND);
    await chat.say("news");
    expect(unread(hints)).toEqual([1, 2, 1]);
  });

  it("is told as many where there are more than anybody would count", async () => {
    const { chat, hints } = await served();
    for (let count = 0; count < MAX_UNREAD + 5; count += 1) await chat.say("hello");
    pass(SECOND);
    await chat.alarm();
    expect(unread(hints)).toEqual([1, MAX_UNREAD]);
  });

  it("loses nothing of the chat where the Lobby does not answer", async () => {
    const { chat } = await served();
    const hints = await listen(chat, new Error("down"));
    await chat.say("hello");
    expect(hints).toHaveLength(1);
    expect(await chat.eventTypes()).toContain("Message");
  });
});

describe("nothing is told", () => {
  it("to an agent who has a socket, to the customer, and of a session that nobody serves; no alarm is set for it", async () => {
    const { chat, hints } = await served();
    await greet(chat.port, ANNA);
    const alarmAt = await chat.alarmAt();
    for (let count = 0; count < 3; count += 1) await chat.say("hello");
    expect(hints).toEqual([]);
    expect(await chat.alarmAt()).toBe(alarmAt);
    const unserved = await openedChat();
    const others = await listen(unserved);
    for (let count = 0; count < 3; count += 1) await unserved.say("hello");
    expect(others).toEqual([]);
  });

  it("of a session that has ended", async () => {
    const { chat, hints } = await served();
    accepted(await chat.port.execute(CUSTOMER, { type: "EndSession" }));
    expect(hints).toEqual([]);
  });
});
