/** What the page knows and does: the queues of the agent's services, the chats that are open, and which one is looked at. */
import type { WireAgentSelf } from "../../protocol/agent.ts";
import type { WireLobbyAgent, WireLobbySession } from "../../protocol/lobby.ts";
import type { Problem } from "../../protocol/problem.ts";
import type { Privilege } from "../../protocol/wire.ts";
import { type AgentPlace, joinChat } from "../client/agent-chat.ts";
import type { Api } from "../client/api.ts";
import type { Connection } from "../client/chat-state.ts";
import { LobbyNews } from "../client/lobby-news.ts";
import { afterFrame, type LobbyState, type Offer, UNKNOWN_LOBBY } from "../client/lobby-state.ts";
import { OpenChat, type Role } from "./open-chat.ts";

/** One service the agent works in. */
export interface ServiceDesk {
  readonly service: string;
  readonly privileges: readonly Privilege[];
  readonly lobby: LobbyState;
  readonly connection: Connection;
}

/** What is told about. */
export interface DeskListener {
  changed(): void;
  /** Somebody wants something: an offer, or something was said where nobody looks. */
  called(): void;
  /** The token is not taken any more. */
  lost(): void;
}

/** Chats that are supervised are found again after a reload; those that are served the queue tells. */
const SUPERVISED = "satchel:supervised";

/** The desk of one agent. */
export class Desk {
  readonly #api: Api;
  readonly #listener: DeskListener;
  readonly #news = new Map<string, LobbyNews>();
  readonly #services = new Map<string, ServiceDesk>();
  readonly #opening = new Set<string>();
  /** Chats that the agent has closed here although the queue may still name them. */
  readonly #closed = new Set<string>();
  #self: WireAgentSelf;
  #chats: readonly OpenChat[] = [];
  #active: string | undefined;
  /** Whether the page is looked at. */
  looking = true;
  /** The last thing that was refused. */
  problem: Problem | undefined;

  constructor(api: Api, self: WireAgentSelf, listener: DeskListener) {
    this.#api = api;
    this.#self = self;
    this.#listener = listener;
    for (const { service, privileges } of self.services) {
      this.#services.set(service, { service, privileges, lobby: UNKNOWN_LOBBY, connection: "connecting" });
      if (!privileges.some((one) => one === "chat:take" || one === "chat:supervise")) continue;
      const news = new LobbyNews(api, service, {
        connection: (connection) => this.#patch(service, { connection }),
        frame: (frame) => {
          const { lobby } = this.service(service);
          this.#patch(service, { lobby: afterFrame(lobby, frame, self.agentId) });
          if (frame.type === "offer") listener.called();
          this.#openServed(service);
        },
        lost: () => listener.lost(),
      });
      this.#news.set(service, news);
      news.wake();
    }
    for (const { sessionId, service, role } of readSupervised())
      if (this.may("chat:supervise", service)) void this.open(service, sessionId, role);
  }

  get self(): WireAgentSelf {
    return this.#self;
  }

