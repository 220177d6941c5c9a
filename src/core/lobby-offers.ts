/** Who is offered which session: the agent idle longest, one session to one agent at a time, the next one on refusal. */
import type { AssignmentReport, FilesHint } from "./assignment.ts";
import { type Lobby, type LobbyAgent, LobbyDraft, type LobbySession, servedBy, waitingSessions } from "./lobby.ts";

/** What a decision looks at beside what is remembered. */
export interface LobbySurroundings {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** True while a socket of the agent shows signs of life. */
  readonly isConnected: (agentId: string) => boolean;
  /** How long an offer stands, in milliseconds. */
  readonly offerTimeout: number;
}

/** An agent without a socket who asks nothing for so long is away, in milliseconds. */
export const PRESENCE_MS = 45_000;
/** An agent who is not ready, serves nobody and was not seen for so long is forgotten, in milliseconds. */
export const FORGET_AGENT_MS = 24 * 60 * 60 * 1000;

/** True while the agent can answer an offer. */
export function isPresent({ agentId, seenAt }: LobbyAgent, { now, isConnected }: LobbySurroundings): boolean {
  return isConnected(agentId) || now - seenAt < PRESENCE_MS;
}

/** What was decided; `lobby` has the changes folded in. */
export type LobbyDecision = Pick<LobbyDraft, "lobby" | "changes" | "notices">;

/** A session says how it stands. An older version changes nothing; the same one shows that it is alive. */
export function reportSession(lobby: Lobby, report: AssignmentReport, around: LobbySurroundings): LobbyDecision {
  const draft = new LobbyDraft(lobby, around.now);
  const known = lobby.sessions.get(report.sessionId);
  if (known !== undefined && known.report.version > report.version) return draft;
  if (known !== undefined && known.report.version === report.version && known.report.state === report.state) {
    const { files = 0 } = report;
    const more = files > (known.report.files ?? 0) ? { files } : {};
    draft.keep({ ...known, heardAt: around.now, report: { ...known.report, ...more } });
    return draft;
  }
  withdraw(draft, known, report.agents);
  if (report.state === "ended") {
    if (known !== undefined) draft.apply({ change: "SessionForgotten", sessionId: report.sessionId });
  } else draft.keep({ report, heardAt: around.now, declined: [] });
  if (known?.report.state === "waiting" && report.state === "served")
    draft.apply({ change: "TakingNoted", at: around.now });
  noteIdle(draft, known?.report.agents ?? [], report.state === "served" ? report.agents : []);
  return settle(draft, around);
}

/** A session has moved one file more. A hint that is older than what is known changes nothing. */
export function noteFiles(lobby: Lobby, { sessionId, files }: FilesHint, around: LobbySurroundings): LobbyDecision {
  const draft = new LobbyDraft(lobby, around.now);
  const known = lobby.sessions.get(sessionId);
  if (known !== undefined && files > (known.report.files ?? 0))
    draft.keep({ ...known, heardAt: around.now, report: { ...known.report, files } });
  return draft;
}

/** The session is unknown where it should be: it was erased, or never opened. */
export function forgetSession(lobby: Lobby, sessionId: string, around: LobbySurroundings): LobbyDecision {
  const draft = new LobbyDraft(lobby, around.now);
  const known = lobby.sessions.get(sessionId);
  if (known === undefined) return draft;
  withdraw(draft, known, []);
  draft.apply({ change: "SessionForgotten", sessionId });
  return settle(draft, around);
}

/** The session was asked and did not answer: it is asked again after the usual time. */
export function noteSilence(lobby: Lobby, sessionId: string, around: LobbySurroundings): LobbyDecision {
  const draft = new LobbyDraft(lobby, around.now);
  const known = lobby.sessions.get(sessionId);
  if (known !== undefined) draft.keep({ ...known, heardAt: around.now });
  return draft;
}

/** What an agent says of themselves; what is not said stays. */
export interface AgentState {
  readonly agentId: string;
  readonly nickname: string;
  readonly ready?: boolean;
  readonly capacity?: number;
}

/** Chats at once where an agent says nothing. */
export const DEFAULT_CAPACITY = 3;

/** An agent gives a sign of life, and perhaps says that they are ready or not. Who becomes ready starts afresh everywhere. */
export function updateAgent(lobby: Lobby, state: AgentState, around: LobbySurroundings): LobbyDecision {
  const draft = new LobbyDraft(lobby, around.now);
  const known = lobby.agents.get(state.agentId);
  const ready = state.ready ?? known?.ready ?? false;
  const becomesReady = ready && known?.ready !== true;
  const agent: LobbyAgent = {
    agentId: state.agentId,
    nickname: state.nickname,
    ready,
    capacity: state.capacity ?? known?.capacity ?? DEFAULT_CAPACITY,
    idleSince: known === undefined || becomesReady ? around.now : known.idleSince,
    seenAt: around.now,
  };
  if (!isSame(known, agent)) draft.apply({ change: "AgentKept", agent });
  for (const session of lobby.sessions.values()) {
    if (becomesReady && session.declined.includes(state.agentId)) {
      draft.keep({ ...session, declined: session.declined.filter((id) => id !== state.agentId) });
    }
    if (ready || session.offer?.agentId !== state.agentId) continue;
    withdraw(draft, session, []);
    passOn(draft, session);
  }
  return settle(draft, around);
}

