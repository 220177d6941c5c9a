/** Tokens Satchel signs itself: the customer's, bound to one session, and tickets for one file or one minute. */
import { errors, jwtVerify, SignJWT } from "jose";
import type { Config } from "../config.ts";
import type { Principal } from "../core/principal.ts";
import { ok, type Result, refuse } from "../core/refusal.ts";
import { TICKET_LIFETIME_MS } from "../protocol/wire.ts";

/** How long a customer's token is good, in milliseconds; it can be renewed while it is. */
export const TOKEN_LIFETIME_MS = 24 * 60 * 60 * 1000;

/**
 * The same for a client of the Genesys protocol, which knows no renewal: there a key is good for as long as its chat. The
 * session still ends by its own rules, and can revoke the token at any time.
 */
export const LASTING_TOKEN_MS = 30 * TOKEN_LIFETIME_MS;

const ALGORITHM = "HS256";
const TOKEN_AUDIENCE = "satchel:session";
const TICKET_AUDIENCE = "satchel:file";

/** A signed token and when it ends, in milliseconds since the epoch. */
export interface SignedToken {
  readonly token: string;
  readonly expiresAt: number;
}

/** A principal as a ticket carries it: tickets of agents too, without the privileges that were checked when it was made. */
type TicketHolder = { readonly customer: number; readonly version: number } | { readonly agent: string };

/** Signs a customer's token for one session and participant, good for `lifetime` milliseconds. */
export async function signSessionToken(
  config: Config,
  sessionId: string,
  who: { participantId: number; tokenVersion: number },
  now: number,
  lifetime = TOKEN_LIFETIME_MS,
): Promise<SignedToken> {
  const expiresAt = now + lifetime;
  const claims = { v: who.tokenVersion };
  return { token: await sign(config, TOKEN_AUDIENCE, sessionId, `${who.participantId}`, claims, expiresAt), expiresAt };
}

/** The customer a token speaks for, if it is ours, in time, and of exactly this session. Revocation is the session's to say. */
export async function verifySessionToken(
  config: Config,
  sessionId: string,
  token: string,
  now: number,
): Promise<Result<Principal>> {
  const verified = await verify(config, TOKEN_AUDIENCE, sessionId, token, now);
  if (!verified.ok) return verified;
  const participantId = Number(verified.value.sub);
  const tokenVersion = verified.value.v;
  if (!Number.isSafeInteger(participantId) || typeof tokenVersion !== "number") return refuse({ reason: "bad-token" });
  return ok({ kind: "customer", participantId, tokenVersion, expiresAt: (verified.value.exp ?? 0) * 1000 });
}

/** Signs a link's ticket: one file, one participant, `TICKET_LIFETIME_MS`. */
export async function signTicket(
  config: Config,
  sessionId: string,
  file: { fileId: string; inline: boolean },
  principal: Principal,
  now: number,
): Promise<SignedToken> {
  const expiresAt = now + TICKET_LIFETIME_MS;
  const holder: TicketHolder =
    principal.kind === "customer"
      ? { customer: principal.participantId, version: principal.tokenVersion }
      : { agent: principal.kind === "agent" ? principal.agentId : "" };
  const claims = { holder, inline: file.inline };
  return { token: await sign(config, TICKET_AUDIENCE, sessionId, file.fileId, claims, expiresAt), expiresAt };
}

/** The principal a ticket was made for, if it is for this file of this session and in time. */
export async function verifyTicket(
  config: Config,
  sessionId: string,
  fileId: string,
  ticket: string,
  now: number,
): Promise<Result<{ principal: Principal; inline: boolean }>> {
  const verified = await verify(config, TICKET_AUDIENCE, sessionId, ticket, now);
  if (!verified.ok) return verified;
  const { sub, holder, inline } = verified.value as { sub?: string; holder?: TicketHolder; inline?: unknown };
  if (sub !== fileId || holder === undefined) return refuse({ reason: "bad-token" });
  const principal: Principal =
    "customer" in holder
      ? { kind: "customer", participantId: holder.customer, tokenVersion: holder.version }
      : { kind: "agent", agentId: holder.agent, name: "", privileges: ["chat:save-files"] };
  return ok({ principal, inline: inline === true });
}

async function sign(
  config: Config,
  audience: string,
  issuer: string,
  subject: string,
  claims: Record<string, unknown>,
  expiresAt: number,
): Promise<string> {
  const [secret] = config.tokenSecrets;
  if (secret === undefined) throw new Error("no token secret");
  return new SignJWT(claims)
    .setProtectedHeader({ alg: ALGORITHM })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(subject)
    .setExpirationTime(Math.floor(expiresAt / 1000))
    .sign(secret);
}

/** Tries each secret in force; only one algorithm is ever accepted. */
async function verify(config: Config, audience: string, issuer: string, token: string, now: number) {
  for (const secret of config.tokenSecrets) {
    try {
      const required = {
        algorithms: [ALGORITHM],
        audience,
        issuer,
        currentDate: new Date(now),
        requiredClaims: ["exp", "sub"],
      };
      return ok((await jwtVerify(token, secret, required)).payload);
    } catch (error) {
      if (error instanceof errors.JWTExpired) return refuse({ reason: "token-expired" });
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) return refuse({ reason: "bad-token" });
    }
  }
  return refuse({ reason: "bad-token" });
}
