/** One session as any of its participants follows it: its state, its news, and what they say, whatever the network does. */
import type { WireEvent } from "../../protocol/chat.ts";
import type { ServerFrame } from "../../protocol/frames.ts";
import type { Api, Outcome } from "./api.ts";
import { type ChatState, type Happening, isReached, newState, reduce, type UnsentMessage } from "./chat-state.ts";
import { News } from "./news.ts";

/** How long somebody counts as typing who does not say so again, in milliseconds; say it more often than that. */
export const TYPING_LASTS_MS = 12_000;

/** A session that is listened to. The customer's is `Chat`, an agent's `AgentChat`. */
export abstract class Conversation {
  readonly sessionId: string;
  protected readonly api: Api;
  protected readonly news: News;
  readonly #listeners = new Set<(state: ChatState) => void>();
  readonly #typing = new Map<number, ReturnType<typeof setTimeout>>();
  #state: ChatState;
  /** One message after the other, so that they arrive in their order. */
  #posted = Promise.resolve();

  constructor(api: Api, sessionId: string, participantId: number, unsent: readonly UnsentMessage[]) {
    this.sessionId = sessionId;
    this.api = api;
    this.#state = newState(participantId, unsent);
    this.news = new News(api, sessionId, {
      connection: (connection) => {
        this.happen({ happened: "connection", connection });
        if (!isReached(this.#state)) return;
        this.#deliver();
        this.reached();
      },
      events: (events, position) => {
        this.happen({ happened: "events", events, position });
        this.told(events);
      },
      frame: (frame) => {
        this.happen({ happened: "frame", frame });
        this.#watchTyping(frame);
      },
      lost: () => this.lost(),
    });
  }

  get state(): ChatState {
    return this.#state;
  }

  /** Calls `listener` with the state after each change, until the function it answers is called. */
  subscribe(listener: (state: ChatState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Sends a message: it is kept until the transcript has it, however often the network fails. Answers its client id.
   * `visibility` makes it a note that only agents see.
   */
  say(text: string, visibility?: "agents"): string {
    const clientId = crypto.randomUUID();
    this.happen({ happened: "written", clientId, text, visibility });
    this.#send({ clientId, text, visibility });
    return clientId;
  }

  /** Tries a refused message again. */
  tryAgain(clientId: string): void {
    const message = this.#state.unsent.find((one) => one.clientId === clientId);
    if (message === undefined) return;
    this.happen({ happened: "tried again", clientId });
    this.#send(message);
  }

  /** Gives a message up that was not delivered. */
  discard(clientId: string): void {
    this.happen({ happened: "discarded", clientId });
  }

  /** Tells the others that one types, or has stopped; nothing where there is no socket. */
  setTyping(typing: boolean): void {
    this.news.send({ type: "typing", typing });
  }

  /** Says up to where one has read. */
  markRead(position: number): void {
    if (!this.news.send({ type: "read", position }))
      void this.api.ask({ method: "POST", path: this.path("/read"), json: { position } });
  }

  /** Ends the chat for everybody. */
  end(): Promise<Outcome<undefined>> {
    return this.api.ask({ method: "POST", path: this.path("/end") });
  }

  /** The page is looked at again, or the network is back: whatever waits is tried at once. */
  wake(): void {
    this.news.wake();
  }

  /** Stops listening; the chat goes on, and can be resumed. */
  close(): void {
    this.news.stop();
    this.#listeners.clear();
    for (const timer of this.#typing.values()) clearTimeout(timer);
  }

  protected path(rest: string): string {
    return `/v1/sessions/${this.sessionId}${rest}`;
  }

  protected happen(happening: Happening): void {
    const before = this.#state;
    this.#state = reduce(before, happening);
    if (this.#state === before) return;
    if (this.#state.unsent !== before.unsent) this.save();
    for (const listener of [...this.#listeners]) listener(this.#state);
  }

  /** News arrive, for the first time or again. */
  protected abstract reached(): void;
  /** Events came. */
  protected abstract told(events: readonly WireEvent[]): void;
  /** The token is not taken any more, or the session is gone. */
  protected abstract lost(): void;
  /** Keeps what has not been sent, as far as there is a place for it. */
  abstract save(): void;

  /** Everything that has not arrived, in the order in which it was written. */
  #deliver(): void {
    for (const message of this.#state.unsent) if (message.delivery === "sending") this.#send(message);
  }

  #send({ clientId, text, visibility }: Pick<UnsentMessage, "clientId" | "text" | "visibility">): void {
    const message = { clientId, text, visibility };
    if (this.news.send({ type: "message", ...message })) return;
    // By request only where polls carry the news: else a socket is on its way, and takes them in their order.
    if (this.#state.connection === "polling") this.#posted = this.#posted.then(() => this.#post(message));
  }

  async #post(json: { readonly clientId: string }): Promise<void> {
    const { clientId } = json;
    const sent = await this.api.ask<WireEvent>({ method: "POST", path: this.path("/messages"), json });
    if (sent.ok) this.happen({ happened: "events", events: [sent.value], position: 0 });
    else if (!sent.unreachable) this.happen({ happened: "delivery failed", clientId, problem: sent.problem });
  }

  /** Who types says so again every few seconds; who has gone meanwhile cannot say that they stopped. */
  #watchTyping(frame: ServerFrame): void {
    if (frame.type !== "typing") return;
    const { participantId } = frame.from;
    clearTimeout(this.#typing.get(participantId));
    const ceased = () => this.happen({ happened: "typing ceased", participantId });
    this.#typing.set(participantId, setTimeout(ceased, TYPING_LASTS_MS));
  }
}
