/**
 * What the Lobby of one chat service remembers: waiting and served sessions and its agents, as hints. Who serves a session
 * the session alone decides; whatever is wrong in here is set right by its next report.
 */
import type { AssignmentReport } from "./assignment.ts";

/** A session as the Lobby knows it. Times are milliseconds since the epoch. */
export interface LobbySession {
  readonly report: AssignmentReport;
  /** When the session last said how it stands. */
  readonly heardAt: number;
  /** Agents who refused this version, or let its offer pass. */
  readonly declined: readonly string[];
  /** To whom it is offered, and until when. */
  readonly offer?: Offer;
}

/** An offer of one session to one agent. */
export interface Offer {
  readonly agentId: string;
  readonly expiresAt: number;
}

/** An agent as the Lobby knows them. */
export interface LobbyAgent {
  readonly agentId: string;
  readonly nickname: string;
  readonly ready: boolean;
  /** Most chats at once, offers included. */
  readonly capacity: number;
  /** Since when they have got no new chat. */
  readonly idleSince: number;
  /** Last sign of life without a socket. */
  readonly seenAt: number;
}

/** Everything a Lobby remembers. */
export interface Lobby {
  readonly sessions: ReadonlyMap<string, LobbySession>;
  readonly agents: ReadonlyMap<string, LobbyAgent>;
  /** When sessions were last taken, oldest first; the wait is estimated from it. */
  readonly takings: readonly number[];
}

/** A fact about the Lobby that is stored. */
export type LobbyChange =
  | { readonly change: "SessionKept"; readonly session: LobbySession }
  | { readonly change: "SessionForgotten"; readonly sessionId: string }
  | { readonly change: "AgentKept"; readonly agent: LobbyAgent }
  | { readonly change: "AgentForgotten"; readonly agentId: string }
  | { readonly change: "TakingNoted"; readonly at: number };

/** What agents are told and nobody stores. */
export type LobbyNotice =
  | { readonly notice: "offer"; readonly agentId: string; readonly session: LobbySession; readonly expiresAt: number }
  | { readonly notice: "offer-withdrawn"; readonly agentId: string; readonly sessionId: string }
  | { readonly notice: "not-ready"; readonly agentId: string };

/** A Lobby without anybody. */
export const EMPTY_LOBBY: Lobby = { sessions: new Map(), agents: new Map(), takings: [] };

/** As many takings are remembered. */
export const TAKINGS = 20;

/** The Lobby after a change. Pure: the given one is not altered. */
export function evolveLobby(lobby: Lobby, change: LobbyChange): Lobby {
  switch (change.change) {
    case "SessionKept":
      return { ...lobby, sessions: new Map(lobby.sessions).set(change.session.report.sessionId, change.session) };
    case "SessionForgotten":
      return { ...lobby, sessions: without(lobby.sessions, change.sessionId) };
    case "AgentKept":
      return { ...lobby, agents: new Map(lobby.agents).set(change.agent.agentId, change.agent) };
    case "AgentForgotten":
      return { ...lobby, agents: without(lobby.agents, change.agentId) };
    case "TakingNoted":
      return { ...lobby, takings: [...lobby.takings, change.at].slice(-TAKINGS) };
  }
}

/** Ids of what changes are about, each once however often it changed. */
export function touchedBy(changes: readonly LobbyChange[]): {
  readonly sessionIds: ReadonlySet<string>;
  readonly agentIds: ReadonlySet<string>;
} {
  const sessionIds = new Set<string>();
  const agentIds = new Set<string>();
  for (const change of changes) {
    if (change.change === "SessionKept") sessionIds.add(change.session.report.sessionId);
    else if (change.change === "SessionForgotten") sessionIds.add(change.sessionId);
    else if (change.change === "AgentKept") agentIds.add(change.agent.agentId);
    else if (change.change === "AgentForgotten") agentIds.add(change.agentId);
  }
  return { sessionIds, agentIds };
}

function without<V>(map: ReadonlyMap<string, V>, key: string): ReadonlyMap<string, V> {
  const rest = new Map(map);
  rest.delete(key);
  return rest;
}

/** A decision in the making: changes are folded as they are added. */
export class LobbyDraft {
  lobby: Lobby;
  readonly now: number;
  readonly changes: LobbyChange[] = [];
  readonly notices: LobbyNotice[] = [];

  constructor(lobby: Lobby, now: number) {
    this.lobby = lobby;
    this.now = now;
  }

  /** Adds a change and folds it. */
  apply(change: LobbyChange): void {
    this.changes.push(change);
    this.lobby = evolveLobby(this.lobby, change);
  }

  /** Keeps a session as it is now. */
  keep(session: LobbySession): void {
    this.apply({ change: "SessionKept", session });
  }
}

/** Ids of the sessions an agent is in. */
export function servedBy(lobby: Lobby, agentId: string): string[] {
  return [...lobby.sessions.values()].flatMap(({ report }) =>
    report.state === "served" && report.agents.includes(agentId) ? [report.sessionId] : [],
  );
}

/** The waiting sessions: who began first comes first, a session that was given back among them. */
export function waitingSessions(lobby: Lobby): LobbySession[] {
  return [...lobby.sessions.values()]
    .filter(({ report }) => report.state === "waiting")
    .sort(({ report: a }, { report: b }) => a.startedAt - b.startedAt || (a.sessionId < b.sessionId ? -1 : 1));
}
