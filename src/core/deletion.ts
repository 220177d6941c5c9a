/** How an announced file goes: deleted by who sent it, or withdrawn because malware was found in it later. */

import { retire } from "./attempts.ts";
import { type AvailableDocument, isAvailable } from "./documents.ts";
import { findAvailable } from "./downloads.ts";
import type { Draft } from "./draft.ts";
import { ok, type Result, refuse } from "./refusal.ts";
import type { Participant } from "./session.ts";
import { tellRejected } from "./settlement.ts";
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

/** Which announced files to withdraw: the one with this id, or every one that shows this object of the library. */
export type Withdrawn = { readonly fileId: string } | { readonly libraryKey: string };

/**
 * Withdraws what a later scan found infected: everybody learns that the file is gone, agents and the audit by which
 * signature. Its quota is returned. The value is how many files went; a repeat changes nothing.
 */
export function withdrawFile(draft: Draft, command: Withdrawn & { readonly signature: string }): Result<number> {
  const meant = [...draft.session.documents.values()]
    .filter(isAvailable)
    .filter((document) => isMeant(document, command));
  for (const document of meant) {
    removeFile(draft, document, undefined, undefined);
    tellRejected(draft, document, command.signature);
  }
  return ok(meant.length);
}

function isMeant({ fileId, libraryKey }: AvailableDocument, which: Withdrawn): boolean {
  return "fileId" in which ? which.fileId === fileId && libraryKey === undefined : which.libraryKey === libraryKey;
}

/** Announces that the file is gone, and has its object removed; `kept` are bytes that still count against the quota. */
function removeFile(
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
