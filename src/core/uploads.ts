/** The way of an upload from reservation to announcement, and every way out of it (design sections 4 and 5). */
import {
  type Document,
  isAvailable,
  isHeld,
  isOpen,
  LEASE_MS,
  MAX_PENDING,
  type OpenDocument,
  objectKey,
  RETIRED_MS,
} from "./documents.ts";
import type { Draft } from "./draft.ts";
import { finishClosing } from "./ending.ts";
import { CUSTOMER_PARTICIPANT_ID } from "./principal.ts";
import { admitUpload, overflowOf } from "./quotas.ts";
import { ok, type Refusal, type Result, refuse } from "./refusal.ts";
import type { Participant, Session } from "./session.ts";
import type { FileReference } from "./transcript.ts";

/** Asks for quota before any byte is stored. */
export interface ReserveUpload {
  readonly type: "ReserveUpload";
  /** Normalised name and its extension. */
  readonly name: string;
  readonly extension: string;
  /** Bytes; an upper bound where `exact` is false. */
  readonly size: number;
  readonly exact: boolean;
  /** Where `exact` is false: the file has at least this many bytes, so that one far too large is refused unread. */
  readonly atLeast?: number;
  /** The client's `Idempotency-Key`, unique per participant. */
  readonly uploadKey?: string;
}

/** One attempt of one upload, as the pipeline names it. */
export interface AttemptRef {
  readonly documentId: string;
  readonly attempt: number;
}

/** What the pipeline knows of an object's key when it gives an upload up. */
export type ObjectState =
  /** A tombstone stands there: nothing was stored and nothing can be. */
  | "sealed"
  /** The put has settled and the object is there. */
  | "stored"
  /** A put may still be in flight. */
  | "unknown";

/** What was stored, once it is judged. */
export interface StoredFile {
  /** Bytes counted while storing. */
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** MIME type of the detected content. */
  readonly contentType: string;
}

/** Answer to a reservation: go on and store, or nothing to do since the same upload succeeded before. */
export type Reservation =
  | ({
      readonly kind: "reserved";
      readonly fileId: string;
      readonly key: string;
      readonly held: number;
      /** What to refuse with when more than the held bytes come. */
      readonly overflow: Refusal;
    } & AttemptRef)
  | {
      readonly kind: "repeated";
      readonly file: FileReference;
      readonly position: number;
    };

/** A file as it was announced. */
export interface AnnouncedFile {
  readonly file: FileReference;
  readonly position: number;
}

/** Holds quota under a lease. A repeat with the same key takes an open upload over, or gets the finished one's answer. */
export function reserveUpload(draft: Draft, actor: Participant, command: ReserveUpload): Result<Reservation> {
  const earlier = findUpload(draft.session, actor.participantId, command.uploadKey);
  if (earlier !== undefined) {
    const size = command.exact ? command.size : undefined;
    if (earlier.name !== command.name || earlier.declaredSize !== size) {
      return refuse({
        reason: "idempotency-key-reused",
        field: earlier.name === command.name ? "size" : "name",
      });
    }
    if (isAvailable(earlier)) return ok({ kind: "repeated", ...announced(earlier) });
    if (isHeld(earlier)) return ok(takeOver(draft, earlier));
  }
  if (command.exact && command.size === 0) return refuse({ reason: "empty-file" });
  const side = actor.type === "Client" ? "customer" : "agent";
  const admitted = admitUpload(draft.session, { ...command, side });
  if (!admitted.ok) return admitted;
  const { now, newId } = draft.context;
  const document: Document = {
    documentId: newId(),
    fileId: newId(),
    participantId: actor.participantId,
    side,
    attempt: 1,
    name: command.name,
    extension: command.extension,
    ...(command.exact ? { declaredSize: command.size } : {}),
    ...(command.uploadKey === undefined ? {} : { uploadKey: command.uploadKey }),
    createdAt: now,
    phase: {
      state: "reserved",
      held: admitted.value.held,
      leaseUntil: now + LEASE_MS,
    },
  };
  draft.apply({ change: "DocumentChanged", document });
  return ok(reservation(draft.session, document, admitted.value.held));
}

/** The same upload once more while the first still stores: next attempt, new key, same quota; the old one is sealed. */
function takeOver(draft: Draft, earlier: Document & { phase: { held: number } }): Reservation {
  const { now, newId } = draft.context;
  const { multipartId: _aborted, ...rest } = earlier;
  const next: Document = {
    ...rest,
    documentId: newId(),
    attempt: earlier.attempt + 1,
    createdAt: now,
    phase: {
      state: "reserved",
      held: earlier.phase.held,
      leaseUntil: now + LEASE_MS,
    },
  };
  retire(draft, earlier, { state: "released", at: now, reason: "upload-superseded" }, "unknown");
  draft.apply({ change: "DocumentChanged", document: next });
  return reservation(draft.session, next, earlier.phase.held);
}

function reservation(session: Session, document: Document, held: number): Reservation {
  const { fileId, documentId, attempt } = document;
  return {
    kind: "reserved",
    fileId,
    documentId,
    attempt,
    held,
    overflow: overflowOf(session, document.side, held),
    key: objectKey(session, documentId),
  };
}

