/** Scripted customers and agents on sockets to a running server: waiting, offers, refusals, transfers, and coming back. */
import { describe, expect, test } from "vitest";
import { PING, type Privilege } from "../../../src/protocol/wire.ts";
import { type AnswerOf, ApiClient, type Asking } from "../../support/node/api-client.ts";
import { openSession } from "../../support/node/chats.ts";
import { accept, agentNamed, openDesk } from "../../support/node/desks.ts";
import { agentClaims, secretOf, signClaims } from "../../support/node/forgery.ts";
import { useServer } from "../../support/node/server.ts";
import { openLive, openServiceSocket, upgradeRefusal } from "../../support/node/socket-client.ts";

/** A queue of its own for each test. */
const SERVICES = ["shift", "places", "silence", "unread", "crash", "watch", "words", "ends"] as const;
type Service = (typeof SERVICES)[number];
const table = { "transcript-email": "never", "offer-timeout": 5 };
const server = useServer({
  bindings: Object.fromEntries(SERVICES.map((name) => [`SERVICE_${name.toUpperCase()}`, table])),
});

const asAgent = (name: string, privileges?: readonly Privilege[]) => agentNamed(server, name, privileges);
const ready = (service: Service, name: string) => openDesk(server, service, name);

/** The customer's place, once the queue has heard of the session. */
async function placeOf(customer: ApiClient): Promise<AnswerOf<"getPlace">> {
  for (;;) {
    const place = await customer.must("getPlace");
    if (place.state !== "waiting" || place.position !== undefined) return place;
  }
}

test("a chat is offered, refused, taken by the next agent, given back to the queue, and taken by the first", async () => {
  const service = "shift";
  const ada = await ready(service, "Ada");
  const grace = await ready(service, "Grace");
  const { customer, opened } = await openSession(server, service, { nickname: "Max", subject: "Parcel" });
  const { sessionId } = opened;
  const phone = await openLive(customer);

  const offer = await ada.socket.nextOf("offer");
  expect(offer.session).toMatchObject({ sessionId, assignment: 1, nickname: "Max", subject: "Parcel", agents: [] });
  expect(await customer.must("getPlace")).toMatchObject({
    state: "waiting",
    position: 1,
    waiting: 1,
    agentsReady: true,
  });
  await ada.api.must("declineOffer", { params: { service, sessionId }, json: { assignment: 1 } });

  await grace.socket.nextOf("offer");
  await accept(grace, sessionId, 1);
  expect(await ada.socket.nextOf("session-gone")).toMatchObject({ sessionId });
  const late = await ada.api.inSession(sessionId).refused("joinSession", { json: { assignment: 1 } });
  expect(late).toMatchObject({ status: 409, code: "already-assigned" });
  expect(await customer.must("getPlace")).toEqual({ state: "served" });

  const desk = await openLive(grace.api.inSession(sessionId));
  phone.send({ type: "message", text: "Where is it?", clientId: "c1" });
  expect((await desk.nextOf("events")).events).toMatchObject([{ text: "Where is it?" }]);
  desk.send({ type: "message", text: "One moment.", clientId: "c1" });
  await phone.nextOf("events", ({ events }) =>
    events.some((one) => one.type === "Message" && one.text === "One moment."),
  );

  await grace.api.inSession(sessionId).must("transferSession");
  expect(await desk.closed).toMatchObject({ code: 4401 });
  const again = await ada.socket.nextOf("offer");
  expect(again.session).toMatchObject({ sessionId, assignment: 3 });
  await accept(ada, sessionId, 3);
  await ada.socket.nextOf("session", ({ session }) => session.state === "served");
  expect((await ada.api.must("getQueue", { params: { service } })).served).toMatchObject([
    { sessionId, state: "served" },
  ]);

  await ada.api.inSession(sessionId).must("endSession");
  await ada.socket.nextOf("session-gone");
  expect(await customer.must("getPlace")).toEqual({ state: "ended" });
  expect(await phone.closed).toMatchObject({ code: 4000 });
});

test("customers ask for their place, and are told when it changes", async () => {
  const service = "places";
  const waiting = [await openSession(server, service), await openSession(server, service)];
  const places = await Promise.all(waiting.map(({ customer }) => placeOf(customer)));
  expect(places).toMatchObject([{ agentsReady: false }, { agentsReady: false }]);
  const [first, second] = waiting;
  if (first === undefined || second === undefined) throw new Error("two sessions were opened");
  expect(await second.customer.must("getPlace")).toMatchObject({ position: 2, waiting: 2 });
  const phone = await openLive(second.customer);
  const ada = await asAgent("Ada");
  await ada.inSession(first.opened.sessionId).must("joinSession");
  expect(await phone.nextOf("queue", ({ position }) => position === 1)).toMatchObject({
    waiting: 1,
    agentsReady: false,
  });
});

test("an agent who says nothing loses the offer to the next one, and is not ready any more", async () => {
  const service = "silence";
  const ada = await ready(service, "Ada");
  const grace = await ready(service, "Grace");
  const { opened } = await openSession(server, service);
  const { expiresAt } = await ada.socket.nextOf("offer");
  expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(5000);
  expect(await ada.socket.nextOf("offer-withdrawn")).toMatchObject({ sessionId: opened.sessionId });
  await ada.socket.nextOf("not-ready");
  await grace.socket.nextOf("offer");
  await accept(grace, opened.sessionId, 1);
});

