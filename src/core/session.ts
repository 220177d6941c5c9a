/** The state of one chat session as plain data, the changes it can go through, and how each change alters it. */
import type { AssignmentReport } from "./assignment.ts";
import type { AuditRecord } from "./audit.ts";
import type { Document } from "./documents.ts";
import type { ServiceOptions } from "./options.ts";
import type { Effect } from "./outbox.ts";
import type { Pace, PaceKind, Paces } from "./pace.ts";
import { CUSTOMER_PARTICIPANT_ID } from "./principal.ts";
import { isActivity, type ParticipantType, type TranscriptEvent } from "./transcript.ts";

/** Why a session ended. */
export type EndReason = "customer" | "agent" | "inactivity" | "disconnected";

/** Where the session is in its life. Times are milliseconds since the epoch. */
export type SessionPhase =
  | { readonly name: "open" }
  /** Only commit, release and rescue are accepted until no upload is open. */
  | {
      readonly name: "closing";
      readonly since: number;
      readonly reason: EndReason;
      readonly by: number;
    }
  | {
      readonly name: "ended";
      readonly at: number;
      readonly reason: EndReason;
      readonly eraseAt: number;
    }
  /** Rows and objects are being removed; every command is refused. */
  | { readonly name: "erasing"; readonly since: number };

/** Somebody who is or was in the session. `participantId` counts from 1; 1 is the customer. */
export interface Participant {
  readonly participantId: number;
  readonly type: ParticipantType;
  readonly nickname: string;
  /** Subject of the agent's token; absent for the customer. */
  readonly agentId?: string;
  /** A supervisor whom customers learn nothing of: not the coming, not the going, not a word. */
  readonly silent?: true;
  readonly joinedAt: number;
  readonly leftAt?: number;
  /** Tokens of an older version are refused. */
  readonly tokenVersion: number;
  /** The one before, good until the current one is first used: a renewal whose answer was lost locks nobody out. */
  readonly previousTokenVersion?: number;
  /** Last stored sign of life without a socket: a request, or the moment the last socket closed. */
  readonly seenAt: number;
  /** Highest position the participant said it has read. */
  readonly readPosition: number;
}

/** A participant's wish to stay. */
export interface Stay {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly position: number;
}

/** What the customer said when the session began, and what was attached since. */
export interface SessionDetails {
  readonly subject?: string;
  readonly language?: string;
  readonly timeZone?: string;
  readonly email?: string;
  readonly userData: Readonly<Record<string, string>>;
}

/** Requests for the transcript e-mail. */
export interface MailState {
  /** Fixed by the first request. */
  readonly recipient?: string;
  /** Mails asked for so far. */
  readonly requests: number;
  /** Asked for before the end: sent when it ends. */
  readonly waiting: boolean;
}

/** Who serves the session, as it alone decides. */
export interface Assignment {
  /** Grows with each change; from 1. */
  readonly version: number;
  readonly state: Exclude<AssignmentReport["state"], "ended">;
  /** When this state began, in milliseconds since the epoch. */
  readonly since: number;
  /** The agent whom a transfer asked for. */
  readonly wanted?: string;
  /** The agent who gave it back to the queue. */
  readonly given?: string;
}

/** Uploads that agents granted the customer in this session, beyond the service's limits; added up. */
export interface UploadGrant {
  readonly files: number;
  readonly bytes: number;
}

/** Everything of a session but its transcript, which stays in storage. Effects and documents are keyed by their ids. */
export interface Session extends SessionDetails {
  readonly sessionId: string;
  readonly service: string;
  /** UTC day of the start, `YYYY-MM-DD`; first part of every object key. */
  readonly startDay: string;
  readonly startedAt: number;
  /** Hash of the request that opened the session, where it had an `Idempotency-Key`. */
  readonly opening?: string;
  /** Last good copy of the service's options; alarms never depend on the configuration being valid now. */
  readonly options: ServiceOptions;
  readonly phase: SessionPhase;
  readonly mail: MailState;
  /** Version of the last report to the Directory. */
  readonly reported: number;
  /** Up to here positions may have been handed out without being stored (typing); numbering goes on behind it. */
  readonly positionsUntil?: number;
  /** When a participant last asked to stay, and the position then: activity that leaves no event. */
  readonly stayed?: Stay;
  /** Absent in sessions that were opened before there was one: `assignmentOf` tells what holds for them. */
  readonly assignment?: Assignment;
  readonly grant?: UploadGrant;
  /** The library may have a record of this session, which goes with it. */
  readonly usesLibrary?: true;
  readonly participants: readonly Participant[];
  readonly documents: ReadonlyMap<string, Document>;
  readonly effects: ReadonlyMap<string, Effect>;
  /** Highest position handed out: to an event, or to typing. */
  readonly position: number;
  /** When anybody last did something. */
  readonly activityAt: number;
  /** How many idle alerts were sent since, and when the last of them was. */
  readonly alerts: number;
  readonly alertedAt: number;
  /** When the customer last did something that is in the transcript: a sign of life that costs no row of its own. */
  readonly customerEventAt: number;
  /** How fast the customer goes on; in memory alone. */
  readonly paces: Paces;
}

/** What of a session is not stored as such: its newest events tell it. */
export type Derived = Pick<Session, "position" | "activityAt" | "alerts" | "alertedAt" | "customerEventAt" | "paces">;

/** What the newest events need to show for that. */
export type EventHead = Pick<TranscriptEvent, "position" | "at" | "type">;

