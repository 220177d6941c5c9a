/** Sessions and what is said in them, over REST. */
import * as z from "zod";
import { signSessionToken } from "../auth/session-token.ts";
import type { Refusal, Result } from "../core/refusal.ts";
import { viewEvent, wireTime } from "../core/views.ts";
import * as chat from "../protocol/chat.ts";
import { OpeningKeySchema } from "../protocol/files.ts";
import { readAddress } from "./address.ts";
import { check } from "./body.ts";
import { given } from "./given.ts";
import { openChat } from "./opening.ts";
import { type Answer, type Route, route } from "./route.ts";

/** Path of one session. */
export const SESSION_PARAMS = z.object({ sessionId: z.string().describe("Session id") });

const EVENT: Answer = { description: "The event", schema: chat.EventSchema };
const NOTHING: Answer = { description: "Done" };

const openSession = route({
  method: "POST",
  path: "/v1/services/:service/sessions",
  operationId: "openSession",
  limit: "sessions",
  summary: "Start a chat session",
  access: "public",
  params: z.object({ service: z.string() }),
  headers: z.object({ "Idempotency-Key": OpeningKeySchema.optional() }),
  body: chat.OpenSessionSchema,
  answers: { 201: { description: "The session, and the customer's token for it", schema: chat.OpenedSessionSchema } },
  refusals: [
    "unknown-service",
    "idempotency-key-reused",
    "turnstile-required",
    "turnstile-failed",
    "turnstile-unavailable",
  ],
  async handle(call) {
    const { request, params } = call;
    const { turnstileToken, ...body } = call.body;
    const email = readAddress(body.email, "email");
    if (!email.ok) return email;
    const key = check(
      OpeningKeySchema.optional(),
      request.headers.get("Idempotency-Key") ?? undefined,
      "header Idempotency-Key",
    );
    if (!key.ok) return key;
    const manner = key.value === undefined ? {} : { repeat: { key: key.value, body: JSON.stringify(body) } };
    const nickname = body.nickname ?? `${body.firstName} ${body.lastName}`;
    const human = { ...manner, ...given("turnstileToken", turnstileToken) };
    const opened = await openChat(call, params.service, { ...body, nickname, email: email.value }, human);
    if (!opened.ok) return opened;
    const { address, token, tokenExpiresAt, participantId, position, limits } = opened.value;
    const answer = { token, tokenExpiresAt: wireTime(tokenExpiresAt), participantId, position, limits };
    return Response.json({ sessionId: address.sessionId, ...answer }, { status: 201 });
  },
});

const viewSession = route({
  method: "GET",
  path: "/v1/sessions/:sessionId",
  operationId: "getSession",
  summary: "The session: phase, participants, position and limits",
  access: "participant",
  params: SESSION_PARAMS,
  answers: { 200: { description: "The session", schema: chat.SessionSchema } },
  refusals: [],
  async handle({ session, principal }) {
    const view = await session.view(principal);
    return view.ok ? Response.json(view.value) : view;
  },
});

const limits = route({
  method: "GET",
  path: "/v1/sessions/:sessionId/limits",
  operationId: "getLimits",
  summary: "What the customer may send and fetch, and what is used of it",
  access: "participant",
  params: SESSION_PARAMS,
  answers: { 200: { description: "The limits", schema: chat.LimitsSchema } },
  refusals: [],
  async handle({ session, principal }) {
    const view = await session.limits(principal);
    return view.ok ? Response.json(view.value) : view;
  },
});

const sendMessage = route({
  method: "POST",
  path: "/v1/sessions/:sessionId/messages",
  operationId: "sendMessage",
  limit: "messages",
  summary: "Send a message; the same clientId again gives the same event",
  access: "participant",
  params: SESSION_PARAMS,
  body: chat.SendMessageSchema,
  answers: { 201: EVENT },
  refusals: ["session-ended", "message-too-long", "missing-privilege"],
  async handle({ session, principal, body: { text, clientId, messageType, visibility = "all" } }) {
    const extra = { ...given("clientId", clientId), ...given("messageType", messageType) };
    const sent = await session.execute(principal, { type: "SendMessage", text, visibility, ...extra });
    return sent.ok ? Response.json(viewEvent(sent.value), { status: 201 }) : sent;
  },
});

const pushUrl = route({
  method: "POST",
  path: "/v1/sessions/:sessionId/push-url",
  operationId: "pushUrl",
  limit: "messages",
  summary: "Show a URL to the other participants",
  access: "participant",
  privilege: "chat:push-url",
  params: SESSION_PARAMS,
  body: chat.PushUrlSchema,
  answers: { 201: EVENT },
  refusals: ["session-ended"],
  async handle({ session, principal, body: { url, clientId } }) {
    const sent = await session.execute(principal, { type: "PushUrl", url, ...given("clientId", clientId) });
    return sent.ok ? Response.json(viewEvent(sent.value), { status: 201 }) : sent;
  },
});

