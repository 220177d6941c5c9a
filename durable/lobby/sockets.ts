/** Agents' sockets to the Lobby: who is connected, and what each is told. They only listen. */
import type { LobbySurroundings } from "../../src/core/lobby-offers.ts";
import { PRESENCE_MS } from "../../src/core/lobby-offers.ts";
import { framesFor, type LobbyNews, takesChats } from "../../src/core/lobby-views.ts";
import type { AgentPrincipal } from "../../src/core/principal.ts";
import type { LobbyFrame } from "../../src/protocol/lobby.ts";
import { acceptSocket, attachmentOf, type Carried, isAlive, openSockets, trySend } from "../kit/sockets.ts";

/** What an agent's socket carries. */
interface AgentSocket extends Carried {
  readonly principal: AgentPrincipal;
}

/** Whose socket this is. */
export function agentOf(socket: WebSocket): AgentPrincipal {
  return attachmentOf<AgentSocket>(socket).principal;
}

/** The sockets of one Lobby; holds nothing that hibernation may not lose. */
export class AgentSockets {
  readonly #ctx: DurableObjectState;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
  }

  /** Opens a socket for an agent whom the edge has verified. */
  open(principal: AgentPrincipal, protocol: string | null): { readonly socket: WebSocket; readonly answer: Response } {
    return acceptSocket(this.#ctx, { principal } satisfies AgentSocket, protocol);
  }

  /** Tells of this moment who has a socket that shows signs of life and may take chats. */
  presence(now: number): LobbySurroundings["isConnected"] {
    const alive = this.#ctx.getWebSockets().filter((socket) => isAlive(this.#ctx, socket, now, PRESENCE_MS));
    const ids = new Set(alive.map(agentOf).flatMap((agent) => (takesChats(agent) ? agent.agentId : [])));
    return (agentId) => ids.has(agentId);
  }

  /** Tells everybody what is news to them. */
  tellNews(news: LobbyNews): void {
    if (news.sessions.length === 0 && news.agents.length === 0 && news.notices.length === 0) return;
    for (const socket of openSockets(this.#ctx)) {
      for (const frame of framesFor(agentOf(socket), news)) sendFrame(socket, frame);
    }
  }

  /** Tells one agent, on every socket of theirs. */
  tell(agentId: string, frame: LobbyFrame): void {
    for (const socket of openSockets(this.#ctx)) {
      if (agentOf(socket).agentId === agentId) sendFrame(socket, frame);
    }
  }
}

/** Sends one frame, unless the socket is gone. */
export function sendFrame(socket: WebSocket, frame: LobbyFrame): void {
  trySend(socket, JSON.stringify(frame));
}
