/** The public face of every refusal: HTTP status, stable code and words, in one exhaustive table for HTTP and sockets. */
import type { Problem } from "../protocol/problem.ts";
import type { Refusal, RefusalReason } from "./refusal.ts";

interface Face {
  readonly status: number;
  /** Coarser than the reason where telling more would tell an attacker something. */
  readonly code: string;
  readonly title: string;
}

/** Reason to public face. Unknown and foreign things look alike: both are 404. */
export const FACES: Readonly<Record<RefusalReason, Face>> = {
  "bad-request": { status: 400, code: "bad-request", title: "A field of the request is wrong" },
  "body-too-large": { status: 413, code: "body-too-large", title: "The request body is too large" },
  "length-required": { status: 411, code: "length-required", title: "Content-Length is required" },
  "unsupported-media-type": { status: 415, code: "unsupported-media-type", title: "The content type is not supported" },
  "unknown-route": { status: 404, code: "not-found", title: "There is nothing here" },
  "method-not-allowed": { status: 405, code: "method-not-allowed", title: "The method is not allowed here" },
  busy: { status: 503, code: "busy", title: "Too many uploads at once; try again shortly" },
  "too-many-requests": { status: 429, code: "too-many-requests", title: "Too many at once; try again shortly" },
  "turnstile-required": { status: 403, code: "turnstile-required", title: "Show that you are no program first" },
  "turnstile-failed": { status: 403, code: "turnstile-failed", title: "Turnstile did not vouch for you; try again" },
  "turnstile-unavailable": {
    status: 503,
    code: "turnstile-unavailable",
    title: "Turnstile does not answer; try again",
  },
  "origin-not-allowed": { status: 403, code: "origin-not-allowed", title: "This origin may not use the service" },
  "upgrade-required": {
    status: 426,
    code: "upgrade-required",
    title: "A WebSocket upgrade with subprotocol satchel.v1 is required",
  },
  "api-key-wrong": { status: 403, code: "api-key-wrong", title: "The service's API key is required" },
  "no-token": { status: 401, code: "unauthenticated", title: "A bearer token is required" },
  "bad-token": { status: 401, code: "unauthenticated", title: "The token is not valid here" },
  "token-expired": { status: 401, code: "token-expired", title: "The token has expired" },
  "token-revoked": { status: 401, code: "token-revoked", title: "The token was revoked" },
  "identity-provider-unavailable": {
    status: 503,
    code: "identity-provider-unavailable",
    title: "The identity provider does not answer; try again",
  },
  "sign-in-failed": { status: 403, code: "sign-in-failed", title: "The identity provider did not let you in" },
  "not-joined": { status: 403, code: "not-joined", title: "You are not in this session" },
  "missing-privilege": { status: 403, code: "missing-privilege", title: "A privilege is missing" },
  "unknown-service": { status: 404, code: "unknown-service", title: "There is no such chat service" },
  "unknown-session": { status: 404, code: "unknown-session", title: "There is no such session" },
  "session-ended": { status: 409, code: "session-ended", title: "The session has ended" },
  "already-assigned": { status: 409, code: "already-assigned", title: "Somebody else was faster, or it was given on" },
  "idempotency-key-reused": {
    status: 422,
    code: "idempotency-key-reused",
    title: "The Idempotency-Key was used for something else",
  },
  "message-too-long": { status: 422, code: "message-too-long", title: "The message is too long" },
  "email-disabled": { status: 403, code: "email-disabled", title: "This service sends no transcripts" },
  "recipient-missing": { status: 422, code: "recipient-missing", title: "No e-mail address is known; give one" },
  "recipient-fixed": { status: 409, code: "recipient-fixed", title: "The recipient cannot be changed any more" },
  "too-many-emails": { status: 429, code: "too-many-emails", title: "The transcript was asked for too often" },
  "uploads-disabled": { status: 403, code: "uploads-disabled", title: "This service takes no files" },
  "agent-needed": { status: 409, code: "agent-needed", title: "Files can be sent once an agent is here" },
  "too-many-files": { status: 409, code: "too-many-files", title: "The number of files is used up" },
  "file-too-large": { status: 413, code: "file-too-large", title: "The file is too large" },
  "total-too-large": { status: 413, code: "total-too-large", title: "The total size of files is used up" },
  "empty-file": { status: 422, code: "empty-file", title: "The file is empty" },
  "size-mismatch": { status: 400, code: "size-mismatch", title: "The file is not as long as was declared" },
  "type-not-allowed": { status: 415, code: "type-not-allowed", title: "Files of this type are not allowed" },
  "type-mismatch": { status: 415, code: "type-mismatch", title: "The content is not what the file name says" },
  "file-encrypted": { status: 415, code: "file-encrypted", title: "Files with a password are not taken" },
  "file-has-macros": { status: 415, code: "file-has-macros", title: "Documents with macros are not taken" },
  "picture-too-large": { status: 415, code: "picture-too-large", title: "The picture has too many pixels" },
  "too-many-pending": { status: 409, code: "too-many-pending", title: "Too many uploads wait for their credentials" },
  "too-many-uploads": { status: 429, code: "too-many-uploads", title: "Too many uploads failed or were deleted" },
  "unknown-upload": { status: 404, code: "unknown-upload", title: "There is no such upload" },
  "upload-finished": { status: 409, code: "upload-finished", title: "The upload has finished" },
  "upload-superseded": { status: 409, code: "upload-superseded", title: "A newer attempt took this upload over" },
  "upload-expired": { status: 409, code: "upload-expired", title: "The upload was given up" },
  "unknown-file": { status: 404, code: "unknown-file", title: "There is no such file" },
  "file-deleted": { status: 410, code: "file-deleted", title: "The file was deleted" },
  "delete-disabled": { status: 403, code: "delete-disabled", title: "Files cannot be deleted here" },
  "not-own-file": { status: 403, code: "not-own-file", title: "Only who sent a file may delete it" },
  "no-downloads-left": { status: 429, code: "no-downloads-left", title: "The download attempts are used up" },
  "range-not-satisfiable": { status: 416, code: "range-not-satisfiable", title: "The range is outside the file" },
  "no-privilege": { status: 403, code: "missing-privilege", title: "You have no privilege in this service" },
  "unknown-response": { status: 404, code: "unknown-response", title: "There is no such standard response" },
  "unknown-category": { status: 404, code: "unknown-category", title: "There is no such category" },
  "category-in-use": { status: 409, code: "category-in-use", title: "Something lies in this category" },
  "version-conflict": { status: 409, code: "version-conflict", title: "Somebody else has changed it meanwhile" },
  "library-full": { status: 409, code: "library-full", title: "There is no room for one more" },
  "malware-found": { status: 422, code: "malware-found", title: "The file was refused: it looks harmful" },
  "not-scannable": {
    status: 422,
    code: "not-scannable",
    title: "The file holds more than the virus scan can look into",
  },
  "scanner-unavailable": {
    status: 503,
    code: "scanner-unavailable",
    title: "Files cannot be scanned at the moment; try again",
  },
  "store-unavailable": { status: 503, code: "store-unavailable", title: "The file store does not answer; try again" },
};

/** The problem document of a refusal; the edge adds the request id. */
export function toProblem(refusal: Refusal): Problem {
  const { status, code, title } = FACES[refusal.reason];
  const problem: Problem = { type: "about:blank", title, status, code };
  const errors = "fields" in refusal ? refusal.fields.map((field) => ({ ...field })) : undefined;
  const allowed = "allowed" in refusal ? [...refusal.allowed] : undefined;
  return {
    ...problem,
    ...("privilege" in refusal ? { detail: `needs ${refusal.privilege}` } : {}),
    ...("field" in refusal ? { detail: `${refusal.field} differs from the first request` } : {}),
    ...("expected" in refusal ? { detail: `expected ${refusal.expected}` } : {}),
    ...("limit" in refusal ? { limit: refusal.limit } : {}),
    ...("left" in refusal ? { left: refusal.left } : {}),
    ...("siteKey" in refusal ? { siteKey: refusal.siteKey } : {}),
    ...("retryAfterSeconds" in refusal ? { retryAfter: refusal.retryAfterSeconds } : {}),
    ...(errors === undefined ? {} : { errors }),
    ...(allowed === undefined ? {} : { allowed }),
  };
}
