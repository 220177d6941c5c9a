/** A document: the stored bytes of one upload attempt and their metadata, and the states of its life (design section 5). */

import type { ScanMark } from "./scan.ts";

/** Which limits an upload falls under: the customer's quota, or the agent's own bounds. */
export type Side = "customer" | "agent";

/** Where a document is in its life; each phase has only the fields it needs. Sizes are bytes, times milliseconds. */
export type DocumentPhase =
  /** Bytes may arrive before anybody has said who sends them (a Genesys widget); holds no quota. */
  | { readonly state: "pending"; readonly leaseUntil: number }
  /** Quota is held; the worker has not said yet that bytes move. */
  | {
      readonly state: "reserved";
      readonly held: number;
      readonly leaseUntil: number;
    }
  /** Quota is held and the worker has said that bytes move. */
  | {
      readonly state: "storing";
      readonly held: number;
      readonly leaseUntil: number;
    }
  /** Judged, announced, and the only state that is ever served. */
  | {
      readonly state: "available";
      /** When it was announced. */
      readonly at: number;
      readonly size: number;
      readonly type: string;
      readonly sha256: string;
      /** Absent where the service does not scan. */
      readonly scan?: ScanMark;
      readonly position: number;
      /** Download attempts customers took of this file, and when the last counted one was. */
      readonly downloads: number;
      readonly countedAt: number;
    }
  /** The content was refused; the object goes. */
  | { readonly state: "rejected"; readonly at: number; readonly reason: string }
  /** Cancelled, failed, superseded or expired; the object goes, if there is one. */
  | { readonly state: "released"; readonly at: number; readonly reason: string }
  /** Deleted by a participant; the object goes. `kept` are the bytes that still count against the quota. */
  | {
      readonly state: "deleted";
      readonly at: number;
      readonly kept: number | undefined;
      readonly downloads: number;
    }
  /** The object of a deleted document is gone; the row stays for the quota. */
  | {
      readonly state: "purged";
      readonly at: number;
      readonly kept: number | undefined;
      readonly downloads: number;
    };

/** A document: one attempt at one upload. A repeat of the upload makes a new document with the same `fileId`. */
export interface Document {
  /** Internal id, last part of the object's key; never shown to customers. */
  readonly documentId: string;
  /** What participants see, the same for every attempt. */
  readonly fileId: string;
  readonly participantId: number;
  readonly side: Side;
  readonly attempt: number;
  /** Normalised once, at the door. */
  readonly name: string;
  readonly extension: string;
  /**
   * Key of the object in the service's library, where a standard response's file was announced by reference: the session
   * reads it, and never removes it.
   */
  readonly libraryKey?: string;
  /** What the sender says of it. */
  readonly description?: string;
  /** Bytes the client declared, where it knew them. */
  readonly declaredSize?: number;
  /** The client's `Idempotency-Key`. */
  readonly uploadKey?: string;
  /** Open R2 multipart upload, where the size was not known; aborted with the document. */
  readonly multipartId?: string;
  readonly createdAt: number;
  readonly phase: DocumentPhase;
}

/** A document whose worker may still be storing. */
export type OpenDocument = Document & {
  readonly phase: Extract<DocumentPhase, { leaseUntil: number }>;
};

/** A document that holds quota. */
export type HeldDocument = Document & {
  readonly phase: Extract<DocumentPhase, { held: number }>;
};

/** A document that may be served. */
export type AvailableDocument = Document & {
  readonly phase: Extract<DocumentPhase, { state: "available" }>;
};

/** True while an upload of this document may still be going on. */
export function isOpen(document: Document): document is OpenDocument {
  return "leaseUntil" in document.phase;
}

/** True while the document holds quota for bytes that are not there yet. */
export function isHeld(document: Document): document is HeldDocument {
  return "held" in document.phase;
}

/** True for the one state that is served. */
export function isAvailable(document: Document): document is AvailableDocument {
  return document.phase.state === "available";
}

/** True for a document whose object is gone or going. */
export function isRetired(document: Document): boolean {
  return !isOpen(document) && !isAvailable(document);
}

/** Key of the object that holds a document's bytes: the session's own, or the library's. */
export function bytesKey(
  session: { startDay: string; sessionId: string },
  { documentId, libraryKey }: Pick<Document, "documentId" | "libraryKey">,
): string {
  return libraryKey ?? objectKey(session, documentId);
}

/** Key of a document's object in R2: `{start day}/{sessionId}/{documentId}`; made by the server alone (CVE class path traversal). */
export function objectKey(session: { startDay: string; sessionId: string }, documentId: string): string {
  return `${objectPrefix(session)}${documentId}`;
}

/** Prefix of every object of one session. */
export function objectPrefix(session: { startDay: string; sessionId: string }): string {
  return `${session.startDay}/${session.sessionId}/`;
}

/** How long a lease lasts from its last renewal, in milliseconds. */
export const LEASE_MS = 60_000;
/** How long the row and tombstone of a retired document stay, in milliseconds. */
export const RETIRED_MS = 24 * 60 * 60 * 1000;
/** Most uploads of one session that may wait for their credentials at once. */
export const MAX_PENDING = 2;
/**
 * Most failed, cancelled, superseded and deleted uploads of one participant whose rows are kept at once. Each costs rows,
 * an alarm and calls of the store, and none of them counts against a quota: without a bound one customer could make any number.
 */
export const MAX_RETIRED = 50;

/** True while bytes of a customer's upload may be moving; counts as activity and as presence. */
export function hasOpenUpload(session: { readonly documents: ReadonlyMap<string, Document> }): boolean {
  return [...session.documents.values()].some(isHeld);
}
