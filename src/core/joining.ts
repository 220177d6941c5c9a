/** How participants come and go: the customer with the opening, agents by joining, leaving, and giving a session on. */
import type { Draft } from "./draft.ts";
import { beginClosing, leave } from "./ending.ts";
import { type AgentPrincipal, joinedAgent } from "./principal.ts";
import { ok, type Result, refuse, refuseField } from "./refusal.ts";
import { assignmentOf, reassign, servingAgentLeft } from "./serving.ts";
import type { Participant } from "./session.ts";

/** An agent enters. */
export interface JoinSession {
  readonly type: "JoinSession";
  /** Else the name in the token. */
  readonly nickname?: string;
  /** Version of the assignment that was offered; without it the agent means to join whoever else is there. */
  readonly assignment?: number;
}

/** An agent gives the session on. */
export interface TransferSession {
  readonly type: "TransferSession";
  /** The agent who shall have it; without one it goes back to the queue. */
  readonly to?: string;
}

/** Lets a new participant in, with the next participant id. */
export function enter(draft: Draft, who: Pick<Participant, "type" | "nickname" | "agentId">): Participant {
  const { session, context } = draft;
  const participantId = Math.max(0, ...session.participants.map((one) => one.participantId)) + 1;
  const times = { joinedAt: context.now, seenAt: context.now };
  const participant: Participant = { ...who, ...times, participantId, tokenVersion: 1, readPosition: 0 };
  draft.apply({ change: "ParticipantChanged", participant });
  draft.append({ type: "ParticipantJoined" }, participant);
  return participant;
}

/**
 * An agent enters and serves. One who is in already, or was before, keeps their participant id. With a version only the
 * first wins: whoever comes with it later is refused, since the winner's joining was the next version.
 */
export function joinSession(
  draft: Draft,
  { agentId, name }: AgentPrincipal,
  command: JoinSession,
): Result<{ participantId: number; position: number }> {
  const present = joinedAgent(draft.session, agentId);
  if (present !== undefined) return ok({ participantId: present.participantId, position: draft.session.position });
  const { version } = assignmentOf(draft.session);
  if (command.assignment !== undefined && command.assignment !== version) return refuse({ reason: "already-assigned" });
  const nickname = command.nickname ?? name;
  const before = draft.session.participants.find((one) => one.agentId === agentId);
  const { participantId } =
    before === undefined ? enter(draft, { type: "Agent", nickname, agentId }) : reenter(draft, { ...before, nickname });
  const record = { at: draft.context.now, participantId, agentId, action: "session-joined" } as const;
  draft.apply({ change: "AuditRecorded", record });
  reassign(draft, "served");
  return ok({ participantId, position: draft.session.position });
}

function reenter(draft: Draft, before: Participant): Participant {
  const { leftAt: _left, ...rest } = before;
  const again = { ...rest, joinedAt: draft.context.now, seenAt: draft.context.now };
  draft.apply({ change: "ParticipantChanged", participant: again });
  draft.append({ type: "ParticipantJoined" }, again);
  return again;
}

/** An agent leaves; the session stays open for the customer. A customer who leaves ends it: nobody could come back. */
export function leaveSession(draft: Draft, actor: Participant): Result<undefined> {
  if (actor.type === "Client") return endSession(draft, actor);
  leave(draft, actor, "left");
  servingAgentLeft(draft);
  return ok(undefined);
}

/**
 * The agent gives the session on, to a colleague or back to the queue, and is out of it. It waits from now on, also where
 * others are still in it: they may stay until somebody new has come.
 */
export function transferSession(draft: Draft, actor: Participant, { to }: TransferSession): Result<undefined> {
  if (to !== undefined && to === actor.agentId) return refuseField("to", "another agent's id, or none");
  leave(draft, actor, "left");
  reassign(draft, "waiting", {
    ...(to === undefined ? {} : { wanted: to }),
    ...(actor.agentId === undefined ? {} : { given: actor.agentId }),
  });
  return ok(undefined);
}

/** Customer or agent ends the session for everybody. */
export function endSession(draft: Draft, actor: Participant): Result<undefined> {
  beginClosing(draft, actor.type === "Client" ? "customer" : "agent", actor);
  return ok(undefined);
}
