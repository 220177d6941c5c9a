/** Agents' tokens from the company's identity provider: verified under its keys, its claims turned into privileges. */
import { errors, type JWTPayload, jwtVerify } from "jose";
import { ok, type Result, refuse } from "../core/refusal.ts";
import type { AgentIssuer, ClaimPath, PrivilegeRule } from "../protocol/agent-issuers.ts";
import { nicknameFrom } from "../protocol/nicknames.ts";
import type { Privilege } from "../protocol/wire.ts";
import type { AgentIdentity } from "./agent-jwt.ts";
import { keysOf, ProviderUnavailable } from "./provider-keys.ts";

/** How far the provider's clock may be from ours, in seconds. */
export const CLOCK_TOLERANCE_SECONDS = 10;
/** However late a token ends, a socket that was opened with it ends after a day, in milliseconds. */
export const MAX_SOCKET_MS = 24 * 60 * 60 * 1000;

/** Agents whose provider says no name. */
const NO_NAME = "Agent";
/** Ids as OpenID Connect bounds a subject (Core 1.0 section 2), without blanks. */
const AGENT_ID = /^[\x21-\x7e]{1,255}$/;

/**
 * Verifies a token of this provider: signature, algorithm, `iss`, `aud`, `exp` (which must be there) and `nbf`. `services`
 * are the names of all services. Refuses with `identity-provider-unavailable` where the provider's keys cannot be had.
 */
export async function verifyProviderToken(
  issuer: AgentIssuer,
  services: Iterable<string>,
  token: string,
  now: number,
): Promise<Result<AgentIdentity>> {
  const keys = keysOf(issuer);
  try {
    const { payload } = await jwtVerify(token, (header, jws) => keys.find(header, jws), {
      algorithms: [...issuer.algorithms],
      issuer: issuer.issuer,
      audience: [...issuer.audiences],
      requiredClaims: ["exp"],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(now),
    });
    return identityOf(issuer, services, payload, now);
  } catch (error) {
    // Only the class of the error is looked at: its message may hold parts of the token.
    if (error instanceof ProviderUnavailable) return refuse({ reason: "identity-provider-unavailable" });
    return refuse({ reason: error instanceof errors.JWTExpired ? "token-expired" : "bad-token" });
  }
}

function identityOf(
  issuer: AgentIssuer,
  services: Iterable<string>,
  payload: JWTPayload,
  now: number,
): Result<AgentIdentity> {
  const id = claimAt(payload, issuer.idClaim);
  if (typeof id !== "string" || !AGENT_ID.test(id)) return refuse({ reason: "bad-token" });
  const end = ((payload.exp ?? 0) + CLOCK_TOLERANCE_SECONDS) * 1000;
  return ok({
    // An issuer holds no #, so that no two pairs make one id, and none is a development agent's.
    agentId: `${issuer.issuer}#${id}`,
    name: nicknameFrom(claimAt(payload, issuer.nameClaim), NO_NAME),
    grant: grantsOf(issuer.grants, services, payload),
    expiresAt: Math.min(end, now + MAX_SOCKET_MS),
  });
}

/** Own properties only: a claim named `constructor` is nobody's unless the provider wrote it. */
function claimAt(payload: JWTPayload, path: ClaimPath): unknown {
  let found: unknown = payload;
  for (const name of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

function grantsOf(
  rules: readonly PrivilegeRule[],
  services: Iterable<string>,
  payload: JWTPayload,
): Record<string, readonly Privilege[]> {
  const met = rules.filter(({ claim, value }) => {
    const claimed = claimAt(payload, claim);
    return Array.isArray(claimed) ? claimed.includes(value) : claimed === value;
  });
  const granted = [...services].map((service): [string, readonly Privilege[]] => {
    const here = met.filter((rule) => rule.services === "*" || rule.services.includes(service));
    return [service, [...new Set(here.flatMap(({ privileges }) => privileges))]];
  });
  return Object.fromEntries(granted);
}
