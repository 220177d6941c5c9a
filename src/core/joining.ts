/** How participants come and go: the customer with the opening, agents by joining, leaving, and giving a session on. */
import { isOpen } from "./documents.ts";
import { type Draft, visibilityOf } from "./draft.ts";
import { beginClosing, leave } from "./ending.ts";
import { type AgentPrincipal, joinedAgent } from "./principal.ts";
import { ok, type Result, refuse, refuseField } from "./refusal.ts";
import { assignmentOf, reassign, servingAgentLeft } from "./serving.ts";
import type { Participant, Session } from "./session.ts";

/** How an agent is in a session: serving the customer, as a supervisor whom everybody sees, or one only agents see. */
export type JoinMode = "serve" | "supervise" | "silent";

/** An agent enters. */
export interface JoinSession {
  readonly type: "JoinSession";
  /** Else the name in the token. */
  readonly nickname?: string;
  /** Version of the assignment that was offered; without it the agent means to join whoever else is there. */
  readonly assignment?: number;
  /** `serve` where absent. */
  readonly mode?: JoinMode;
}

type Role = Pick<Participant, "type" | "silent">;

const ROLES: Readonly<Record<JoinMode, Role>> = {
  serve: { type: "Agent" },
  supervise: { type: "Supervisor" },
  silent: { type: "Supervisor", silent: true },
};

/** An agent gives the session on. */
export interface TransferSession {
  readonly type: "TransferSession";
  /** The agent who shall have it; without one it goes back to the queue. */
  readonly to?: string;
}

/** Lets a new participant in, with the next participant id. */
export function enter(draft: Draft, who: Role & Pick<Participant, "nickname" | "agentId">): Participant {
  const { session, context } = draft;
  const participantId = Math.max(0, ...session.participants.map((one) => one.participantId)) + 1;
  const times = { joinedAt: context.now, seenAt: context.now };
  const participant: Participant = { ...who, ...times, participantId, tokenVersion: 1, readPosition: 0 };
  draft.apply({ change: "ParticipantChanged", participant });
  draft.append({ type: "ParticipantJoined" }, participant, { visibility: visibilityOf(participant) });
  return participant;
}

/**
 * An agent enters. One who is in already, or was before, keeps their participant id; one who is in another way leaves in
 * that way and comes back in this. With a version only the first wins: whoever comes with it later is refused, since the
 * winner's joining was the next version.
 */
export function joinSession(
  draft: Draft,
  { agentId, name }: AgentPrincipal,
  command: JoinSession,
): Result<{ participantId: number; position: number }> {
  const { mode = "serve", assignment } = command;
  const role = ROLES[mode];
  const present = joinedAgent(draft.session, agentId);
  if (present !== undefined && present.type === role.type && present.silent === role.silent) {
    return ok({ participantId: present.participantId, position: draft.session.position });
  }
  const { version } = assignmentOf(draft.session);
  if (assignment !== undefined && assignment !== version) return refuse({ reason: "already-assigned" });
  const before = draft.session.participants.find((one) => one.agentId === agentId);
  // Its announcement would come from somebody of whom customers learn nothing.
  if (mode === "silent" && before !== undefined && isSending(draft.session, before.participantId)) {
    return refuseField("mode", "a file of yours is still on its way: cancel it, or come in once it has arrived");
  }
  if (present !== undefined) depart(draft, present);
  const nickname = command.nickname ?? present?.nickname ?? name;
  const { participantId } =
    before === undefined ? enter(draft, { ...role, nickname, agentId }) : reenter(draft, before, { ...role, nickname });
  const record = { at: draft.context.now, participantId, agentId, action: "session-joined" } as const;
  draft.apply({ change: "AuditRecorded", record });
  if (mode === "serve") reassign(draft, "served");
  return ok({ participantId, position: draft.session.position });
}

function isSending({ documents }: Session, participantId: number): boolean {
  return [...documents.values()].some((one) => one.participantId === participantId && isOpen(one));
}

function reenter(draft: Draft, before: Participant, as: Role & Pick<Participant, "nickname">): Participant {
  const { leftAt: _left, silent: _before, ...rest } = before;
  const again = { ...rest, ...as, joinedAt: draft.context.now, seenAt: draft.context.now };
  draft.apply({ change: "ParticipantChanged", participant: again });
  draft.append({ type: "ParticipantJoined" }, again, { visibility: visibilityOf(again) });
  return again;
}

function depart(draft: Draft, agent: Participant): void {
  leave(draft, agent, "left");
  if (agent.type === "Agent") servingAgentLeft(draft);
}

/** An agent leaves; the session stays open for the customer. A customer who leaves ends it: nobody could come back. */
export function leaveSession(draft: Draft, actor: Participant): Result<undefined> {
  if (actor.type === "Client") return endSession(draft, actor);
  depart(draft, actor);
  return ok(undefined);
}

/**
 * The agent gives the session on, to a colleague or back to the queue, and is out of it. It waits from now on, also where
 * others are still in it: they may stay until somebody new has come.
 */
export function transferSession(draft: Draft, actor: Participant, { to }: TransferSession): Result<undefined> {
  if (actor.type !== "Agent") return refuseField("mode", "only who serves a session gives it on");
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
