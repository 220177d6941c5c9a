/** The files of a library: a document's row exists before its bytes, and goes only after its object is known to be gone. */
import type { AttemptRef, ObjectState, StoredFile } from "./attempts.ts";
import { LEASE_MS, RETIRED_MS } from "./documents.ts";
import type { Download, DownloadConditions } from "./downloads.ts";
import { selectDownload } from "./downloads.ts";
import { type Inspection, inspectionOf } from "./inspection.ts";
import type { LibraryFile } from "./library.ts";
import { admitName } from "./library.ts";
import type { Jurisdiction, ServiceOptions } from "./options.ts";
import { afterFailure, type Effect, type EffectOutcome } from "./outbox.ts";
import { admitAgentFile } from "./quotas.ts";
import { ok, type Refusal, type Result, refuse } from "./refusal.ts";
import type { ScanMark } from "./scan.ts";

/** Where a library and its files lie. */
export interface LibraryPlace {
  readonly service: string;
  readonly jurisdiction: Jurisdiction | "";
}

/** What is still to be done in the store for one document; at most one thing at a time. */
export type LibraryEffect = Extract<Effect, { documentId: string }>;

/** Where a document of a library is in its life. Sizes are bytes, times milliseconds. */
export type LibraryPhase =
  /** Bytes may be moving; a lease that runs out is settled by asking the store. */
  | { readonly state: "storing"; readonly held: number; readonly leaseUntil: number }
  /** Judged, and the only state that is ever served. */
  | {
      readonly state: "available";
      readonly at: number;
      readonly size: number;
      readonly type: string;
      readonly sha256: string;
      /** Absent where the service did not scan. */
      readonly scan?: ScanMark;
    }
  /** Given up, or needed by nobody any more: its object goes. */
  | {
      readonly state: "gone";
      readonly at: number;
      readonly reason: Refusal["reason"] | "aborted" | "expired" | "unused";
    };

/** Why an upload was given up, and what is known of its object. */
export interface LibraryEnding {
  readonly reason: Extract<LibraryPhase, { state: "gone" }>["reason"];
  readonly object: ObjectState;
}

/** One document, that is one upload: uploads to a library are not taken over, so there is one attempt. */
export interface LibraryDocument {
  readonly documentId: string;
  /** Key of its object in R2, and where that bucket is. */
  readonly key: string;
  readonly jurisdiction: Jurisdiction | "";
  /** The response it belongs to; absent once it was replaced or deleted. */
  readonly responseId?: string;
  readonly name: string;
  readonly extension: string;
  /** Open R2 multipart upload, where the size was not known. */
  readonly multipartId?: string;
  readonly createdAt: number;
  /** How its content is judged; absent where it was begun before there were scans. */
  readonly inspection?: Inspection;
  readonly phase: LibraryPhase;
  readonly effect?: LibraryEffect;
}

/** A document whose bytes may be moving. */
export type StoringDocument = LibraryDocument & { readonly phase: Extract<LibraryPhase, { state: "storing" }> };

/** A document that may be served. */
export type StoredDocument = LibraryDocument & { readonly phase: Extract<LibraryPhase, { state: "available" }> };

/** What an upload asks for; sizes as in a session's reservation. */
export interface FileWish {
  readonly name: string;
  readonly extension: string;
  readonly size: number;
  readonly exact: boolean;
  readonly atLeast?: number;
}

/** A place for the bytes of one file. */
export interface LibraryReservation extends AttemptRef {
  readonly kind: "reserved";
  readonly key: string;
  readonly held: number;
  /** What to refuse with when more than the held bytes come. */
  readonly overflow: Refusal;
  readonly inspection: Inspection;
}

/** A stored file of a library and where its bytes lie. */
export interface LibraryObject {
  readonly documentId: string;
  readonly key: string;
  /** Bytes. */
  readonly size: number;
}

/** The options that decide on files of a library: those of agents' files. */
export type LibraryLimits = Pick<ServiceOptions, "agentMaxFileSize" | "agentFileTypes"> & Inspection;

/** The one attempt of every upload to a library. */
export const LIBRARY_ATTEMPT = 1;

/**
 * Key of a document in R2: `library/{service}/{documentId}`. The keys of sessions begin with a date, so that erasing a
 * session can never reach one of these.
 */
export function libraryKey(service: string, documentId: string): string {
  return `library/${service}/${documentId}`;
}

/** Holds a place for a file of a response that has these files already, by the limits of agents' files. */
export function reserveFile(
  place: LibraryPlace,
  responseId: string,
  present: readonly LibraryDocument[],
  wish: FileWish,
  limits: LibraryLimits,
  { now, newId }: { readonly now: number; readonly newId: () => string },
): Result<{ readonly document: LibraryDocument; readonly reservation: LibraryReservation }> {
  if (wish.exact && wish.size === 0) return refuse({ reason: "empty-file" });
  const admitted = admitAgentFile(limits, wish);
  if (!admitted.ok) return admitted;
  const room = admitName(
    present.map(({ name }) => name),
    wish.name,
  );
  if (!room.ok) return room;
  const { held } = admitted.value;
  const documentId = newId();
  const key = libraryKey(place.service, documentId);
  const leaseUntil = now + LEASE_MS;
  const settling = { kind: "SettleUpload", documentId, effectId: newId(), attempts: 0, dueAt: leaseUntil } as const;
  const document: LibraryDocument = {
    documentId,
    key,
    jurisdiction: place.jurisdiction,
    responseId,
    name: wish.name,
    extension: wish.extension,
    createdAt: now,
    inspection: inspectionOf(limits),
    phase: { state: "storing", held, leaseUntil },
    effect: settling,
  };
  const overflow = { reason: "file-too-large", limit: limits.agentMaxFileSize } as const;
  const ref = { kind: "reserved", documentId, attempt: LIBRARY_ATTEMPT } as const;
  return ok({ document, reservation: { ...ref, key, held, overflow, inspection: inspectionOf(limits) } });
}

