/** The session's sockets: who is connected, what each is told, and long polls that wait on a hibernatable socket. */
import type { QueuePlace } from "../../src/core/assignment.ts";
import type { Frame } from "../../src/core/draft.ts";
import { type Pace, perMinute, takeToken } from "../../src/core/pace.ts";
import {
  CUSTOMER_PARTICIPANT_ID,
  type Principal,
  resolveParticipant,
  resolveReader,
} from "../../src/core/principal.ts";
import { FACES } from "../../src/core/problem.ts";
import type { Refusal, Result } from "../../src/core/refusal.ts";
import type { Session } from "../../src/core/session.ts";
import { isVisible, type TranscriptEvent } from "../../src/core/transcript.ts";
import { type Reader, type TypingFrame, viewEvent, viewFrame, viewPage } from "../../src/core/views.ts";
import type { Presence } from "../../src/core/wakeup.ts";
import type { ServerFrame } from "../../src/protocol/frames.ts";
import { CLOSE, CLOSE_TOO_FAST, MAX_EVENTS_PER_PAGE } from "../../src/protocol/wire.ts";
import {
  type Attachment,
  acceptSocket,
  attachmentOf,
  closeExpired,
  firstTokenEnd,
  isAlive,
  openSockets,
  readPrincipal,
  tryClose,
  trySend,
} from "../kit/sockets.ts";
import { parseFrame, refused, type SocketCommand, send, toCommand } from "./frames.ts";
import type { SessionStore } from "./store.ts";

/** Gives a command for a socket's principal; answers the event where there is one. */
export type Execute = (principal: Principal, command: SocketCommand) => Result<TranscriptEvent | undefined>;

/** As much typing is remembered for clients that poll: more than anybody does between two polls. */
const REMEMBERED_TYPING = 32;
/** Sockets and waiting polls of one participant: more than tabs and devices of one person. */
const MAX_SOCKETS = 20;

/** A socket that is asked for: who asks, for which protocol, from which position on. */
interface SocketRequest {
  readonly kind: Attachment["kind"];
  readonly principal: Principal;
  readonly after: number;
  readonly protocol: string | null;
}

/** No socket: the refusal, which the edge shows as any other. */
export function refusedSocket({ refusal }: { readonly refusal: Refusal }): Response {
  return Response.json(refusal, { status: FACES[refusal.reason].status });
}

/** What the edge asks for. */
export function readSocketRequest(request: Request): SocketRequest {
  const url = new URL(request.url);
  return {
    kind: url.pathname === "/poll" ? "poll" : "live",
    principal: readPrincipal(request),
    after: Number(url.searchParams.get("after") ?? 0),
    protocol: request.headers.get("Sec-WebSocket-Protocol"),
  };
}

/** Tells sockets and reads their frames; holds nothing that hibernation may not lose. */
export class LiveSockets {
  readonly #ctx: DurableObjectState;
  readonly #store: SessionStore;
  #typing: readonly TypingFrame[] = [];
  /** How fast each participant sends frames, over all their sockets; full again after an eviction. */
  readonly #paces = new Map<string, Pace>();

  constructor(ctx: DurableObjectState, store: SessionStore) {
    this.#ctx = ctx;
    this.#store = store;
  }

  /** The latest typing, oldest first. */
  get typing(): readonly TypingFrame[] {
    return this.#typing;
  }

