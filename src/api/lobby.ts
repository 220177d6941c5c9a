/** The queue of a service: agents say that they are ready, see who waits and refuse offers; customers ask for their place. */
import * as z from "zod";
import * as wire from "../protocol/lobby.ts";
import { done, SESSION_PARAMS } from "./chat.ts";
import { given } from "./given.ts";
import { addressOf } from "./guard.ts";
import { type Route, route } from "./route.ts";
import { upgraded } from "./socket.ts";

const SERVICE = z.object({ service: z.string() });
const TAKING = { access: "agent-service", privilege: "chat:take" } as const;
/** Supervisors find here the sessions that they join. */
const SEEING = { ...TAKING, orPrivilege: "chat:supervise" } as const;

const ready = route({
  ...TAKING,
  method: "POST",
  path: "/v1/agent/services/:service/ready",
  operationId: "setReady",
  summary: "Say whether you want offers, and how many chats at once",
  params: SERVICE,
  body: wire.ReadySchema,
  answers: { 200: { description: "How you stand", schema: wire.LobbyAgentSchema } },
  refusals: [],
  async handle({ lobby, principal, body }) {
    return Response.json(await lobby.setReady(principal, { ready: body.ready, ...given("capacity", body.capacity) }));
  },
});

const queue = route({
  ...SEEING,
  method: "GET",
  path: "/v1/agent/services/:service/queue",
  operationId: "getQueue",
  summary: "Who waits, your chats and your offers, and your colleagues",
  params: SERVICE,
  answers: { 200: { description: "The queue", schema: wire.QueueSchema } },
  refusals: [],
  handle: async ({ lobby, principal }) => Response.json(await lobby.view(principal)),
});

const decline = route({
  ...TAKING,
  method: "POST",
  path: "/v1/agent/services/:service/offers/:sessionId/decline",
  operationId: "declineOffer",
  summary: "Refuse an offer, or say that a waiting session is not for you; it goes to the next agent",
  params: z.object({ ...SERVICE.shape, ...SESSION_PARAMS.shape }),
  body: wire.DeclineSchema,
  answers: { 204: { description: "It is not offered to you any more" } },
  refusals: ["unknown-session"],
  async handle({ config, lobby, service, principal, params, body: { assignment } }) {
    const address = await addressOf(config, service, params.sessionId);
    if (address.ok) await lobby.decline(principal, params.sessionId, assignment);
    return done(address);
  },
});

const socket = route({
  ...SEEING,
  method: "GET",
  path: "/v1/agent/services/:service/socket",
  operationId: "openServiceSocket",
  summary: "WebSocket with subprotocol satchel.v1 that tells offers, the queue, colleagues, and what you have not read",
  params: SERVICE,
  answers: { 101: { description: "Frames as docs/protocol.md tells" } },
  refusals: ["upgrade-required", "origin-not-allowed"],
  handle: ({ lobby, principal, request }) => upgraded(request, (protocol) => lobby.connect(principal, protocol)),
});

const place = route({
  method: "GET",
  path: "/v1/sessions/:sessionId/queue",
  operationId: "getPlace",
  summary: "Your place in the queue, and how long it may take",
  access: "customer",
  params: SESSION_PARAMS,
  answers: { 200: { description: "Where the session stands", schema: wire.PlaceSchema } },
  refusals: [],
  async handle({ ports, address, session, principal }) {
    const view = await session.view(principal);
    if (!view.ok) return view;
    const { phase, waiting } = view.value;
    if (phase !== "open" || !waiting) return Response.json({ state: phase === "open" ? "served" : "ended" });
    return Response.json({ state: "waiting", ...(await ports.lobby(address).place(address.sessionId)) });
  },
});

/** The routes of this file. */
export const lobbyRoutes: readonly Route[] = [ready, queue, decline, socket, place];