  get services(): readonly ServiceDesk[] {
    return [...this.#services.values()];
  }

  /** @throws Error where the agent does not work in that service. */
  service(name: string): ServiceDesk {
    const desk = this.#services.get(name);
    if (desk === undefined) throw new Error("not one of the agent's services");
    return desk;
  }

  get chats(): readonly OpenChat[] {
    return this.#chats;
  }

  get active(): OpenChat | undefined {
    return this.#chats.find(({ sessionId }) => sessionId === this.#active);
  }

  /** Offers of all services, the most urgent first. */
  get offers(): readonly (Offer & { readonly service: string })[] {
    return this.services
      .flatMap(({ service, lobby }) => lobby.offers.map((offer) => ({ ...offer, service })))
      .sort((a, b) => Date.parse(a.expiresAt) - Date.parse(b.expiresAt));
  }

  /** How colleagues see the agent in a service; undefined before they are ready for the first time. */
  mine(service: string): WireLobbyAgent | undefined {
    return this.service(service).lobby.agents.find(({ agentId }) => agentId === this.#self.agentId);
  }

  /** Ready is who is so in any service. */
  get ready(): boolean {
    return this.services.some(({ service }) => this.mine(service)?.ready === true);
  }

  /** True where the agent has a privilege in a service, or in any where none is named. */
  may(privilege: Privilege, service?: string): boolean {
    return this.services.some(
      (one) => (service === undefined || one.service === service) && one.privileges.includes(privilege),
    );
  }

  /** Unread messages and files of all chats. */
  get unread(): number {
    return this.#chats.reduce((sum, chat) => sum + chat.unread, 0);
  }

  /** Says in every service whether offers are wanted, and how many chats at once. */
  async setReady(ready: boolean, capacity?: number): Promise<void> {
    const taking = this.services.filter(({ privileges }) => privileges.includes("chat:take"));
    await Promise.all(
      taking.map(async ({ service }) => {
        const json = { ready, ...(capacity === undefined ? {} : { capacity }) };
        const path = `/v1/agent/services/${encodeURIComponent(service)}/ready`;
        const said = await this.#api.ask<WireLobbyAgent>({ method: "POST", path, json });
        if (!said.ok) return this.fail(said.problem);
        const { lobby } = this.service(service);
        this.#patch(service, { lobby: afterFrame(lobby, { type: "agent", agent: said.value }, this.#self.agentId) });
      }),
    );
  }

  /** Takes a session that waits or is offered: the first who does gets it. */
  async take(service: string, session: WireLobbySession): Promise<void> {
    await this.open(service, session.sessionId, "serve", session.assignment);
    if (this.#chats.some(({ sessionId }) => sessionId === session.sessionId)) this.activate(session.sessionId);
  }

  /** Refuses an offer: it goes to the next agent. */
  async decline(service: string, { sessionId, assignment }: WireLobbySession): Promise<void> {
    const path = `/v1/agent/services/${encodeURIComponent(service)}/offers/${sessionId}/decline`;
    const declined = await this.#api.ask<undefined>({ method: "POST", path, json: { assignment } });
    if (!declined.ok) return this.fail(declined.problem);
    const { lobby } = this.service(service);
    const withdrawn = { type: "offer-withdrawn", sessionId } as const;
    this.#patch(service, { lobby: afterFrame(lobby, withdrawn, this.#self.agentId) });
  }

  /** Joins a chat, or comes back to it. */
  async open(service: string, sessionId: string, role: Role, assignment?: number): Promise<void> {
    if (this.#opening.has(sessionId)) return;
    this.#opening.add(sessionId);
    const mode = role === "serve" ? {} : { mode: role };
    const how = { ...mode, ...(assignment === undefined ? {} : { assignment }) };
    const joined = await joinChat(this.#place(service), sessionId, how);
    this.#opening.delete(sessionId);
    if (!joined.ok) {
      // Where nobody knows, the queue says again that the agent serves it.
      if (joined.unreachable !== true) this.#forget(sessionId);
      return this.fail(joined.problem);
    }
    this.#closed.delete(sessionId);
    this.#chats.find((one) => one.sessionId === sessionId)?.close();
    const chat = new OpenChat(joined.value, service, role, {
      changed: () => this.#listener.changed(),
      called: () => this.#listener.called(),
      looksAt: () => this.looking && this.#active === sessionId,
    });
    this.#chats = [...this.#chats.filter((one) => one.sessionId !== sessionId), chat];
    this.#keepSupervised();
    this.#active ??= sessionId;
    this.#listener.changed();
  }

  /** Looks at a chat. */
  activate(sessionId: string | undefined): void {
    this.#active = sessionId;
    this.active?.read();
    this.#listener.changed();
  }

  /** The next chat of the list, or the one before. */
  step(by: 1 | -1): void {
    const at = this.#chats.findIndex(({ sessionId }) => sessionId === this.#active);
    const next = this.#chats.at((at + by) % Math.max(1, this.#chats.length));
    if (next !== undefined) this.activate(next.sessionId);
  }

  /** Takes a chat off the desk; it goes on where it is. */
  dismiss(sessionId: string): void {
    this.#forget(sessionId);
    this.#listener.changed();
  }

  /** The network is back, or the page is looked at again. */
  wake(): void {
    for (const news of this.#news.values()) news.wake();
    for (const { chat } of this.#chats) chat.wake();
  }

  /** The token was renewed, and grants what it did. */
  update(self: WireAgentSelf): void {
    this.#self = self;
    this.#listener.changed();
  }

  fail(problem: Problem | undefined): void {
    this.problem = problem;
    this.#listener.changed();
  }

  /** Stops listening; everything goes on without this page. */
  close(): void {
    for (const news of this.#news.values()) news.stop();
    for (const chat of this.#chats) chat.close();
  }

  /** Chats that the agent serves are on the desk, also after a reload and where another page took them. */
  #openServed(service: string): void {
    if (!this.may("chat:take", service)) return;
    for (const { sessionId, agents } of this.service(service).lobby.served) {
      const here = this.#chats.some((one) => one.sessionId === sessionId) || this.#closed.has(sessionId);
      if (agents.includes(this.#self.agentId) && !here) void this.open(service, sessionId, "serve");
    }
  }

  #place(service: string): AgentPlace {
    const found = this.#self.services.find((one) => one.service === service);
    const { agentMaxFileSize = 0, agentFileTypes = [] } = found ?? {};
    return { api: this.#api, storage: sessionStorage, limits: { agentMaxFileSize, agentFileTypes } };
  }

  #forget(sessionId: string): void {
    this.#closed.add(sessionId);
    const at = this.#chats.findIndex((one) => one.sessionId === sessionId);
    this.#chats[at]?.close();
    this.#chats = this.#chats.filter((one) => one.sessionId !== sessionId);
    if (this.#active === sessionId) this.#active = this.#chats[Math.min(at, this.#chats.length - 1)]?.sessionId;
    this.#keepSupervised();
  }

  #patch(service: string, patch: Partial<ServiceDesk>): void {
    this.#services.set(service, { ...this.service(service), ...patch });
    this.#listener.changed();
  }

  #keepSupervised(): void {
    const kept = this.#chats.filter(({ role }) => role !== "serve");
    const all = kept.map(({ sessionId, service, role }) => ({ sessionId, service, role }));
    sessionStorage.setItem(SUPERVISED, JSON.stringify(all));
  }
}

function readSupervised(): { sessionId: string; service: string; role: Role }[] {
  return JSON.parse(sessionStorage.getItem(SUPERVISED) ?? "[]");
}
