/** What a customer may still upload and download in one session, and the check every reservation passes. */
import type { Document } from "./documents.ts";
import { isAvailable, isHeld } from "./documents.ts";
import type { ServiceOptions } from "./options.ts";
import { ok, type Refusal, type Result, refuse } from "./refusal.ts";
import type { Session } from "./session.ts";

/** What customers have used of the session's quota. Counted from the rows each time, so it cannot disagree with them. */
export interface Usage {
  /** Files announced or being uploaded, and deleted ones that keep their share. */
  readonly files: number;
  /** Bytes of those files; an upload in flight counts with what it holds. */
  readonly bytes: number;
  /** Download attempts taken. */
  readonly downloads: number;
}

/** How many files the customer may send, how large each, and how large all together, in bytes. */
export interface UploadLimits {
  readonly uploadMaxFiles: number;
  readonly uploadMaxFileSize: number;
  readonly uploadMaxTotalSize: number;
}

/** The options that concern the customer's files, and what is used of them. */
export interface Limits extends UploadLimits {
  readonly uploadFileTypes: readonly string[];
  readonly uploadNeedAgent: boolean;
  readonly downloadAttempts: number;
  readonly deleteFile: ServiceOptions["deleteFile"];
  readonly used: Usage;
}

/** What an upload asks for. `exact` is false where only an upper bound of the size is known (multipart). */
export interface UploadRequest {
  readonly side: Document["side"];
  readonly extension: string;
  readonly size: number;
  readonly exact: boolean;
  /** Where `exact` is false: a lower bound of the size. */
  readonly atLeast?: number;
}

/** Counts what the session's customers have used. */
export function usage(session: Pick<Session, "documents">): Usage {
  let files = 0;
  let bytes = 0;
  let downloads = 0;
  for (const document of session.documents.values()) {
    downloads += "downloads" in document.phase ? document.phase.downloads : 0;
    const charged = document.side === "customer" ? chargedBytes(document) : undefined;
    if (charged === undefined) continue;
    files += 1;
    bytes += charged;
  }
  return { files, bytes, downloads };
}

/** Bytes a document counts against its quota; undefined where it does not count at all. */
function chargedBytes(document: Document): number | undefined {
  if (isHeld(document)) return document.phase.held;
  if (isAvailable(document)) return document.phase.size;
  return "kept" in document.phase ? document.phase.kept : undefined;
}

/** Number, size of one, and total size of the customer's files, with what agents granted in this session. */
export function uploadLimits({ options, grant }: Pick<Session, "options" | "grant">): UploadLimits {
  const { uploadMaxFiles, uploadMaxFileSize, uploadMaxTotalSize, agentMaxFileSize } = options;
  const own = { uploadMaxFiles, uploadMaxFileSize, uploadMaxTotalSize };
  if (grant === undefined) return own;
  const { files, bytes } = grant;
  if (isEnabled(own))
    return { ...own, uploadMaxFiles: uploadMaxFiles + files, uploadMaxTotalSize: uploadMaxTotalSize + bytes };
  // A service that takes no files takes exactly the granted ones: no limit of its own says how large one may be.
  return { uploadMaxFiles: files, uploadMaxFileSize: Math.min(bytes, agentMaxFileSize), uploadMaxTotalSize: bytes };
}

/** True where customers may upload at all: 0 in any one of the three limits disables. */
function isEnabled({ uploadMaxFiles, uploadMaxFileSize, uploadMaxTotalSize }: UploadLimits): boolean {
  return uploadMaxFiles > 0 && uploadMaxFileSize > 0 && uploadMaxTotalSize > 0;
}

/** The limits of the session as customers see them. */
export function limitsOf(session: Session): Limits {
  const { options } = session;
  return {
    ...uploadLimits(session),
    uploadFileTypes: options.uploadFileTypes,
    uploadNeedAgent: options.uploadNeedAgent,
    downloadAttempts: options.downloadAttempts,
    deleteFile: options.deleteFile,
    used: usage(session),
  };
}

/** True while an agent is in the session. */
export function agentPresent(session: Session): boolean {
  return session.participants.some(({ type, leftAt }) => type === "Agent" && leftAt === undefined);
}

/**
 * Decides whether an upload may begin.
 * @returns the bytes to hold: the exact size, or the smallest of upper bound, file limit and remaining total.
 */
export function admitUpload(session: Session, request: UploadRequest): Result<{ held: number }> {
  return request.side === "agent" ? admitAgentFile(session.options, request) : admitCustomer(session, request);
}

/** Why an upload that holds `held` bytes is refused when more come: its own limit, or what was left of the total. */
export function overflowOf(session: Session, side: Document["side"], held: number): Refusal {
  const { uploadMaxFileSize, uploadMaxTotalSize } = uploadLimits(session);
  const limit = side === "agent" ? session.options.agentMaxFileSize : uploadMaxFileSize;
  if (side === "agent" || held >= limit) return { reason: "file-too-large", limit };
  return { reason: "total-too-large", limit: uploadMaxTotalSize, left: held };
}

/** Decides by the agents' own limits alone; the value is the number of bytes to hold. */
export function admitAgentFile(
  options: Pick<ServiceOptions, "agentMaxFileSize" | "agentFileTypes">,
  request: Omit<UploadRequest, "side">,
): Result<{ held: number }> {
  const allowed = options.agentFileTypes;
  if (!allowed.includes(request.extension)) return refuseType(request.extension, allowed);
  if (options.agentMaxFileSize === 0 || leastSize(request) > options.agentMaxFileSize) {
    return refuse({
      reason: "file-too-large",
      limit: options.agentMaxFileSize,
    });
  }
  return ok({ held: Math.min(request.size, options.agentMaxFileSize) });
}

function admitCustomer(session: Session, request: UploadRequest): Result<{ held: number }> {
  const { options } = session;
  const limits = uploadLimits(session);
  if (!isEnabled(limits)) return refuse({ reason: "uploads-disabled" });
  if (options.uploadNeedAgent && !agentPresent(session)) return refuse({ reason: "agent-needed" });
  if (!options.uploadFileTypes.includes(request.extension))
    return refuseType(request.extension, options.uploadFileTypes);
  const used = usage(session);
  if (used.files >= limits.uploadMaxFiles) return refuse({ reason: "too-many-files", limit: limits.uploadMaxFiles });
  if (leastSize(request) > limits.uploadMaxFileSize) {
    return refuse({
      reason: "file-too-large",
      limit: limits.uploadMaxFileSize,
    });
  }
  const left = Math.max(0, limits.uploadMaxTotalSize - used.bytes);
  if (left === 0 || leastSize(request) > left) {
    return refuse({
      reason: "total-too-large",
      limit: limits.uploadMaxTotalSize,
      left,
    });
  }
  return ok({ held: Math.min(request.size, limits.uploadMaxFileSize, left) });
}

/** What the file has for certain. */
function leastSize({ exact, size, atLeast = 0 }: Omit<UploadRequest, "side">): number {
  return exact ? size : atLeast;
}

function refuseType(extension: string, allowed: readonly string[]): Result<never> {
  return refuse({ reason: "type-not-allowed", extension, allowed });
}
