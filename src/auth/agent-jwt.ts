/** Who an agent is: the token's issuer decides whether an identity provider is asked or the development issuer. */
import { decodeJwt, errors, jwtVerify, SignJWT } from "jose";
import type { Config } from "../config.ts";
import type { AgentPrincipal } from "../core/principal.ts";
import { ok, type Result, refuse } from "../core/refusal.ts";
import { isLoopbackHost } from "../protocol/origins.ts";
import { PRIVILEGES, type Privilege } from "../protocol/wire.ts";
import { verifyProviderToken } from "./provider-token.ts";

/** Privileges for every service, or by the service's name. */
export type PrivilegeGrant = readonly Privilege[] | Readonly<Record<string, readonly Privilege[]>>;

/** A verified agent, before it is known in which service they act. */
export interface AgentIdentity {
  readonly agentId: string;
  readonly name: string;
  readonly grant: PrivilegeGrant;
  /** When the token ends, in milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** How a token came: sent on purpose, or put on by a browser (or by Access for one) whatever page made it ask. */
export type Carrier = "bearer" | "cookie";

const ALGORITHM = "HS256";
const ISSUER = "satchel:development";
const AUDIENCE = "satchel:agent";
/** Default lifetime of a development token, in seconds: a working day. */
const DEV_LIFETIME_SECONDS = 12 * 60 * 60;

/** True where development tokens exist at all: a key is set and the request came to a loopback host. */
export function devIssuerActive(config: Config, url: URL): boolean {
  return config.devIssuerKey !== undefined && isLoopbackHost(url.hostname);
}

/**
 * Verifies an agent's token. Its `iss`, which nothing vouches for yet, only chooses who verifies it. A token out of a cookie
 * can be nobody's but Cloudflare Access's; development tokens are refused off loopback.
 */
export async function verifyAgent(
  config: Config,
  url: URL,
  token: string,
  now: number,
  carrier: Carrier = "bearer",
): Promise<Result<AgentIdentity>> {
  const issuer = config.agentIssuers.get(issuerOf(token) ?? "");
  if (carrier === "cookie" && issuer?.access !== true) return refuse({ reason: "bad-token" });
  if (issuer !== undefined) return verifyProviderToken(issuer, config.services.keys(), token, now);
  return verifyDevToken(config, url, token, now);
}

function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

async function verifyDevToken(config: Config, url: URL, token: string, now: number): Promise<Result<AgentIdentity>> {
  if (config.devIssuerKey === undefined || !devIssuerActive(config, url)) return refuse({ reason: "bad-token" });
  try {
    const required = { algorithms: [ALGORITHM], audience: AUDIENCE, issuer: ISSUER, requiredClaims: ["exp", "sub"] };
    const { payload } = await jwtVerify(token, config.devIssuerKey, { ...required, currentDate: new Date(now) });
    const { sub, name, privileges, exp } = payload;
    if (sub === undefined || typeof name !== "string") return refuse({ reason: "bad-token" });
    return ok({ agentId: sub, name, grant: readGrant(privileges), expiresAt: (exp ?? 0) * 1000 });
  } catch (error) {
    return refuse({ reason: error instanceof errors.JWTExpired ? "token-expired" : "bad-token" });
  }
}

/** The agent in one service: privileges of other services are of no use there. */
export function agentIn(service: string, { agentId, name, grant, expiresAt }: AgentIdentity): AgentPrincipal {
  const privileges = isPrivilegeList(grant) ? grant : Object.hasOwn(grant, service) ? (grant[service] ?? []) : [];
  return { kind: "agent", agentId, name, privileges, expiresAt };
}

/** Signs a development token. Callers have checked `devIssuerActive`. The same name is the same agent. */
export async function signDevAgentToken(
  config: Config,
  who: { name: string; privileges: PrivilegeGrant; expiresIn?: number },
  now: number,
): Promise<{ token: string; agentId: string }> {
  if (config.devIssuerKey === undefined) throw new Error("no development issuer");
  const agentId = `dev:${who.name}`;
  const token = await new SignJWT({ name: who.name, privileges: who.privileges })
    .setProtectedHeader({ alg: ALGORITHM })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(agentId)
    .setExpirationTime(Math.floor(now / 1000) + (who.expiresIn ?? DEV_LIFETIME_SECONDS))
    .sign(config.devIssuerKey);
  return { token, agentId };
}

function isPrivilegeList(grant: PrivilegeGrant): grant is readonly Privilege[] {
  return Array.isArray(grant);
}

/** Only names we know; anything else in a claim grants nothing. */
function readGrant(claim: unknown): PrivilegeGrant {
  if (Array.isArray(claim)) return claim.filter(isPrivilege);
  if (typeof claim !== "object" || claim === null) return [];
  const entries = Object.entries(claim).map(([service, list]) => [
    service,
    Array.isArray(list) ? list.filter(isPrivilege) : [],
  ]);
  return Object.fromEntries(entries) as Record<string, Privilege[]>;
}

function isPrivilege(name: unknown): name is Privilege {
  return PRIVILEGES.some((privilege) => privilege === name);
}
