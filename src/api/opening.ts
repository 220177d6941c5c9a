/** How a chat begins, whichever door the customer comes through: an id, a session opened under it, and a token for it. */
import { makeSessionId, type SessionAddress } from "../auth/session-id.ts";
import { LASTING_TOKEN_MS, signSessionToken, TOKEN_LIFETIME_MS } from "../auth/session-token.ts";
import { verifyHuman } from "../auth/turnstile.ts";
import type { Config } from "../config.ts";
import { OPENING_REPEAT_MS, type OpenedSession, type OpenSession } from "../core/participants.ts";
import type { Principal } from "../core/principal.ts";
import { ok, type Result, refuse } from "../core/refusal.ts";
import { toHex } from "../protocol/encoding.ts";
import { given } from "./given.ts";
import type { Ports } from "./route.ts";

/** Who the customer is, every field checked. */
export interface Opening {
  readonly nickname: string;
  readonly email?: string | undefined;
  readonly subject?: string | undefined;
  readonly language?: string | undefined;
  readonly timeZone?: string | undefined;
  readonly userData?: Readonly<Record<string, string>> | undefined;
}

/** A session that is open, its customer, and the token that speaks for them until `tokenExpiresAt` (milliseconds). */
export interface OpenedChat extends Omit<OpenedSession, "tokenVersion"> {
  readonly address: SessionAddress;
  readonly principal: Principal;
  readonly token: string;
  readonly tokenExpiresAt: number;
}

const SYSTEM = { kind: "system" } as const;

/** How a session is opened beside what it is opened with. */
export interface OpeningManner {
  /** The client's key, and the body it came with: a repeat of both gets the same session. */
  readonly repeat?: { readonly key: string; readonly body: string };
  /** What Turnstile gave the page, where the service wants it. */
  readonly turnstileToken?: string;
  /** The client cannot renew its token, which must last as long as a chat may. */
  readonly lasting?: true;
}

/** Opens a session, and signs the token of its customer. */
export async function openChat(
  { config, ports, url }: { readonly config: Config; readonly ports: Ports; readonly url: URL },
  service: string,
  opening: Opening,
  { repeat, turnstileToken, lasting }: OpeningManner = {},
): Promise<Result<OpenedChat>> {
  const options = config.services.get(service);
  if (options === undefined) return refuse({ reason: "unknown-service" });
  const human = await admitHuman(config, options, url, turnstileToken, repeat?.key);
  if (!human.ok) return human;
  const hashed = repeat === undefined ? undefined : await hash(`${service}\n${repeat.body}`);
  const address = await placeSession(config, ports, service, repeat?.key);
  const opened = await ports.session(address).execute(SYSTEM, openCommand(address, opening, options, hashed));
  if (!opened.ok) return opened;
  const { tokenVersion, ...answer } = opened.value;
  const { participantId } = answer;
  const who = { participantId, tokenVersion };
  const lifetime = lasting ? LASTING_TOKEN_MS : TOKEN_LIFETIME_MS;
  const signed = await signSessionToken(config, address.sessionId, who, ports.now(), lifetime);
  const principal: Principal = { kind: "customer", participantId, tokenVersion };
  return ok({ ...answer, address, principal, token: signed.token, tokenExpiresAt: signed.expiresAt });
}

/** Lets everybody in where the service asks for no Turnstile. */
async function admitHuman(
  config: Config,
  { turnstileSiteKey, allowedOrigins }: OpenSession["record"]["options"],
  url: URL,
  token: string | undefined,
  repeatKey: string | undefined,
): Promise<Result<undefined>> {
  if (turnstileSiteKey === "") return ok(undefined);
  if (config.turnstile === undefined) return refuse({ reason: "turnstile-unavailable" });
  const pages = [url.origin, config.publicOrigin, ...allowedOrigins].filter((origin) => origin !== "");
  const hostnames = new Set(pages.map((origin) => new URL(origin).hostname));
  return verifyHuman(config.turnstile, {
    siteKey: turnstileSiteKey,
    token,
    hostnames,
    ...given("repeatKey", repeatKey),
  });
}

/** The session a key already opened just before midnight UTC, as long as repeats are answered, or the one it opens today. */
async function placeSession(
  config: Config,
  ports: Ports,
  service: string,
  key: string | undefined,
): Promise<SessionAddress> {
  const now = ports.now();
  const today = await makeSessionId(config, service, now, key);
  const earlier = key === undefined ? today : await makeSessionId(config, service, now - OPENING_REPEAT_MS, key);
  if (earlier.sessionId === today.sessionId) return today;
  const known = await ports.session(earlier).view(SYSTEM);
  return known.ok ? earlier : today;
}

function openCommand(
  { sessionId, service, startDay }: SessionAddress,
  { nickname, email, subject, language, timeZone, userData = {} }: Opening,
  options: OpenSession["record"]["options"],
  opening: string | undefined,
): OpenSession {
  const details = {
    ...given("email", email),
    ...given("subject", subject),
    ...given("language", language),
    ...given("timeZone", timeZone),
  };
  const record = { sessionId, service, startDay, options, userData, ...details, ...given("opening", opening) };
  return { type: "OpenSession", nickname, record };
}

async function hash(text: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));
}
