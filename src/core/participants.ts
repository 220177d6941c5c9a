/** How participants come, go, and change what is known of them. */
import type { Draft } from "./draft.ts";
import { beginClosing, leave, reportSession } from "./ending.ts";
import { type AgentPrincipal, CUSTOMER_PARTICIPANT_ID, joinedAgent } from "./principal.ts";
import { type Limits, limitsOf } from "./quotas.ts";
import { ok, type Result, refuse } from "./refusal.ts";
import type { Participant, Session, SessionRecord } from "./session.ts";
import type { TranscriptEvent } from "./transcript.ts";

/** Opens the session of this object. A repeat with the same `opening` gets the same answer for a few minutes. */
export interface OpenSession {
  readonly type: "OpenSession";
  readonly nickname: string;
  readonly record: Omit<SessionRecord, "startedAt" | "phase" | "mail" | "reported">;
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
  };
}

/** The first event of a new session: the customer joins. */
export function openSession(draft: Draft, command: OpenSession): Result<OpenedSession> {
  draft.apply({
    change: "SessionOpened",
    record: openedRecord(command, draft.context.now),
  });
  const participant = join(draft, {
    type: "Client",
    nickname: command.nickname,
  });
  reportSession(draft);
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

function join(draft: Draft, who: Pick<Participant, "type" | "nickname" | "agentId">): Participant {
  const { session, context } = draft;
  const participantId = Math.max(0, ...session.participants.map((one) => one.participantId)) + 1;
  const times = { joinedAt: context.now, seenAt: context.now };
  const participant: Participant = {
    ...who,
    ...times,
    participantId,
    tokenVersion: 1,
    readPosition: 0,
  };
  draft.apply({ change: "ParticipantChanged", participant });
  draft.append({ type: "ParticipantJoined" }, participant);
  return participant;
}

/** An agent enters. One who is in already, or was before, keeps their participant id. */
export function joinSession(
  draft: Draft,
  principal: AgentPrincipal,
  command: { nickname?: string },
): Result<{ participantId: number; position: number }> {
  const present = joinedAgent(draft.session, principal.agentId);
  if (present !== undefined)
    return ok({
      participantId: present.participantId,
      position: draft.session.position,
    });
  const nickname = command.nickname ?? principal.name;
  const before = draft.session.participants.find(({ agentId }) => agentId === principal.agentId);
  const participant =
    before === undefined
      ? join(draft, { type: "Agent", nickname, agentId: principal.agentId })
      : rejoin(draft, { ...before, nickname });
  const { participantId } = participant;
  const { agentId } = principal;
  const record = {
    at: draft.context.now,
    participantId,
    agentId,
    action: "session-joined",
  } as const;
  draft.apply({ change: "AuditRecorded", record });
  return ok({ participantId, position: draft.session.position });
}

function rejoin(draft: Draft, before: Participant): Participant {
  const { leftAt: _left, ...rest } = before;
  const again = {
    ...rest,
    joinedAt: draft.context.now,
    seenAt: draft.context.now,
  };
  draft.apply({ change: "ParticipantChanged", participant: again });
  draft.append({ type: "ParticipantJoined" }, again);
  return again;
}

/** An agent leaves; the session stays open for the customer. A customer who leaves ends it: nobody could come back. */
export function leaveSession(draft: Draft, actor: Participant): Result<undefined> {
  if (actor.type === "Client") return endSession(draft, actor);
  leave(draft, actor, "left");
  return ok(undefined);
}

/** Customer or agent ends the session for everybody. */
export function endSession(draft: Draft, actor: Participant): Result<undefined> {
  beginClosing(draft, actor.type === "Client" ? "customer" : "agent", actor);
  return ok(undefined);
}

/** A new nickname; the event carries the new one. */
export function updateNickname(
  draft: Draft,
  actor: Participant,
  command: { nickname: string },
): Result<TranscriptEvent> {
  const participant = { ...actor, nickname: command.nickname };
  draft.apply({ change: "ParticipantChanged", participant });
  return ok(draft.append({ type: "NicknameUpdated", nickname: command.nickname }, participant));
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
