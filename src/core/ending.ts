/** How a session ends: closing until no upload is open, then the last event, and only then mail and retention. */
import { isOpen } from "./documents.ts";
import { type Draft, visibilityOf } from "./draft.ts";
import { assignmentOf, reassign } from "./serving.ts";
import type { EndReason, Participant } from "./session.ts";
import type { LeaveReason } from "./transcript.ts";
import { transcriptDue } from "./transcript-request.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** Why each participant is recorded as having left, by how the session ended. */
const LEAVE_REASON: Record<EndReason, LeaveReason> = {
  customer: "ended",
  agent: "ended",
  inactivity: "inactivity",
  disconnected: "disconnected",
};

/** Begins the end. Uploads in flight may still commit; new ones and all other commands are refused from now on. */
export function beginClosing(draft: Draft, reason: EndReason, by: Participant | undefined): void {
  if (draft.session.phase.name !== "open") return;
  const phase = {
    name: "closing",
    since: draft.context.now,
    reason,
    by: by?.participantId ?? 0,
  } as const;
  draft.apply({ change: "SessionChanged", patch: { phase } });
  // Told now, not when the last upload is settled: nobody can join a closing session any more.
  reassign(draft, assignmentOf(draft.session).state);
  finishClosing(draft);
}

/** Ends a closing session once no upload is open: the last events, then everything that is due after them. */
export function finishClosing(draft: Draft): void {
  const { phase, documents, options } = draft.session;
  if (phase.name !== "closing" || [...documents.values()].some(isOpen)) return;
  for (const participant of draft.session.participants) {
    if (participant.leftAt === undefined) leave(draft, participant, LEAVE_REASON[phase.reason]);
  }
  const at = draft.context.now;
  const ended = {
    name: "ended",
    at,
    reason: phase.reason,
    eraseAt: at + options.retentionDays * DAY_MS,
  } as const;
  draft.apply({ change: "SessionChanged", patch: { phase: ended } });
  transcriptDue(draft);
  reportSession(draft);
}

/** Records that a participant left. */
export function leave(draft: Draft, participant: Participant, reason: LeaveReason): void {
  draft.append({ type: "ParticipantLeft", reason }, participant, { visibility: visibilityOf(participant) });
  draft.apply({
    change: "ParticipantChanged",
    participant: { ...participant, leftAt: draft.context.now },
  });
}

/** Queues a report to the Directory; reports carry a version, so that a late one cannot undo a newer. */
export function reportSession(draft: Draft): void {
  const version = draft.session.reported + 1;
  draft.apply({ change: "SessionChanged", patch: { reported: version } });
  draft.queueNewest({ kind: "ReportSession", version });
}

/** Retention is over: from now on every command is refused, until nothing is left of the session. */
export function beginErasure(draft: Draft): void {
  draft.apply({
    change: "SessionChanged",
    patch: { phase: { name: "erasing", since: draft.context.now } },
  });
  for (const { effectId } of draft.session.effects.values()) draft.apply({ change: "EffectDone", effectId });
  draft.queue({ kind: "EraseSession" });
}
