/** News of a session: polling, long polling held here and never in the object, and the WebSocket of `satchel.v1`. */
import * as z from "zod";
import type { SessionPort } from "../../durable/kit/objects.ts";
import { isExpired, type Principal } from "../core/principal.ts";
import { type Refusal, type Result, refuse } from "../core/refusal.ts";
import { EventPageSchema } from "../protocol/chat.ts";
import { MAX_WAIT_SECONDS, SUBPROTOCOL } from "../protocol/wire.ts";
import { SESSION_PARAMS } from "./chat.ts";
import { type Ports, type Route, route } from "./route.ts";

const wholeNumber = (max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, "a whole number")
    .transform(Number)
    .refine((value) => value <= max, `at most ${max}`);

const events = route({
  method: "GET",
  path: "/v1/sessions/:sessionId/events",
  operationId: "getEvents",
  summary: "Events after a position; with wait, answers when there is news or the time is over",
  access: "participant",
  params: SESSION_PARAMS,
  query: z.object({
    after: wholeNumber(Number.MAX_SAFE_INTEGER).default(0).describe("Last position you have"),
    wait: wholeNumber(MAX_WAIT_SECONDS).default(0).describe("Seconds to wait for news, at most 25"),
  }),
  answers: { 200: { description: "A page of events", schema: EventPageSchema } },
  refusals: [],
  async handle({ ports, session, principal, query, request }) {
    if (query.wait > 0) return longPoll(ports, session, principal, query, request.signal);
    const page = await session.events(principal, query.after);
    return page.ok ? Response.json(page.value) : page;
  },
});

/** Holds a socket to the hibernating object until it sends a page, the time is over, or the client leaves. */
async function longPoll(
  ports: Pick<Ports, "now">,
  session: SessionPort,
  principal: Principal,
  { after, wait }: { after: number; wait: number },
  left: AbortSignal,
): Promise<Response | Result<never>> {
  const answer = await session.connect(principal, { kind: "poll", after });
  const socket = answer.webSocket;
  if (socket === null || socket === undefined) return unwrap(answer);
  socket.accept();
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const timer = setTimeout(() => resolve(undefined), wait * 1000);
  socket.addEventListener("message", ({ data }) => resolve(typeof data === "string" ? data : undefined));
  socket.addEventListener("close", () => resolve(undefined));
  left.addEventListener("abort", () => resolve(undefined));
  const page = await promise;
  clearTimeout(timer);
  socket.close(1000, "done");
  if (page !== undefined) return new Response(page, { headers: { "Content-Type": "application/json" } });
  if (isExpired(principal, ports.now())) return refuse({ reason: "token-expired" });
  // Asked once more rather than answered with nothing: the token may have been revoked, or the session erased meanwhile.
  const last = await session.events(principal, after);
  return last.ok ? Response.json(last.value) : last;
}

/** What the object answered instead of a socket; its refusals become problems like any other. */
async function unwrap(answer: Response): Promise<Response | Result<never>> {
  return answer.status < 400 ? answer : refuse(await answer.json<Refusal>());
}

const socket = route({
  method: "GET",
  path: "/v1/sessions/:sessionId/socket",
  operationId: "openSocket",
  summary: "WebSocket with subprotocol satchel.v1; the token rides as a second one, satchel.token.<token>",
  access: "participant",
  params: SESSION_PARAMS,
  answers: { 101: { description: "Frames as docs/protocol.md tells" } },
  refusals: ["upgrade-required", "origin-not-allowed"],
  handle: ({ session, principal, request }) =>
    upgraded(request, (protocol) => session.connect(principal, { kind: "live", after: 0, protocol })),
});

/** Has an object answer a request for a socket of our subprotocol; any other request is refused. */
export async function upgraded(
  request: Request,
  connect: (protocol: string) => Promise<Response>,
): Promise<Response | Result<never>> {
  const offered = (request.headers.get("Sec-WebSocket-Protocol") ?? "").split(",").map((value) => value.trim());
  const upgrading = request.headers.get("Upgrade")?.toLowerCase() === "websocket";
  if (!upgrading || !offered.includes(SUBPROTOCOL)) return refuse({ reason: "upgrade-required" });
  return unwrap(await connect(SUBPROTOCOL));
}

/** The routes of this file. */
export const socketRoutes: readonly Route[] = [events, socket];
