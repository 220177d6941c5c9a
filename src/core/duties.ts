/** What time and finished effects do to a session; decided by the same rules as commands of participants. */

import { forgetLater } from "./attempts.ts";
import { type Context, Draft } from "./draft.ts";
import { beginClosing, beginErasure, reportSession } from "./ending.ts";
import { afterFailure, type EffectOutcome } from "./outbox.ts";
import { ok, type Result } from "./refusal.ts";
import type { Session } from "./session.ts";
import { expireLease } from "./settlement.ts";
import { type Duty, dueDuties, type Presence } from "./wakeup.ts";

const SECOND = 1000;
/** Alerts, a close and an erasure, with room. */
const OTHER_DUTIES = 8;

/** Executes every duty whose time has come, one after another, each on what the one before left. */
export function performDuties(session: Session, presence: Presence, context: Context): Draft {
  const draft = new Draft(session, context);
  // One at a time: a session that one duty closed must not be alerted by the next. Each lease expires once, and few
  // other duties can become due; the bound only keeps a fault from running for ever.
  const most = session.documents.size + OTHER_DUTIES;
  for (let count = 0; count < most; count += 1) {
    const [duty] = dueDuties(draft.session, presence, context.now);
    if (duty === undefined) break;
    perform(draft, duty);
  }
  return draft;
}

function perform(draft: Draft, duty: Duty): void {
  switch (duty.duty) {
    case "ExpireLease":
      expireLease(draft, duty.document);
      return;
    case "SendIdleAlert": {
      const seconds = Math.round(duty.wait / SECOND);
      draft.append({
        type: "IdleAlert",
        text: duty.text,
        next: duty.next,
        seconds,
      });
      return;
    }
    case "CloseIdle":
      if (duty.text !== "") draft.append({ type: "IdleClose", text: duty.text });
      beginClosing(draft, "inactivity", undefined);
      return;
    case "CloseDisconnected":
      beginClosing(draft, "disconnected", undefined);
      return;
    case "BeginErasure":
      beginErasure(draft);
      return;
  }
}

/** Settles one try of an effect: done with what follows from it, due again, or parked and shown to operators. */
export function finishEffect(draft: Draft, command: { effectId: string; outcome: EffectOutcome }): Result<undefined> {
  const effect = draft.session.effects.get(command.effectId);
  if (effect === undefined) return ok(undefined);
  if (command.outcome.outcome !== "done") {
    const failed = afterFailure(effect, command.outcome, draft.context.now);
    draft.apply({ change: "EffectChanged", effect: failed });
    if (failed.parkedAt !== undefined) reportSession(draft);
    return ok(undefined);
  }
  draft.apply({ change: "EffectDone", effectId: effect.effectId });
  if (effect.kind === "ForgetObject") afterSecondLook(draft, effect.documentId);
  if (effect.kind === "RetireObject") afterRetirement(draft, effect.documentId);
  return ok(undefined);
}

/** Nothing stands at the key, a day after the document was retired: its row goes, unless the quota needs it. */
function afterSecondLook(draft: Draft, documentId: string): void {
  if (draft.session.documents.get(documentId)?.phase.state === "purged") return;
  draft.apply({ change: "DocumentForgotten", documentId });
}

/**
 * An object is gone, and its key is looked at once more in a day: a tombstone whose put ran out of time before the bytes
 * were announced can still land. The row of a deleted document stays for the quota.
 */
function afterRetirement(draft: Draft, documentId: string): void {
  const document = draft.session.documents.get(documentId);
  if (document === undefined) return;
  forgetLater(draft, documentId);
  if (document.phase.state !== "deleted") return;
  const { kept, downloads } = document.phase;
  const phase = {
    state: "purged",
    at: draft.context.now,
    kept,
    downloads,
  } as const;
  draft.apply({ change: "DocumentChanged", document: { ...document, phase } });
}
