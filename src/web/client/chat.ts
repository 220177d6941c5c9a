/** A customer's chat in a page: one object that holds its state, tells of each change, and does what people ask for. */
import type {
  WireEvent,
  WireLimits,
  WireOpenedSession,
  WireOpening,
  WireSession,
  WireToken,
} from "../../protocol/chat.ts";
import type { ServerFrame } from "../../protocol/frames.ts";
import type { WirePlace } from "../../protocol/lobby.ts";
import { Api, type Outcome } from "./api.ts";
import { type ChatState, type Happening, isReached, newState, reduce, type UnsentMessage } from "./chat-state.ts";
import { ChatFiles } from "./files.ts";
import { News } from "./news.ts";
import { ChatShelf, type ChatStorage, type SavedChat } from "./saved-chat.ts";

/** Where a chat is held. */
export interface ChatPlace {
  /** Origin of the server, such as `https://chat.example.com`. */
  readonly baseUrl: string;
  readonly service: string;
  /** Keeps the chat over reloads; without it a reload begins anew. */
  readonly storage?: ChatStorage;
}

/** So long before its token ends a chat asks for another, in milliseconds. */
const RENEW_BEFORE_MS = 12 * 60 * 60 * 1000;

/** Opens a new chat. Repeated with the same `key` after a lost answer it is the same chat; the key is a secret. */
export async function openChat(
  place: ChatPlace,
  opening: WireOpening,
  key: string = crypto.randomUUID(),
): Promise<Outcome<Chat>> {
  const path = `/v1/services/${encodeURIComponent(place.service)}/sessions`;
  const headers = { "Idempotency-Key": key };
  const opened = await new Api(place.baseUrl).ask<WireOpenedSession>({ method: "POST", path, json: opening, headers });
  if (!opened.ok) return opened;
  const { position: _seen, limits, ...credentials } = opened.value;
  const chat = new Chat(place, { ...credentials, unsent: [] });
  chat.begin(limits);
  return { ok: true, value: chat };
}

/** The chat that the storage keeps; undefined where there is none. */
export function resumeChat(place: ChatPlace): Chat | undefined {
  const saved = new ChatShelf(place.storage, place.service).read();
  if (saved === undefined) return undefined;
  const chat = new Chat(place, saved);
  chat.begin();
  return chat;
}

/** How long somebody counts as typing who does not say so again, in milliseconds; say it more often than that. */
export const TYPING_LASTS_MS = 12_000;

/** One chat. Made by `openChat` and `resumeChat`. */
export class Chat {
  readonly sessionId: string;
  /** The chat's files. */
  readonly files: ChatFiles;
  readonly #api: Api;
  readonly #shelf: ChatShelf;
  readonly #news: News;
  readonly #listeners = new Set<(state: ChatState) => void>();
  readonly #typing = new Map<number, ReturnType<typeof setTimeout>>();
  /** Client ids of messages that this page knows; those of other tabs are theirs to deliver. */
  readonly #known = new Set<string>();
  #tokenExpiresAt: string;
  #state: ChatState;

  constructor({ baseUrl, service, storage }: ChatPlace, saved: SavedChat) {
    const { sessionId, token, tokenExpiresAt, participantId, unsent } = saved;
    this.sessionId = sessionId;
    this.#api = new Api(baseUrl, token);
    this.#tokenExpiresAt = tokenExpiresAt;
    this.#shelf = new ChatShelf(storage, service);
    this.#state = newState(participantId, unsent);
    this.files = new ChatFiles({
      api: this.#api,
      sessionId,
      state: () => this.#state,
      limits: (limits) => this.#happen({ happened: "limits", limits }),
    });
    this.#news = new News(this.#api, sessionId, {
      connection: (connection) => {
        this.#happen({ happened: "connection", connection });
        if (!isReached(this.#state)) return;
        this.#deliver();
        void this.#renew();
        void this.#askSession();
      },
      events: (events, position) => {
        this.#happen({ happened: "events", events, position });
        if (events.some(changesLimits)) void this.files.askLimits();
      },
      frame: (frame) => {
        this.#happen({ happened: "frame", frame });
        this.#watchTyping(frame);
      },
      lost: () => this.#lost(),
    });
  }

  /** Begins to listen; once. */
  begin(limits?: WireLimits): void {
    if (limits !== undefined) this.#happen({ happened: "limits", limits });
    this.#save();
    this.#news.start(0);
  }

  get state(): ChatState {
    return this.#state;
  }

  /** Calls `listener` with the state after each change, until the function it answers is called. */
  subscribe(listener: (state: ChatState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sends a message: it is kept until the transcript has it, however often the network fails. Answers its client id. */
  say(text: string): string {
    const clientId = crypto.randomUUID();
    this.#happen({ happened: "written", clientId, text });
    this.#send({ clientId, text });
    return clientId;
  }

  /** Tries a refused message again. */
  tryAgain(clientId: string): void {
    const message = this.#state.unsent.find((one) => one.clientId === clientId);
    if (message === undefined) return;
    this.#happen({ happened: "tried again", clientId });
    this.#send(message);
  }

  /** Gives a message up that was not delivered. */
  discard(clientId: string): void {
    this.#happen({ happened: "discarded", clientId });
  }

  /** Tells the others that the customer types, or has stopped; nothing where there is no socket. */
  setTyping(typing: boolean): void {
    this.#news.send({ type: "typing", typing });
  }

  /** Says up to where the customer has read. */
  markRead(position: number): void {
    this.#news.send({ type: "read", position });
  }

  /** Answers an idle alert without a word. */
  stay(): Promise<Outcome<undefined>> {
    return this.#api.ask({ method: "POST", path: this.#path("/stay") });
  }

  /** Has the transcript mailed, to the address that was given at the beginning where none is named. */
  requestTranscript(to?: string): Promise<Outcome<undefined>> {
    return this.#api.ask({
      method: "POST",
      path: this.#path("/transcript-email"),
      json: to === undefined ? {} : { to },
    });
  }

