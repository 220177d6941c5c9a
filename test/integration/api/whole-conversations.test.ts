/** A scripted customer and scripted agents, each on sockets, hold whole conversations over the running server. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { WireEvent } from "../../../src/protocol/chat.ts";
import type { ApiClient } from "../../support/node/api-client.ts";
import { openSession, sample, send, textOf } from "../../support/node/chats.ts";
import { accept, agentNamed, openDesk } from "../../support/node/desks.ts";
import { useServer } from "../../support/node/server.ts";
import { openLive, type SocketClient } from "../../support/node/socket-client.ts";

/** A queue of its own for each test. */
const QUIET = { "transcript-email": "never" };
const server = useServer({ bindings: { SERVICE_WHOLE: QUIET, SERVICE_LEFT: QUIET } });
const AGENT = [
  "chat:take",
  "chat:transfer-file-from-file-system",
  "chat:transfer-file-from-standard-response",
  "chat:save-files",
] as const;

/** Somebody in a session: what they can do, and what their socket tells them that others did. */
class Person {
  readonly api: ApiClient;
  readonly socket: SocketClient;
  readonly #name: string;
  readonly #news: WireEvent[] = [];

  constructor(name: string, api: ApiClient, socket: SocketClient) {
    this.#name = name;
    this.api = api;
    this.socket = socket;
  }

  /** The next event of this type by somebody else; others before it are passed over. */
  async hears<T extends WireEvent["type"]>(type: T): Promise<WireEvent & { type: T }> {
    const is = (event: WireEvent): event is WireEvent & { type: T } =>
      event.type === type && event.from.nickname !== this.#name;
    for (;;) {
      for (let event = this.#news.shift(); event !== undefined; event = this.#news.shift()) if (is(event)) return event;
      this.#news.push(...(await this.socket.nextOf("events")).events);
    }
  }

  says(text: string): void {
    this.socket.send({ type: "message", text, clientId: crypto.randomUUID() });
  }

  /** Fetches the file they are told of next, and compares it with what was sent. */
  async fetches(bytes: Uint8Array): Promise<void> {
    const { file } = await this.hears("FileUploaded");
    expect(await this.api.must("downloadFile", { params: { fileId: file.fileId } })).toEqual(bytes);
    expect(file.sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
  }
}

const enter = async (name: string, api: ApiClient) => new Person(name, api, await openLive(api));

/** A response with a file in the library of a service. */
async function library(service: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const editor = await agentNamed(server, "Editor", ["library:edit"]);
  const json = { title: "Terms", language: "en", text: "Dear {{customer.nickname}}, our terms. {{agent.nickname}}" };
  const { responseId } = await editor.must("createStandardResponse", { params: { service }, json });
  const asking = { params: { service, responseId }, query: { name: "terms.txt" }, body: bytes };
  await editor.must("uploadLibraryFile", asking);
  return responseId;
}

test("offered, refused, taken; files both ways, a standard response; given to a colleague; ended, with all in the transcript", async () => {
  const service = "whole";
  const photo = await sample("photo.jpeg");
  const form = textOf(3000);
  const terms = textOf(500);
  const responseId = await library(service, terms);
  const ada = await openDesk(server, service, "Ada", AGENT);
  const grace = await openDesk(server, service, "Grace", AGENT);
  const opening = { nickname: "Max", subject: "A broken cup", email: "max@example.com" };
  const { customer, opened } = await openSession(server, service, opening);
  const { sessionId } = opened;
  const max = await enter("Max", customer);

  const offer = await ada.socket.nextOf("offer");
  expect(offer.session).toMatchObject({ sessionId, nickname: "Max", subject: "A broken cup" });
  await ada.api.must("declineOffer", { params: { service, sessionId }, json: { assignment: 1 } });
  const { session } = await grace.socket.nextOf("offer");
  const first = await enter("Grace", await accept(grace, sessionId, session.assignment));
  expect((await max.hears("ParticipantJoined")).from.nickname).toBe("Grace");

  max.says("It came broken.");
  expect(await first.hears("Message")).toMatchObject({ text: "It came broken.", from: { nickname: "Max" } });
  await send(max.api, "cup.jpeg", photo);
  await first.fetches(photo);
  await send(first.api, "form.txt", form);
  await max.fetches(form);
  await first.api.must("sendStandardResponse", { params: { responseId }, json: { clientId: "s1" } });
  expect(await max.hears("Message")).toMatchObject({ text: "Dear Max, our terms. Grace" });
  await max.fetches(terms);

  await first.api.must("transferSession", { json: { to: "dev:Ada" } });
  expect(await first.socket.closed).toMatchObject({ code: 4401 });
  const given = await ada.socket.nextOf("offer");
  expect(given.session).toMatchObject({ sessionId, wanted: "dev:Ada" });
  const second = await enter("Ada", await accept(ada, sessionId, given.session.assignment));
  expect((await max.hears("ParticipantJoined")).from.nickname).toBe("Ada");
  second.says("A new cup is on its way.");
  await max.hears("Message");
  await second.api.must("endSession");
  for (const { socket } of [max, second]) expect(await socket.closed).toMatchObject({ code: 4000 });

  const told = (await customer.must("getEvents")).events.map((event) =>
    event.type === "Message" ? event.text : event.type === "FileUploaded" ? event.file.name : event.type,
  );
  expect(told).toEqual([
    "ParticipantJoined",
    "ParticipantJoined",
    "It came broken.",
    "cup.jpeg",
    "form.txt",
    "Dear Max, our terms. Grace",
    "terms.txt",
    "ParticipantLeft",
    "ParticipantJoined",
    "A new cup is on its way.",
    "ParticipantLeft",
    "ParticipantLeft",
  ]);
});

test("a customer who ends the chat while it is offered leaves no offer behind", async () => {
  const service = "left";
  const ada = await openDesk(server, service, "Ada");
  const { customer, opened } = await openSession(server, service);
  await ada.socket.nextOf("offer");
  await customer.must("endSession");
  expect(await ada.socket.nextOf("session-gone")).toMatchObject({ sessionId: opened.sessionId });
  const { offers, waiting } = await ada.api.must("getQueue", { params: { service } });
  expect({ offers, waiting }).toEqual({ offers: [], waiting: [] });
  const late = await ada.api.inSession(opened.sessionId).refused("joinSession", { json: { assignment: 1 } });
  expect(late).toMatchObject({ status: 409, code: "session-ended" });
});
