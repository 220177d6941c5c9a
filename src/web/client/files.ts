/** What a customer does with files: checks, sends, fetches and deletes them, and keeps the limits true. */
import type { WireLimits } from "../../protocol/chat.ts";
import type { WireTicket } from "../../protocol/files.ts";
import { type Api, NO_ANSWER, type Outcome } from "./api.ts";
import { agentThere, type ChatState } from "./chat-state.ts";
import { checkFile, type FileRefusal } from "./file-check.ts";
import { sendFile, type Transfer } from "./transfer.ts";

/** What it needs of its chat. */
export interface FilesOfChat {
  readonly api: Api;
  readonly sessionId: string;
  state(): ChatState;
  limits(limits: WireLimits): void;
}

/** The files of one chat; `chat.files`. */
export class ChatFiles {
  readonly #chat: FilesOfChat;
  #sending = 0;

  constructor(chat: FilesOfChat) {
    this.#chat = chat;
  }

  /** True while a file is on its way: what the server counts then may hold it already, so limits are not taken over. */
  get sending(): boolean {
    return this.#sending > 0;
  }

  /** Why a file cannot be sent, before a byte travels; undefined where it can, or nothing is known yet. */
  check(
    file: { readonly name: string; readonly size: number },
    waiting = { files: 0, bytes: 0 },
  ): FileRefusal | undefined {
    const state = this.#chat.state();
    const { limits } = state;
    return limits === undefined ? undefined : checkFile(file, { limits, agentThere: agentThere(state), waiting });
  }

  /** Sends a file; a repeat with the same key is the same upload. */
  send(file: File, key: string, progressed: (sentBytes: number) => void): Transfer {
    this.#sending += 1;
    const transfer = sendFile(this.#chat.api, this.#path(""), { file, key }, progressed);
    void transfer.done.then(() => {
      this.#sending -= 1;
      void this.askLimits();
    });
    return transfer;
  }

  /** Fetches a file; takes a download attempt unless it was fetched a moment ago. */
  async fetch(fileId: string, signal?: AbortSignal): Promise<Outcome<Blob>> {
    const answer = await this.#chat.api.fetch({ method: "GET", path: this.#path(`/files/${fileId}`), signal });
    if (!answer.ok) return answer;
    try {
      const blob = await answer.value.blob();
      void this.askLimits();
      return { ok: true, value: blob };
    } catch {
      return NO_ANSWER;
    }
  }

  /** A link with which the browser itself saves the file, for a minute; takes a download attempt. */
  async link(fileId: string): Promise<Outcome<WireTicket>> {
    const link = await this.#chat.api.ask<WireTicket>({ method: "POST", path: this.#path(`/files/${fileId}/ticket`) });
    if (link.ok) void this.askLimits();
    return link;
  }

  /** Deletes a file of the customer's own. */
  delete(fileId: string): Promise<Outcome<undefined>> {
    return this.#chat.api.ask({ method: "DELETE", path: this.#path(`/files/${fileId}`) });
  }

  /** Asks for the limits, unless a file is on its way: then they are asked for after it. */
  async askLimits(): Promise<void> {
    if (this.sending) return;
    const limits = await this.#chat.api.ask<WireLimits>({ method: "GET", path: this.#path("/limits") });
    if (limits.ok && !this.sending) this.#chat.limits(limits.value);
  }

  #path(rest: string): string {
    return `/v1/sessions/${this.#chat.sessionId}${rest}`;
  }
}