/** The stored columns of the session itself. */
export type SessionRecord = Omit<Session, "participants" | "documents" | "effects" | keyof Derived>;

/** Fields of the session itself that may change after the start. */
export type SessionPatch = Partial<
  Pick<
    SessionRecord,
    | "phase"
    | "options"
    | "mail"
    | "reported"
    | "userData"
    | "positionsUntil"
    | "stayed"
    | "assignment"
    | "grant"
    | "usesLibrary"
  >
>;

/** A fact about the session, past tense in all but name: what `decide` hands out, storage keeps and `evolve` folds. */
export type Change =
  | { readonly change: "SessionOpened"; readonly record: SessionRecord }
  | { readonly change: "SessionChanged"; readonly patch: SessionPatch }
  | { readonly change: "EventAppended"; readonly event: TranscriptEvent }
  /** A position went to something that is not stored. */
  | { readonly change: "PositionTaken"; readonly position: number }
  /** A token was taken from a bucket; not stored. */
  | { readonly change: "PaceCounted"; readonly kind: PaceKind; readonly pace: Pace }
  | { readonly change: "ParticipantChanged"; readonly participant: Participant }
  | { readonly change: "DocumentChanged"; readonly document: Document }
  | { readonly change: "DocumentForgotten"; readonly documentId: string }
  | { readonly change: "EffectChanged"; readonly effect: Effect }
  | { readonly change: "EffectDone"; readonly effectId: string }
  | { readonly change: "AuditRecorded"; readonly record: AuditRecord };

/** A session that was just opened: no participant, no event. */
export function newSession(record: SessionRecord): Session {
  return {
    ...record,
    participants: [],
    documents: new Map(),
    effects: new Map(),
    position: 0,
    activityAt: record.startedAt,
    alerts: 0,
    alertedAt: 0,
    customerEventAt: record.startedAt,
    paces: {},
  };
}

/**
 * What the stored events tell of their session: the newest ones, newest first (behind the last activity stand at most two
 * alerts), and when the customer's own last one was.
 */
export function resumed(
  record: SessionRecord,
  newest: readonly EventHead[],
  customerEventAt = record.startedAt,
): Derived {
  const stayed = record.stayed ?? { at: record.startedAt, position: 0 };
  const active = newest.find(({ type }) => isActivity(type)) ?? stayed;
  const last = active.position > stayed.position ? active : stayed;
  const alerts = newest.filter(({ type, position }) => type === "IdleAlert" && position > last.position);
  return {
    position: Math.max(newest[0]?.position ?? 0, record.positionsUntil ?? 0),
    activityAt: last.at,
    alerts: alerts.length,
    alertedAt: alerts[0]?.at ?? 0,
    customerEventAt,
    paces: {},
  };
}

/** The session after a change. Pure: the given session is not altered. `SessionOpened` starts anew. */
export function evolve(session: Session, change: Change): Session {
  switch (change.change) {
    case "SessionOpened":
      return newSession(change.record);
    case "SessionChanged":
      return { ...session, ...change.patch, ...activityOf(change.patch) };
    case "EventAppended":
      return evolveEvent(session, change.event);
    case "PositionTaken":
      return { ...session, position: change.position };
    case "PaceCounted":
      return { ...session, paces: { ...session.paces, [change.kind]: change.pace } };
    case "ParticipantChanged":
      return {
        ...session,
        participants: withParticipant(session.participants, change.participant),
      };
    case "DocumentChanged":
      return {
        ...session,
        documents: withEntry(session.documents, change.document.documentId, change.document),
      };
    case "DocumentForgotten":
      return {
        ...session,
        documents: withoutEntry(session.documents, change.documentId),
      };
    case "EffectChanged":
      return {
        ...session,
        effects: withEntry(session.effects, change.effect.effectId, change.effect),
      };
    case "EffectDone":
      return {
        ...session,
        effects: withoutEntry(session.effects, change.effectId),
      };
    case "AuditRecorded":
      return session;
  }
}

/** A wish to stay starts the inactivity control anew. */
function activityOf({ stayed }: SessionPatch): Partial<Session> {
  return stayed === undefined ? {} : { activityAt: stayed.at, alerts: 0, alertedAt: 0 };
}

function evolveEvent(session: Session, event: TranscriptEvent): Session {
  const active = isActivity(event.type);
  return {
    ...session,
    position: event.position,
    activityAt: active ? event.at : session.activityAt,
    ...(event.from.participantId === CUSTOMER_PARTICIPANT_ID ? { customerEventAt: event.at } : {}),
    ...(active ? { alerts: 0, alertedAt: 0 } : {}),
    ...(event.type === "IdleAlert" ? { alerts: session.alerts + 1, alertedAt: event.at } : {}),
  };
}

function withParticipant(participants: readonly Participant[], changed: Participant): readonly Participant[] {
  const known = participants.some(({ participantId }) => participantId === changed.participantId);
  if (!known) return [...participants, changed];
  return participants.map((participant) =>
    participant.participantId === changed.participantId ? changed : participant,
  );
}

function withEntry<V>(map: ReadonlyMap<string, V>, key: string, value: V): ReadonlyMap<string, V> {
  return new Map(map).set(key, value);
}

function withoutEntry<V>(map: ReadonlyMap<string, V>, key: string): ReadonlyMap<string, V> {
  const rest = new Map(map);
  rest.delete(key);
  return rest;
}
