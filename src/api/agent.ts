/** The agent's own routes; once joined, agents take the session routes with their own token. */
import * as z from "zod";
import { ok, type Result } from "../core/refusal.ts";
import type { TranscriptEvent } from "../core/transcript.ts";
import { viewEvent, wireTime } from "../core/views.ts";
import {
  EarlierChatsSchema,
  GrantSchema,
  JoinedSchema,
  JoinSchema,
  SendResponseSchema,
  TransferSchema,
} from "../protocol/agent.ts";
import { EventSchema } from "../protocol/chat.ts";
import { done, SESSION_PARAMS } from "./chat.ts";
import { given } from "./given.ts";
import { type Route, route, type SessionCall } from "./route.ts";

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

const respond = route({
  method: "POST",
  path: "/v1/agent/sessions/:sessionId/standard-responses/:responseId",
  operationId: "sendStandardResponse",
  summary: "Send a standard response: its text as a message, and its files",
  access: "agent",
  privilege: "chat:transfer-file-from-standard-response",
  params: z.object({ ...SESSION_PARAMS.shape, responseId: z.string().max(64) }),
  body: SendResponseSchema,
  bodyOptional: true,
  answers: { 201: { description: "The message; an event for each file follows it", schema: EventSchema } },
  refusals: [
    "unknown-response",
    "not-joined",
    "session-ended",
    "message-too-long",
    "file-too-large",
    "type-not-allowed",
  ],
  async handle(call) {
    const sent = await sendResponse(call, call.params.responseId, call.body);
    return sent.ok ? Response.json(viewEvent(sent.value), { status: 201 }) : sent;
  },
});

/** The session notes first that it uses the library, the library that the session has the files, and then they are sent. */
async function sendResponse(
  { session, address: { sessionId, service, jurisdiction }, principal, ports }: SessionCall<unknown, unknown, unknown>,
  responseId: string,
  { language, clientId }: z.infer<typeof SendResponseSchema>,
): Promise<Result<TranscriptEvent>> {
  const key = given("clientId", clientId);
  const begun = await session.execute(principal, { type: "BeginStandardResponse", ...key });
  if (!begun.ok) return begun;
  if ("position" in begun.value) return ok(begun.value);
  const agentId = principal.kind === "agent" ? principal.agentId : undefined;
  const library = ports.library({ service, jurisdiction });
  const taken = await library.takeForSession(sessionId, responseId, language ?? begun.value.customersLanguage, agentId);
  if (!taken.ok) return taken;
  return session.execute(principal, { type: "SendStandardResponse", response: taken.value, ...key });
}

const earlier = route({
  method: "GET",
  path: "/v1/agent/sessions/:sessionId/earlier",
  operationId: "getEarlierChats",
  summary: "Earlier chats of customers who gave the same e-mail address, which is not verified",
  access: "agent",
  privilege: "chat:take",
  params: SESSION_PARAMS,
  query: z.object({
    cursor: z
      .string()
      .regex(/^\d{4}-(0[1-9]|1[0-2])$/, "a cursor of an earlier answer")
      .optional(),
  }),
  answers: { 200: { description: "The newest first, some months at a time", schema: EarlierChatsSchema } },
  refusals: ["not-joined"],
  async handle({ session, principal, query: { cursor } }) {
    const found = await session.earlier(principal, cursor);
    if (!found.ok) return found;
    const chats = found.value.chats.map(({ sessionId, startedAt, endedAt }) => ({
      sessionId,
      startedAt: wireTime(startedAt),
      ...given("endedAt", endedAt === undefined ? undefined : wireTime(endedAt)),
    }));
    return Response.json({ chats, unverifiedAddress: true, ...given("cursor", found.value.cursor) });
  },
});

/** The routes of this file. */
export const agentRoutes: readonly Route[] = [join, leave, transfer, grant, respond, earlier];