const sendNotice = route({
  method: "POST",
  path: "/v1/sessions/:sessionId/notices",
  operationId: "sendNotice",
  limit: "messages",
  summary: "Send a custom notice",
  access: "participant",
  params: SESSION_PARAMS,
  body: chat.SendNoticeSchema,
  answers: { 201: EVENT },
  refusals: ["session-ended"],
  async handle({ session, principal, body: { text, userData, clientId } }) {
    const data = userData === undefined ? {} : { userData };
    const sent = await session.execute(principal, {
      type: "SendNotice",
      text,
      ...data,
      ...given("clientId", clientId),
    });
    return sent.ok ? Response.json(viewEvent(sent.value), { status: 201 }) : sent;
  },
});

const typing = route({
  method: "POST",
  path: "/v1/sessions/:sessionId/typing",
  operationId: "setTyping",
  summary: "Tell the others that you type, or stopped",
  access: "participant",
  params: SESSION_PARAMS,
  body: chat.TypingSchema,
  answers: { 204: NOTHING },
  refusals: ["session-ended"],
  async handle({ session, principal, body }) {
    return done(
      await session.execute(principal, { type: "SetTyping", typing: body.typing, ...given("preview", body.preview) }),
    );
  },
});

const stay = route({
  method: "POST",
  path: "/v1/sessions/:sessionId/stay",
  operationId: "stay",
  summary: "Answer an idle alert without a word: the inactivity control starts anew",
  access: "participant",
  params: SESSION_PARAMS,
  answers: { 204: NOTHING },
  refusals: ["session-ended"],
  handle: async ({ session, principal }) => done(await session.execute(principal, { type: "Stay" })),
});

const read = route({
  method: "POST",
  path: "/v1/sessions/:sessionId/read",
  operationId: "markRead",
  summary: "Say up to which position you have read",
  access: "participant",
  params: SESSION_PARAMS,
  body: chat.ReadSchema,
  answers: { 204: NOTHING },
  refusals: ["session-ended"],
  handle: async ({ session, principal, body }) => done(await session.execute(principal, { type: "MarkRead", ...body })),
});

const nickname = route({
  method: "POST",
  path: "/v1/sessions/:sessionId/nickname",
  operationId: "updateNickname",
  limit: "messages",
  summary: "Change your nickname",
  access: "participant",
  params: SESSION_PARAMS,
  body: chat.UpdateNicknameSchema,
  answers: { 200: EVENT },
  refusals: ["session-ended"],
  async handle({ session, principal, body }) {
    const updated = await session.execute(principal, { type: "UpdateNickname", ...body });
    return updated.ok ? Response.json(viewEvent(updated.value)) : updated;
  },
});

const userData = route({
  method: "POST",
  path: "/v1/sessions/:sessionId/user-data",
  operationId: "updateUserData",
  limit: "messages",
  summary: "Merge into the data attached to the session",
  access: "participant",
  params: SESSION_PARAMS,
  body: chat.UpdateUserDataSchema,
  answers: { 204: NOTHING },
  refusals: ["session-ended"],
  handle: async ({ session, principal, body }) =>
    done(await session.execute(principal, { type: "UpdateUserData", ...body })),
});

const end = route({
  method: "POST",
  path: "/v1/sessions/:sessionId/end",
  operationId: "endSession",
  summary: "End the session for everybody",
  access: "participant",
  params: SESSION_PARAMS,
  answers: { 204: NOTHING },
  refusals: [],
  handle: async ({ session, principal }) => done(await session.execute(principal, { type: "EndSession" })),
});

const token = route({
  method: "POST",
  path: "/v1/sessions/:sessionId/token",
  operationId: "renewToken",
  summary: "Get a new token; every earlier one is revoked once it is used",
  access: "customer",
  params: SESSION_PARAMS,
  answers: { 201: { description: "The new token", schema: chat.TokenSchema } },
  refusals: [],
  async handle({ config, ports, address, session, principal }) {
    const rotated = await session.execute(principal, { type: "RotateToken" });
    if (!rotated.ok) return rotated;
    const participantId = principal.kind === "customer" ? principal.participantId : 0;
    const signed = await signSessionToken(config, address.sessionId, { participantId, ...rotated.value }, ports.now());
    return Response.json({ token: signed.token, tokenExpiresAt: wireTime(signed.expiresAt) }, { status: 201 });
  },
});

/** A command that answers nothing. */
export function done(
  result: Result<unknown> | { ok: false; refusal: Refusal },
  status = 204,
): Response | Result<never> {
  return result.ok ? new Response(null, { status }) : result;
}

/** The routes of this file. */
export const chatRoutes: readonly Route[] = [
  openSession,
  viewSession,
  limits,
  sendMessage,
  pushUrl,
  sendNotice,
  typing,
  stay,
  read,
  nickname,
  userData,
  end,
  token,
];
