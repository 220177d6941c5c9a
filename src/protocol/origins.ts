/** What counts as an exact origin (RFC 6454), so that settings and the `Origin` header are compared letter for letter. */
import * as z from "zod";

/** What an operator must write where an origin is asked for. */
export const ORIGIN_EXPECTED =
  "an exact origin such as https://www.example.com (http only for loopback; no path, no wildcard, no slash at the end)";

const LOOPBACK_HOST = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Whether a host name (as `URL.hostname` gives it) can only be this machine (RFC 6761 section 6.3, RFC 5735). */
export function isLoopbackHost(hostname: string): boolean {
  return LOOPBACK_HOST.test(hostname);
}

/**
 * Whether `text` is an origin exactly as a browser would write it: lower case, no default port, no path.
 * Accepts https anywhere and http on loopback only; `null`, wildcards and credentials are refused.
 */
export function isExactOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  if (url.origin !== text || url.hostname.includes("*")) return false;
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopbackHost(url.hostname));
}

/** An exact origin, as {@link isExactOrigin} says. */
export const exactOrigin = z.string({ error: ORIGIN_EXPECTED }).refine(isExactOrigin, { error: ORIGIN_EXPECTED });

/** An exact origin, or the empty text for none. */
export const originOrNone = z.union([z.literal(""), exactOrigin], { error: ORIGIN_EXPECTED });
