/** The `satchel.v1` socket: hello and welcome, events and acknowledgements, resuming, and every way it is closed. */
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CLOSE, MAX_EVENTS_PER_PAGE, MAX_FRAME_LENGTH, PING, PONG, SUBPROTOCOL } from "../../../src/protocol/wire.ts";
import { agentToken, type Chat, eventsOf, openChat, openSession, renewed } from "../../support/node/chats.ts";
import { useServer } from "../../support/node/server.ts";
import { openLive, openSocket, type SocketClient, upgradeRefusal } from "../../support/node/socket-client.ts";

const server = useServer();
let chat: Chat;
beforeEach(async () => {
  chat = await openChat(server);
});

/** Sends a message, and takes its event and its acknowledgement. */
async function say(socket: SocketClient, text: string, clientId: string) {
  socket.send({ type: "message", text, clientId });
  const { events } = await socket.next("events");
  return { event: events[0], ack: await socket.next("ack") };
}

describe("a socket", () => {
  test("is welcomed, gets what was said so far, then what is said next, in the words of REST", async () => {
    const socket = await openSocket(chat.customer);
    expect(socket.protocol).toBe(SUBPROTOCOL);
    const { welcome, page } = await socket.hello();
    expect(welcome).toEqual({ type: "welcome", participantId: 1, phase: "open" });
    expect(page).toEqual({ type: "events", events: await eventsOf(chat.customer), position: 2, more: false });
    const sent = await chat.agent.must("sendMessage", { json: { text: "over REST" } });
    expect(await socket.next("events")).toEqual({ type: "events", events: [sent], position: 3, more: false });
    await socket.close();
  });

  test("sends messages that are acknowledged with their position, to both sides and REST", async () => {
    const [customer, agent] = [await openLive(chat.customer), await openLive(chat.agent)];
    customer.send({ type: "message", text: "hello", clientId: "c1", messageType: "text" });
    const own = await customer.next("events");
    expect(await customer.next("ack")).toEqual({ type: "ack", clientId: "c1", position: own.position });
    expect(await agent.next("events")).toEqual(own);
    expect(own.events).toEqual((await eventsOf(chat.agent)).slice(-1));
    expect(own.events).toMatchObject([{ text: "hello", clientId: "c1", messageType: "text" }]);
  });

  test("acknowledges a repeat with the first position, and tells nobody twice", async () => {
    const [customer, agent] = [await openLive(chat.customer), await openLive(chat.agent)];
    const { ack } = await say(customer, "once", "c1");
    customer.send({ type: "message", text: "once", clientId: "c1" });
    expect(await customer.next("ack")).toEqual(ack);
    expect(await chat.customer.must("sendMessage", { json: { text: "once", clientId: "c1" } })).toMatchObject({
      position: ack.position,
    });
    await agent.next("events");
    await say(customer, "twice", "c2");
    expect((await agent.next("events")).events).toMatchObject([{ text: "twice" }]);
  });

  test("shows typing and reading to the others, not to oneself", async () => {
    const [customer, agent] = [await openLive(chat.customer), await openLive(chat.agent)];
    customer.send({ type: "typing", typing: true, preview: "hel" });
    customer.send({ type: "read", position: 2 });
    expect(await agent.next("typing")).toMatchObject({ typing: true, preview: "hel", from: { participantId: 1 } });
    expect(await agent.next("read")).toEqual({ type: "read", participantId: 1, position: 2 });
    expect(await say(customer, "hello", "c1")).toMatchObject({ event: { text: "hello" } });
  });

  test("of the same participant in two places: both are told everything", async () => {
    const [phone, desk] = [await openLive(chat.customer), await openLive(chat.customer)];
    const { event } = await say(phone, "from the phone", "c1");
    expect((await desk.next("events")).events).toEqual([event]);
    await phone.close();
    expect(await say(desk, "from the desk", "c2")).toMatchObject({ event: { text: "from the desk" } });
  });

  test("answers a ping with a pong before and after hello", async () => {
    const socket = await openSocket(chat.customer);
    socket.sendText(PING);
    expect(await socket.nextText()).toBe(PONG);
    await socket.hello();
    socket.sendText(PING);
    expect(await socket.nextText()).toBe(PONG);
  });

  test("is told that the session ended, after its last events, and closed", async () => {
    const [customer, agent] = [await openLive(chat.customer), await openLive(chat.agent)];
    await chat.customer.must("endSession");
    for (const socket of [customer, agent]) {
      expect((await socket.next("events")).events).toEqual((await eventsOf(chat.agent)).slice(-2));
      await socket.next("ended");
      expect(await socket.closed).toMatchObject({ code: CLOSE.ended });
    }
  });

  test("to a session that has ended gets the rest, the end, and is closed", async () => {
    await chat.customer.must("endSession");
    const socket = await openSocket(chat.customer);
    const { welcome, page } = await socket.hello(2);
    expect(welcome).toMatchObject({ phase: "ended" });
    expect(page.events).toHaveLength(2);
    await socket.next("ended");
    expect(await socket.closed).toMatchObject({ code: CLOSE.ended });
  });
});

