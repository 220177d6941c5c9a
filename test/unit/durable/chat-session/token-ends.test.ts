/** Sockets end with the token that opened them: at the next word in either direction, and in silence by the alarm. */
import { beforeAll, describe, expect, it } from "vitest";
import type { Principal } from "../../../../src/core/principal.ts";
import { type Chat, openedChat, pass, stopClock } from "../../../support/chats.ts";
import { ANNA, accepted, BERT, CUSTOMER, DAY, HOUR, MINUTE, SECOND } from "../../../support/core-fixtures.ts";
import { connect, greet, type LiveClient } from "../../../support/live-client.ts";

beforeAll(stopClock);

const PATIENT = { disconnectTimeout: DAY, timeoutAlert: DAY };
const UNAUTHORIZED = { type: "closed", code: 4401 };

/** The same, with a token that ends so many milliseconds from now. */
const until = (principal: Principal, milliseconds: number): Principal =>
  principal.kind === "system" ? principal : { ...principal, expiresAt: Date.now() + milliseconds };

/** A chat that nothing is due in for a day, with Anna in it. */
async function quietChat(options = PATIENT): Promise<Chat> {
  const chat = await openedChat(options);
  await chat.join();
  await chat.settle();
  return chat;
}

/** The close, after which nothing came; what came before it is given back. */
async function untilClosed(client: LiveClient) {
  const frames = [];
  for (;;) {
    const frame = await client.next();
    if (frame.type === "closed") return { frames, closed: frame };
    frames.push(frame);
  }
}

describe("a socket whose token has ended", () => {
  it.each([
    ["an agent's", ANNA],
    ["the customer's", CUSTOMER],
  ] as const)("is closed by the alarm though nobody says a word: %s", async (_whose, principal) => {
    const chat = await quietChat();
    const { client } = await greet(chat.port, until(principal, MINUTE));
    expect(await chat.alarmAt()).toBe(Date.now() + MINUTE);
    pass(MINUTE);
    await chat.alarm();
    expect(await untilClosed(client)).toMatchObject({ frames: [], closed: UNAUTHORIZED });
    expect(await chat.eventTypes()).toEqual(["ParticipantJoined", "ParticipantJoined"]);
  });

  it("is not closed before, also when the alarm rings early", async () => {
    const chat = await quietChat();
    const { client } = await greet(chat.port, until(ANNA, MINUTE));
    pass(MINUTE - 1);
    await chat.alarm();
    await chat.say("still here?");
    expect((await client.nextOf("events")).events).toHaveLength(1);
    expect(await chat.alarmAt()).toBe(Date.now() + 1);
  });

  it("is told nothing more, while the others are", async () => {
    const chat = await quietChat();
    accepted(await chat.port.execute(BERT, { type: "JoinSession" }));
    const [short, long] = [await greet(chat.port, until(ANNA, MINUTE)), await greet(chat.port, until(BERT, HOUR))];
    pass(MINUTE);
    await chat.say("a secret");
    expect(await untilClosed(short.client)).toMatchObject({ frames: [], closed: UNAUTHORIZED });
    expect((await long.client.nextOf("events")).events).toMatchObject([{ type: "Message", text: "a secret" }]);
  });

  it("cannot begin any more", async () => {
    const chat = await quietChat();
    const client = await connect(chat.port, until(ANNA, MINUTE));
    pass(MINUTE);
    client.send({ type: "hello", position: 0 });
    expect(await untilClosed(client)).toMatchObject({ frames: [], closed: UNAUTHORIZED });
  });

  it("is not heard any more", async () => {
    const chat = await quietChat();
    const { client } = await greet(chat.port, until(ANNA, MINUTE));
    pass(MINUTE);
    client.send({ type: "message", text: "too late", clientId: "c-1" });
    expect(await untilClosed(client)).toMatchObject({ frames: [], closed: UNAUTHORIZED });
    expect(await chat.eventTypes()).not.toContain("Message");
  });

  it("is closed after an eviction too", async () => {
    const chat = await quietChat();
    const { client } = await greet(chat.port, until(ANNA, MINUTE));
    await chat.evict();
    pass(MINUTE);
    await chat.alarm();
    expect(await untilClosed(client)).toMatchObject({ frames: [], closed: UNAUTHORIZED });
  });

  it("leaves its agent in the session: another token carries on", async () => {
    const chat = await quietChat();
    const { client } = await greet(chat.port, until(ANNA, MINUTE));
    pass(MINUTE);
    await chat.alarm();
    await untilClosed(client);
    const again = await greet(chat.port, until(ANNA, MINUTE));
    expect(again.welcome.participantId).toBe(2);
  });

  it("that waits as a poll is closed without an answer", async () => {
    const chat = await quietChat();
    const answer = await chat.port.connect(until(ANNA, MINUTE), { kind: "poll", after: 2 });
    const { webSocket } = answer;
    if (webSocket === null) throw new Error("no socket");
    const { promise, resolve } = Promise.withResolvers<unknown>();
    webSocket.accept();
    webSocket.addEventListener("message", ({ data }) => resolve(data));
    webSocket.addEventListener("close", ({ code }) => resolve(code));
    pass(MINUTE);
    await chat.say("a secret");
    expect(await promise).toBe(4401);
  });
});

describe("a customer whose token has ended", () => {
  it("has the whole time to come back with another one, however long the socket was open", async () => {
    const chat = await quietChat({ disconnectTimeout: 45 * SECOND, timeoutAlert: DAY });
    const { client } = await greet(chat.port, until(CUSTOMER, HOUR));
    pass(HOUR);
    await chat.alarm();
    expect(await untilClosed(client)).toMatchObject({ closed: UNAUTHORIZED });
    expect(await chat.phase()).toBe("open");
    expect(await chat.alarmAt()).toBe(Date.now() + 45 * SECOND);
  });

  it("has it also where a word of somebody else's found the socket out", async () => {
    const chat = await quietChat({ disconnectTimeout: 45 * SECOND, timeoutAlert: DAY });
    const { client } = await greet(chat.port, until(CUSTOMER, HOUR));
    pass(HOUR);
    await chat.say("hello?", ANNA);
    expect(await untilClosed(client)).toMatchObject({ frames: [], closed: UNAUTHORIZED });
    await chat.alarm();
    expect(await chat.phase()).toBe("open");
    expect(await chat.alarmAt()).toBe(Date.now() + 45 * SECOND);
  });
});

describe("the alarm", () => {
  it("is not set for a token that ends after what is next anyway", async () => {
    const chat = await quietChat({ ...PATIENT, timeoutAlert: HOUR });
    const at = await chat.alarmAt();
    await greet(chat.port, until(ANNA, 2 * HOUR));
    expect(await chat.alarmAt()).toBe(at);
  });

  it("is set for the first of several tokens, and then for the next", async () => {
    const chat = await quietChat();
    await greet(chat.port, until(ANNA, 2 * MINUTE));
    await greet(chat.port, until(CUSTOMER, MINUTE));
    const begin = Date.now();
    expect(await chat.alarmAt()).toBe(begin + MINUTE);
    pass(MINUTE);
    await chat.alarm();
    expect(await chat.alarmAt()).toBe(begin + 2 * MINUTE);
  });
});