  /** Ends the chat for everybody. */
  end(): Promise<Outcome<undefined>> {
    return this.#api.ask({ method: "POST", path: this.#path("/end") });
  }

  /** The page is looked at again, or the network is back: whatever waits is tried at once. */
  wake(): void {
    this.#news.wake();
  }

  /** Stops listening; the chat goes on, and can be resumed. */
  close(): void {
    this.#news.stop();
    this.#listeners.clear();
    for (const timer of this.#typing.values()) clearTimeout(timer);
  }

  /** Forgets the chat on this machine. */
  forget(): void {
    this.close();
    this.#shelf.clear();
  }

  /** Another tab may have renewed the token: then it goes on with that one. */
  #lost(): void {
    const saved = this.#shelf.read();
    if (saved?.sessionId === this.sessionId && saved.token !== this.#api.token) {
      this.#api.token = saved.token;
      this.#tokenExpiresAt = saved.tokenExpiresAt;
      return this.#news.start(this.#state.position);
    }
    this.#shelf.clear();
    this.#happen({ happened: "lost" });
  }

  /** Long before the token ends, and only then; the old one stays good until the new one is first used. */
  async #renew(): Promise<void> {
    if (Date.parse(this.#tokenExpiresAt) - Date.now() > RENEW_BEFORE_MS) return;
    const renewed = await this.#api.ask<WireToken>({ method: "POST", path: this.#path("/token") });
    if (!renewed.ok) return;
    this.#api.token = renewed.value.token;
    this.#tokenExpiresAt = renewed.value.tokenExpiresAt;
    this.#save();
  }

  #path(rest: string): string {
    return `/v1/sessions/${this.sessionId}${rest}`;
  }

  #happen(happening: Happening): void {
    const before = this.#state;
    this.#state = reduce(before, happening);
    if (this.#state === before) return;
    if (this.#state.unsent !== before.unsent) this.#save();
    for (const listener of [...this.#listeners]) listener(this.#state);
  }

  /** What another tab has not delivered yet stays kept: it may be closed before it can. */
  #save(): void {
    const { participantId, unsent, events } = this.#state;
    for (const { clientId } of [...unsent, ...events]) if (clientId !== undefined) this.#known.add(clientId);
    const saved = this.#shelf.read();
    const others = saved?.sessionId === this.sessionId ? saved.unsent : [];
    const kept = [...others.filter(({ clientId }) => !this.#known.has(clientId)), ...unsent];
    const [sessionId, token, tokenExpiresAt] = [this.sessionId, this.#api.token ?? "", this.#tokenExpiresAt];
    this.#shelf.write({ sessionId, token, tokenExpiresAt, participantId, unsent: kept });
  }

  /** Everything that has not arrived, in the order in which it was written. */
  #deliver(): void {
    for (const message of this.#state.unsent) if (message.delivery === "sending") this.#send(message);
  }

  #send({ clientId, text }: Pick<UnsentMessage, "clientId" | "text">): void {
    if (this.#news.send({ type: "message", clientId, text })) return;
    // By request only where polls carry the news: else a socket is on its way, and takes them in their order.
    if (this.#state.connection === "polling") void this.#post(clientId, text);
  }

  async #post(clientId: string, text: string): Promise<void> {
    const path = this.#path("/messages");
    const sent = await this.#api.ask<WireEvent>({ method: "POST", path, json: { text, clientId } });
    if (sent.ok) this.#happen({ happened: "events", events: [sent.value], position: 0 });
    else if (sent.unreachable !== true) this.#happen({ happened: "delivery failed", clientId, problem: sent.problem });
  }

  /** What no event and no frame tells: where the others have read to, and where the transcript would go. */
  async #askSession(): Promise<void> {
    const asked = await this.#api.ask<WireSession>({ method: "GET", path: this.#path("") });
    if (!asked.ok) return;
    const limits = this.files.sending ? this.#state.limits : undefined;
    this.#happen({ happened: "session", session: { ...asked.value, ...(limits === undefined ? {} : { limits }) } });
    if (asked.value.waiting) await this.#askPlace();
  }

  /** The place in the queue: a frame told it before this page listened, and tells it again only when it changes. */
  async #askPlace(): Promise<void> {
    const asked = await this.#api.ask<WirePlace>({ method: "GET", path: this.#path("/queue") });
    if (!asked.ok) return;
    const { position, state: _where, waiting = 0, agentsReady = false, ...estimate } = asked.value;
    if (position === undefined) return;
    this.#happen({ happened: "frame", frame: { type: "queue", position, waiting, agentsReady, ...estimate } });
  }

  /** Who types says so again every few seconds; who has gone meanwhile cannot say that they stopped. */
  #watchTyping(frame: ServerFrame): void {
    if (frame.type !== "typing") return;
    const { participantId } = frame.from;
    clearTimeout(this.#typing.get(participantId));
    const ceased = () => this.#happen({ happened: "typing ceased", participantId });
    this.#typing.set(participantId, setTimeout(ceased, TYPING_LASTS_MS));
  }
}

function changesLimits({ type }: WireEvent): boolean {
  return type === "FileUploaded" || type === "FileDeleted" || type === "UploadsGranted";
}
