/** What the widget knows and does, without a page: the form, the chat, and the files on their way. */
import type { WireOpening } from "../../protocol/chat.ts";
import type { Problem } from "../../protocol/problem.ts";
import { type Chat, type ChatPlace, openChat, resumeChat } from "../client/chat.ts";
import { type ChatState, isReached } from "../client/chat-state.ts";
import { OutgoingFiles } from "../view/outgoing.ts";

/** What is told about. */
export interface ModelListener {
  /** Something is to be shown anew. */
  changed(): void;
  /** A chat was opened by this page, or found again. */
  began(sessionId: string, resumed: boolean): void;
  /** The file as it is sent; undefined where it must not be sent as it is. */
  prepare(file: File): Promise<File | undefined>;
  /** A file was sent. */
  sent(fileId: string, file: File): void;
}

/** One widget. */
export class WidgetModel {
  readonly #place: ChatPlace;
  readonly #listener: ModelListener;
  #chat: Chat | undefined;
  #outgoing: OutgoingFiles | undefined;
  #opening = false;
  /** The opening that was tried last, and its key: the same one again is the same chat. */
  #tried = "";
  #openingKey = "";
  /** Why a chat could not be opened. */
  problem: Problem | undefined;

  constructor(place: ChatPlace, listener: ModelListener) {
    this.#place = place;
    this.#listener = listener;
    this.#resume();
  }

  get chat(): Chat | undefined {
    return this.#chat;
  }

  get state(): ChatState | undefined {
    return this.#chat?.state;
  }

  /** True while a chat is being opened. */
  get opening(): boolean {
    return this.#opening;
  }

  get outgoing(): OutgoingFiles | undefined {
    return this.#outgoing;
  }

  /** Opens a chat. Tried again after a lost answer it is the same one. */
  async start(opening: WireOpening): Promise<void> {
    if (this.#opening || this.#chat !== undefined) return;
    this.#opening = true;
    const tried = JSON.stringify(opening);
    if (tried !== this.#tried) this.#openingKey = crypto.randomUUID();
    this.#tried = tried;
    this.problem = undefined;
    this.#listener.changed();
    const opened = await openChat(this.#place, opening, this.#openingKey);
    this.#opening = false;
    const other = this.chat;
    if (!opened.ok) this.problem = opened.problem;
    else if (other === undefined) {
      this.#tried = "";
      this.#take(opened.value, false);
    } else {
      // Another tab opened one meanwhile, which is everybody's.
      void opened.value.end();
      opened.value.close();
      other.save();
    }
    this.#listener.changed();
  }

  /** Leaves a chat that is over, for another. */
  startAnew(): void {
    this.#chat?.forget();
    this.#release();
    this.#listener.changed();
  }

  /** The storage was changed by another tab: its chat is this one's too, unless this one has one that goes on. */
  storageChanged(): void {
    if (this.#chat !== undefined && this.state?.phase !== "ended" && this.state?.lost !== true) return;
    const before = this.#chat;
    const resumed = resumeChat(this.#place);
    if (resumed === undefined || resumed.sessionId === before?.sessionId) return resumed?.close();
    before?.close();
    this.#take(resumed, true);
    this.#listener.changed();
  }

  /** The page is looked at again, or the network is back. */
  wake(): void {
    this.#chat?.wake();
  }

  /** Lets go of everything; the chat itself goes on. */
  close(): void {
    this.#chat?.close();
    this.#release();
  }

  #resume(): void {
    const resumed = resumeChat(this.#place);
    if (resumed !== undefined) this.#take(resumed, true);
  }

  #release(): void {
    this.#outgoing?.stop();
    this.#outgoing = undefined;
    this.#chat = undefined;
  }

  #take(chat: Chat, resumed: boolean): void {
    this.#release();
    this.#chat = chat;
    const reached = () => isReached(chat.state);
    const outgoing = new OutgoingFiles({ ...this.#listener, files: chat.files, reached });
    this.#outgoing = outgoing;
    let before = chat.state;
    chat.subscribe((state) => {
      if (state.limits !== before.limits) outgoing.settle();
      const back = isReached(state) && !isReached(before);
      before = state;
      if (back) outgoing.resume();
      this.#listener.changed();
    });
    this.#listener.began(chat.sessionId, resumed);
  }
}
