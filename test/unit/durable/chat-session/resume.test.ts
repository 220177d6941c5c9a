import { beforeAll, describe, expect, it } from "vitest";
import { type Chat, openedChat, pass, stopClock } from "../../../support/chats.ts";
import { ANNA, accepted, CUSTOMER, RENEWED, SECOND, SYSTEM } from "../../../support/core-fixtures.ts";
import { connect, greet } from "../../../support/live-client.ts";

beforeAll(stopClock);

/** Everything anybody can see of a chat, and when its alarm rings. */
async function seen(chat: Chat) {
  return {
    view: accepted(await chat.port.view(SYSTEM)),
    limits: accepted(await chat.port.limits(SYSTEM)),
    events: accepted(await chat.port.events(SYSTEM, 0)),
    transcript: accepted(await chat.port.transcript(SYSTEM)),
    alarmAt: await chat.alarmAt(),
  };
}

async function expectSameAfterEviction(chat: Chat): Promise<void> {
  const before = await seen(chat);
  await chat.evict();
  expect(await seen(chat)).toEqual(before);
}

describe("a session that was evicted", () => {
  it("is seen as before by everybody, at every point of its life", async () => {
    const chat = await openedChat({ timeoutAlert2: 30 * SECOND });
    await expectSameAfterEviction(chat);
    await chat.settle();
    await chat.join();
    await chat.say("hello");
    await expectSameAfterEviction(chat);
    const reservation = await chat.reserve();
    await expectSameAfterEviction(chat);
    const file = { size: 90, sha256: "ab", contentType: "text/plain" };
    accepted(await chat.port.execute(SYSTEM, { type: "CommitUpload", ...reservation, ...file }));
    await expectSameAfterEviction(chat);
    accepted(await chat.port.execute(ANNA, { type: "EndSession" }));
    await expectSameAfterEviction(chat);
  });

  it("goes on counting down to its close between two idle alerts", async () => {
    const chat = await openedChat({ timeoutAlert2: 30 * SECOND, disconnectTimeout: 1000 * SECOND });
    await chat.settle();
    for (const wait of [255, 30, 45]) {
      pass(wait * SECOND);
      await expectSameAfterEviction(chat);
      await chat.evict();
      await chat.alarm();
    }
    const types = await chat.eventTypes();
    expect(types).toEqual(["ParticipantJoined", "IdleAlert", "IdleAlert", "IdleClose", "ParticipantLeft"]);
  });

  it("refuses what it would have refused: a token that was revoked before", async () => {
    const chat = await openedChat();
    accepted(await chat.port.execute(CUSTOMER, { type: "RotateToken" }));
    await chat.evict();
    expect(await chat.port.view(CUSTOMER)).toMatchObject({ ok: true });
    expect(await chat.port.view(RENEWED)).toMatchObject({ ok: true });
    await chat.evict();
    expect(await chat.port.view(CUSTOMER)).toMatchObject({ refusal: { reason: "token-revoked" } });
  });

  it("answers a repeated message with the event it made before", async () => {
    const chat = await openedChat();
    const message = { type: "SendMessage", text: "once", clientId: "c1", visibility: "all" } as const;
    const first = accepted(await chat.port.execute(CUSTOMER, message));
    await chat.evict();
    expect(accepted(await chat.port.execute(CUSTOMER, message))).toEqual(first);
    expect(await chat.eventTypes()).toEqual(["ParticipantJoined", "Message"]);
  });

  it("keeps an acknowledged message, however soon it is evicted", async () => {
    const chat = await openedChat();
    const { client } = await greet(chat.port, CUSTOMER);
    const position = await client.say("kept");
    await chat.evict();
    const { events } = accepted(await chat.port.events(SYSTEM, position - 1));
    expect(events).toMatchObject([{ position, type: "Message", text: "kept" }]);
  });
});

describe("a socket whose session was evicted", () => {
  it("gets the next events without saying hello again, and none twice", async () => {
    const chat = await (await openedChat()).join();
    const anna = (await greet(chat.port, ANNA)).client;
    const cleo = (await greet(chat.port, CUSTOMER)).client;
    const positions = [];
    for (const text of ["one", "two", "three"]) {
      const sent = await cleo.say(text);
      const { events, position } = await anna.nextOf("events");
      expect(events).toMatchObject([{ text, position: sent }]);
      positions.push(position);
      await chat.evict();
    }
    expect(positions).toEqual([3, 4, 5]);
    expect(anna.waiting).toEqual([]);
  });

  it("still knows that it said hello, and that another has not", async () => {
    const chat = await openedChat();
    const greeted = (await greet(chat.port, CUSTOMER)).client;
    const silent = await connect(chat.port, CUSTOMER);
    await chat.evict();
    expect(await greeted.say("I said hello")).toBe(2);
    silent.send({ type: "message", text: "I did not", clientId: "c" });
    expect(await silent.next()).toEqual({ type: "closed", code: 4409 });
    expect(await chat.eventTypes()).toEqual(["ParticipantJoined", "Message"]);
  });

  it("resumes from its position over a new connection, with no gap and nothing twice", async () => {
    const chat = await (await openedChat()).join();
    const first = await greet(chat.port, CUSTOMER);
    expect(first.page.events.map(({ position }) => position)).toEqual([1, 2]);
    await first.client.close();
    await chat.say("while away", ANNA);
    await chat.evict();
    await chat.say("still away", ANNA);
    const again = await greet(chat.port, CUSTOMER, first.page.position);
    expect(again.page).toMatchObject({ events: [{ text: "while away" }, { text: "still away" }], position: 4 });
    await chat.say("back", ANNA);
    expect(await again.client.nextOf("events")).toMatchObject({ events: [{ text: "back", position: 5 }] });
  });

  it("gets a long transcript in pages and then what comes next, each event once", async () => {
    const chat = await (await openedChat()).join();
    for (let count = 0; count < 250; count += 1) await chat.say(String(count), ANNA);
    const { client, page } = await greet(chat.port, CUSTOMER);
    expect([page.events.length, page.more]).toEqual([200, true]);
    await chat.evict();
    await chat.say("between", ANNA);
    client.send({ type: "hello", position: page.position });
    const rest = await client.nextOf("events");
    expect(rest.more).toBe(false);
    await chat.say("after", ANNA);
    const news = await client.nextOf("events");
    const positions = [...page.events, ...rest.events, ...news.events].map(({ position }) => position);
    expect(positions).toEqual(Array.from({ length: 254 }, (_, index) => index + 1));
  });

  it("answers a waiting long poll after the eviction", async () => {
    const chat = await (await openedChat()).join();
    const answer = await chat.port.connect(CUSTOMER, { kind: "poll", after: 2 });
    const socket = answer.webSocket;
    if (socket === null) throw new Error("the poll was answered at once");
    socket.accept();
    const page = new Promise<string>((resolve) => {
      socket.addEventListener("message", ({ data }) => resolve(String(data)));
    });
    await chat.evict();
    await chat.say("news", ANNA);
    expect(JSON.parse(await page)).toMatchObject({ events: [{ text: "news" }], position: 3 });
  });

  it("is told and closed when the session ends, though the object had forgotten it", async () => {
    const chat = await openedChat();
    const { client } = await greet(chat.port, CUSTOMER);
    await chat.evict();
    accepted(await chat.port.execute(CUSTOMER, { type: "EndSession" }));
    expect(await client.nextOf("events")).toMatchObject({ events: [{ type: "ParticipantLeft" }] });
    expect(await client.next()).toEqual({ type: "ended" });
    expect(await client.next()).toEqual({ type: "closed", code: 4000 });
  });
});
