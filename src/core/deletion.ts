/** How an announced file goes, and what becomes of its share of the quota. */

import { retire } from "./attempts.ts";
import type { AvailableDocument } from "./documents.ts";
import { findAvailable } from "./downloads.ts";
import type { Draft } from "./draft.ts";
import { ok, type Result, refuse } from "./refusal.ts";
import type { Participant } from "./session.ts";
import type { TranscriptEvent } from "./transcript.ts";

/** Deletes a file the participant sent. Download attempts taken of it stay taken. */
export function deleteFile(draft: Draft, actor: Participant, command: { fileId: string }): Result<TranscriptEvent> {
  const { options } = draft.session;
  if (actor.type === "Client" && options.deleteFile === "off") return refuse({ reason: "delete-disabled" });
  const document = findAvailable(draft.session, command.fileId);
  if (document === undefined) return refuse({ reason: "unknown-file" });
  if (document.participantId !== actor.participantId) return refuse({ reason: "not-own-file" });
  const keeps = document.side === "customer" && options.deleteFile === "keep-quota";
  const event = removeFile(draft, document, keeps ? document.phase.size : undefined, actor);
  const { participantId, agentId } = actor;
  const who = agentId === undefined ? { participantId } : { participantId, agentId };
  const record = {
    at: draft.context.now,
    ...who,
    action: "file-deleted",
    fileId: command.fileId,
  } as const;
  draft.apply({ change: "AuditRecorded", record });
  return ok(event);
}

/** Announces that the file is gone, and has its object removed; `kept` are bytes that still count against the quota. */
export function removeFile(
  draft: Draft,
  document: AvailableDocument,
  kept: number | undefined,
  by: Participant | undefined,
): TranscriptEvent {
  const event = draft.append({ type: "FileDeleted", fileId: document.fileId }, by);
  const gone = { at: draft.context.now, kept, downloads: document.phase.downloads };
  // The library's object is not this session's to remove: it goes when no session refers to it any more.
  if (document.libraryKey !== undefined)
    draft.apply({ change: "DocumentChanged", document: { ...document, phase: { state: "purged", ...gone } } });
  else retire(draft, document, { state: "deleted", ...gone }, "stored");
  return event;
}
