/** What a Genesys widget is told where Satchel refuses: HTTP status, number and advice, by reason, in one exhaustive table. */
import type { Refusal, RefusalReason } from "../../core/refusal.ts";

/** One entry of `errors` (reference 2.3): `advice` is what the widget puts into its own words. */
export interface GmsError {
  readonly code: number;
  readonly advice: string;
}

/** How an answer that refuses looks. */
export interface GmsRefusal {
  readonly http: number;
  /** 1: the same may work later; 2: it never will. */
  readonly statusCode: 1 | 2;
  readonly chatEnded: boolean;
  readonly error: GmsError;
}

/** Number of a dead session's answer; also where credentials are wrong, so that nobody learns which sessions exist. */
const DEAD = 249;

/**
 * Reason to number. Below 1000: numbers widgets know (reference 2.3). From 1000: ours, since none was published
 * (`docs/migrating-from-genesys.md` lists them).
 */
export const CODES: Readonly<Record<RefusalReason, number>> = {
  "bad-request": 1000,
  "body-too-large": 1001,
  "length-required": 1002,
  "unsupported-media-type": 1003,
  "unknown-route": 1004,
  "method-not-allowed": 1005,
  "origin-not-allowed": 1006,
  "upgrade-required": 1007,
  busy: 503,
  "too-many-requests": 1015,
  "store-unavailable": 503,
  "scanner-unavailable": 503,
  "identity-provider-unavailable": 503,
  "turnstile-unavailable": 503,
  "turnstile-required": 1016,
  "turnstile-failed": 1017,
  "sign-in-failed": 403,
  "no-token": 100,
  "bad-token": DEAD,
  "token-expired": DEAD,
  "token-revoked": DEAD,
  "not-joined": DEAD,
  "unknown-session": DEAD,
  "session-ended": DEAD,
  "api-key-wrong": 403,
  "missing-privilege": 403,
  "no-privilege": 403,
  "unknown-service": 306,
  "already-assigned": 1013,
  "idempotency-key-reused": 1008,
  "message-too-long": 204,
  "email-disabled": 1009,
  "recipient-missing": 1010,
  "recipient-fixed": 1011,
  "too-many-emails": 1012,
  "uploads-disabled": 201,
  "too-many-files": 201,
  "file-too-large": 202,
  "total-too-large": 202,
  "type-not-allowed": 203,
  "type-mismatch": 203,
  "file-encrypted": 203,
  "file-has-macros": 203,
  "picture-too-large": 1038,
  "agent-needed": 1020,
  "empty-file": 1021,
  "size-mismatch": 1022,
  "too-many-pending": 1023,
  "unknown-upload": 1024,
  "upload-finished": 1025,
  "upload-superseded": 1026,
  "upload-expired": 1027,
  "too-many-uploads": 1028,
  "unknown-file": 1030,
  "file-deleted": 1031,
  "no-downloads-left": 1032,
  "range-not-satisfiable": 1033,
  "delete-disabled": 1034,
  "not-own-file": 1035,
  "malware-found": 1036,
  "not-scannable": 1037,
  "unknown-response": 1040,
  "unknown-category": 1041,
  "category-in-use": 1042,
  "version-conflict": 1043,
  "library-full": 1044,
};

/** Fields whose problem has a number of its own: the widget marks them in its form. */
const FIELD_CODES: Readonly<Record<string, number>> = {
  nickname: 161,
  firstName: 102,
  lastName: 103,
  emailAddress: 364,
};

/** Where another status than 400 tells proxies and people more, and no widget looks (reference 2.2). */
const OTHER_STATUS: Partial<Record<RefusalReason, number>> = {
  "unknown-route": 404,
  "method-not-allowed": 405,
  "api-key-wrong": 403,
  "too-many-requests": 429,
};

/** The one word a missing parameter is told with (reference 2.3, code 100). */
export const MISSING = "is missing";

/**
 * How a refusal is answered. A dead session is no error of HTTP (reference 2.1), everything else is; why it is dead, or
 * that it never was, is not told: the advice is a reference to our log.
 */
export function toGms(refusal: Refusal, requestId: string): GmsRefusal {
  const error = errorOf(refusal);
  if (error.code === DEAD) {
    return { http: 200, statusCode: 2, chatEnded: true, error: { code: DEAD, advice: `reference ${requestId}` } };
  }
  if (error.code === 503) return { http: 503, statusCode: 1, chatEnded: false, error };
  return { http: OTHER_STATUS[refusal.reason] ?? 400, statusCode: 2, chatEnded: false, error };
}

function errorOf(refusal: Refusal): GmsError {
  if (refusal.reason === "bad-request") return fieldError(refusal.fields[0] ?? { field: "body", problem: "" });
  return { code: CODES[refusal.reason], advice: adviceOf(refusal) };
}

function fieldError({ field, problem }: { readonly field: string; readonly problem: string }): GmsError {
  const own = FIELD_CODES[field];
  if (own !== undefined) return { code: own, advice: `${field}: ${problem}` };
  if (problem === MISSING) return { code: CODES["no-token"], advice: field };
  return { code: CODES["bad-request"], advice: `${field}: ${problem}` };
}

/** Limits as text, since the widget formats them itself; else the reason's own name. */
function adviceOf(refusal: Refusal): string {
  if (refusal.reason === "uploads-disabled") return "0";
  if (refusal.reason === "no-token") return "secureKey";
  return "limit" in refusal ? String(refusal.limit) : refusal.reason;
}

/** The number of a fault on our side. */
export const FAULT: GmsRefusal = {
  http: 500,
  statusCode: 1,
  chatEnded: false,
  error: { code: 500, advice: "fault" },
};