/** The document whose upload is going on; `late` also accepts one whose lease ran out but that is not settled yet. */
export function storing(
  document: LibraryDocument | undefined,
  now: number,
  { late }: { readonly late: boolean },
): Result<StoringDocument> {
  if (document === undefined) return refuse({ reason: "unknown-upload" });
  if (!isStoring(document) || (!late && document.phase.leaseUntil <= now)) return refuse({ reason: "upload-expired" });
  return ok(document);
}

/** True while bytes may be moving. */
export function isStoring(document: LibraryDocument): document is StoringDocument {
  return document.phase.state === "storing";
}

/** True for the one state that is served. */
export function isStored(document: LibraryDocument): document is StoredDocument {
  return document.phase.state === "available";
}

/** The lease runs anew, and what would settle it waits as long. */
export function renewed(document: StoringDocument, now: number): LibraryDocument {
  const leaseUntil = now + LEASE_MS;
  const effect = document.effect === undefined ? {} : { effect: { ...document.effect, dueAt: leaseUntil } };
  return { ...document, phase: { ...document.phase, leaseUntil }, ...effect };
}

/** A rescue holds the lease from now on; refused while one still runs, so that one at a time works on an upload. */
export function resumed(document: StoringDocument, now: number): Result<LibraryDocument> {
  return document.phase.leaseUntil > now ? refuse({ reason: "upload-superseded" }) : ok(renewed(document, now));
}

/** Every byte is there and judged: the document may be served from now on. */
export function committed(document: StoringDocument, file: StoredFile, now: number): Result<LibraryDocument> {
  if (file.size === 0) return refuse({ reason: "empty-file" });
  if (file.size > document.phase.held) return refuse({ reason: "file-too-large", limit: document.phase.held });
  const { effect: _settled, multipartId: _completed, ...rest } = document;
  const { size, contentType: type, sha256, scan } = file;
  const marked = scan === undefined ? {} : { scan };
  return ok({ ...rest, phase: { state: "available", at: now, size, type, sha256, ...marked } });
}

/** The document without object: what makes that true in the store is due at once, or only its second look a day later. */
export function gone(
  document: LibraryDocument,
  reason: Extract<LibraryPhase, { state: "gone" }>["reason"],
  object: ObjectState,
  now: number,
  newId: () => string,
): LibraryDocument {
  const { responseId: _left, ...rest } = document;
  const { documentId } = document;
  const task = { documentId, effectId: newId(), attempts: 0 };
  const effect: LibraryEffect =
    object === "sealed"
      ? { kind: "ForgetObject", ...task, dueAt: now + RETIRED_MS }
      : { kind: "RetireObject", ...task, sealed: object === "unknown", dueAt: now };
  return { ...rest, phase: { state: "gone", at: now, reason }, effect };
}

/**
 * A document that its response has no more: it stays readable in the sessions that got it, and goes where there is none.
 * An upload that is still going on is given up.
 */
export function detached(document: LibraryDocument, inUse: boolean, now: number, newId: () => string): LibraryDocument {
  if (document.phase.state !== "available") return gone(document, "aborted", "unknown", now, newId);
  if (!inUse) return gone(document, "unused", "stored", now, newId);
  const { responseId: _left, ...rest } = document;
  return rest;
}

/** Whether nobody needs the document: no response has it, and no session refers to it. */
export function isUnused(document: LibraryDocument, inUse: boolean): boolean {
  return !inUse && document.responseId === undefined && document.phase.state === "available";
}

/** The document after a try of its effect; undefined where its row can be forgotten. */
export function afterEffect(
  document: LibraryDocument,
  effect: LibraryEffect,
  outcome: EffectOutcome,
  now: number,
  newId: () => string,
): LibraryDocument | undefined {
  // Ended by somebody else meanwhile: what was done then decides.
  if (document.effect?.effectId !== effect.effectId) return document;
  if (outcome.outcome !== "done") return { ...document, effect: afterFailure(effect, outcome, now) };
  if (effect.kind !== "RetireObject" || !effect.sealed) return undefined;
  const { documentId } = document;
  return {
    ...document,
    effect: { kind: "ForgetObject", documentId, effectId: newId(), attempts: 0, dueAt: now + RETIRED_MS },
  };
}

/** What a response tells of a stored document. */
export function fileOf({ documentId, name, phase: { size, type, sha256, scan } }: StoredDocument): LibraryFile {
  return { documentId, name, size, type, sha256, ...(scan === undefined ? {} : { scan }) };
}

/** Which part of a stored document to send. */
export function openFile(document: StoredDocument, conditions: DownloadConditions): Result<Download> {
  const { key, name, phase } = document;
  return selectDownload({ key, name, contentType: phase.type, sha256: phase.sha256, size: phase.size }, conditions);
}
