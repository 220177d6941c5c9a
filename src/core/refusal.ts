/** Every reason Satchel says no. A refusal is a value with a reason; faults are exceptions, and the two never mix. */
import type { Privilege } from "../protocol/wire.ts";

/** One field of a request that is wrong, and what was expected of it. */
export interface FieldProblem {
  /** Path of the field, as in `userData.order` or `header Content-Length`. */
  readonly field: string;
  /** What was expected, in words; never what was sent. */
  readonly problem: string;
}

/**
 * The precise reasons. Each wire maps them to its own, deliberately coarser, public codes in one exhaustive table
 * (`core/problem.ts`), so that a new reason does not compile until every wire answers it.
 */
export type Refusal =
  // the request
  | { readonly reason: "bad-request"; readonly fields: readonly FieldProblem[] }
  | { readonly reason: "body-too-large"; readonly limit: number }
  | { readonly reason: "length-required" }
  | { readonly reason: "unsupported-media-type"; readonly expected: string }
  | { readonly reason: "unknown-route" }
  | { readonly reason: "method-not-allowed"; readonly allow: readonly string[] }
  | { readonly reason: "busy"; readonly retryAfterSeconds: number }
  | { readonly reason: "too-many-requests"; readonly retryAfterSeconds: number }
  | { readonly reason: "origin-not-allowed" }
  | { readonly reason: "upgrade-required" }
  | { readonly reason: "api-key-wrong" }
  /** `siteKey`: with it a page renders Turnstile. */
  | { readonly reason: "turnstile-required"; readonly siteKey: string }
  | { readonly reason: "turnstile-failed"; readonly siteKey: string }
  | { readonly reason: "turnstile-unavailable" }
  // who is asking
  | { readonly reason: "no-token" }
  | { readonly reason: "bad-token" }
  | { readonly reason: "token-expired" }
  | { readonly reason: "token-revoked" }
  | { readonly reason: "identity-provider-unavailable" }
  | { readonly reason: "sign-in-failed" }
  | { readonly reason: "not-joined" }
  | { readonly reason: "missing-privilege"; readonly privilege: Privilege }
  // the session
  | { readonly reason: "unknown-service" }
  | { readonly reason: "unknown-session" }
  | { readonly reason: "session-ended" }
  | { readonly reason: "already-assigned" }
  | { readonly reason: "idempotency-key-reused"; readonly field: string }
  | { readonly reason: "message-too-long"; readonly limit: number }
  | { readonly reason: "email-disabled" }
  | { readonly reason: "recipient-missing" }
  | { readonly reason: "recipient-fixed" }
  | { readonly reason: "too-many-emails"; readonly limit: number }
  // files
  | { readonly reason: "uploads-disabled" }
  | { readonly reason: "agent-needed" }
  | { readonly reason: "too-many-files"; readonly limit: number }
  | { readonly reason: "file-too-large"; readonly limit: number }
  | {
      readonly reason: "total-too-large";
      readonly limit: number;
      readonly left: number;
    }
  | { readonly reason: "empty-file" }
  | { readonly reason: "size-mismatch"; readonly declared: number }
  | {
      readonly reason: "type-not-allowed";
      readonly extension: string;
      readonly allowed: readonly string[];
    }
  | { readonly reason: "type-mismatch"; readonly extension: string }
  | { readonly reason: "file-encrypted" }
  | { readonly reason: "file-has-macros" }
  | { readonly reason: "picture-too-large"; readonly limit: number }
  | { readonly reason: "too-many-pending"; readonly limit: number }
  | { readonly reason: "too-many-uploads"; readonly limit: number }
  | { readonly reason: "unknown-upload" }
  | { readonly reason: "upload-finished" }
  | { readonly reason: "upload-superseded" }
  | { readonly reason: "upload-expired" }
  | { readonly reason: "unknown-file" }
  | { readonly reason: "file-deleted" }
  | { readonly reason: "delete-disabled" }
  | { readonly reason: "not-own-file" }
  | { readonly reason: "no-downloads-left"; readonly limit: number }
  | { readonly reason: "range-not-satisfiable"; readonly size: number }
  | { readonly reason: "store-unavailable" }
  /** `signature` is for agents and the audit: no door tells it to who sent the file. */
  | { readonly reason: "malware-found"; readonly signature: string }
  | { readonly reason: "not-scannable" }
  | { readonly reason: "scanner-unavailable" }
  // standard responses
  | { readonly reason: "no-privilege" }
  | { readonly reason: "unknown-response" }
  | { readonly reason: "unknown-category" }
  | { readonly reason: "category-in-use" }
  | { readonly reason: "version-conflict" }
  | { readonly reason: "library-full"; readonly limit: number };

/** The name of a reason. */
export type RefusalReason = Refusal["reason"];

/** A value, or the reason there is none. Travels over RPC, where classes would not survive. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

/** Wraps a value. */
export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

/** Wraps a reason. */
export function refuse(refusal: Refusal): {
  readonly ok: false;
  readonly refusal: Refusal;
} {
  return { ok: false, refusal };
}

/** A refusal of one field. */
export function refuseField(field: string, problem: string): { readonly ok: false; readonly refusal: Refusal } {
  return refuse({ reason: "bad-request", fields: [{ field, problem }] });
}
