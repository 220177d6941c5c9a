/** What agents see of a Lobby: plain data in the words of the wire, whole or as news; the same for REST and sockets. */
import type { LobbyFrame, WireLobbyAgent, WireLobbySession, WireQueue } from "../protocol/lobby.ts";
import { MAX_LISTED } from "../protocol/wire.ts";
import { type Lobby, type LobbyAgent, type LobbySession, servedBy, touchedBy, waitingSessions } from "./lobby.ts";
import type { LobbyDecision, LobbySurroundings } from "./lobby-offers.ts";
import type { AgentPrincipal } from "./principal.ts";
import { wireTime } from "./views.ts";

type Connected = LobbySurroundings["isConnected"];

/** True where the agent is offered sessions; a supervisor without `chat:take` only looks. */
export function takesChats({ privileges }: AgentPrincipal): boolean {
  return privileges.includes("chat:take");
}

/** Who waits all agents see; who is served, those who are in it and supervisors. */
function sees({ agentId, privileges }: AgentPrincipal, { report }: LobbySession): boolean {
  return report.state === "waiting" || report.agents.includes(agentId) || privileges.includes("chat:supervise");
}

/** A session as it travels. */
export function viewLobbySession({ report, offer }: LobbySession): WireLobbySession {
  const {
    sessionId,
    state,
    version,
    since,
    startedAt,
    nickname,
    subject,
    language,
    agents,
    wanted,
    files = 0,
  } = report;
  return {
    sessionId,
    state: state === "served" ? "served" : "waiting",
    assignment: version,
    since: wireTime(since),
    startedAt: wireTime(startedAt),
    nickname,
    ...(subject === undefined ? {} : { subject }),
    ...(language === undefined ? {} : { language }),
    agents: [...agents],
    files,
    ...(wanted === undefined ? {} : { wanted }),
    ...(offer === undefined ? {} : { offeredTo: offer.agentId }),
  };
}

/** An agent as they travel. */
export function viewLobbyAgent(lobby: Lobby, agent: LobbyAgent, isConnected: Connected): WireLobbyAgent {
  const { agentId, nickname, ready, capacity } = agent;
  const serving = servedBy(lobby, agentId).length;
  return { agentId, nickname, ready, capacity, serving, connected: isConnected(agentId) };
}

/** Everything this agent sees. */
export function viewQueue(lobby: Lobby, who: AgentPrincipal, isConnected: Connected): WireQueue {
  const waiting = waitingSessions(lobby);
  const all = [...lobby.sessions.values()];
  const served = all.filter((session) => session.report.state === "served" && sees(who, session));
  const offers = waiting.flatMap((session) =>
    session.offer?.agentId === who.agentId ? [viewOffer(session, session.offer.expiresAt)] : [],
  );
  return {
    waiting: waiting.slice(0, MAX_LISTED).map(viewLobbySession),
    totalWaiting: waiting.length,
    served: served.slice(0, MAX_LISTED).map(viewLobbySession),
    offers,
    agents: [...lobby.agents.values()].map((agent) => viewLobbyAgent(lobby, agent, isConnected)),
  };
}

function viewOffer(session: LobbySession, expiresAt: number) {
  return { session: viewLobbySession(session), expiresAt: wireTime(expiresAt) };
}

/** What a decision has changed of what agents see. */
export interface LobbyNews {
  readonly sessions: readonly { readonly before?: LobbySession; readonly after?: LobbySession }[];
  readonly agents: readonly LobbyFrame[];
  readonly notices: LobbyDecision["notices"];
}

/** The news of a decision. `touched` is an agent who has come or gone: they are told of whatever else is as it was. */
export function newsOf(
  before: Lobby,
  { lobby, changes, notices }: LobbyDecision,
  isConnected: Connected,
  touched?: string,
): LobbyNews {
  const { sessionIds, agentIds } = touchedBy(changes);
  const sessions = [...sessionIds].map((id) => pairOf(before.sessions.get(id), lobby.sessions.get(id)));
  const concerned = sessions.flatMap((pair) => [pair.before, pair.after].flatMap((one) => one?.report.agents ?? []));
  const agents = [...new Set([...agentIds, ...concerned, ...(touched === undefined ? [] : [touched])])].flatMap((id) =>
    agentFrame(before, lobby, id, isConnected, id === touched),
  );
  return { sessions, agents, notices };
}

function pairOf(before: LobbySession | undefined, after: LobbySession | undefined): LobbyNews["sessions"][number] {
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

function agentFrame(
  before: Lobby,
  after: Lobby,
  agentId: string,
  isConnected: Connected,
  always: boolean,
): LobbyFrame | [] {
  const [was, is] = [before.agents.get(agentId), after.agents.get(agentId)];
  if (is === undefined) return was === undefined ? [] : { type: "agent-gone", agentId };
  const agent = viewLobbyAgent(after, is, isConnected);
  const same = was !== undefined && isSame(viewLobbyAgent(before, was, isConnected), agent);
  return same && !always ? [] : { type: "agent", agent };
}

/** The news as frames for one agent, in the order in which they are to be told. */
export function framesFor(who: AgentPrincipal, { sessions, agents, notices }: LobbyNews): LobbyFrame[] {
  const changed = sessions.flatMap(({ before, after }): LobbyFrame | [] => {
    const known = before !== undefined && sees(who, before);
    if (after === undefined || !sees(who, after)) {
      return known ? { type: "session-gone", sessionId: before.report.sessionId } : [];
    }
    const session = viewLobbySession(after);
    return known && isSame(viewLobbySession(before), session) ? [] : { type: "session", session };
  });
  const own = notices.flatMap((notice): LobbyFrame | [] => {
    if (notice.agentId !== who.agentId) return [];
    if (notice.notice === "offer") return { type: "offer", ...viewOffer(notice.session, notice.expiresAt) };
    if (notice.notice === "offer-withdrawn") return { type: "offer-withdrawn", sessionId: notice.sessionId };
    return { type: "not-ready" };
  });
  return [...changed, ...agents, ...own];
}

function isSame(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