describe("resuming", () => {
  test("from a position gives what came after it, without gap or double", async () => {
    const first = await openLive(chat.customer);
    const { ack } = await say(first, "before", "c1");
    await first.close();
    for (const text of ["one", "two"]) await chat.agent.must("sendMessage", { json: { text } });
    const second = await openSocket(chat.customer);
    const { page } = await second.hello(ack.position);
    expect(page.events).toMatchObject([{ text: "one" }, { text: "two" }]);
    await chat.agent.must("sendMessage", { json: { text: "three" } });
    expect((await second.next("events")).events).toMatchObject([{ text: "three" }]);
  });

  test("from beyond the end leads back to it, and goes on from there", async () => {
    const socket = await openSocket(chat.customer);
    expect((await socket.hello(1_000_000)).page).toMatchObject({ events: [], position: 2, more: false });
    expect(await say(socket, "next", "c1")).toMatchObject({ ack: { position: 3 } });
  });

  test("of more than a page asks again, and is live only when it has all", async () => {
    const writer = await openLive(chat.agent);
    const ids = Array.from({ length: MAX_EVENTS_PER_PAGE }, (_, index) => `m${index}`);
    for (const clientId of ids) writer.send({ type: "message", text: "x", clientId });
    for (const clientId of ids) {
      await writer.next("events");
      expect(await writer.next("ack")).toMatchObject({ clientId });
    }
    const socket = await openSocket(chat.customer);
    const { page } = await socket.hello();
    expect(page).toMatchObject({ more: true });
    // Said while the reader is in the middle of it.
    await say(writer, "meanwhile", "last");
    socket.send({ type: "hello", position: page.position });
    const rest = await socket.next("events");
    expect(rest).toMatchObject({ more: false });
    await say(writer, "live", "live");
    const live = await socket.next("events");
    const positions = [page, rest, live].flatMap(({ events }) => events).map(({ position }) => position);
    expect(positions).toEqual((await allPositions()).sort((a, b) => a - b));
  });

  async function allPositions(): Promise<number[]> {
    const first = await chat.agent.must("getEvents");
    const second = await chat.agent.must("getEvents", { query: { after: String(first.position) } });
    return [...first.events, ...second.events].map(({ position }) => position);
  }

  test("says hello twice without a second welcome", async () => {
    const socket = await openLive(chat.customer);
    socket.send({ type: "hello", position: 1 });
    expect(await socket.next("events")).toMatchObject({ position: 2, more: false });
  });
});

describe("a frame", () => {
  let socket: SocketClient;
  beforeEach(async () => {
    socket = await openLive(chat.customer);
  });

  test.each([
    ["no JSON", "hello"],
    ["cut off", '{"type":"message"'],
    ["binary", new Uint8Array([1, 2, 3])],
  ])("that is %s closes the socket", async (_what, text) => {
    socket.sendText(text);
    expect(await socket.closed).toMatchObject({ code: CLOSE.badFrame, reason: "frames are JSON text" });
  });

  test.each([
    ["of an unknown type", { type: "shout", text: "x" }, "type"],
    ["without text", { type: "message", clientId: "c1" }, "text"],
    ["without clientId", { type: "message", text: "x" }, "clientId"],
    ["with a field nobody knows", { type: "read", position: 1, admin: true }, "frame"],
    ["that is a list", [], "frame"],
    ["that is null", null, "frame"],
    ["with a position below zero", { type: "read", position: -1 }, "position"],
  ])("%s is refused by its field, and the socket stays open", async (_what, frame, field) => {
    socket.sendText(JSON.stringify(frame));
    const { problem } = await socket.next("refused");
    expect(problem).toMatchObject({ status: 400, code: "bad-request" });
    expect(problem.errors?.map((error) => error.field)).toContain(field);
    expect(await say(socket, "still open", "c9")).toMatchObject({ event: { text: "still open" } });
  });

  test("that is refused by a rule names its message, as REST would", async () => {
    socket.send({ type: "message", text: "x".repeat(4097), clientId: "long" });
    const { clientId, problem } = await socket.next("refused");
    expect({ clientId, problem }).toMatchObject({
      clientId: "long",
      problem: { code: "message-too-long", limit: 4096 },
    });
    socket.send({ type: "message", text: "note", clientId: "note", visibility: "agents" });
    expect(await socket.next("refused")).toMatchObject({ clientId: "note", problem: { code: "missing-privilege" } });
    expect(await eventsOf(chat.agent)).toHaveLength(2);
  });

  test("that is too large closes the socket, and one of the largest size does not", async () => {
    const fill = (length: number) => JSON.stringify({ type: "typing", typing: true }).padEnd(length, " ");
    socket.sendText(fill(MAX_FRAME_LENGTH));
    expect(await say(socket, "still open", "c1")).toMatchObject({ ack: { clientId: "c1" } });
    socket.sendText(fill(MAX_FRAME_LENGTH + 1));
    expect(await socket.closed).toMatchObject({ code: CLOSE.tooLarge });
  });

  test("far larger than any the platform takes closes the socket all the same", async () => {
    socket.sendText("x".repeat(4 * 1024 * 1024));
    expect(await socket.closed).toMatchObject({ code: CLOSE.tooLarge });
    expect(await chat.customer.must("getSession")).toMatchObject({ phase: "open" });
  });

  test("before hello closes the socket", async () => {
    const hasty = await openSocket(chat.customer);
    hasty.send({ type: "message", text: "x", clientId: "c1" });
    expect(await hasty.closed).toMatchObject({ code: CLOSE.helloExpected });
    expect(await eventsOf(chat.customer)).toHaveLength(2);
  });
});

