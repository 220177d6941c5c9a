/** How a session opens, and how participants change what is known of them. */
import { type Draft, visibilityOf } from "./draft.ts";
import { reportSession } from "./ending.ts";
import { enter } from "./joining.ts";
import { CUSTOMER_PARTICIPANT_ID } from "./principal.ts";
import { type Limits, limitsOf } from "./quotas.ts";
import { ok, type Result, refuse } from "./refusal.ts";
import type { Participant, Session, SessionRecord } from "./session.ts";
import type { TranscriptEvent } from "./transcript.ts";

/** Opens the session of this object. A repeat with the same `opening` gets the same answer for a few minutes. */
export interface OpenSession {
  readonly type: "OpenSession";
  readonly nickname: string;
  readonly record: Omit<SessionRecord, "startedAt" | "phase" | "mail" | "reported" | "assignment" | "grant">;
}

/** Answer to an opening. */
export interface OpenedSession {
  readonly participantId: number;
  readonly tokenVersion: number;
  readonly position: number;
  readonly limits: Limits;
}

/** How long a repeated opening with the same `Idempotency-Key` gets the same session, in milliseconds. */
export const OPENING_REPEAT_MS = 10 * 60 * 1000;

/** The record of a session that begins now. */
export function openedRecord(command: OpenSession, now: number): SessionRecord {
  return {
    ...command.record,
    startedAt: now,
    phase: { name: "open" },
    mail: { requests: 0, waiting: false },
    reported: 0,
    assignment: { version: 1, state: "waiting", since: now },
  };
}

/** The first event of a new session: the customer joins. */
export function openSession(draft: Draft, command: OpenSession): Result<OpenedSession> {
  draft.apply({
    change: "SessionOpened",
    record: openedRecord(command, draft.context.now),
  });
  const participant = enter(draft, { type: "Client", nickname: command.nickname });
  reportSession(draft);
  draft.queueNewest({ kind: "ReportAssignment", version: 1 });
  return ok(opened(draft.session, participant));
}

/** The same answer again, for a client whose first answer got lost. */
export function repeatOpening(session: Session, command: OpenSession, now: number): Result<OpenedSession> {
  const { opening } = command.record;
  const customer = session.participants.find(({ participantId }) => participantId === CUSTOMER_PARTICIPANT_ID);
  const recent = now - session.startedAt < OPENING_REPEAT_MS && session.phase.name === "open";
  if (customer === undefined || opening === undefined || opening !== session.opening || !recent) {
    return refuse({
      reason: "idempotency-key-reused",
      field: "header Idempotency-Key",
    });
  }
  return ok(opened(session, customer));
}

function opened(session: Session, { participantId, tokenVersion }: Participant): OpenedSession {
  return {
    participantId,
    tokenVersion,
    position: session.position,
    limits: limitsOf(session),
  };
}

/** A new nickname; the event carries the new one. */
export function updateNickname(
  draft: Draft,
  actor: Participant,
  command: { nickname: string },
): Result<TranscriptEvent> {
  const participant = { ...actor, nickname: command.nickname };
  draft.apply({ change: "ParticipantChanged", participant });
  const visibility = visibilityOf(participant);
  return ok(draft.append({ type: "NicknameUpdated", nickname: command.nickname }, participant, { visibility }));
}

/** Merges into the data attached to the session; no event. An empty value removes its key. */
export function updateUserData(
  draft: Draft,
  command: { userData: Readonly<Record<string, string>> },
  maxKeys: number,
): Result<undefined> {
  const merged = Object.entries({
    ...draft.session.userData,
    ...command.userData,
  }).filter(([, value]) => value !== "");
  if (merged.length > maxKeys) {
    return refuse({
      reason: "bad-request",
      fields: [{ field: "userData", problem: `at most ${maxKeys} keys in a session` }],
    });
  }
  draft.apply({
    change: "SessionChanged",
    patch: { userData: Object.fromEntries(merged) },
  });
  return ok(undefined);
}

/** Keeps the highest position the participant has read, and tells the others. */
export function markRead(draft: Draft, actor: Participant, command: { position: number }): Result<undefined> {
  const position = Math.min(command.position, draft.session.position);
  if (position <= actor.readPosition) return ok(undefined);
  draft.apply({
    change: "ParticipantChanged",
    participant: { ...actor, readPosition: position },
  });
  draft.frames.push({
    frame: "read",
    visibility: visibilityOf(actor),
    participantId: actor.participantId,
    position,
  });
  return ok(undefined);
}

/**
 * Answers the version the next token carries. The one that asked stays good until the new one is first used, and gets the
 * same answer again: whoever lost the answer can ask once more. Every older one is worthless at once.
 */
export function rotateToken(draft: Draft, actor: Participant, presented: number): Result<{ tokenVersion: number }> {
  if (presented === actor.previousTokenVersion) return ok({ tokenVersion: actor.tokenVersion });
  const tokenVersion = actor.tokenVersion + 1;
  const participant = { ...actor, tokenVersion, previousTokenVersion: actor.tokenVersion };
  draft.apply({ change: "ParticipantChanged", participant });
  return ok({ tokenVersion });
}

/** The newest token was used, so it arrived: the one before is worthless from now on. */
export function confirmToken(draft: Draft, actor: Participant, presented: number): Participant {
  if (actor.previousTokenVersion === undefined || presented !== actor.tokenVersion) return actor;
  const { previousTokenVersion: _revoked, ...participant } = actor;
  draft.apply({ change: "ParticipantChanged", participant });
  return participant;
}

/** Notes a sign of life, at most once per third of `disconnect-timeout` unless `always`: rows written are money. */
export function markSeen(draft: Draft, actor: Participant, command: { always: boolean }): Result<undefined> {
  const { now } = draft.context;
  const { phase, options } = draft.session;
  const due = command.always || now - actor.seenAt >= options.disconnectTimeout / 3;
  if (!due || phase.name !== "open") return ok(undefined);
  draft.apply({
    change: "ParticipantChanged",
    participant: { ...actor, seenAt: now },
  });
  return ok(undefined);
}
