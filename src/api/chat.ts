/** Sessions and what is said in them, over REST. */
import * as z from "zod";
import { makeSessionId, type SessionAddress } from "../auth/session-id.ts";
import { signSessionToken } from "../auth/session-token.ts";
import type { Config } from "../config.ts";
import type { OpenSession } from "../core/participants.ts";
import { type Refusal, type Result, refuse } from "../core/refusal.ts";
import { viewEvent, wireTime } from "../core/views.ts";
import * as chat from "../protocol/chat.ts";
import { toHex } from "../protocol/encoding.ts";
import { OpeningKeySchema } from "../protocol/files.ts";
import { readAddress } from "./address.ts";
import { check } from "./body.ts";
import { type Answer, type Ports, type Route, route } from "./route.ts";

/** Path of one session. */
export const SESSION_PARAMS = z.object({ sessionId: z.string().describe("Session id") });

const SYSTEM = { kind: "system" } as const;
/** Around midnight UTC a repeated opening may belong to the day before; as long as such repeats are answered. */
const REPEAT_MS = 10 * 60 * 1000;
const EVENT: Answer = { description: "The event", schema: chat.EventSchema };
const NOTHING: Answer = { description: "Done" };

const openSession = route({
  method: "POST",
  path: "/v1/services/:service/sessions",
  operationId: "openSession",
  summary: "Start a chat session",
  access: "public",
  params: z.object({ service: z.string() }),
  headers: z.object({ "Idempotency-Key": OpeningKeySchema.optional() }),
  body: chat.OpenSessionSchema,
  answers: { 201: { description: "The session, and the customer's token for it", schema: chat.OpenedSessionSchema } },
  refusals: ["unknown-service", "idempotency-key-reused"],
  async handle({ config, ports, request, params, body }) {
    const options = config.services.get(params.service);
    if (options === undefined) return refuse({ reason: "unknown-service" });
    const email = readAddress(body.email, "email");
    if (!email.ok) return email;
    const key = check(
      OpeningKeySchema.optional(),
      request.headers.get("Idempotency-Key") ?? undefined,
      "header Idempotency-Key",
    );
    if (!key.ok) return key;
    const opening = key.value === undefined ? undefined : await hash(`${params.service}\n${JSON.stringify(body)}`);
    const address = await placeSession(config, ports, params.service, key.value);
    const command = openCommand(address, { ...body, email: email.value }, options, opening);
    const opened = await ports.session(address).execute(SYSTEM, command);
    if (!opened.ok) return opened;
    const { participantId, tokenVersion, position, limits } = opened.value;
    const signed = await signSessionToken(config, address.sessionId, { participantId, tokenVersion }, ports.now());
    const answer = { token: signed.token, tokenExpiresAt: wireTime(signed.expiresAt), participantId, position, limits };
    return Response.json({ sessionId: address.sessionId, ...answer }, { status: 201 });
  },
});

/** The session a key already opened just before midnight, or the one it opens today. */
async function placeSession(
  config: Config,
  ports: Ports,
  service: string,
  key: string | undefined,
): Promise<SessionAddress> {
  const now = ports.now();
  const today = await makeSessionId(config, service, now, key);
  const earlier = key === undefined ? today : await makeSessionId(config, service, now - REPEAT_MS, key);
  if (earlier.sessionId === today.sessionId) return today;
  const known = await ports.session(earlier).view(SYSTEM);
  return known.ok ? earlier : today;
}

function openCommand(
  { sessionId, service, startDay }: SessionAddress,
  body: Omit<z.infer<typeof chat.OpenSessionSchema>, "email"> & { email: string | undefined },
  options: OpenSession["record"]["options"],
  opening: string | undefined,
): OpenSession {
  const { email, subject, language, timeZone, userData = {} } = body;
  const nickname = body.nickname ?? `${body.firstName} ${body.lastName}`;
  const details = {
    ...given("email", email),
    ...given("subject", subject),
    ...given("language", language),
    ...given("timeZone", timeZone),
  };
  const record = { sessionId, service, startDay, options, userData, ...details, ...given("opening", opening) };
  return { type: "OpenSession", nickname, record };
}

function given<K extends string>(key: K, value: string | undefined): { [key in K]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { [key in K]?: string };
}

async function hash(text: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));
}

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
  summary: "Get a new token; all earlier ones of this customer are revoked",
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
  read,
  nickname,
  userData,
  end,
  token,
];
