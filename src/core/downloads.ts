/** Whether a file may be fetched, which part of it, and whether that takes one of the session's download attempts. */
import { type AvailableDocument, bytesKey, isAvailable } from "./documents.ts";
import type { Draft } from "./draft.ts";
import { usage } from "./quotas.ts";
import { ok, type Result, refuse } from "./refusal.ts";
import type { Participant, Session } from "./session.ts";

/** Repeats of a counted download within this time are free, in milliseconds: browsers ask twice. */
export const FREE_REPEAT_MS = 10_000;

/** What the client asks of a file's bytes; header values as they came. */
export interface DownloadConditions {
  /** `head` and a ticket that was already counted take no attempt. */
  readonly method: "get" | "head" | "ticketed";
  readonly range?: string;
  readonly ifNoneMatch?: string;
  readonly ifRange?: string;
}

/** The same of one file of a session. */
export interface DownloadRequest extends DownloadConditions {
  readonly type: "OpenDownload";
  readonly fileId: string;
}

/** What the edge shall answer, and where the bytes lie. `countedAt` is set where an attempt was taken. */
export interface Download {
  readonly status: 200 | 206 | 304;
  readonly key: string;
  readonly name: string;
  readonly contentType: string;
  readonly etag: string;
  readonly size: number;
  /** First byte and number of bytes to send. */
  readonly offset: number;
  readonly length: number;
  readonly countedAt?: number;
}

/** A part of a file, in bytes. */
interface Slice {
  readonly offset: number;
  readonly length: number;
}

/** Authorises a download in the session that owns the file. Only a 200 or 206 of a `get` takes an attempt. */
export function openDownload(draft: Draft, actor: Participant, request: DownloadRequest): Result<Download> {
  const found = readableFile(draft.session, request.fileId);
  if (!found.ok) return found;
  const document = found.value;
  const { size, sha256, type } = document.phase;
  const key = bytesKey(draft.session, document);
  const selected = selectDownload({ key, name: document.name, contentType: type, sha256, size }, request);
  if (!selected.ok || selected.value.status === 304 || request.method !== "get") return selected;
  const part = selected.value;
  const counted = countAttempt(draft, actor, document);
  return counted.ok
    ? ok({
        ...part,
        ...(counted.value === undefined ? {} : { countedAt: counted.value }),
      })
    : counted;
}

/** What to send of a stored file, whoever owns it: all of it, a part, or nothing where the client has it. Counts nothing. */
export function selectDownload(
  file: Pick<Download, "key" | "name" | "contentType" | "size"> & { readonly sha256: string },
  request: DownloadConditions,
): Result<Download> {
  const { sha256, ...description } = file;
  const { size } = file;
  const etag = `"${sha256}"`;
  if (matchesEtag(request.ifNoneMatch, etag)) return ok({ ...description, etag, status: 304, offset: 0, length: 0 });
  const slice = selectRange(request, etag, size);
  if (slice === "unsatisfiable") return refuse({ reason: "range-not-satisfiable", size });
  return ok({
    ...description,
    etag,
    status: slice === undefined ? 200 : 206,
    ...(slice ?? { offset: 0, length: size }),
  });
}

/** Takes an attempt for a link that works without one for a minute. */
export function takeTicket(draft: Draft, actor: Participant, command: { fileId: string }): Result<{ name: string }> {
  const found = readableFile(draft.session, command.fileId);
  if (!found.ok) return found;
  const counted = countAttempt(draft, actor, found.value);
  return counted.ok ? ok({ name: found.value.name }) : counted;
}

/** Gives an attempt back, because the store failed before the first byte. Only the attempt counted at `countedAt`. */
export function returnDownload(draft: Draft, command: { fileId: string; countedAt: number }): Result<undefined> {
  const document = findAvailable(draft.session, command.fileId);
  if (document === undefined || document.phase.countedAt !== command.countedAt) return ok(undefined);
  const phase = {
    ...document.phase,
    downloads: Math.max(0, document.phase.downloads - 1),
    countedAt: 0,
  };
  draft.apply({ change: "DocumentChanged", document: { ...document, phase } });
  return ok(undefined);
}

/** The available file of this session. */
function readableFile(session: Session, fileId: string): Result<AvailableDocument> {
  const document = findAvailable(session, fileId);
  if (document !== undefined) return ok(document);
  const deleted = [...session.documents.values()].some(
    (one) => one.fileId === fileId && (one.phase.state === "deleted" || one.phase.state === "purged"),
  );
  return refuse({ reason: deleted ? "file-deleted" : "unknown-file" });
}

/** The one document of this file that may be served. */
export function findAvailable(session: Session, fileId: string): AvailableDocument | undefined {
  for (const document of session.documents.values()) {
    if (document.fileId === fileId && isAvailable(document)) return document;
  }
  return undefined;
}

/** Counts customers, audits agents. Answers when the attempt was counted, or undefined where it was free. */
function countAttempt(draft: Draft, actor: Participant, document: AvailableDocument): Result<number | undefined> {
  const { session, context } = draft;
  const { fileId, phase } = document;
  const { participantId, agentId } = actor;
  const customer = actor.type === "Client";
  if (customer) {
    const sinceCounted = context.now - phase.countedAt;
    if (sinceCounted >= 0 && sinceCounted < FREE_REPEAT_MS) return ok(undefined);
    const limit = session.options.downloadAttempts;
    if (usage(session).downloads >= limit) return refuse({ reason: "no-downloads-left", limit });
    const counted = {
      ...phase,
      downloads: phase.downloads + 1,
      countedAt: context.now,
    };
    draft.apply({
      change: "DocumentChanged",
      document: { ...document, phase: counted },
    });
  }
  draft.apply({
    change: "AuditRecorded",
    record: {
      at: context.now,
      participantId,
      ...(agentId === undefined ? {} : { agentId }),
      action: "file-downloaded",
      fileId,
    },
  });
  return ok(customer ? context.now : undefined);
}

/** If-None-Match, RFC 9110 section 13.1.2: `*`, or any listed tag that matches weakly. */
function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(",").some((tag) => tag.trim() === "*" || tag.trim().replace(/^W\//, "") === etag);
}

/**
 * Single byte ranges of RFC 9110 section 14. Several ranges, other units and broken headers are ignored, as the RFC
 * allows; `If-Range` with another tag ignores the range too.
 */
function selectRange(request: DownloadConditions, etag: string, size: number): Slice | "unsatisfiable" | undefined {
  // RFC 9110 section 14.2: ranges are defined for GET alone.
  if (request.method === "head") return undefined;
  if (request.range === undefined || (request.ifRange !== undefined && request.ifRange !== etag)) return undefined;
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(request.range.trim());
  const [, first = "", last = ""] = match ?? [];
  if (match === null || (first === "" && last === "")) return undefined;
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? "unsatisfiable" : { offset: size - length, length };
  }
  const offset = Number(first);
  if (last !== "" && Number(last) < offset) return undefined;
  if (offset >= size) return "unsatisfiable";
  return {
    offset,
    length: Math.min(last === "" ? size : Number(last) + 1, size) - offset,
  };
}
