/** Sockets as they are: closing, dead, silent, with codes and reasons that may not be sent. */
import { beforeAll, describe, expect, it } from "vitest";
import { attachmentOf, closeAll, isAlive, tryClose, trySend } from "../../../../durable/kit/sockets.ts";
import { CLOSE, PING, PONG } from "../../../../src/protocol/wire.ts";
import { type Chat, openedChat, stopClock } from "../../../support/chats.ts";
import { ANNA, CUSTOMER, SECOND } from "../../../support/core-fixtures.ts";

beforeAll(stopClock);

/** A socket of the customer as both sides have it; the client's frames and close are awaited. */
async function connected(chat: Chat) {
  const { webSocket } = await chat.port.connect(CUSTOMER, { kind: "live", after: 0 });
  if (webSocket === null) throw new Error("no socket");
  const { promise: closed, resolve } = Promise.withResolvers<{ code: number; reason: string }>();
  const { promise: text, resolve: told } = Promise.withResolvers<unknown>();
  webSocket.addEventListener("close", ({ code, reason }) => resolve({ code, reason }));
  webSocket.addEventListener("message", ({ data }) => told(data));
  webSocket.accept();
  return { client: webSocket, closed, text };
}

/** Runs code on the object's side of its one socket. */
function onServer<R>(chat: Chat, code: (socket: WebSocket, state: DurableObjectState) => R): Promise<R> {
  return chat.inside((_instance, state) => {
    const [socket] = state.getWebSockets();
    if (socket === undefined) throw new Error("the object has no socket");
    return code(socket, state);
  });
}

describe("closing", () => {
  it.each([1005, 1006, 1015])("sends 1000 in place of %i, which must never be sent", async (code) => {
    const chat = await openedChat();
    const { closed } = await connected(chat);
    await onServer(chat, (socket) => tryClose(socket, code, "bye"));
    expect(await closed).toEqual({ code: 1000, reason: "bye" });
  });

  it.each([
    ["a", 123, "a".repeat(123)],
    ["a", 124, ""],
    ["é", 61, "é".repeat(61)],
    ["é", 62, ""],
  ])("sends a reason of %s × %i only if it fits into 123 bytes", async (letter, length, sent) => {
    const chat = await openedChat();
    const { closed } = await connected(chat);
    await onServer(chat, (socket) => tryClose(socket, CLOSE.badFrame, letter.repeat(length)));
    expect(await closed).toEqual({ code: CLOSE.badFrame, reason: sent });
  });

  it("is done once: a second close and a text to a closed socket are no fault", async () => {
    const chat = await openedChat();
    const { closed } = await connected(chat);
    await onServer(chat, (socket) => {
      tryClose(socket, CLOSE.ended, "first");
      tryClose(socket, CLOSE.badFrame, "second");
      trySend(socket, "too late");
    });
    expect(await closed).toEqual({ code: CLOSE.ended, reason: "first" });
  });

  it("reaches every socket of an object", async () => {
    const chat = await openedChat();
    const clients = [await connected(chat), await connected(chat), await connected(chat)];
    await chat.inside((_instance, state) => closeAll(state));
    for (const { closed } of clients) expect(await closed).toEqual({ code: CLOSE.unknownSession, reason: "erased" });
  });
});

describe("a sign of life", () => {
  it("is the open socket itself where its client never pinged, and nothing once it is closing", async () => {
    const chat = await openedChat();
    await connected(chat);
    const far = Number.MAX_SAFE_INTEGER;
    const states = await onServer(chat, (socket, state) => {
      const open = isAlive(state, socket, far, 0);
      tryClose(socket, 1000, "");
      return [open, isAlive(state, socket, far, 0)];
    });
    expect(states).toEqual([true, false]);
  });

  it("is a ping not longer ago than the client may be quiet", async () => {
    const chat = await openedChat();
    const { client, text } = await connected(chat);
    client.send(PING);
    expect(await text).toBe(PONG);
    const alive = await onServer(chat, (socket, state) => {
      const pingedAt = state.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? Number.NaN;
      return [0, 45 * SECOND, 45 * SECOND + 1].map((quiet) => isAlive(state, socket, pingedAt + quiet, 45 * SECOND));
    });
    expect(alive).toEqual([true, true, false]);
  });
});

it("an attachment outlives the object's memory", async () => {
  const chat = await openedChat();
  const { closed } = await connected(chat);
  const before = await onServer(chat, (socket) => attachmentOf(socket));
  await chat.evict();
  expect(before).toMatchObject({ kind: "live", principal: CUSTOMER, reader: "customer", welcomed: false });
  expect(await onServer(chat, (socket) => attachmentOf(socket))).toEqual(before);
  await onServer(chat, (socket) => trySend(socket, "still open"));
  await chat.inside((_instance, state) => closeAll(state, CLOSE.ended, "done"));
  expect(await closed).toEqual({ code: CLOSE.ended, reason: "done" });
});

it("a socket is told apart from others by its own principal", async () => {
  const chat = await (await openedChat()).join();
  await connected(chat);
  await chat.port.connect(ANNA, { kind: "live", after: 0 });
  const kinds = await chat.inside((_instance, state) => state.getWebSockets().map((one) => attachmentOf(one).reader));
  expect(kinds.sort()).toEqual(["agent", "customer"]);
});
