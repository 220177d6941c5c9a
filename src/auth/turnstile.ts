/** Whether a person begins a chat: Turnstile's word for it, asked of Cloudflare and believed only for our pages and our purpose. */
import * as z from "zod";
import type { Config } from "../config.ts";
import { ok, type Result, refuse } from "../core/refusal.ts";
import { fetchWithin } from "./provider-keys.ts";

/** The `action` with which a page must render Turnstile, so that a token of another form of the same site opens no chat. */
export const TURNSTILE_ACTION = "satchel";

/** What a page hands in, and what must be true of it. */
export interface HumanCheck {
  readonly siteKey: string;
  /** Absent where the page sent none. */
  readonly token: string | undefined;
  /** Names of hosts on whose pages it may have been made. */
  readonly hostnames: ReadonlySet<string>;
  /** A secret of the request's own, where it may be sent again: the same token is then good again. */
  readonly repeatKey?: string;
}

const TIMEOUT_MS = 10_000;

/** As much of the answer as matters. */
const verdict = z.object({
  success: z.boolean(),
  hostname: z.string().optional(),
  action: z.string().optional(),
  "error-codes": z.array(z.string()).default([]),
});

/** Codes that say nothing of who asks: our secret is wrong, or Turnstile is in trouble. */
const NOT_THEIRS = new Set(["missing-input-secret", "invalid-input-secret", "bad-request", "internal-error"]);

/**
 * Asks Turnstile. Fails closed: `turnstile-unavailable` where it cannot be asked or our own settings are wrong,
 * `turnstile-failed` for everything that is no fresh token of one of our pages. A token is good once, but for a repeat.
 */
export async function verifyHuman(
  turnstile: NonNullable<Config["turnstile"]>,
  { siteKey, token, hostnames, repeatKey }: HumanCheck,
): Promise<Result<undefined>> {
  if (token === undefined) return refuse({ reason: "turnstile-required", siteKey });
  const answer = await ask(turnstile, token, repeatKey);
  if (answer === undefined) return refuse({ reason: "turnstile-unavailable" });
  const { success, hostname = "", action } = answer;
  if (success && hostnames.has(hostname) && action === TURNSTILE_ACTION) return ok(undefined);
  const ours = !success && answer["error-codes"].some((code) => NOT_THEIRS.has(code));
  return refuse(ours ? { reason: "turnstile-unavailable" } : { reason: "turnstile-failed", siteKey });
}

async function ask(
  { url, secret }: NonNullable<Config["turnstile"]>,
  token: string,
  repeatKey: string | undefined,
): Promise<z.infer<typeof verdict> | undefined> {
  const body = new URLSearchParams({ secret, response: token });
  if (repeatKey !== undefined) body.set("idempotency_key", await uuidOf(repeatKey));
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetchWithin(url, { method: "POST", body, redirect: "manual", signal });
    // It answers 200 for every verdict and 4xx with one for requests that it cannot judge.
    return verdict.parse(await response.json());
  } catch {
    return undefined;
  }
}

/** A UUID (RFC 9562, version 8) that only who knows the key could name: the service wants no other form. */
async function uuidOf(key: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`turnstile\n${key}`));
  const hex = [...new Uint8Array(digest, 0, 16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}
