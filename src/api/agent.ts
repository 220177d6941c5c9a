/** The agent's own routes; once joined, agents take the session routes with their own token. */
import { viewEvent } from "../core/views.ts";
import { GrantSchema, JoinedSchema, JoinSchema, TransferSchema } from "../protocol/agent.ts";
import { EventSchema } from "../protocol/chat.ts";
import { done, SESSION_PARAMS } from "./chat.ts";
import { given } from "./given.ts";
import { type Route, route } from "./route.ts";

const join = route({
  method: "POST",
  path: "/v1/agent/sessions/:sessionId/join",
  operationId: "joinSession",
  summary: "Join a session, to serve it or as a supervisor; a repeat changes nothing",
  access: "agent",
  privilege: "chat:take",
  params: SESSION_PARAMS,
  body: JoinSchema,
  bodyOptional: true,
  answers: { 200: { description: "You are in the session", schema: JoinedSchema } },
  refusals: ["session-ended", "already-assigned"],
  async handle({ session, principal, body: { nickname, assignment, mode } }) {
    const how = { ...given("mode", mode), ...given("nickname", nickname), ...given("assignment", assignment) };
    const joined = await session.execute(principal, { type: "JoinSession", ...how });
    return joined.ok ? Response.json(joined.value) : joined;
  },
});

const leave = route({
  method: "POST",
  path: "/v1/agent/sessions/:sessionId/leave",
  operationId: "leaveSession",
  summary: "Leave a session; it stays open for the customer",
  access: "agent",
  params: SESSION_PARAMS,
  answers: { 204: { description: "You have left" } },
  refusals: ["not-joined", "session-ended"],
  handle: async ({ session, principal }) => done(await session.execute(principal, { type: "LeaveSession" })),
});

const transfer = route({
  method: "POST",
  path: "/v1/agent/sessions/:sessionId/transfer",
  operationId: "transferSession",
  summary: "Give a session on, to another agent or back to the queue; you leave it",
  access: "agent",
  privilege: "chat:take",
  params: SESSION_PARAMS,
  body: TransferSchema,
  bodyOptional: true,
  answers: { 204: { description: "You have left, and the session waits" } },
  refusals: ["not-joined", "session-ended"],
  handle: async ({ session, principal, body }) =>
    done(await session.execute(principal, { type: "TransferSession", ...given("to", body.to) })),
});

const grant = route({
  method: "POST",
  path: "/v1/agent/sessions/:sessionId/grants",
  operationId: "grantUploads",
  summary: "Grant the customer further files and bytes in this session",
  access: "agent",
  privilege: "chat:take",
  params: SESSION_PARAMS,
  body: GrantSchema,
  answers: { 201: { description: "The event", schema: EventSchema } },
  refusals: ["not-joined", "session-ended"],
  async handle({ session, principal, body: { files, bytes, clientId } }) {
    const command = { type: "GrantUploads", files, bytes, ...given("clientId", clientId) } as const;
    const granted = await session.execute(principal, command);
    return granted.ok ? Response.json(viewEvent(granted.value), { status: 201 }) : granted;
  },
});

/** The routes of this file. */
export const agentRoutes: readonly Route[] = [join, leave, transfer, grant];
