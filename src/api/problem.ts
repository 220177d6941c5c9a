/** Refusals and faults as `application/problem+json` (RFC 9457). */
import { toProblem } from "../core/problem.ts";
import type { Refusal } from "../core/refusal.ts";

const CONTENT_TYPE = "application/problem+json";

/** Somebody else's part does not answer: it may at the next try. */
const ELSEWHERE: ReadonlySet<Refusal["reason"]> = new Set([
  "store-unavailable",
  "scanner-unavailable",
  "identity-provider-unavailable",
  "turnstile-unavailable",
]);

/** Seconds after which a client may come back, by what was refused. */
function retryAfter(refusal: Refusal): string | undefined {
  if ("retryAfterSeconds" in refusal) return String(refusal.retryAfterSeconds);
  return ELSEWHERE.has(refusal.reason) ? "5" : undefined;
}

/** The answer to a refusal. */
export function problemResponse(refusal: Refusal, requestId: string): Response {
  const problem = { ...toProblem(refusal), requestId };
  const headers = new Headers({ "Content-Type": CONTENT_TYPE, "Cache-Control": "no-store" });
  const retry = retryAfter(refusal);
  if (retry !== undefined) headers.set("Retry-After", retry);
  if (problem.status === 401) headers.set("WWW-Authenticate", 'Bearer realm="satchel"');
  if (refusal.reason === "method-not-allowed") headers.set("Allow", refusal.allow.join(", "));
  if (refusal.reason === "range-not-satisfiable") headers.set("Content-Range", `bytes */${refusal.size}`);
  if (refusal.reason === "upgrade-required") headers.set("Upgrade", "websocket");
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}

/** The answer to a fault: a fixed text, whatever went wrong. */
export function faultResponse(requestId: string): Response {
  const problem = {
    type: "about:blank",
    title: "Something went wrong on our side",
    status: 500,
    code: "fault",
    requestId,
  };
  return new Response(JSON.stringify(problem), { status: 500, headers: { "Content-Type": CONTENT_TYPE } });
}

/** The answer while the configuration is wrong: fail closed, and say what to mend. Holds names of settings, no values. */
export function misconfiguredResponse(
  problems: readonly { key: string; expected: string }[],
  requestId: string,
): Response {
  const errors = problems.map(({ key, expected }) => ({ field: key, problem: `expected ${expected}` }));
  const title = "The configuration is wrong; nothing is served";
  const problem = { type: "about:blank", title, status: 500, code: "misconfigured", errors, requestId };
  return new Response(JSON.stringify(problem), { status: 500, headers: { "Content-Type": CONTENT_TYPE } });
}
