/** How an upload begins and is kept alive: reservations under a lease, held until it is settled (design sections 4 and 5). */
import { type AttemptRef, announced, findUpload, openAttempt, retire } from "./attempts.ts";
import {
  type Document,
  isAvailable,
  isHeld,
  isRetired,
  LEASE_MS,
  MAX_PENDING,
  MAX_RETIRED,
  objectKey,
} from "./documents.ts";
import type { Draft } from "./draft.ts";
import { type Inspection, inspectionOf } from "./inspection.ts";
import { CUSTOMER_PARTICIPANT_ID } from "./principal.ts";
import { admitUpload, overflowOf, uploadLimits } from "./quotas.ts";
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
  /** What the sender says of the file. */
  readonly description?: string;
}

/** Asks for a place for bytes whose sender is not known yet. */
export interface HoldUpload {
  readonly type: "HoldUpload";
  /** Normalised name and its extension. */
  readonly name: string;
  readonly extension: string;
  /** The file has at least this many bytes. */
  readonly atLeast?: number;
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
      readonly inspection: Inspection;
    } & AttemptRef)
  | {
      readonly kind: "repeated";
      readonly file: FileReference;
      readonly position: number;
    };

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
  }
  const bounded = boundRetired(draft.session, actor.participantId);
  if (!bounded.ok) return bounded;
  if (earlier !== undefined && isHeld(earlier)) return ok(takeOver(draft, earlier));
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
    ...(command.description === undefined ? {} : { description: command.description }),
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

/** Refuses where so many of the participant's uploads came to nothing that one more is not worth its rows. */
function boundRetired({ documents }: Session, participantId: number): Result<undefined> {
  let retired = 0;
  for (const document of documents.values()) {
    if (document.participantId === participantId && isRetired(document)) retired += 1;
  }
  return retired < MAX_RETIRED ? ok(undefined) : refuse({ reason: "too-many-uploads", limit: MAX_RETIRED });
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
    inspection: inspectionOf(session.options),
    key: objectKey(session, documentId),
  };
}

/** Holds a place, but no quota, for bytes that arrive before their sender's credentials (design section 4, the GMS trap). */
export function holdUpload(draft: Draft, command: HoldUpload): Result<Reservation> {
  const { session, context } = draft;
  const pending = [...session.documents.values()].filter(({ phase }) => phase.state === "pending");
  if (pending.length >= MAX_PENDING) return refuse({ reason: "too-many-pending", limit: MAX_PENDING });
  const bounded = boundRetired(session, CUSTOMER_PARTICIPANT_ID);
  if (!bounded.ok) return bounded;
  const bound = uploadLimits(session).uploadMaxFileSize;
  const admitted = admitUpload(session, {
    side: "customer",
    extension: command.extension,
    size: bound,
    exact: false,
    ...(command.atLeast === undefined ? {} : { atLeast: command.atLeast }),
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

/**
 * Says that bytes move: the lease runs anew. A worker that is refused must abort its put. While the session closes the
 * lease is not made longer: what is in flight may finish within the time it has.
 */
export function renewLease(draft: Draft, ref: AttemptRef): Result<undefined> {
  const found = openAttempt(draft, ref);
  if (!found.ok) return found;
  if (draft.session.phase.name !== "open") return ok(undefined);
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
