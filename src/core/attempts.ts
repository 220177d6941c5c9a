/** One attempt at an upload: how it is named, found, and brought to an end that leaves no object behind. */
import { type Document, isAvailable, isOpen, type OpenDocument, RETIRED_MS } from "./documents.ts";
import type { Draft } from "./draft.ts";
import { ok, type Result, refuse } from "./refusal.ts";
import type { ScanMark } from "./scan.ts";
import type { Session } from "./session.ts";
import type { FileReference } from "./transcript.ts";

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
  /** Absent where the service does not scan. */
  readonly scan?: ScanMark;
}

/** A file as it was announced. */
export interface AnnouncedFile {
  readonly file: FileReference;
  readonly position: number;
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
export function findUpload(
  session: Session,
  participantId: number,
  uploadKey: string | undefined,
): Document | undefined {
  if (uploadKey === undefined) return undefined;
  for (const document of session.documents.values()) {
    if (document.participantId !== participantId || document.uploadKey !== uploadKey) continue;
    if (isOpen(document) || isAvailable(document)) return document;
  }
  return undefined;
}

/** The open document of exactly this attempt; `late` also accepts one whose lease ran out but that is not settled yet. */
export function openAttempt(draft: Draft, ref: AttemptRef, { late = false } = {}): Result<OpenDocument> {
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

/** What the transcript says of a document. */
export function fileReference(
  { fileId, name, description }: Omit<Document, "phase">,
  stored: Pick<FileReference, "size" | "type" | "sha256" | "scan">,
): FileReference {
  return { fileId, name, ...stored, ...(description === undefined ? {} : { description }) };
}

/** An available document as it was announced. */
export function announced(
  document: Document & {
    phase: Extract<Document["phase"], { state: "available" }>;
  },
): AnnouncedFile {
  const { size, sha256, type, position, scan } = document.phase;
  return { file: fileReference(document, { size, type, sha256, ...(scan === undefined ? {} : { scan }) }), position };
}
