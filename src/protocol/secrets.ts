/** The text form of the deployment's secrets: the commands that make them and the worker that reads them share it. */
import * as z from "zod";
import { parseSmtpUrl } from "./smtp-url.ts";

/** Bytes of one key under which session ids are tagged. */
export const SESSION_ID_KEY_BYTES = 32;
/** Fewest bytes of any other secret: as much as the output of HMAC-SHA-256 (RFC 2104 section 3). */
export const MIN_SECRET_BYTES = 32;

/** Key bytes with a buffer of their own, as Web Crypto wants them. */
export type KeyBytes = Uint8Array<ArrayBuffer>;

/** Keys of the session ids: `current` is the id of the one for new session ids; none is ever taken away. */
export interface SessionIdKeys {
  readonly current: number;
  readonly keys: ReadonlyMap<number, KeyBytes>;
}

const MADE_BY = "a secret, which `npm start` makes for this machine and `wrangler secret put` sets for a deployment";
const SESSION_ID_KEYS_EXPECTED = `${MADE_BY}: "0:<key>" or "1:<key>,0:<key>", ids 0 to 255, newest first, each key \
${SESSION_ID_KEY_BYTES} bytes as base64url`;
const TOKEN_SECRETS_EXPECTED = `${MADE_BY}: one or two with a comma between, newest first, each at least \
${MIN_SECRET_BYTES} bytes as base64url`;
const SECRET_EXPECTED = `${MADE_BY}: at least ${MIN_SECRET_BYTES} bytes as base64url`;
const DEV_ISSUER_EXPECTED = `a secret for development only, at least ${MIN_SECRET_BYTES} bytes as base64url`;
const SCANNER_SECRET_EXPECTED = "the secret of the scan gateway: 32 to 512 printable ASCII characters, no blanks";
const SMTP_URL_EXPECTED = "a secret such as smtps://user:password@mail.example.com:465, scheme smtp or smtps";

/** Bytes of unpadded base64url (RFC 4648 section 5), or undefined where it is not that or not `min` to `max` bytes. */
function readKey(text: string | undefined, min: number, max = 1024): KeyBytes | undefined {
  if (text === undefined || !/^[A-Za-z0-9_-]+$/.test(text) || text.length % 4 === 1) return undefined;
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  if (binary.length < min || binary.length > max) return undefined;
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

function readSessionIdKeys(text: string): SessionIdKeys | undefined {
  const keys = new Map<number, KeyBytes>();
  for (const entry of text.split(",")) {
    const match = /^\s*(\d{1,3}):(\S+)\s*$/.exec(entry);
    const id = Number(match?.[1] ?? "256");
    const key = readKey(match?.[2], SESSION_ID_KEY_BYTES, SESSION_ID_KEY_BYTES);
    if (key === undefined || id > 255 || keys.has(id)) return undefined;
    keys.set(id, key);
  }
  const [current] = keys.keys();
  return current === undefined ? undefined : { current, keys };
}

function readTokenSecrets(text: string): readonly KeyBytes[] | undefined {
  const secrets = text.split(",").map((entry) => readKey(entry.trim(), MIN_SECRET_BYTES));
  const right = secrets.filter((secret) => secret !== undefined);
  return right.length === secrets.length && right.length <= 2 ? right : undefined;
}

/** The issue carries neither the value nor any part of it: secrets must never reach a log. */
function secret<T>(read: (text: string) => T | undefined, expected: string) {
  return z.string({ error: expected }).transform((text, context): T => {
    const value = read(text);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: expected });
    return z.NEVER;
  });
}

/** `SESSION_ID_KEYS`: `"0:<base64url of 32 bytes>,1:<…>"`; the first is for new ids. */
export const sessionIdKeys = secret(readSessionIdKeys, SESSION_ID_KEYS_EXPECTED);

/** `TOKEN_SECRETS`: one or two with a comma between, newest first. */
export const tokenSecrets = secret(readTokenSecrets, TOKEN_SECRETS_EXPECTED);

/** `DIRECTORY_KEY`: the key under which the Directory hashes mail addresses. */
export const directoryKey = secret((text) => readKey(text, MIN_SECRET_BYTES), SECRET_EXPECTED);

/** `DEV_ISSUER_KEY`: signs development tokens; absent or empty in production. */
export const devIssuerKey = secret((text) => readKey(text, MIN_SECRET_BYTES), DEV_ISSUER_EXPECTED);

/** `SMTP_URL`: the mail server with its credentials, as `parseSmtpUrl` reads it; the reason repeats nothing of it. */
export const smtpUrl = z.string({ error: SMTP_URL_EXPECTED }).superRefine((text, context) => {
  const parsed = parseSmtpUrl(text);
  if (!parsed.ok) context.addIssue({ code: "custom", message: `${SMTP_URL_EXPECTED} (${parsed.reason})` });
});

/** `SCANNER_SECRET`: what the worker shows to the scan gateway, as a bearer token. */
export const scannerSecret = z
  .string({ error: SCANNER_SECRET_EXPECTED })
  .regex(/^[\x21-\x7e]{32,512}$/, { error: SCANNER_SECRET_EXPECTED });

const TURNSTILE_EXPECTED = "the secret key of the Turnstile widget, since a service has turnstile-site-key";

/** `TURNSTILE_SECRET`: what Cloudflare gave for the widget. */
export const turnstileSecret = z
  .string({ error: TURNSTILE_EXPECTED })
  .regex(/^[\x21-\x7e]{20,200}$/, { error: TURNSTILE_EXPECTED });
