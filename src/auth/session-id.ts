/**
 * Session ids tell the edge where a session lives and that we made them, before any object is woken: 30 bytes as 40
 * characters of base64url. Layout: key id (1), tag of the service (4), jurisdiction (1), start day (2, days since
 * 1970-01-01), random (12), HMAC-SHA-256 over service name and the bytes before, cut to 80 bits (10).
 */
import type { Config } from "../config.ts";
import type { Jurisdiction } from "../core/options.ts";
import { fromBase64url, toBase64url } from "../protocol/encoding.ts";

/** What a session id says. */
export interface SessionAddress {
  readonly sessionId: string;
  readonly service: string;
  readonly jurisdiction: Jurisdiction | "";
  /** UTC, `YYYY-MM-DD`. */
  readonly startDay: string;
}

const JURISDICTIONS = ["", "eu", "fedramp"] as const;
const ID_LENGTH = 40;
const RANDOM_BYTES = 12;
const RANDOM_AT = 8;
const TAG_AT = RANDOM_AT + RANDOM_BYTES;
const TAG_BYTES = 10;
const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Makes an id for a session of a service that starts now. With `secret` (an `Idempotency-Key`) the random part is
 * derived from it under our key, so that a repeat on the same UTC day makes the same id.
 */
export async function makeSessionId(
  config: Config,
  service: string,
  now: number,
  secret?: string,
): Promise<SessionAddress> {
  const jurisdiction = config.services.get(service)?.jurisdiction ?? "";
  const keyId = config.sessionIdKeys.current;
  const bytes = new Uint8Array(TAG_AT + TAG_BYTES);
  const day = Math.floor(now / DAY_MS);
  bytes[0] = keyId;
  bytes.set(await serviceTag(service), 1);
  bytes[5] = JURISDICTIONS.indexOf(jurisdiction);
  new DataView(bytes.buffer).setUint16(6, day);
  const derived = secret === undefined ? undefined : await mac(config, keyId, `opening\n${service}\n${secret}`);
  bytes.set(derived?.subarray(0, RANDOM_BYTES) ?? crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)), RANDOM_AT);
  bytes.set(await idTag(config, keyId, service, bytes), TAG_AT);
  return { sessionId: toBase64url(bytes), service, jurisdiction, startDay: dayText(day) };
}

/** Reads an id; undefined unless it is exactly one we made for a service that is configured now. */
export async function readSessionId(config: Config, sessionId: string): Promise<SessionAddress | undefined> {
  if (sessionId.length !== ID_LENGTH) return undefined;
  const bytes = fromBase64url(sessionId);
  if (bytes?.length !== TAG_AT + TAG_BYTES) return undefined;
  const keyId = bytes[0] ?? 0;
  const jurisdiction = JURISDICTIONS[bytes[5] ?? JURISDICTIONS.length];
  const service = await serviceOfTag(config, bytes.subarray(1, 5));
  if (service === undefined || jurisdiction === undefined || !config.sessionIdKeys.keys.has(keyId)) return undefined;
  if (!equal(await idTag(config, keyId, service, bytes), bytes.subarray(TAG_AT))) return undefined;
  return { sessionId, service, jurisdiction, startDay: dayText(new DataView(bytes.buffer).getUint16(6)) };
}

function dayText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

async function serviceTag(service: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(service))).subarray(0, 4);
}

/** Two services with one tag are told apart by the keyed tag, which covers the whole name. */
async function serviceOfTag(config: Config, tag: Uint8Array): Promise<string | undefined> {
  for (const service of config.services.keys()) {
    if (equal(await serviceTag(service), tag)) return service;
  }
  return undefined;
}

async function idTag(config: Config, keyId: number, service: string, bytes: Uint8Array): Promise<Uint8Array> {
  const tagged = await mac(config, keyId, `id\n${service}\n${toBase64url(bytes.subarray(0, TAG_AT))}`);
  return tagged.subarray(0, TAG_BYTES);
}

async function mac(config: Config, keyId: number, text: string): Promise<Uint8Array> {
  const key = config.sessionIdKeys.keys.get(keyId);
  if (key === undefined) throw new Error("session id key is missing");
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, new TextEncoder().encode(text)));
}

/** Compares without telling by its time where the first difference is (CVE-2022-1176). */
function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (const [index, byte] of a.entries()) difference |= byte ^ (b[index] ?? 0);
  return difference === 0;
}
