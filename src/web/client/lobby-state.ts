/** The queue of one service as an agent sees it: a value that is made anew with each frame. */
import type { LobbyFrame, WireLobbyAgent, WireLobbySession } from "../../protocol/lobby.ts";

/** A session that is offered, until a moment. */
export interface Offer {
  readonly session: WireLobbySession;
  readonly expiresAt: string;
}

/** One service's queue. */
export interface LobbyState {
  /** False until it was told for the first time. */
  readonly known: boolean;
  /** In the order in which they began. */
  readonly waiting: readonly WireLobbySession[];
  /** Those that wait, also beyond what is listed. */
  readonly totalWaiting: number;
  /** The agent's own; a supervisor's: everybody's. */
  readonly served: readonly WireLobbySession[];
  readonly offers: readonly Offer[];
  readonly agents: readonly WireLobbyAgent[];
}

/** Nothing is known yet. */
export const UNKNOWN_LOBBY: LobbyState = {
  known: false,
  waiting: [],
  totalWaiting: 0,
  served: [],
  offers: [],
  agents: [],
};

/** The state after a frame; `me` is the agent's id. Frames that mean nothing here give the same value back. */
export function afterFrame(state: LobbyState, frame: LobbyFrame, me: string): LobbyState {
  switch (frame.type) {
    case "queue": {
      const { type: _queue, ...queue } = frame;
      return { known: true, ...queue };
    }
    case "session":
      return withSession(state, frame.session);
    case "session-gone":
      return withoutSession(state, frame.sessionId);
    case "offer": {
      const offers = state.offers.filter(({ session }) => session.sessionId !== frame.session.sessionId);
      return { ...state, offers: [...offers, { session: frame.session, expiresAt: frame.expiresAt }] };
    }
    case "offer-withdrawn":
      return { ...state, offers: state.offers.filter(({ session }) => session.sessionId !== frame.sessionId) };
    case "agent": {
      const others = state.agents.filter(({ agentId }) => agentId !== frame.agent.agentId);
      return { ...state, agents: [...others, frame.agent].sort((a, b) => a.nickname.localeCompare(b.nickname)) };
    }
    case "agent-gone":
      return { ...state, agents: state.agents.filter(({ agentId }) => agentId !== frame.agentId) };
    case "not-ready":
      return { ...state, agents: state.agents.map((one) => (one.agentId === me ? { ...one, ready: false } : one)) };
    default:
      return state;
  }
}

function withSession(state: LobbyState, session: WireLobbySession): LobbyState {
  const { sessionId } = session;
  const wasWaiting = state.waiting.some((one) => one.sessionId === sessionId);
  const others = withoutSession(state, sessionId);
  if (session.state === "served") return { ...others, served: [...others.served, session].sort(byStart) };
  const { totalWaiting } = state;
  return {
    ...others,
    waiting: [...others.waiting, session].sort(byStart),
    totalWaiting: wasWaiting ? totalWaiting : totalWaiting + 1,
    offers: state.offers.map((offer) => (offer.session.sessionId === sessionId ? { ...offer, session } : offer)),
  };
}

function withoutSession(state: LobbyState, sessionId: string): LobbyState {
  const others = (one: { readonly sessionId: string }) => one.sessionId !== sessionId;
  const waiting = state.waiting.filter(others);
  return {
    ...state,
    waiting,
    totalWaiting: state.totalWaiting - (state.waiting.length - waiting.length),
    served: state.served.filter(others),
    offers: state.offers.filter(({ session }) => others(session)),
  };
}

function byStart(a: WireLobbySession, b: WireLobbySession): number {
  return Date.parse(a.startedAt) - Date.parse(b.startedAt);
}
