/** Who is asking, and what they may do in a session: the one authorisation path of every door. */
import type { Privilege } from "../protocol/wire.ts";
import { ok, type Result, refuse } from "./refusal.ts";
import type { Participant, Session } from "./session.ts";

/** Somebody whose credentials the edge has verified. Plain data; travels over RPC. */
export type Principal =
  /** The holder of a customer token of exactly this session. */
  | {
      readonly kind: "customer";
      readonly participantId: number;
      readonly tokenVersion: number;
      /** When the token ends, in milliseconds since the epoch; absent where none was shown for it, as in a ticket. */
      readonly expiresAt?: number;
    }
  /** An agent with the privileges their token gives them in this session's service. */
  | {
      readonly kind: "agent";
      readonly agentId: string;
      readonly name: string;
      readonly privileges: readonly Privilege[];
      /** As the customer's. */
      readonly expiresAt?: number;
    }
  /** Satchel itself: the upload pipeline and the alarm. Never made from a request. */
  | { readonly kind: "system" };

/** An agent, as the edge verified them. */
export type AgentPrincipal = Extract<Principal, { kind: "agent" }>;

/** Participant id of events that Satchel itself writes. */
export const SYSTEM_PARTICIPANT_ID = 0;
/** Participant id of the customer who opened the session. */
export const CUSTOMER_PARTICIPANT_ID = 1;

/** When the principal's token ends, in milliseconds since the epoch; undefined where none was shown. */
export function tokenEnd(principal: Principal): number | undefined {
  return principal.kind === "system" ? undefined : principal.expiresAt;
}

/** Whether the principal's token has ended; what was opened with it may go on no longer. */
export function isExpired(principal: Principal, now: number): boolean {
  return (tokenEnd(principal) ?? Number.POSITIVE_INFINITY) <= now;
}

/** Refuses unless the principal has the privilege; customers and the system are not bound by agents' privileges. */
export function requirePrivilege(principal: Principal, privilege: Privilege): Result<undefined> {
  if (principal.kind !== "agent" || principal.privileges.includes(privilege)) return ok(undefined);
  return refuse({ reason: "missing-privilege", privilege });
}

/**
 * The agent's place in the session while they are in it. Whoever was in it when it ended keeps the place until it is
 * erased: a customer's last file is often opened after they left.
 */
export function joinedAgent(session: Session, agentId: string): Participant | undefined {
  const endedAt = session.phase.name === "ended" ? session.phase.at : undefined;
  return session.participants.find(
    ({ agentId: id, leftAt }) => id === agentId && (leftAt === undefined || leftAt === endedAt),
  );
}

/**
 * The participant a principal acts as. Refuses revoked customer tokens and agents who have not joined.
 * The system acts as nobody and is refused here: commands of the system do not ask for a participant.
 */
export function resolveParticipant(session: Session, principal: Principal): Result<Participant> {
  if (principal.kind === "customer") {
    const participant = session.participants.find((one) => one.participantId === principal.participantId);
    if (participant === undefined || participant.type !== "Client") return refuse({ reason: "bad-token" });
    const { tokenVersion, previousTokenVersion } = participant;
    const good = principal.tokenVersion === tokenVersion || principal.tokenVersion === previousTokenVersion;
    if (!good) return refuse({ reason: "token-revoked" });
    return ok(participant);
  }
  if (principal.kind === "agent") {
    const participant = joinedAgent(session, principal.agentId);
    return participant === undefined ? refuse({ reason: "not-joined" }) : ok(participant);
  }
  return refuse({ reason: "not-joined" });
}

/**
 * What a principal may read: customers their own session, agents the sessions they are in, supervisors and compliance
 * officers (`chat:supervise`, `compliance:read`) every session of their services.
 */
export function resolveReader(session: Session, principal: Principal): Result<"customer" | "agent"> {
  if (principal.kind === "customer") {
    const participant = resolveParticipant(session, principal);
    return participant.ok ? ok("customer") : participant;
  }
  if (principal.kind === "system") return ok("agent");
  const oversees = principal.privileges.includes("chat:supervise") || principal.privileges.includes("compliance:read");
  if (oversees || joinedAgent(session, principal.agentId) !== undefined) return ok("agent");
  return refuse({ reason: "not-joined" });
}
