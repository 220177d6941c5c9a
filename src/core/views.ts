/** What readers see of a session: plain data in the words of the wire, the same for REST, sockets and long polls. */
import type { WireEvent, WireEventPage, WireLimits, WireSession } from "../protocol/chat.ts";
import type { WireCustomer } from "../protocol/customer.ts";
import type { ServerFrame } from "../protocol/frames.ts";
import type { Frame } from "./draft.ts";
import { limitsOf } from "./quotas.ts";
import { isWaiting } from "./serving.ts";
import type { Session } from "./session.ts";
import { isVisible, type TranscriptEvent } from "./transcript.ts";
import { recipientOf } from "./transcript-request.ts";
import { idleStepAt } from "./wakeup.ts";

/** Who looks: agents and supervisors see notes. */
export type Reader = "customer" | "agent";

/** Stored events in order. `more` tells that events after the last one exist. */
export interface EventPage {
  readonly events: readonly TranscriptEvent[];
  readonly more: boolean;
}

/** RFC 3339 in UTC with milliseconds. */
export function wireTime(at: number): string {
  return new Date(at).toISOString();
}

/** An event as it travels. */
export function viewEvent(event: TranscriptEvent): WireEvent {
  const { at, visibility, ...rest } = event;
  return { ...rest, time: wireTime(at), ...(visibility === "agents" ? { visibility } : {}) } as WireEvent;
}

/**
 * A page of stored events as this reader sees them. `after` is what was asked for: with nothing new the position stays
 * there, so that a client never goes back.
 */
export function viewPage(session: Session, page: EventPage, reader: Reader, after: number): WireEventPage {
  const position = page.events.at(-1)?.position ?? Math.min(after, session.position);
  const events = page.events.filter((event) => isVisible(event, reader)).map(viewEvent);
  return { events, position, more: page.more, ended: session.phase.name === "ended" && !page.more };
}

/** A finished or running transcript, as it is rendered and mailed; where `more`, only its events before a position. */
export interface TranscriptPage {
  readonly service: string;
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly subject?: string;
  readonly language?: string;
  readonly timeZone?: string;
  readonly recipient?: string;
  readonly events: readonly TranscriptEvent[];
  /** The rest is what stands before this position. */
  readonly position: number;
  readonly more: boolean;
}

/** The newest stored events before a position, as the transcript shows them: without agents' notes, whoever asks. */
export function viewTranscript(session: Session, { events, more }: EventPage): TranscriptPage {
  const { service, startedAt, subject, language, timeZone, phase } = session;
  const recipient = recipientOf(session);
  return {
    service,
    startedAt,
    ...(phase.name === "ended" ? { endedAt: phase.at } : {}),
    ...(subject === undefined ? {} : { subject }),
    ...(language === undefined ? {} : { language }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(recipient === undefined ? {} : { recipient }),
    events: events.filter((event) => isVisible(event, "customer")),
    position: events[0]?.position ?? 0,
    more,
  };
}

/** The limits as they travel. */
export function viewLimits(session: Session): WireLimits {
  const { uploadFileTypes, ...limits } = limitsOf(session);
  return { ...limits, uploadFileTypes: [...uploadFileTypes], used: { ...limits.used } };
}

/** The session itself. Agents' ids are not part of it, nor, for customers, a supervisor who is silent. */
export function viewSession(session: Session, reader: Reader): WireSession {
  const { sessionId, service, subject, phase, position, options } = session;
  const to = recipientOf(session);
  const seen = session.participants.filter(({ silent }) => silent !== true || reader === "agent");
  return {
    sessionId,
    service,
    phase: phase.name === "erasing" ? "ended" : phase.name,
    startedAt: wireTime(session.startedAt),
    ...(phase.name === "ended" ? { endedAt: wireTime(phase.at) } : {}),
    ...(subject === undefined ? {} : { subject }),
    waiting: isWaiting(session),
    participants: seen.map((one) => ({
      participantId: one.participantId,
      nickname: one.nickname,
      type: one.type,
      ...(one.silent === true ? { silent: true as const } : {}),
      joinedAt: wireTime(one.joinedAt),
      ...(one.leftAt === undefined ? {} : { leftAt: wireTime(one.leftAt) }),
      readPosition: one.readPosition,
    })),
    position,
    limits: viewLimits(session),
    transcriptEmail: { offered: options.transcriptEmail !== "never", ...(to === undefined ? {} : { to }) },
    ...(reader === "agent" ? { customer: viewCustomer(session) } : {}),
  };
}

/** What the customer told of themselves, for agents. */
function viewCustomer({ email, language, timeZone, userData }: Session): WireCustomer {
  return {
    ...(email === undefined ? {} : { email }),
    ...(language === undefined ? {} : { language }),
    ...(timeZone === undefined ? {} : { timeZone }),
    userData: { ...userData },
  };
}

/** A frame as sockets are told it; typing without the position that only readers who number everything need. */
export function viewFrame(frame: Frame): ServerFrame {
  if (frame.frame === "read") return { type: "read", participantId: frame.participantId, position: frame.position };
  const { from, typing, preview } = frame;
  return { type: "typing", from: { ...from }, typing, ...(preview === undefined ? {} : { preview }) };
}

/** Typing, numbered among the events it happened between. */
export type TypingFrame = Extract<Frame, { frame: "typing" }>;

/** Everything a client that only polls is told at once. */
export interface PollPage {
  readonly events: readonly TranscriptEvent[];
  /** Of what is remembered: after an eviction there is none. */
  readonly typing: readonly TypingFrame[];
  /** What to ask after next. */
  readonly position: number;
  readonly more: boolean;
  readonly ended: boolean;
  /** A supervisor is in the session, silent or not: that the chat is watched is told where a protocol tells it, not by whom. */
  readonly supervised: boolean;
  /** Milliseconds until the next step of the inactivity control, once it has alerted. */
  readonly idleLeft?: number;
}

/** A page for a client that only polls, with the typing that falls into it. */
export function viewPoll(
  session: Session,
  { events, more }: EventPage,
  typing: readonly TypingFrame[],
  reader: Reader,
  after: number,
  now: number,
): PollPage {
  const position = more ? (events.at(-1)?.position ?? after) : session.position;
  const idleAt = session.alerts === 0 ? undefined : idleStepAt(session);
  return {
    events: events.filter((event) => isVisible(event, reader)),
    typing: typing.filter((frame) => isVisible(frame, reader) && frame.position > after && frame.position <= position),
    position,
    more,
    ended: session.phase.name === "ended" && !more,
    supervised: session.participants.some(({ type, leftAt }) => type === "Supervisor" && leftAt === undefined),
    ...(idleAt === undefined ? {} : { idleLeft: Math.max(0, idleAt - now) }),
  };
}