test("an agent who looks elsewhere is told how much they have not read, once for many messages", async () => {
  const service = "unread";
  const ada = await ready(service, "Ada");
  const { customer, opened } = await openSession(server, service);
  await ada.socket.nextOf("offer");
  await accept(ada, opened.sessionId, 1);
  await ada.api.inSession(opened.sessionId).must("markRead", { json: { position: 2 } });
  for (let count = 0; count < 10; count += 1) await customer.must("sendMessage", { json: { text: `${count}` } });
  const told = [];
  while (told.at(-1) !== 10) told.push((await ada.socket.nextOf("unread")).unread);
  expect(told.length).toBeLessThan(10);
  expect(told).toEqual([...told].sort((a, b) => a - b));
});

test("readiness, the queue and an offer survive the death of the server, and an agent who comes back finds them", async () => {
  const service = "crash";
  const ada = await ready(service, "Ada");
  const { customer, opened } = await openSession(server, service);
  await ada.socket.nextOf("offer");
  await server().restart("kill");
  const socket = await openServiceSocket(ada.api, service);
  const queue = await socket.next("queue");
  expect(queue.waiting).toMatchObject([{ sessionId: opened.sessionId, assignment: 1 }]);
  expect(queue.agents).toMatchObject([{ agentId: "dev:Ada", ready: true }]);
  expect((await placeOf(customer)).position).toBe(1);
  await accept({ api: ada.api, socket }, opened.sessionId, 1);
  await socket.nextOf("session", ({ session }) => session.state === "served");
});

test("a supervisor sees who serves whom, joins silently, and is no agent of the queue", async () => {
  const service = "watch";
  const supervisor = await asAgent("Super", ["chat:supervise"]);
  const socket = await openServiceSocket(supervisor, service);
  await socket.next("queue");
  const ada = await ready(service, "Ada");
  const { opened } = await openSession(server, service);
  await ada.socket.nextOf("offer");
  await accept(ada, opened.sessionId, 1);
  const { session } = await socket.nextOf("session", (frame) => frame.session.state === "served");
  expect(session).toMatchObject({ sessionId: opened.sessionId, agents: ["dev:Ada"] });
  await supervisor.inSession(session.sessionId).must("joinSession", { json: { mode: "silent" } });
  const queue = await supervisor.must("getQueue", { params: { service } });
  expect(queue).toMatchObject({ served: [{ agents: ["dev:Ada"] }], agents: [{ agentId: "dev:Ada", serving: 1 }] });
  expect(queue.agents).toHaveLength(1);
});

describe("what is wrong", () => {
  const service = "words";
  test.each([
    ["setReady", {}, "ready"],
    ["setReady", { ready: "yes" }, "ready"],
    ["setReady", { ready: true, capacity: 0 }, "capacity"],
    ["setReady", { ready: true, capacity: 101 }, "capacity"],
    ["setReady", { ready: true, capacity: 1.5 }, "capacity"],
    ["declineOffer", {}, "assignment"],
    ["declineOffer", { assignment: 0 }, "assignment"],
  ] as const)("in %s with %o is named", async (name, json, field) => {
    const asking: Asking = { params: { service, sessionId: "x" }, json };
    const refused = await (await asAgent("Ada")).refused(name, asking);
    expect(refused).toMatchObject({ status: 400, errors: [{ field }] });
  });

  test("with a session of another service, or none, is that it is unknown", async () => {
    const elsewhere = await openSession(server, "shift");
    const ada = await asAgent("Ada");
    for (const sessionId of [elsewhere.opened.sessionId, "x".repeat(40)]) {
      const asking = { params: { service, sessionId }, json: { assignment: 1 } };
      expect(await ada.refused("declineOffer", asking)).toMatchObject({ status: 404, code: "unknown-session" });
    }
  });

  test("with a socket is told without one: an origin that is not listed, no token, no privilege", async () => {
    const asking = { params: { service } };
    const ada = await asAgent("Ada");
    const refusal = (who: ApiClient, origin: string) =>
      upgradeRefusal(who, { Origin: origin }, "openServiceSocket", asking);
    expect(await refusal(ada, "https://evil.example")).toMatchObject({ status: 403, code: "origin-not-allowed" });
    expect(await refusal(ada, server().url)).toBeUndefined();
    expect(await refusal(ada.withToken(undefined), server().url)).toMatchObject({ code: "unauthenticated" });
    const editor = await asAgent("Ed", ["library:edit"]);
    expect(await refusal(editor, server().url)).toMatchObject({ code: "missing-privilege", detail: "needs chat:take" });
    expect(await ada.refused("openServiceSocket", asking)).toMatchObject({ code: "upgrade-required" });
  });
});

test("an agent's socket is closed when its token ends, though nothing is said on it", async () => {
  const claims = { ...agentClaims(["chat:take"], "Ada"), exp: Math.floor(Date.now() / 1000) + 2 };
  const token = await signClaims(secretOf(server().secrets, "DEV_ISSUER_KEY"), claims);
  const socket = await openServiceSocket(new ApiClient(() => server().url, "", token), "ends");
  // As clients do; without a word from its client workerd ends the connection ten seconds after the close.
  socket.sendText(PING);
  expect(await socket.closed).toMatchObject({ code: 4401, reason: "token expired" });
});
