/** How an upload ends: announced, given up, cancelled, or found by its lease running out (design section 5). */
import {
  type AnnouncedFile,
  type AttemptRef,
  announced,
  fileReference,
  findUpload,
  type ObjectState,
  openAttempt,
  retire,
  type StoredFile,
} from "./attempts.ts";
import { type Document, isAvailable, isHeld, isOpen, type OpenDocument } from "./documents.ts";
import type { Draft } from "./draft.ts";
import { finishClosing } from "./ending.ts";
import { admitUpload } from "./quotas.ts";
import { ok, type Refusal, type Result, refuse } from "./refusal.ts";
import type { Participant } from "./session.ts";

/** Settles the quota with the true size and announces the file, in one step. A repeat gets the same answer. */
export function commitUpload(draft: Draft, command: AttemptRef & StoredFile): Result<AnnouncedFile> {
  const known = draft.session.documents.get(command.documentId);
  if (known?.attempt === command.attempt && isAvailable(known)) return ok(announced(known));
  const found = openAttempt(draft, command, { late: true });
  if (!found.ok) return found;
  const document = found.value;
  if (!isHeld(document)) return refuse({ reason: "unknown-upload" });
  if (command.size > document.phase.held || command.size === 0) {
    retire(draft, document, { state: "rejected", at: draft.context.now, reason: "size" }, "stored");
    finishClosing(draft);
    return refuse(
      command.size === 0 ? { reason: "empty-file" } : { reason: "file-too-large", limit: document.phase.held },
    );
  }
  const file = announce(draft, document, command);
  finishClosing(draft);
  return ok(file);
}

/** Gives a pending document its sender: reserve and commit in one step. A repeat gets the same answer. */
export function claimUpload(
  draft: Draft,
  actor: Participant,
  command: AttemptRef & StoredFile & { readonly description?: string },
): Result<AnnouncedFile> {
  const known = draft.session.documents.get(command.documentId);
  const own = known?.attempt === command.attempt && known.participantId === actor.participantId;
  if (own && isAvailable(known)) return ok(announced(known));
  const found = openAttempt(draft, command, { late: true });
  if (!found.ok) return found;
  const { description } = command;
  const claimed = { participantId: actor.participantId, ...(description === undefined ? {} : { description }) };
  const document = { ...found.value, ...claimed };
  if (document.phase.state !== "pending") return refuse({ reason: "upload-finished" });
  if (command.size === 0) return refuse({ reason: "empty-file" });
  const admitted = admitUpload(draft.session, {
    ...command,
    side: "customer",
    extension: document.extension,
    exact: true,
  });
  if (!admitted.ok) return admitted;
  const file = announce(draft, document, command);
  finishClosing(draft);
  return ok(file);
}

/** Makes a document available, and tells everybody. */
export function announce(
  draft: Draft,
  document: Omit<Document, "phase">,
  { size, sha256, contentType }: StoredFile,
): AnnouncedFile {
  const from = draft.session.participants.find(({ participantId }) => participantId === document.participantId);
  const file = fileReference(document, { size, type: contentType, sha256 });
  const { position } = draft.append({ type: "FileUploaded", file }, from);
  const { multipartId: _completed, ...rest } = document;
  const phase = {
    state: "available",
    at: draft.context.now,
    size,
    sha256,
    type: contentType,
    position,
    downloads: 0,
    countedAt: 0,
  } as const;
  draft.apply({ change: "DocumentChanged", document: { ...rest, phase } });
  return { file, position };
}

/** Gives an upload up: quota back, and the object's removal queued in the same step. A repeat changes nothing. */
export function releaseUpload(
  draft: Draft,
  command: AttemptRef & {
    reason: Refusal["reason"] | "aborted" | "expired";
    rejected: boolean;
    object: ObjectState;
  },
): Result<undefined> {
  const found = openAttempt(draft, command, { late: true });
  if (!found.ok) return found.refusal.reason === "unknown-upload" ? found : ok(undefined);
  const phase = {
    state: command.rejected ? "rejected" : "released",
    at: draft.context.now,
    reason: command.reason,
  } as const;
  retire(draft, found.value, phase, command.object);
  finishClosing(draft);
  return ok(undefined);
}

/** Cancels the participant's own upload by its key. */
export function cancelUpload(draft: Draft, actor: Participant, command: { uploadKey: string }): Result<undefined> {
  const document = findUpload(draft.session, actor.participantId, command.uploadKey);
  if (document === undefined) return refuse({ reason: "unknown-upload" });
  if (!isOpen(document)) return refuse({ reason: "upload-finished" });
  retire(draft, document, { state: "released", at: draft.context.now, reason: "cancelled" }, "unknown");
  finishClosing(draft);
  return ok(undefined);
}

/** A lease ran out: a pending document goes at once, an upload is settled by asking the store. */
export function expireLease(draft: Draft, document: OpenDocument): void {
  if (document.phase.state === "pending") {
    retire(draft, document, { state: "released", at: draft.context.now, reason: "expired" }, "unknown");
    finishClosing(draft);
    return;
  }
  draft.queue({ kind: "SettleUpload", documentId: document.documentId });
}
