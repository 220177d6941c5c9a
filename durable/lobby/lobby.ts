/** The queue and the agents of one service: stores what the core decides, then tells. A business rule in here is a bug. */
import { DurableObject } from "cloudflare:workers";
import { logFailure, logFault } from "../../src/backends/log.ts";
import type {
  Assignable,
  AssignmentListener,
  AssignmentReport,
  FilesHint,
  LobbyTerms,
  QueuePlace,
  UnreadHint,
} from "../../src/core/assignment.ts";
import type { Lobby as LobbyState } from "../../src/core/lobby.ts";
import {
  declineOffer,
  forgetSession,
  type LobbyDecision,
  type LobbySurroundings,
  noteFiles,
  noteSilence,
  passTime,
  reportSession,
  updateAgent,
} from "../../src/core/lobby-offers.ts";
import { dueAsks, duePlaces, nextLobbyWakeup, placeOf, type ToldPlaces } from "../../src/core/lobby-queue.ts";
import { newsOf, takesChats, viewLobbyAgent, viewQueue } from "../../src/core/lobby-views.ts";
import { ALARM_AGAIN_MS } from "../../src/core/outbox.ts";
import type { AgentPrincipal } from "../../src/core/principal.ts";
import type { WireLobbyAgent, WireQueue } from "../../src/protocol/lobby.ts";
import { CLOSE, PING, PONG } from "../../src/protocol/wire.ts";
import { tryEffect } from "../kit/effect-try.ts";
import { type LobbyPort, within } from "../kit/objects.ts";
import { closeExpired, firstTokenEnd, readPrincipal, tryClose } from "../kit/sockets.ts";
import { AgentSockets, agentOf, sendFrame } from "./sockets.ts";
import { LobbyStore, type StoredLobby } from "./store.ts";

