/** A customer's chat in a page: one object that holds its state, tells of each change, and does what people ask for. */
import type {
  WireEvent,
  WireLimits,
  WireOpenedSession,
  WireOpening,
  WireSession,
  WireToken,
} from "../../protocol/chat.ts";
import type { WirePlace } from "../../protocol/lobby.ts";
import { Api, type Outcome } from "./api.ts";
import { isReached } from "./chat-state.ts";
import { Conversation } from "./conversation.ts";
import { ChatFiles } from "./files.ts";
import { ChatShelf, type ChatStorage, type SavedChat } from "./saved-chat.ts";

/** Where a chat is held. */
export interface ChatPlace {
  /** Origin of the server, such as `https://chat.example.com`. */
  readonly baseUrl: string;
  readonly service: string;
  /** Keeps the chat over reloads; without it a reload begins anew. */
  readonly storage?: ChatStorage;
}

/** What is asked once a chat is reached is asked again after so long where no answer came, in milliseconds. */
const ASK_AGAIN_MS = 5000;

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
  const saved = new ChatShelf(place).read();
  if (saved === undefined) return undefined;
  const chat = new Chat(place, saved);
  chat.begin();
  return chat;
}

/** One chat. Made by `openChat` and `resumeChat`. */
export class Chat extends Conversation {
  /** The chat's files. */
  readonly files: ChatFiles;
  readonly #shelf: ChatShelf;
  /** Client ids of messages that this page knows; those of other tabs are theirs to deliver. */
  readonly #known = new Set<string>();
  #tokenExpiresAt: string;

  constructor(place: ChatPlace, saved: SavedChat) {
    const { sessionId, token, tokenExpiresAt, participantId, unsent } = saved;
    super(new Api(place.baseUrl, token), sessionId, participantId, unsent);
    this.#tokenExpiresAt = tokenExpiresAt;
    this.#shelf = new ChatShelf(place);
    this.files = new ChatFiles({
      api: this.api,
      sessionId,
      state: () => this.state,
      limits: (limits) => this.happen({ happened: "limits", limits }),
    });
  }

  /** Begins to listen; once. */
  begin(limits?: WireLimits): void {
    if (limits !== undefined) this.happen({ happened: "limits", limits });
    this.save();
    this.news.start(0);
  }

  /** Answers an idle alert without a word. */
  stay(): Promise<Outcome<undefined>> {
    return this.api.ask({ method: "POST", path: this.path("/stay") });
  }

  /** Has the transcript mailed, to the address that was given at the beginning where none is named. */
  requestTranscript(to?: string): Promise<Outcome<undefined>> {
    return this.api.ask({ method: "POST", path: this.path("/transcript-email"), json: { to } });
  }

  /** Forgets the chat on this machine. */
  forget(): void {
    this.close();
    this.#shelf.clear();
  }

  protected reached(): void {
    void this.#renew();
    void this.#askSession();
  }

  protected told(events: readonly WireEvent[]): void {
    if (events.some(changesLimits)) void this.files.askLimits();
  }

  /** Another tab may have renewed the token: then it goes on with that one. */
  protected lost(): void {
    const saved = this.#shelf.read();
    if (saved?.sessionId === this.sessionId && saved.token !== this.api.token) {
      this.api.token = saved.token;
      this.#tokenExpiresAt = saved.tokenExpiresAt;
      return this.news.start(this.state.position);
    }
    if (saved?.sessionId === this.sessionId) this.#shelf.clear();
    this.happen({ happened: "lost" });
  }

  /** What another tab has not delivered yet stays kept: it may be closed before it can. */
  override save(): void {
    const { participantId, unsent, events } = this.state;
    for (const { clientId } of [...unsent, ...events]) if (clientId !== undefined) this.#known.add(clientId);
    const saved = this.#shelf.read();
    const others = saved?.sessionId === this.sessionId ? saved.unsent : [];
    const kept = [...others.filter(({ clientId }) => !this.#known.has(clientId)), ...unsent];
    const [sessionId, token, tokenExpiresAt] = [this.sessionId, this.api.token ?? "", this.#tokenExpiresAt];
    this.#shelf.write({ sessionId, token, tokenExpiresAt, participantId, unsent: kept });
  }

  /** Long before the token ends, and only then; the old one stays good until the new one is first used. */
  async #renew(): Promise<void> {
    if (Date.parse(this.#tokenExpiresAt) - Date.now() > RENEW_BEFORE_MS) return;
    const renewed = await this.api.ask<WireToken>({ method: "POST", path: this.path("/token") });
    if (!renewed.ok) return;
    this.api.token = renewed.value.token;
    this.#tokenExpiresAt = renewed.value.tokenExpiresAt;
    this.save();
  }

  /** What no event and no frame tells: where the others have read to, and where the transcript would go. */
  async #askSession(): Promise<void> {
    const asked = await this.api.ask<WireSession>({ method: "GET", path: this.path("") });
    if (!asked.ok) {
      if (isReached(this.state)) setTimeout(() => void this.#askSession(), ASK_AGAIN_MS);
      return;
    }
    const limits = (this.files.sending && this.state.limits) || asked.value.limits;
    this.happen({ happened: "session", session: { ...asked.value, limits } });
    if (asked.value.waiting) await this.#askPlace();
  }

  /** The place in the queue: a frame told it before this page listened, and tells it again only when it changes. */
  async #askPlace(): Promise<void> {
    const asked = await this.api.ask<WirePlace>({ method: "GET", path: this.path("/queue") });
    if (!asked.ok) return;
    const { position, state: _where, waiting = 0, agentsReady = false, ...estimate } = asked.value;
    if (position === undefined) return;
    this.happen({ happened: "frame", frame: { type: "queue", position, waiting, agentsReady, ...estimate } });
  }
}

function changesLimits({ type }: WireEvent): boolean {
  return type === "FileUploaded" || type === "FileDeleted" || type === "UploadsGranted";
}
