/** A library that one chat of the model takes a standard response from, and what must hold of it. */
import type { Principal } from "../../src/core/principal.ts";
import type { Result } from "../../src/core/refusal.ts";
import type { TranscriptEvent } from "../../src/core/transcript.ts";
import { object } from "./core-chat.ts";
import type { MemorySession } from "./memory-session.ts";

/** Prefix of the objects that are no session's. */
export const LIBRARY_PREFIX = "library/";
const KEY = `${LIBRARY_PREFIX}support/terms`;
const STORED = object(700);

/** How far the edge comes before it dies: it says what it will do, has the library record it, and sends. */
export type Sending = "announced" | "taken" | "sent";

/** The library as one chat uses it. */
export class ModelLibrary {
  readonly #chat: MemorySession;
  #begun = false;
  #recorded = false;

  constructor(chat: MemorySession) {
    this.#chat = chat;
    chat.world.store.entries.set(KEY, STORED);
  }

  /** Sends a response with a file, as far as the edge comes. */
  send(principal: Principal, until: Sending, clientId: string | undefined): Result<TranscriptEvent> | undefined {
    const key = clientId === undefined ? {} : { clientId };
    const begun = this.#chat.execute(principal, { type: "BeginStandardResponse", ...key });
    if (!begun.ok) return begun;
    if ("position" in begun.value) return { ok: true, value: begun.value };
    this.#begun = true;
    if (until === "announced") return undefined;
    this.#recorded = true;
    if (until === "taken") return undefined;
    const { size, sha256, contentType: type } = STORED;
    const file = { documentId: "terms", name: "terms.pdf", extension: "pdf", key: KEY, size, sha256, type };
    const response = { text: "Dear {{customer.nickname}}", files: [file] };
    return this.#chat.execute(principal, { type: "SendStandardResponse", response, ...key });
  }

  /** Throws where a session took away what is the library's. */
  check(): void {
    if (this.#chat.world.store.entries.get(KEY) !== STORED)
      throw new Error("a session removed an object of the library");
    if (this.#recorded && !this.#begun) throw new Error("recorded before the session knew");
  }

  /** Throws where the library still has a record of the erased session, or was told of one that never came near it. */
  checkErased(): void {
    if (this.#chat.libraryLeavings > 0 !== this.#begun) throw new Error("the library was told of another erasure");
  }
}
