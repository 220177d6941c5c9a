/** A Lobby over sessions that know the truth: reports come late, twice or in the wrong order, and objects are evicted. */
import type { AssignmentReport } from "../../src/core/assignment.ts";
import {
  EMPTY_LOBBY,
  evolveLobby,
  type Lobby,
  type LobbyNotice,
  servedBy,
  waitingSessions,
} from "../../src/core/lobby.ts";
import {
  declineOffer,
  forgetSession,
  isPresent,
  type LobbyDecision,
  type LobbySurroundings,
  passTime,
  reportSession,
  updateAgent,
} from "../../src/core/lobby-offers.ts";
import { dueAsks, nextLobbyWakeup } from "../../src/core/lobby-queue.ts";

/** How long an offer stands in the model, in milliseconds. */
export const OFFER_MS = 20_000;

/** One thing that happens. Numbers pick among what is there. */
export type LobbyStep =
  | { readonly step: "open" | "deliver" | "repeat" | "evict" | "tick" }
  | { readonly step: "take" | "give" | "leave" | "decline"; readonly session: number; readonly agent: number }
  | { readonly step: "end" | "erase"; readonly session: number }
  | { readonly step: "ready"; readonly agent: number; readonly ready: boolean; readonly capacity: number }
  | { readonly step: "socket"; readonly agent: number; readonly open: boolean }
  | { readonly step: "wait"; readonly seconds: number };

/** The Lobby, the sessions as they are, and the mail between them. */
export class LobbyModel {
  lobby: Lobby = EMPTY_LOBBY;
  now = Date.UTC(2026, 2, 14);
  readonly truth = new Map<string, AssignmentReport>();
  readonly connected = new Set<string>();
  /** By what agents were told: who considers which session. */
  readonly considered = new Map<string, string>();
  #opened = 0;
  #inFlight: AssignmentReport[] = [];
  #delivered: AssignmentReport[] = [];

  get around(): LobbySurroundings {
    return { now: this.now, isConnected: (agentId) => this.connected.has(agentId), offerTimeout: OFFER_MS };
  }

