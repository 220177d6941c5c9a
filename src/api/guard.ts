/** Who is asking: the one place where credentials of a request become a principal, for every route and door. */
import { decodeJwt } from "jose";
import { type AgentIdentity, agentIn, verifyAgent } from "../auth/agent-jwt.ts";
import { readSessionId, type SessionAddress } from "../auth/session-id.ts";
import { verifySessionToken, verifyTicket } from "../auth/session-token.ts";
import type { Config } from "../config.ts";
import type { AgentPrincipal, Principal } from "../core/principal.ts";
import { ok, type Result, refuse, refuseField } from "../core/refusal.ts";
import type { Privilege } from "../protocol/wire.ts";
import { type Credential, credentialOf, mayAct } from "./credentials.ts";
import type { Access } from "./route.ts";

/** A verified request about one session. */
export interface Admitted {
  readonly address: SessionAddress;
  readonly principal: Principal;
  readonly ticket?: { readonly inline: boolean };
}

/** What the guard looks at. */
export interface Asking {
  readonly config: Config;
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly now: number;
}

/**
 * Admits a request about a session: some credential, an id that we made, and the credential is good for exactly it.
 * Nothing here wakes an object.
 */
export async function admit(
  access: Access,
  params: { sessionId?: string; fileId?: string },
  asking: Asking,
): Promise<Result<Admitted>> {
  const { config, url, now } = asking;
  const ticket = access === "ticket" ? url.searchParams.get("ticket") : null;
  const credential = ticket === null ? admitCredential(asking) : undefined;
  if (credential?.ok === false) return credential;
  const address = await readSessionId(config, params.sessionId ?? "");
  if (address === undefined) return refuse({ reason: "unknown-session" });
  if (credential === undefined) {
    const verified = await verifyTicket(config, address.sessionId, params.fileId ?? "", ticket ?? "", now);
    if (!verified.ok) return verified;
    return ok({ address, principal: verified.value.principal, ticket: { inline: verified.value.inline } });
  }
  const principal = await principalOf(access, address, credential.value, asking);
  return principal.ok ? ok({ address, principal: principal.value }) : principal;
}

/** The request's credential; what a browser put on by itself only where our own page asked (design section 7). */
function admitCredential(asking: Asking): Result<Credential> {
  const credential = credentialOf(asking.config, asking.headers);
  if (credential === undefined) return refuse({ reason: "no-token" });
  return mayAct(credential, asking) ? ok(credential) : refuse({ reason: "origin-not-allowed" });
}

async function identify({ token, carrier }: Credential, asking: Asking): Promise<Result<AgentIdentity>> {
  return verifyAgent(asking.config, asking.url, token, asking.now, carrier);
}

/** Admits the customer of a session by a token that came in some other way than a header. */
export async function admitCustomer(
  config: Config,
  address: SessionAddress,
  token: string,
  now: number,
): Promise<Result<Admitted>> {
  const principal = await verifySessionToken(config, address.sessionId, token, now);
  return principal.ok ? ok({ address, principal: principal.value }) : principal;
}

/** Admits an agent, whatever they may do. */
export async function admitAnyAgent(asking: Asking): Promise<Result<AgentIdentity>> {
  const credential = admitCredential(asking);
  if (!credential.ok) return credential;
  return isCustomers(credential.value) ? refuse({ reason: "bad-token" }) : identify(credential.value, asking);
}

/**
 * Admits an agent to one service: with this privilege there (or the other one, where there is one), or with any where none
 * is named. The only place where privileges of services are enforced, but for those that a session's own rules ask for.
 */
export async function admitAgent(
  asking: Asking,
  service: string | undefined,
  privilege: Privilege | undefined,
  orPrivilege?: Privilege,
): Promise<Result<{ readonly service: string; readonly principal: AgentPrincipal }>> {
  const agent = await admitAnyAgent(asking);
  if (!agent.ok) return agent;
  if (service === undefined) return refuseField("service", "the name of a chat service");
  if (!asking.config.services.has(service)) return refuse({ reason: "unknown-service" });
  const principal = agentIn(service, agent.value);
  if (privilege === undefined && principal.privileges.length === 0) return refuse({ reason: "no-privilege" });
  if (privilege !== undefined && !principal.privileges.some((one) => one === privilege || one === orPrivilege))
    return refuse({ reason: "missing-privilege", privilege });
  return ok({ service, principal });
}

/** Where the session of this id lives, if it is exactly an id that we made for this service. */
export async function addressOf(config: Config, service: string, sessionId: string): Promise<Result<SessionAddress>> {
  const address = await readSessionId(config, sessionId);
  return address?.service === service ? ok(address) : refuse({ reason: "unknown-session" });
}

/** Where a customer's token is none. */
const FOR_AGENTS: ReadonlySet<Access> = new Set(["agent", "agent-session"]);

async function principalOf(
  access: Access,
  address: SessionAddress,
  credential: Credential,
  asking: Asking,
): Promise<Result<Principal>> {
  if (isCustomers(credential)) {
    if (FOR_AGENTS.has(access)) return refuse({ reason: "bad-token" });
    return verifySessionToken(asking.config, address.sessionId, credential.token, asking.now);
  }
  if (access === "customer") return refuse({ reason: "bad-token" });
  const agent = await identify(credential, asking);
  if (!agent.ok) return agent;
  const principal = agentIn(address.service, agent.value);
  // Who lost every privilege in a service loses with them the chats they are still in; leaving is always allowed.
  return !FOR_AGENTS.has(access) && principal.privileges.length === 0
    ? refuse({ reason: "not-joined" })
    : ok(principal);
}

/** Which verifier to ask; says nothing about whether the token is good. */
function isCustomers({ carrier, token }: Credential): boolean {
  try {
    return carrier === "bearer" && decodeJwt(token).aud === "satchel:session";
  } catch {
    return false;
  }
}
