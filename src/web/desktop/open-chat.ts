/** One chat on the desk: the chat itself, the files on their way, and what of it nobody has looked at yet. */
import type { AgentChat } from "../client/agent-chat.ts";
import { type ChatState, isReached } from "../client/chat-state.ts";
import { OutgoingFiles } from "../view/outgoing.ts";
import { withoutLocation } from "../view/picture-metadata.ts";
import { isPicture, Pictures } from "../view/pictures.ts";
import { unreadAfter } from "../view/transcript-items.ts";

/** How the agent is in a chat. */
export type Role = "serve" | "supervise" | "silent";

/** What is told about. */
export interface OpenChatListener {
  changed(): void;
  /** Somebody else said something while nobody looked. */
  called(): void;
  /** Whether the agent looks at this chat now. */
  looksAt(): boolean;
}

/** One chat. */
export class OpenChat {
  readonly chat: AgentChat;
  readonly service: string;
  readonly role: Role;
  readonly outgoing: OutgoingFiles;
  readonly pictures = new Pictures();
  /** Whether what is being written is a note. */
  note = false;
  readonly #listener: OpenChatListener;
  #readTo = 0;
  #told: number | undefined;

  constructor(chat: AgentChat, service: string, role: Role, listener: OpenChatListener) {
    this.chat = chat;
    this.service = service;
    this.role = role;
    this.note = role === "silent";
    this.#listener = listener;
    this.outgoing = new OutgoingFiles({
      files: chat.files,
      reached: () => isReached(chat.state),
      prepare: withoutLocation,
      sent: (fileId, file) => {
        if (isPicture(file.type)) void this.pictures.keep(fileId, file).then(() => listener.changed());
      },
      changed: () => listener.changed(),
    });
    let before = chat.state;
    chat.subscribe((state) => {
      this.#heard(before, state);
      before = state;
    });
  }

  get sessionId(): string {
    return this.chat.sessionId;
  }

  get state(): ChatState {
    return this.chat.state;
  }

  /** What is being written: it stays when another chat is looked at, and over a reload. */
  get draft(): string {
    return sessionStorage.getItem(this.#draftKey) ?? "";
  }

  set draft(text: string) {
    if (text === "") sessionStorage.removeItem(this.#draftKey);
    else sessionStorage.setItem(this.#draftKey, text);
  }

  /** The customer's name as far as it is known. */
  get customer(): string {
    const client = this.chat.session?.participants.find(({ type }) => type === "Client");
    return client?.nickname ?? "…";
  }

  /** Over for this agent: ended, given on, left, or not to be reached with this token. */
  get over(): boolean {
    return this.state.phase === "ended" || this.state.lost;
  }

  /** What others have said since the agent looked. */
  get unread(): number {
    return unreadAfter(this.state, this.#position);
  }

  /** The agent looks at it: everything that is there is read. */
  read(): void {
    const { position } = this.state;
    if (position <= this.#position || !this.#listener.looksAt()) return;
    this.#readTo = position;
    if (this.state.participantId !== 0) this.chat.markRead(position);
  }

  close(): void {
    this.outgoing.stop();
    this.chat.close();
  }

  get #draftKey(): string {
    return `satchel:draft:${this.sessionId}`;
  }

  get #position(): number {
    return Math.max(this.#readTo, this.state.read.get(this.state.participantId) ?? 0);
  }

  #heard(before: ChatState, state: ChatState): void {
    if (state.limits !== before.limits) this.outgoing.settle();
    if (isReached(state) && !isReached(before)) this.outgoing.resume();
    if (state.events !== before.events) this.read();
    // What was said before this page came is not news.
    const news = this.#told === undefined ? 0 : unreadAfter(state, Math.max(this.#told, this.#position));
    if (this.chat.session !== undefined) this.#told = state.position;
    if (news > 0) this.#listener.called();
    this.#listener.changed();
  }
}