  perform(step: LobbyStep): void {
    switch (step.step) {
      case "open":
        return this.#change(`session-${this.#opened++}`, {});
      case "take":
        return this.#take(step.session, step.agent);
      case "give":
        return this.#give(step.session, step.agent);
      case "leave":
        return this.#onSession(step.session, "served", ({ sessionId }) =>
          this.#change(sessionId, { state: "waiting" }),
        );
      case "end":
        return this.#onSession(step.session, undefined, ({ sessionId }) => this.#change(sessionId, { state: "ended" }));
      case "erase":
        return this.#onSession(step.session, undefined, ({ sessionId }) => void this.truth.delete(sessionId));
      case "deliver":
        return this.#deliver(this.#inFlight.pop());
      case "repeat":
        return this.#deliver(this.#delivered.at(-1));
      case "decline":
        return this.#decline(step.session, step.agent);
      case "ready":
        return this.#adopt(updateAgent(this.lobby, { ...agentOf(step.agent), ...step }, this.around));
      case "socket":
        if (step.open) this.connected.add(agentOf(step.agent).agentId);
        else this.connected.delete(agentOf(step.agent).agentId);
        return this.#adopt(passTime(this.lobby, this.around));
      case "wait":
        this.now += step.seconds * 1000;
        return;
      case "tick":
        return this.alarm();
      case "evict":
        this.lobby = structuredClone(this.lobby);
        return;
    }
  }

  /** What the object does at its alarm: time first, then it asks. */
  alarm(): void {
    this.#adopt(passTime(this.lobby, this.around));
    for (const sessionId of dueAsks(this.lobby, this.now)) {
      const answer = this.truth.get(sessionId);
      if (answer === undefined) this.#adopt(forgetSession(this.lobby, sessionId, this.around));
      else this.#adopt(reportSession(this.lobby, answer, this.around));
    }
  }

  /** Every report arrives at last, and time passes until every session has been asked. */
  comeToRest(): void {
    for (let report = this.#inFlight.shift(); report !== undefined; report = this.#inFlight.shift())
      this.#deliver(report);
    for (let count = 0; count < 200; count += 1) {
      const at = nextLobbyWakeup(this.lobby);
      if (at === undefined) return;
      this.now = Math.max(this.now, at);
      this.alarm();
    }
  }

  #take(session: number, agent: number): void {
    const { agentId } = agentOf(agent);
    this.#onSession(session, "waiting", ({ sessionId }) =>
      this.#change(sessionId, { state: "served", agents: [agentId] }),
    );
  }

  #give(session: number, agent: number): void {
    const wanted = agentOf(agent).agentId;
    this.#onSession(session, "served", ({ sessionId, agents: [given = ""] }) =>
      this.#change(sessionId, { state: "waiting", wanted, given }),
    );
  }

  #decline(session: number, agent: number): void {
    const { agentId } = agentOf(agent);
    const known = [...this.lobby.sessions.values()][session];
    if (known === undefined) return;
    const { sessionId, version } = known.report;
    if (this.considered.get(sessionId) === agentId) this.considered.delete(sessionId);
    this.#adopt(declineOffer(this.lobby, { agentId, sessionId, version }, this.around));
  }

  #onSession(
    index: number,
    state: AssignmentReport["state"] | undefined,
    then: (report: AssignmentReport) => void,
  ): void {
    const open = [...this.truth.values()].filter((one) =>
      state === undefined ? one.state !== "ended" : one.state === state,
    );
    const report = open[index % Math.max(1, open.length)];
    if (report !== undefined) then(report);
  }

  #change(sessionId: string, to: Partial<AssignmentReport>): void {
    const before = this.truth.get(sessionId);
    const report: AssignmentReport = {
      sessionId,
      version: (before?.version ?? 0) + 1,
      state: "waiting",
      since: this.now,
      startedAt: before?.startedAt ?? this.now,
      agents: [],
      nickname: "Max",
      ...to,
    };
    this.truth.set(sessionId, report);
    this.#inFlight.push(report);
  }

  #deliver(report: AssignmentReport | undefined): void {
    if (report === undefined) return;
    this.#delivered = [...this.#delivered, report].slice(-5);
    this.#adopt(reportSession(this.lobby, report, this.around));
  }

  /** What is stored is enough: the next decision is made from the changes alone. Throws where a rule is broken. */
  #adopt({ changes, notices, lobby }: LobbyDecision): void {
    this.lobby = changes.reduce(evolveLobby, this.lobby);
    if (JSON.stringify([...lobby.sessions]) !== JSON.stringify([...this.lobby.sessions])) throw new Error("not folded");
    for (const notice of notices) this.#note(notice);
    for (const [sessionId, agentId] of this.considered) {
      const known = this.lobby.sessions.get(sessionId);
      if (known?.offer?.agentId === agentId) continue;
      const knows = known?.report.agents.includes(agentId) || this.lobby.agents.get(agentId)?.ready === false;
      if (!knows) throw new Error("an agent was not told that an offer is over");
      this.considered.delete(sessionId);
    }
  }

  #note(notice: LobbyNotice): void {
    if (notice.notice === "offer-withdrawn") this.considered.delete(notice.sessionId);
    if (notice.notice !== "offer") return;
    const { agentId, session } = notice;
    const { sessionId, startedAt } = session.report;
    const agent = this.lobby.agents.get(agentId);
    if (this.considered.has(sessionId)) throw new Error("offered to two at once");
    if (session.declined.includes(agentId)) throw new Error("offered to who declined it");
    if (agent?.ready !== true || !isPresent(agent, this.around)) throw new Error("offered to who is not there");
    const offered = [...this.lobby.sessions.values()].filter(({ offer }) => offer?.agentId === agentId).length;
    if (servedBy(this.lobby, agentId).length + offered > agent.capacity) throw new Error("offered to who has enough");
    const passedOver = waitingSessions(this.lobby).find(
      ({ report, offer, declined }) =>
        report.startedAt < startedAt && offer === undefined && !declined.includes(agentId),
    );
    if (passedOver !== undefined) throw new Error("a later session was offered first");
    this.considered.set(sessionId, agentId);
  }
}

/** The agents of the model. */
export function agentOf(index: number): { agentId: string; nickname: string } {
  const agentId = ["anna", "bert", "cleo"][index % 3] ?? "anna";
  return { agentId, nickname: agentId };
}