/** Holds a place, but no quota, for bytes that arrive before their sender's credentials (design section 4, the GMS trap). */
export function holdUpload(draft: Draft, command: { name: string; extension: string }): Result<Reservation> {
  const { session, context } = draft;
  const pending = [...session.documents.values()].filter(({ phase }) => phase.state === "pending");
  if (pending.length >= MAX_PENDING) return refuse({ reason: "too-many-pending", limit: MAX_PENDING });
  const bound = session.options.uploadMaxFileSize;
  const admitted = admitUpload(session, {
    side: "customer",
    extension: command.extension,
    size: bound,
    exact: false,
  });
  if (!admitted.ok) return admitted;
  const document: Document = {
    documentId: context.newId(),
    fileId: context.newId(),
    participantId: CUSTOMER_PARTICIPANT_ID,
    side: "customer",
    attempt: 1,
    name: command.name,
    extension: command.extension,
    createdAt: context.now,
    phase: { state: "pending", leaseUntil: context.now + LEASE_MS },
  };
  draft.apply({ change: "DocumentChanged", document });
  return ok(reservation(session, document, admitted.value.held));
}

/** Says that bytes move: the lease runs anew. A worker that is refused must abort its put. */
export function renewLease(draft: Draft, ref: AttemptRef): Result<undefined> {
  const found = openAttempt(draft, ref);
  if (!found.ok) return found;
  if (draft.session.phase.name !== "open") return refuse({ reason: "session-ended" });
  const leaseUntil = draft.context.now + LEASE_MS;
  const { phase } = found.value;
  const renewed: Document["phase"] =
    phase.state === "pending" ? { ...phase, leaseUntil } : { state: "storing", held: phase.held, leaseUntil };
  draft.apply({
    change: "DocumentChanged",
    document: { ...found.value, phase: renewed },
  });
  return ok(undefined);
}

/** Keeps the id of an R2 multipart upload with its document, before any part is sent, so that it can be aborted. */
export function attachMultipart(draft: Draft, ref: AttemptRef & { multipartId: string }): Result<undefined> {
  const found = openAttempt(draft, ref);
  if (!found.ok) return found;
  draft.apply({
    change: "DocumentChanged",
    document: { ...found.value, multipartId: ref.multipartId },
  });
  return ok(undefined);
}

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

/** Gives a pending document its sender: reserve and commit in one step. */
export function claimUpload(draft: Draft, actor: Participant, command: AttemptRef & StoredFile): Result<AnnouncedFile> {
  const found = openAttempt(draft, command, { late: true });
  if (!found.ok) return found;
  const document = { ...found.value, participantId: actor.participantId };
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

function announce(draft: Draft, document: Document, { size, sha256, contentType }: StoredFile): AnnouncedFile {
  const from = draft.session.participants.find(({ participantId }) => participantId === document.participantId);
  const file: FileReference = {
    fileId: document.fileId,
    name: document.name,
    size,
    type: contentType,
    sha256,
  };
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

/** Moves a document to a state without object, and queues what makes that true in the store. */
export function retire(draft: Draft, document: Document, phase: Document["phase"], object: ObjectState): void {
  const { documentId } = document;
  draft.apply({ change: "DocumentChanged", document: { ...document, phase } });
  if (object === "sealed") forgetLater(draft, documentId);
  else draft.queue({ kind: "RetireObject", documentId, sealed: object === "unknown" });
}

/**
 * Queues the second look at a retired document's key. Only once the key is known to be empty or sealed: a tombstone put
 * after the row was forgotten would belong to nobody.
 */
export function forgetLater(draft: Draft, documentId: string): void {
  draft.queue({ kind: "ForgetObject", documentId }, draft.context.now + RETIRED_MS);
}

/** The participant's live upload with this key: only open and successful ones are remembered. */
function findUpload(session: Session, participantId: number, uploadKey: string | undefined): Document | undefined {
  if (uploadKey === undefined) return undefined;
  for (const document of session.documents.values()) {
    if (document.participantId !== participantId || document.uploadKey !== uploadKey) continue;
    if (isOpen(document) || isAvailable(document)) return document;
  }
  return undefined;
}

/** The open document of exactly this attempt; `late` also accepts one whose lease ran out but that is not settled yet. */
function openAttempt(draft: Draft, ref: AttemptRef, { late = false } = {}): Result<OpenDocument> {
  const document = draft.session.documents.get(ref.documentId);
  if (document === undefined || document.attempt !== ref.attempt) return refuse({ reason: "unknown-upload" });
  if (!isOpen(document)) {
    const superseded = document.phase.state === "released" && document.phase.reason === "upload-superseded";
    return refuse({
      reason: superseded ? "upload-superseded" : "upload-expired",
    });
  }
  if (!late && document.phase.leaseUntil <= draft.context.now) return refuse({ reason: "upload-expired" });
  return ok(document);
}

function announced(
  document: Document & {
    phase: Extract<Document["phase"], { state: "available" }>;
  },
): AnnouncedFile {
  const { size, sha256, type, position } = document.phase;
  return {
    file: { fileId: document.fileId, name: document.name, size, sha256, type },
    position,
  };
}

/** True while bytes of a customer's upload may be moving; counts as activity and as presence. */
export function hasOpenUpload(session: Session): boolean {
  return [...session.documents.values()].some(isHeld);
}