describe("whoever may not read any more", () => {
  test("is closed: every socket of a revoked token, while others stay", async () => {
    const sockets = [await openLive(chat.customer), await openLive(chat.customer)];
    const agent = await openLive(chat.agent);
    const customer = await renewed(chat.customer);
    for (const socket of sockets) expect(await socket.closed).toMatchObject({ code: CLOSE.unauthorized });
    expect(await upgradeRefusal(chat.customer)).toMatchObject({ status: 401, code: "token-revoked" });
    expect(await say(await openLive(customer), "here again", "c1")).toMatchObject({ ack: { clientId: "c1" } });
    expect((await agent.next("events")).events).toMatchObject([{ text: "here again" }]);
  });

  test("gets nothing for a hello that comes after the revocation", async () => {
    const silent = await openSocket(chat.customer);
    await renewed(chat.customer);
    silent.send({ type: "hello", position: 0 });
    expect(await silent.closed).toMatchObject({ code: CLOSE.unauthorized });
    await expect(silent.nextText()).rejects.toThrow("the socket is closed");
  });

  test("is closed: an agent who left", async () => {
    const agent = chat.customer.withToken(await agentToken(server, ["chat:take"], "Leaver"));
    await agent.must("joinSession");
    const socket = await openLive(agent);
    await agent.must("leaveSession");
    expect(await socket.closed).toMatchObject({ code: CLOSE.unauthorized });
    expect(await upgradeRefusal(agent)).toMatchObject({ status: 403, code: "not-joined" });
  });
});

describe("an upgrade", () => {
  let other: Chat;
  beforeAll(async () => {
    other = await openChat(server);
  });

  test("of a plain GET is required", async () => {
    const refused = await chat.customer.ask("openSocket");
    expect(refused).toMatchObject({ ok: false, status: 426, problem: { code: "upgrade-required" } });
  });

  test("without the subprotocol is refused", async () => {
    for (const protocol of ["chat", `satchel.token.${chat.customer.token}`, "satchel.v2"]) {
      const headers = { "Sec-WebSocket-Protocol": protocol, Authorization: `Bearer ${chat.customer.token}` };
      expect(await upgradeRefusal(chat.customer, headers)).toMatchObject({ status: 426, code: "upgrade-required" });
    }
  });

  test("without a token, with a wrong one, or with that of another session is refused", async () => {
    const refused = { status: 401, code: "unauthenticated" };
    for (const token of [undefined, "nonsense", other.customer.token]) {
      expect(await upgradeRefusal(chat.customer.withToken(token))).toMatchObject(refused);
    }
    const { customer } = await openSession(server);
    const stranger = customer.withToken(await agentToken(server, ["chat:take"]));
    expect(await upgradeRefusal(stranger)).toMatchObject({ status: 403, code: "not-joined" });
  });

  test("takes the token of the Authorization header as well", async () => {
    const headers = { "Sec-WebSocket-Protocol": SUBPROTOCOL, Authorization: `Bearer ${chat.customer.token}` };
    expect(await upgradeRefusal(chat.customer.withToken(undefined), headers)).toBeUndefined();
  });

  test("never takes a token from the address", async () => {
    const address = chat.customer.address("openSocket", { query: { token: chat.customer.token ?? "" } });
    const response = await fetch(address, { headers: { Upgrade: "nothing" } }).catch(() => undefined);
    expect(response?.status ?? 401).toBe(401);
  });
});
