/** What the page around is told of the chat, by events of the element, and how much of it is unread. */
import type { Chat } from "../client/chat.ts";
import type { ChatState } from "../client/chat-state.ts";
import { unreadAfter } from "../view/transcript-items.ts";
import { openKey, type Placed } from "./settings.ts";

/** Tells of one element's chat. */
export class ChatTeller {
  readonly #element: Placed;
  readonly #told: (unread: number) => void;
  /** Up to where the page was told; undefined while old events of a resumed chat still come. */
  #position: number | undefined;
  #readTo = 0;
  #unread = 0;
  #ended = false;

  constructor(element: Placed, told: (unread: number) => void) {
    this.#element = element;
    this.#told = told;
  }

  /** The window was shown or hidden, which this tab remembers over a reload. */
  shown(open: boolean): void {
    try {
      if (open) sessionStorage.setItem(openKey(this.#element), "1");
      else sessionStorage.removeItem(openKey(this.#element));
    } catch {
      // Then it is closed after a reload.
    }
    this.#dispatch(open ? "satchel-shown" : "satchel-hidden", {});
  }

  /** A chat begins for this page. What was said before it was resumed is not news. */
  began(sessionId: string, resumed: boolean): void {
    this.#position = resumed ? undefined : 0;
    this.#readTo = 0;
    this.#ended = false;
    if (!resumed) this.#dispatch("satchel-started", { sessionId });
  }

  /** Something may have happened. */
  tell(state: ChatState | undefined, looking: boolean): void {
    if (state !== undefined) this.#tellEvents(state);
    const readTo = Math.max(this.#readTo, state?.read.get(state.participantId) ?? 0);
    const known = state?.transcriptEmail !== undefined;
    const unread = state === undefined || looking || !known ? 0 : unreadAfter(state, readTo);
    if (unread === this.#unread) return;
    this.#unread = unread;
    this.#told(unread);
    this.#dispatch("satchel-unread", { unread });
  }

  /** The customer has read up to there. */
  read(position: number, chat: Chat | undefined): void {
    if (position <= this.#readTo) return;
    this.#readTo = position;
    chat?.markRead(position);
  }

  #tellEvents(state: ChatState): void {
    const ended = state.phase === "ended";
    // The session is asked for once it is reached, after its old events.
    if (this.#position === undefined && (state.transcriptEmail !== undefined || ended)) {
      this.#position = state.position;
      this.#ended = ended;
    }
    if (this.#position === undefined) return;
    const from = this.#position;
    this.#position = Math.max(from, state.position);
    for (const event of state.events) if (event.position > from) this.#dispatch("satchel-event", event);
    if (ended && !this.#ended) this.#dispatch("satchel-ended", {});
    this.#ended = ended;
  }

  #dispatch(name: string, detail: unknown): void {
    this.#element.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}