  /** Opens the socket that a verified reader asked for; a poll that has news already is answered with them. */
  open({ kind, after, principal, protocol }: SocketRequest, session: Session, reader: Reader): Response {
    if (kind === "poll") {
      const page = viewPage(session, this.#store.events(after, MAX_EVENTS_PER_PAGE), reader, after);
      // Who claims to have more than there is would wait for ever: they are told where the end is.
      if (page.events.length > 0 || page.ended || page.more || page.position < after) return Response.json(page);
    }
    this.#makeRoom(principal);
    const carried: Attachment = {
      kind,
      principal,
      reader,
      welcomed: false,
      greeted: false,
      openedAt: Date.now(),
      after,
    };
    return acceptSocket(this.#ctx, carried, protocol).answer;
  }

  /** Somebody with too many sockets loses the oldest: most likely nobody is behind it any more. */
  #makeRoom(principal: Principal): void {
    // The platform lists them in no order that it promises.
    const own = openSockets(this.#ctx)
      .filter((socket) => whose(attachmentOf(socket).principal) === whose(principal))
      .sort((a, b) => attachmentOf(a).openedAt - attachmentOf(b).openedAt);
    for (const socket of own.slice(0, Math.max(0, own.length + 1 - MAX_SOCKETS)))
      tryClose(socket, CLOSE_TOO_FAST, "too many sockets");
  }

  /** Tells the customer's own sockets where the session stands in its queue. */
  tellPlace(place: QueuePlace): void {
    for (const socket of this.#ctx.getWebSockets()) {
      const { kind, reader, welcomed } = attachmentOf(socket);
      if (kind === "live" && reader === "customer" && welcomed) send(socket, { type: "queue", ...place });
    }
  }

  /** Whether a socket or waiting poll of the customer shows signs of life, and when the first token of a socket ends. */
  presence(session: Session, now: number): Presence {
    const customerConnected = openSockets(this.#ctx).some((socket) => {
      const { principal } = attachmentOf(socket);
      const customer = principal.kind === "customer" && principal.participantId === CUSTOMER_PARTICIPANT_ID;
      return customer && isAlive(this.#ctx, socket, now, session.options.disconnectTimeout);
    });
    const tokenEndsAt = firstTokenEnd(this.#ctx);
    return tokenEndsAt === undefined ? { customerConnected } : { customerConnected, tokenEndsAt };
  }

  /** Closes the sockets whose token has ended, and answers whose they were. */
  dropExpired(now: number): Attachment[] {
    return closeExpired(this.#ctx, now).map((socket) => attachmentOf(socket));
  }

  /** Ids of the agents who have a socket here that shows signs of life. */
  connectedAgents(session: Session, now: number): ReadonlySet<string> {
    const ids = this.#ctx.getWebSockets().flatMap((socket) => {
      const { principal, kind } = attachmentOf(socket);
      const there = kind === "live" && isAlive(this.#ctx, socket, now, session.options.disconnectTimeout);
      return there && principal.kind === "agent" ? [principal.agentId] : [];
    });
    return new Set(ids);
  }

  /** Tells everybody what was just stored, and frames that are not stored to all but their sender. */
  tell(session: Session, events: readonly TranscriptEvent[], frames: readonly Frame[]): void {
    const typing = frames.filter((frame) => frame.frame === "typing");
    this.#typing = [...this.#typing, ...typing].slice(-REMEMBERED_TYPING);
    const texts = new Map<Reader, string | undefined>();
    const ended = session.phase.name === "ended";
    for (const socket of this.#ctx.getWebSockets()) {
      const attachment = attachmentOf(socket);
      if (attachment.kind === "poll") {
        // Typing is no news to a poll: nothing is read for it.
        if (events.length > 0 || ended) this.#answerPoll(socket, attachment, session);
        continue;
      }
      if (!attachment.greeted) continue;
      if (!texts.has(attachment.reader)) texts.set(attachment.reader, eventsText(events, attachment.reader));
      const text = texts.get(attachment.reader);
      if (text !== undefined) trySend(socket, text);
      for (const frame of frames) {
        const visible = isVisible(frame, attachment.reader) && senderOf(frame) !== participantOf(session, attachment);
        if (visible) send(socket, viewFrame(frame));
      }
      if (ended) farewell(socket);
    }
  }

  /** Closes sockets whose principal may not read any more: an agent who left, a token that was revoked. */
  dropStrangers(session: Session): void {
    for (const socket of this.#ctx.getWebSockets()) {
      if (resolveReader(session, attachmentOf(socket).principal).ok) continue;
      tryClose(socket, CLOSE.unauthorized, "no longer in this session");
    }
  }

  /** Reads one frame of a client. */
  receive(socket: WebSocket, session: Session, data: string | ArrayBuffer, execute: Execute): void {
    if (!this.#keepsPace(attachmentOf(socket), session)) return tryClose(socket, CLOSE_TOO_FAST, "too many frames");
    const frame = parseFrame(socket, data);
    if (frame === undefined) return;
    const attachment = attachmentOf(socket);
    if (frame.type === "hello") return this.#greet(socket, attachment, session, frame.position);
    if (!attachment.welcomed) return tryClose(socket, CLOSE.helloExpected, "say hello first");
    const result = execute(attachment.principal, toCommand(frame));
    const clientId = frame.type === "message" ? { clientId: frame.clientId } : {};
    if (!result.ok) return refused(socket, result.refusal, clientId);
    if (frame.type !== "message" || result.value === undefined) return;
    send(socket, { type: "ack", clientId: frame.clientId, position: result.value.position });
  }

  #keepsPace({ principal }: Attachment, { options }: Session): boolean {
    const who = whose(principal);
    const taken = takeToken(this.#paces.get(who), perMinute("frames", options), Date.now());
    if (taken.ok) this.#paces.set(who, taken.value);
    return taken.ok;
  }

  /** Sends what came after the client's position. With more than a page left, the client asks again and is not live yet. */
  #greet(socket: WebSocket, attachment: Attachment, session: Session, after: number): void {
    const page = viewPage(session, this.#store.events(after, MAX_EVENTS_PER_PAGE), attachment.reader, after);
    if (!attachment.welcomed) {
      const phase = session.phase.name === "erasing" ? "ended" : session.phase.name;
      send(socket, { type: "welcome", participantId: participantOf(session, attachment) ?? 0, phase });
    }
    send(socket, { type: "events", events: page.events, position: page.position, more: page.more });
    const greeted = attachment.greeted || !page.more;
    socket.serializeAttachment({ ...attachment, welcomed: true, greeted });
    if (page.ended) farewell(socket);
  }

  #answerPoll(socket: WebSocket, attachment: Attachment, session: Session): void {
    const after = attachment.after ?? 0;
    const page = viewPage(session, this.#store.events(after, MAX_EVENTS_PER_PAGE), attachment.reader, after);
    if (page.events.length === 0 && !page.ended) return;
    trySend(socket, JSON.stringify(page));
    tryClose(socket, 1000, "answered");
  }
}

/** A name for everybody who has one pace and one share of sockets: the customer is one, whatever their token. */
function whose(principal: Principal): string {
  return principal.kind === "agent" ? principal.agentId : principal.kind;
}

function participantOf(session: Session, { principal }: Attachment): number | undefined {
  const participant = resolveParticipant(session, principal);
  return participant.ok ? participant.value.participantId : undefined;
}

function senderOf(frame: Frame): number {
  return frame.frame === "typing" ? frame.from.participantId : frame.participantId;
}

function eventsText(events: readonly TranscriptEvent[], reader: Reader): string | undefined {
  const visible = events.filter((event) => isVisible(event, reader));
  const position = visible.at(-1)?.position;
  if (position === undefined) return undefined;
  return JSON.stringify({
    type: "events",
    events: visible.map(viewEvent),
    position,
    more: false,
  } satisfies ServerFrame);
}

function farewell(socket: WebSocket): void {
  send(socket, { type: "ended" });
  tryClose(socket, CLOSE.ended, "the session has ended");
}
