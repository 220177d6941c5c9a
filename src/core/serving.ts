/** Who serves a session: each change of it has a version and is told to the Lobby, which only ever hears and asks. */
import type { AssignmentReport } from "./assignment.ts";
import type { Draft } from "./draft.ts";
import { CUSTOMER_PARTICIPANT_ID } from "./principal.ts";
import { agentPresent } from "./quotas.ts";
import type { Assignment, Participant, Session } from "./session.ts";

/** What an assignment carries beside its state: set by a transfer, gone once somebody serves. */
export type Handover = Pick<Assignment, "wanted" | "given">;

/**
 * The assignment in force. A session that was opened before there was one has version 1, by who is in it; its first change
 * is version 2 and brings it to the Lobby.
 */
export function assignmentOf(session: Session): Assignment {
  const state = agentPresent(session) ? "served" : "waiting";
  return session.assignment ?? { version: 1, state, since: session.startedAt };
}

/** The agents who serve the session now; supervisors do not. */
export function servingAgents(session: Session): Participant[] {
  return session.participants.filter(({ type, leftAt }) => type === "Agent" && leftAt === undefined);
}

/** True while the session is open and no agent serves it. */
export function isWaiting(session: Session): boolean {
  return session.phase.name === "open" && assignmentOf(session).state === "waiting";
}

/** The next version, told to the Lobby. `since` goes on where the state stays what it was. */
export function reassign(draft: Draft, state: Assignment["state"], handover: Handover = {}): void {
  const before = assignmentOf(draft.session);
  const version = before.version + 1;
  const since = state === before.state ? before.since : draft.context.now;
  draft.apply({ change: "SessionChanged", patch: { assignment: { version, state, since, ...handover } } });
  draft.queueNewest({ kind: "ReportAssignment", version });
}

/** A serving agent has left: others still serve it, or it waits (as it did, where a transfer had it wait already). */
export function servingAgentLeft(draft: Draft): void {
  const { state, wanted, given } = assignmentOf(draft.session);
  if (state === "served") return reassign(draft, agentPresent(draft.session) ? "served" : "waiting");
  reassign(draft, "waiting", {
    ...(wanted === undefined ? {} : { wanted }),
    ...(given === undefined ? {} : { given }),
  });
}

/** What the Lobby is told: from the beginning of the end on, that it has ended. */
export function viewAssignment(session: Session): AssignmentReport {
  const { sessionId, startedAt, phase, subject, language, participants } = session;
  const { state, version, since, wanted, given } = assignmentOf(session);
  const open = phase.name === "open";
  const files = filesMoved(session);
  const nickname = participants.find((one) => one.participantId === CUSTOMER_PARTICIPANT_ID)?.nickname ?? "";
  return {
    sessionId,
    version,
    state: open ? state : "ended",
    since: endedAt(session) ?? since,
    startedAt,
    agents: open ? servingAgents(session).flatMap(({ agentId }) => agentId ?? []) : [],
    nickname,
    ...(wanted === undefined ? {} : { wanted }),
    ...(given === undefined ? {} : { given }),
    ...(subject === undefined ? {} : { subject }),
    ...(language === undefined ? {} : { language }),
    ...(files === 0 ? {} : { files }),
  };
}

/** Files that were announced in the session, by anybody; those that were deleted since moved all the same. */
export function filesMoved({ documents }: Session): number {
  return [...documents.values()].filter(({ phase }) => phase.state === "available" || phase.state === "deleted").length;
}

function endedAt({ phase }: Session): number | undefined {
  if (phase.name === "open") return undefined;
  return phase.name === "ended" ? phase.at : phase.since;
}