/** Durable Object of one service's Lobby, named by the service. One to which nobody ever came stores nothing. */
export class Lobby extends DurableObject<Env> implements AssignmentListener, Omit<LobbyPort, "connect"> {
  readonly #store: LobbyStore;
  readonly #sockets: AgentSockets;
  #stored: StoredLobby | undefined;
  /** What waiting customers were told. */
  #told: ToldPlaces = new Map();
  /** When the alarm rings; null where there is none. */
  #alarmAt: number | null = null;
  /** While it rings nothing else sets it: it does so itself, at its end. */
  #ringing = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new LobbyStore(ctx.storage);
    this.#sockets = new AgentSockets(ctx);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
  }

  /** A session says how it stands. */
  async report(report: AssignmentReport, terms: LobbyTerms): Promise<void> {
    await this.#load();
    this.#adopt((lobby, around) => reportSession(lobby, report, around), { terms });
  }

  /** A session says what one of its agents has not read: told at once, and kept nowhere. */
  async unread({ agentId, sessionId, unread }: UnreadHint): Promise<void> {
    this.#dropExpired();
    this.#sockets.tell(agentId, { type: "unread", sessionId, unread });
  }

  /** A session has moved one file more. */
  async filesMoved(hint: FilesHint): Promise<void> {
    await this.#load();
    this.#adopt((lobby, around) => noteFiles(lobby, hint, around));
  }

  /** Says whether offers are wanted; a sign of life. */
  async setReady(
    agent: AgentPrincipal,
    state: { readonly ready: boolean; readonly capacity?: number },
  ): Promise<WireLobbyAgent> {
    await this.#load();
    this.#seen(agent, state);
    const { lobby } = this.#current();
    const known = lobby.agents.get(agent.agentId);
    if (known === undefined) throw new Error("the agent was not kept");
    return viewLobbyAgent(lobby, known, this.#around().isConnected);
  }

  /** The queue as this agent sees it; a sign of life of one who takes chats. */
  async view(agent: AgentPrincipal): Promise<WireQueue> {
    await this.#load();
    if (takesChats(agent) && this.#current().lobby.agents.has(agent.agentId)) this.#seen(agent);
    return viewQueue(this.#current().lobby, agent, this.#around().isConnected);
  }

  /** Refuses an offer, or says that a session is not for this agent. */
  async decline({ agentId }: AgentPrincipal, sessionId: string, assignment: number): Promise<void> {
    await this.#load();
    this.#adopt((lobby, around) => declineOffer(lobby, { agentId, sessionId, version: assignment }, around));
  }

  /** Where a session stands. */
  async place(sessionId: string): Promise<QueuePlace | undefined> {
    await this.#load();
    return placeOf(this.#current().lobby, sessionId, this.#around());
  }

  /** An agent's socket: first everything, then what changes. The edge has verified the agent. */
  override async fetch(request: Request): Promise<Response> {
    await this.#load();
    const agent = readPrincipal<AgentPrincipal>(request);
    const { socket, answer } = this.#sockets.open(agent, request.headers.get("Sec-WebSocket-Protocol"));
    sendFrame(socket, {
      type: "queue",
      ...viewQueue(this.#current().lobby, agent, this.#around().isConnected),
    });
    if (takesChats(agent)) this.#seen(agent, {}, agent.agentId);
    this.#arm();
    return answer;
  }

  override async webSocketMessage(socket: WebSocket): Promise<void> {
    tryClose(socket, CLOSE.badFrame, "this socket only tells");
  }

  override async webSocketClose(socket: WebSocket, code: number, reason: string): Promise<void> {
    tryClose(socket, code, reason);
    await this.#load();
    this.#gone(socket);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.webSocketClose(socket, 1011, "");
  }

  /** What time has made due first; then customers are told, and silent sessions asked; then it is set for what is next. */
  override async alarm(): Promise<void> {
    try {
      this.#ringing = true;
      await this.#load();
      this.#alarmAt = null;
      this.#dropExpired();
      this.#adopt(passTime);
      const asks = dueAsks(this.#current().lobby, Date.now());
      await Promise.all([this.#tellPlaces(), ...asks.map((sessionId) => this.#ask(sessionId))]);
      this.#ringing = false;
      this.#arm();
    } catch (error) {
      // The platform drops an alarm that keeps failing, so it never sees a failure: we ring again ourselves.
      logFault("alarm-failed", error);
      this.#alarmAt = Date.now() + ALARM_AGAIN_MS;
      await this.ctx.storage.setAlarm(this.#alarmAt);
    } finally {
      this.#ringing = false;
    }
  }

  /** A sign of life, perhaps with what the agent says of themselves. */
  #seen(agent: AgentPrincipal, state: { ready?: boolean; capacity?: number } = {}, touched?: string): void {
    const whole = { agentId: agent.agentId, nickname: agent.name, ...state };
    this.#adopt((lobby, around) => updateAgent(lobby, whole, around), touched === undefined ? {} : { touched });
  }

  /** Whoever was connected until now has the usual time to come back before their offers go on. */
  #gone(socket: WebSocket): void {
    const agent = agentOf(socket);
    if (takesChats(agent) && this.#current().lobby.agents.has(agent.agentId)) this.#seen(agent, {}, agent.agentId);
  }

  /** Nobody is told, or counts as connected, beyond the end of their token. */
  #dropExpired(): void {
    for (const socket of closeExpired(this.ctx, Date.now())) if (this.#stored !== undefined) this.#gone(socket);
  }

  /** Waiting customers learn their place. Nobody waits for their sessions: the next news are told again. */
  async #tellPlaces(): Promise<void> {
    const { lobby } = this.#current();
    const now = Date.now();
    const { due } = duePlaces(lobby, this.#told, this.#around());
    const kept = [...this.#told].filter(([sessionId]) => lobby.sessions.has(sessionId));
    this.#told = new Map([...kept, ...due.map(({ sessionId, place }) => [sessionId, { place, at: now }] as const)]);
    await Promise.all(due.map(({ sessionId, place }) => this.#call(sessionId, (session) => session.tellPlace(place))));
  }

  /** A session that has been silent says how it stands; where it does not answer it is asked again after the usual time. */
  async #ask(sessionId: string): Promise<void> {
    const answers = await this.#call(sessionId, (session) => session.assignment());
    this.#adopt((lobby, around) => {
      if (answers.length === 0) return noteSilence(lobby, sessionId, around);
      const [report] = answers;
      return report === undefined ? forgetSession(lobby, sessionId, around) : reportSession(lobby, report, around);
    });
  }

  /** What a session answers, in time and without a fault; else nothing. */
  async #call<R>(sessionId: string, call: (session: Assignable) => Promise<R>): Promise<readonly R[]> {
    const { jurisdiction } = this.#current().terms;
    const session = within<Assignable>(this.env.SESSIONS, jurisdiction).getByName(sessionId);
    const answers: R[] = [];
    const outcome = await tryEffect(async (signal) => {
      const answer = await call(session);
      signal.throwIfAborted();
      answers.push(answer);
      return { outcome: "done" };
    });
    if (outcome.outcome !== "done") logFailure("session-silent", outcome.failure, { sessionId });
    return answers;
  }

  /** Reads what is stored, once. */
  async #load(): Promise<void> {
    if (this.#stored !== undefined) return;
    // Null also while it rings.
    const alarmAt = await this.ctx.storage.getAlarm();
    if (this.#stored !== undefined) return;
    this.#alarmAt = alarmAt;
    this.#stored = this.#store.load();
    this.#told = this.#toldBefore();
    // The platform drops an alarm whose object keeps dying; whoever comes next sets it again.
    this.#arm();
  }

  /**
   * What customers were told before the memory went, as far as it can be known. An alarm earlier than anything else that is
   * due was set for places that had still to be told. Else they had been told, and are told again only where they change: a
   * Lobby that slept must not wake everybody who waits.
   */
  #toldBefore(): ToldPlaces {
    const due = this.#dueAt();
    const now = Date.now();
    if (due === undefined || (this.#alarmAt ?? now) < due) return new Map();
    const places = duePlaces(this.#current().lobby, new Map(), this.#around()).due;
    return new Map(places.map(({ sessionId, place }) => [sessionId, { place, at: now }]));
  }

  #current(): StoredLobby {
    if (this.#stored === undefined) throw new Error("used before it was loaded");
    return this.#stored;
  }

  #around({ offerTimeout } = this.#current().terms): LobbySurroundings {
    const now = Date.now();
    return { now, isConnected: this.#sockets.presence(now), offerTimeout };
  }

  /** Decide, store, tell, arm. `touched` is an agent who has come or gone. */
  #adopt(
    decide: (lobby: LobbyState, around: LobbySurroundings) => LobbyDecision,
    { terms, touched }: { readonly terms?: LobbyTerms; readonly touched?: string } = {},
  ): void {
    this.#dropExpired();
    const before = this.#current();
    const now = terms ?? before.terms;
    const newTerms = JSON.stringify(now) !== JSON.stringify(before.terms);
    const around = this.#around(now);
    const decision = decide(before.lobby, around);
    const after = { lobby: decision.lobby, terms: now };
    if (decision.changes.length > 0 || newTerms) this.#store.apply(decision.changes, after, newTerms);
    this.#stored = after;
    this.#sockets.tellNews(newsOf(before.lobby, decision, around.isConnected, touched));
    if (decision.changes.length > 0) this.#arm();
  }

  /** When the alarm must ring for anything but places. */
  #dueAt(): number | undefined {
    const times = [nextLobbyWakeup(this.#current().lobby), firstTokenEnd(this.ctx)].filter((at) => at !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Sets the alarm where it must ring earlier than it would; a later time is found out when it rings. */
  #arm(): void {
    if (this.#ringing) return;
    const { due, nextAt } = duePlaces(this.#current().lobby, this.#told, this.#around());
    const placesAt = due.length > 0 ? Date.now() : nextAt;
    const at = Math.min(this.#dueAt() ?? Number.POSITIVE_INFINITY, placesAt ?? Number.POSITIVE_INFINITY);
    if (at === Number.POSITIVE_INFINITY || (this.#alarmAt !== null && this.#alarmAt <= at)) return;
    this.#alarmAt = at;
    void this.ctx.storage.setAlarm(at);
  }
}
