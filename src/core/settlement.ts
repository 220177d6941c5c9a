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
import { type Document, isAvailable, isHeld, isOpen, LEASE_MS, type OpenDocument } from "./documents.ts";
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
  { size, sha256, contentType, scan }: StoredFile,
): AnnouncedFile {
  const from = draft.session.participants.find(({ participantId }) => participantId === document.participantId);
  const marked = scan === undefined ? {} : { scan };
  const file = fileReference(document, { size, type: contentType, sha256, ...marked });
  const { position } = draft.append({ type: "FileUploaded", file }, from);
  const { multipartId: _completed, ...rest } = document;
  const phase = {
    state: "available",
    at: draft.context.now,
    size,
    sha256,
    type: contentType,
    ...marked,
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
    /** Where malware was found: its name. */
    signature?: string;
  },
): Result<undefined> {
  const found = openAttempt(draft, command, { late: true });
  if (!found.ok) return found.refusal.reason === "unknown-upload" ? found : ok(undefined);
  if (command.signature !== undefined) tellRejected(draft, found.value, command.signature);
  const phase = {
    state: command.rejected ? "rejected" : "released",
    at: draft.context.now,
    reason: command.reason,
  } as const;
  retire(draft, found.value, phase, command.object);
  finishClosing(draft);
  return ok(undefined);
}

/** Agents and the audit learn that malware was found, and which; nobody else does. */
export function tellRejected(draft: Draft, document: Document, signature: string): void {
  const { fileId, name, participantId } = document;
  const from = draft.session.participants.find((one) => one.participantId === participantId);
  draft.append({ type: "FileRejected", fileId, name, signature }, from, { visibility: "agents" });
  const who = from?.agentId === undefined ? { participantId } : { participantId, agentId: from.agentId };
  const record = { at: draft.context.now, ...who, action: "file-rejected", fileId, signature } as const;
  draft.apply({ change: "AuditRecorded", record });
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

/**
 * A rescue begins: it holds the lease from now on, as the worker did that is gone. Refused while a lease still runs, so
 * that one at a time works on an upload; a session that closes waits for it.
 */
export function beginRescue(draft: Draft, ref: AttemptRef): Result<undefined> {
  const found = openAttempt(draft, ref, { late: true });
  if (!found.ok) return found;
  const { phase } = found.value;
  if (!isHeld(found.value) || phase.leaseUntil > draft.context.now) return refuse({ reason: "upload-superseded" });
  const leaseUntil = draft.context.now + LEASE_MS;
  draft.apply({ change: "DocumentChanged", document: { ...found.value, phase: { ...found.value.phase, leaseUntil } } });
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