/** A sign of life is written at most once per third of the time until somebody counts as away: rows written are money. */
function isSame(known: LobbyAgent | undefined, agent: LobbyAgent): boolean {
  if (known === undefined) return false;
  const { seenAt: before, ...was } = known;
  const { seenAt: now, ...is } = agent;
  return JSON.stringify(was) === JSON.stringify(is) && now - before < PRESENCE_MS / 3;
}

/** An agent refuses an offer, or says that this session is not for them. Of another version it means nothing. */
export function declineOffer(
  lobby: Lobby,
  command: { readonly agentId: string; readonly sessionId: string; readonly version: number },
  around: LobbySurroundings,
): LobbyDecision {
  const draft = new LobbyDraft(lobby, around.now);
  const session = lobby.sessions.get(command.sessionId);
  if (session?.report.state !== "waiting" || session.report.version !== command.version) return draft;
  if (session.declined.includes(command.agentId)) return draft;
  const declined = [...session.declined, command.agentId];
  const { offer, ...rest } = session;
  draft.keep(
    offer === undefined || offer.agentId === command.agentId ? { ...rest, declined } : { ...session, declined },
  );
  return settle(draft, around);
}

/**
 * Time has passed, or somebody came or went: offers that nobody answered go on, and what can be offered now is. Who let an
 * offer pass is no longer ready, since a second customer would wait for nobody too.
 */
export function passTime(lobby: Lobby, around: LobbySurroundings): LobbyDecision {
  const draft = new LobbyDraft(lobby, around.now);
  for (const session of lobby.sessions.values()) {
    const { offer } = session;
    const agent = offer === undefined ? undefined : lobby.agents.get(offer.agentId);
    if (offer === undefined) continue;
    const late = offer.expiresAt <= around.now;
    if (!late && agent !== undefined && isPresent(agent, around)) continue;
    draft.notices.push({ notice: "offer-withdrawn", agentId: offer.agentId, sessionId: session.report.sessionId });
    passOn(draft, session);
    const now = draft.lobby.agents.get(offer.agentId);
    if (now?.ready !== true || !late) continue;
    draft.apply({ change: "AgentKept", agent: { ...now, ready: false } });
    draft.notices.push({ notice: "not-ready", agentId: now.agentId });
  }
  for (const agent of lobby.agents.values()) {
    const gone = around.now - agent.seenAt >= FORGET_AGENT_MS && !isPresent(agent, around);
    if (gone && servedBy(draft.lobby, agent.agentId).length === 0)
      draft.apply({ change: "AgentForgotten", agentId: agent.agentId });
  }
  return settle(draft, around);
}

/** The offer is over without an answer; this agent is not asked again for this version. */
function passOn(draft: LobbyDraft, { offer, ...session }: LobbySession): void {
  if (offer !== undefined) draft.keep({ ...session, declined: [...session.declined, offer.agentId] });
}

/** Tells an agent who was still considering it that the session is somebody else's. */
function withdraw(draft: LobbyDraft, known: LobbySession | undefined, agents: readonly string[]): void {
  if (known?.offer === undefined || agents.includes(known.offer.agentId)) return;
  const { agentId } = known.offer;
  draft.notices.push({ notice: "offer-withdrawn", agentId, sessionId: known.report.sessionId });
}

/** Agents who got or lost a chat just now have been idle since now. */
function noteIdle(draft: LobbyDraft, before: readonly string[], after: readonly string[]): void {
  for (const agentId of new Set([...before, ...after])) {
    const agent = draft.lobby.agents.get(agentId);
    if (agent === undefined || before.includes(agentId) === after.includes(agentId)) continue;
    draft.apply({ change: "AgentKept", agent: { ...agent, idleSince: draft.now } });
  }
}

/** Offers every waiting session that nobody considers, in order, to whom it may be offered. */
function settle(draft: LobbyDraft, around: LobbySurroundings): LobbyDecision {
  const free = new Map<string, { agent: LobbyAgent; spare: number }>();
  for (const agent of draft.lobby.agents.values()) {
    if (!agent.ready || !isPresent(agent, around)) continue;
    const offered = [...draft.lobby.sessions.values()].filter(({ offer }) => offer?.agentId === agent.agentId).length;
    const spare = agent.capacity - servedBy(draft.lobby, agent.agentId).length - offered;
    if (spare > 0) free.set(agent.agentId, { agent, spare });
  }
  for (const session of waitingSessions(draft.lobby)) {
    if (free.size === 0) break;
    if (session.offer !== undefined) continue;
    const chosen = choose(
      session,
      [...free.values()].map(({ agent }) => agent),
    );
    if (chosen === undefined) continue;
    const expiresAt = around.now + around.offerTimeout;
    const offered = { ...session, offer: { agentId: chosen.agentId, expiresAt } };
    draft.keep(offered);
    draft.notices.push({ notice: "offer", agentId: chosen.agentId, session: offered, expiresAt });
    const left = (free.get(chosen.agentId)?.spare ?? 1) - 1;
    if (left === 0) free.delete(chosen.agentId);
    else free.set(chosen.agentId, { agent: chosen, spare: left });
  }
  return draft;
}

/** Whom a transfer asked for comes first, who gave the session back last, and between them who has been idle longest. */
function choose({ report, declined }: LobbySession, agents: readonly LobbyAgent[]): LobbyAgent | undefined {
  const rank = ({ agentId }: LobbyAgent) => (agentId === report.wanted ? 0 : agentId === report.given ? 2 : 1);
  return agents
    .filter(({ agentId }) => !declined.includes(agentId))
    .sort((a, b) => rank(a) - rank(b) || a.idleSince - b.idleSince || (a.agentId < b.agentId ? -1 : 1))[0];
}
