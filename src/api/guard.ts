/** Who is asking: the one place where credentials of a request become a principal, for every route and door. */
import { decodeJwt } from "jose";
import { agentIn, verifyAgent } from "../auth/agent-jwt.ts";
import { readSessionId, type SessionAddress } from "../auth/session-id.ts";
import { verifySessionToken, verifyTicket } from "../auth/session-token.ts";
import type { Config } from "../config.ts";
import type { AgentPrincipal, Principal } from "../core/principal.ts";
import { ok, type Result, refuse, refuseField } from "../core/refusal.ts";
import { type Privilege, TOKEN_SUBPROTOCOL_PREFIX } from "../protocol/wire.ts";
import type { Access } from "./route.ts";

/** A verified request about one session. */
export interface Admitted {
  readonly address: SessionAddress;
  readonly principal: Principal;
  readonly ticket?: { readonly inline: boolean };
}

/** What the guard looks at. */
interface Asking {
  readonly config: Config;
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
  const { config, url, headers, now } = asking;
  const ticket = access === "ticket" ? url.searchParams.get("ticket") : null;
  const token = bearerToken(headers);
  if (token === undefined && ticket === null) return refuse({ reason: "no-token" });
  const address = await readSessionId(config, params.sessionId ?? "");
  if (address === undefined) return refuse({ reason: "unknown-session" });
  if (ticket !== null) {
    const verified = await verifyTicket(config, address.sessionId, params.fileId ?? "", ticket, now);
    if (!verified.ok) return verified;
    return ok({ address, principal: verified.value.principal, ticket: { inline: verified.value.inline } });
  }
  const principal = await principalOf(access, address, token ?? "", asking);
  return principal.ok ? ok({ address, principal: principal.value }) : principal;
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

/**
 * Admits an agent to one service: with this privilege there, or with any where none is named. The only place where
 * privileges of services are enforced, but for those that a session's own rules ask for.
 */
export async function admitAgent(
  config: Config,
  url: URL,
  token: string | undefined,
  service: string | undefined,
  privilege: Privilege | undefined,
  now: number,
): Promise<Result<{ readonly service: string; readonly principal: AgentPrincipal }>> {
  if (token === undefined) return refuse({ reason: "no-token" });
  if (isSessionToken(token)) return refuse({ reason: "bad-token" });
  const agent = await verifyAgent(config, url, token, now);
  if (!agent.ok) return agent;
  if (service === undefined) return refuseField("service", "the name of a chat service");
  if (!config.services.has(service)) return refuse({ reason: "unknown-service" });
  const principal = agentIn(service, agent.value);
  if (privilege === undefined && principal.privileges.length === 0) return refuse({ reason: "no-privilege" });
  if (privilege !== undefined && !principal.privileges.includes(privilege))
    return refuse({ reason: "missing-privilege", privilege });
  return ok({ service, principal });
}

/** Where the session of this id lives, if it is exactly an id that we made for this service. */
export async function addressOf(config: Config, service: string, sessionId: string): Promise<Result<SessionAddress>> {
  const address = await readSessionId(config, sessionId);
  return address?.service === service ? ok(address) : refuse({ reason: "unknown-session" });
}

async function principalOf(
  access: Access,
  address: SessionAddress,
  token: string,
  asking: Asking,
): Promise<Result<Principal>> {
  const { config, url, now } = asking;
  if (isSessionToken(token)) {
    if (access === "agent") return refuse({ reason: "bad-token" });
    return verifySessionToken(config, address.sessionId, token, now);
  }
  if (access === "customer") return refuse({ reason: "bad-token" });
  const agent = await verifyAgent(config, url, token, now);
  if (!agent.ok) return agent;
  const principal = agentIn(address.service, agent.value);
  // Who lost every privilege in a service loses with them the chats they are still in; leaving is always allowed.
  return access !== "agent" && principal.privileges.length === 0 ? refuse({ reason: "not-joined" }) : ok(principal);
}

/** Which verifier to ask; says nothing about whether the token is good. */
function isSessionToken(token: string): boolean {
  try {
    return decodeJwt(token).aud === "satchel:session";
  } catch {
    return false;
  }
}

/** The token of `Authorization: Bearer`, or of the socket's second subprotocol; never of the URL. */
export function bearerToken(headers: Headers): string | undefined {
  const match = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(headers.get("Authorization") ?? "");
  if (match?.[1] !== undefined) return match[1];
  if (headers.get("Authorization") !== null) return "";
  const offered = (headers.get("Sec-WebSocket-Protocol") ?? "").split(",").map((value) => value.trim());
  return offered.find((value) => value.startsWith(TOKEN_SUBPROTOCOL_PREFIX))?.slice(TOKEN_SUBPROTOCOL_PREFIX.length);
}
