/** A chat as an agent or supervisor follows it: what `Chat` is for the customer, by the agent's own token. */

import type { WireEarlierChats, WireJoined, WireJoining } from "../../protocol/agent.ts";
import type { WireEvent, WireSession } from "../../protocol/chat.ts";
import type { Api, Outcome } from "./api.ts";
import type { UnsentMessage } from "./chat-state.ts";
import { Conversation } from "./conversation.ts";
import { type AgentFileLimits, checkAgentFile, type FileRefusal } from "./file-check.ts";
import { ChatFiles } from "./files.ts";
import type { ChatStorage } from "./saved-chat.ts";

/** Where agents' chats are held. */
export interface AgentPlace {
  readonly api: Api;
  /** Keeps messages that were not delivered over a reload. */
  readonly storage?: ChatStorage;
  /** What the agent may send in the session's service. */
  readonly limits: AgentFileLimits;
}

/** Joins a session, or comes back to one; a repeat changes nothing. */
export async function joinChat(place: AgentPlace, sessionId: string, how: WireJoining): Promise<Outcome<AgentChat>> {
  const path = `/v1/agent/sessions/${sessionId}/join`;
  const joined = await place.api.ask<WireJoined>({ method: "POST", path, json: how });
  if (!joined.ok) return joined;
  const chat = new AgentChat(place, sessionId, joined.value.participantId);
  chat.begin();
  return { ok: true, value: chat };
}

/** One chat. Made by `joinChat`, or with participant 0 for one that is only read. */
export class AgentChat extends Conversation {
  readonly files: AgentFiles;
  /** The session as it was told last: customer, participants and their data. */
  session: WireSession | undefined;
  readonly #storage: ChatStorage | undefined;
  /** The token that the news came with last. */
  #token: string | undefined;

  constructor({ api, storage, limits }: AgentPlace, sessionId: string, participantId: number) {
    super(api, sessionId, participantId, readUnsent(storage, sessionId));
    this.#storage = storage;
    const told = {
      state: () => this.state,
      limits: (all: WireSession["limits"]) => this.happen({ happened: "limits", limits: all }),
    };
    this.files = new AgentFiles({ api, sessionId, ...told }, limits);
  }

  /** Begins to listen; once. */
  begin(): void {
    this.#token = this.api.token;
    this.news.start(this.state.position);
  }

  /** Shows the others an address. */
  pushUrl(url: string): Promise<Outcome<WireEvent>> {
    return this.#command("push-url", { url, clientId: crypto.randomUUID() });
  }

  /** Grants the customer further files and bytes. */
  grant(files: number, bytes: number): Promise<Outcome<WireEvent>> {
    return this.#agent("grants", { files, bytes, clientId: crypto.randomUUID() });
  }

  /** Gives the session on, to an agent or back to the queue, and leaves it. */
  transfer(to?: string): Promise<Outcome<undefined>> {
    return this.#agent("transfer", to === undefined ? {} : { to });
  }

  /** Leaves; the session stays open. */
  leave(): Promise<Outcome<undefined>> {
    return this.#agent("leave", undefined);
  }

  /** Sends a standard response. The same `key` again sends nothing more. */
  sendResponse(responseId: string, language: string | undefined, key: string): Promise<Outcome<WireEvent>> {
    return this.#agent(`standard-responses/${responseId}`, {
      clientId: key,
      ...(language === undefined ? {} : { language }),
    });
  }

  /** Earlier chats under the customer's address, which nobody has verified. */
  earlier(cursor?: string): Promise<Outcome<WireEarlierChats>> {
    const query = cursor === undefined ? "" : `?cursor=${cursor}`;
    return this.api.ask({ method: "GET", path: `/v1/agent/sessions/${this.sessionId}/earlier${query}` });
  }

  /** Asks the session anew: who is there, and what is known of the customer. */
  async askSession(): Promise<void> {
    const asked = await this.api.ask<WireSession>({ method: "GET", path: this.path("") });
    if (!asked.ok) return;
    this.session = asked.value;
    this.happen({ happened: "session", session: asked.value });
  }

  protected reached(): void {
    void this.askSession();
  }

  protected told(events: readonly WireEvent[]): void {
    const { participantId } = this.state;
    const own = events.findLast(({ type, from }) => from.participantId === participantId && /^Participant/.test(type));
    // Agents come back, as when a supervisor shows themselves; a customer who has left never does.
    if (own?.type === "ParticipantJoined")
      this.happen({ happened: "frame", frame: { type: "welcome", participantId, phase: "open" } });
    const changes = new Set(["ParticipantJoined", "ParticipantLeft", "NicknameUpdated", "UploadsGranted"]);
    if (events.some(({ type }) => changes.has(type))) void this.askSession();
    else if (events.some(({ type }) => type === "FileUploaded" || type === "FileDeleted")) void this.files.askLimits();
  }

  /** The token may have been renewed meanwhile: then it goes on with that one. */
  protected lost(): void {
    if (this.api.token !== this.#token) return this.begin();
    this.happen({ happened: "lost" });
  }

  override save(): void {
    const { unsent } = this.state;
    const key = unsentKey(this.sessionId);
    try {
      if (unsent.length === 0) this.#storage?.removeItem(key);
      else this.#storage?.setItem(key, JSON.stringify(unsent));
    } catch {
      // Full or forbidden: then a reload loses what was not delivered.
    }
  }

  #command<T>(name: string, json: unknown): Promise<Outcome<T>> {
    return this.api.ask({ method: "POST", path: this.path(`/${name}`), json });
  }

  #agent<T>(name: string, json: unknown): Promise<Outcome<T>> {
    return this.api.ask({ method: "POST", path: `/v1/agent/sessions/${this.sessionId}/${name}`, json });
  }
}

/** The files of one chat, under the agent's own limits. */
export class AgentFiles extends ChatFiles {
  readonly #limits: AgentFileLimits;

  constructor(chat: ConstructorParameters<typeof ChatFiles>[0], limits: AgentFileLimits) {
    super(chat);
    this.#limits = limits;
  }

  override check(file: { readonly name: string; readonly size: number }): FileRefusal | undefined {
    return checkAgentFile(file, this.#limits);
  }
}

function unsentKey(sessionId: string): string {
  return `satchel:agent:${sessionId}`;
}

function readUnsent(storage: ChatStorage | undefined, sessionId: string): readonly UnsentMessage[] {
  try {
    const kept: unknown = JSON.parse(storage?.getItem(unsentKey(sessionId)) ?? "[]");
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}
