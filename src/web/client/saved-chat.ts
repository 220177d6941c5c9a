/** What a page keeps of a chat, so that it is there again after a reload and in a second tab. */
import type { UnsentMessage } from "./chat-state.ts";

/** Where it is kept: `localStorage`, `sessionStorage`, or anything like them. */
export type ChatStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** Credentials of a chat, and messages that have not left. */
export interface SavedChat {
  readonly sessionId: string;
  readonly token: string;
  /** RFC 3339. */
  readonly tokenExpiresAt: string;
  readonly participantId: number;
  readonly unsent: readonly UnsentMessage[];
}

/** Where the chat of a server's service lies in its storage; a token is for that server alone. */
export function storageKey(baseUrl: string, service: string): string {
  return `satchel:${baseUrl}:${service}`;
}

/** One chat of one service in a storage. A storage that fails (full, forbidden) is as good as none. */
export class ChatShelf {
  readonly #storage: ChatStorage | undefined;
  readonly #key: string;

  constructor(place: { readonly baseUrl: string; readonly service: string; readonly storage?: ChatStorage }) {
    this.#storage = place.storage;
    this.#key = storageKey(place.baseUrl, place.service);
  }

  /** The chat that was kept; undefined where there is none, or what is there is none of ours. */
  read(): SavedChat | undefined {
    try {
      const saved: unknown = JSON.parse(this.#storage?.getItem(this.#key) ?? "null");
      return isSaved(saved) ? saved : undefined;
    } catch {
      return undefined;
    }
  }

  /** Keeps it. */
  write(chat: SavedChat): void {
    this.#attempt((storage) => storage.setItem(this.#key, JSON.stringify(chat)));
  }

  /** Keeps nothing any more. */
  clear(): void {
    this.#attempt((storage) => storage.removeItem(this.#key));
  }

  #attempt(act: (storage: ChatStorage) => void): void {
    try {
      if (this.#storage !== undefined) act(this.#storage);
    } catch {
      // Private windows forbid it, and full storages refuse it: the chat goes on without.
    }
  }
}

function isSaved(value: unknown): value is SavedChat {
  if (typeof value !== "object" || value === null) return false;
  const { sessionId, token, tokenExpiresAt, participantId, unsent } = value as Partial<
    Record<keyof SavedChat, unknown>
  >;
  const named = typeof sessionId === "string" && typeof token === "string" && typeof participantId === "number";
  return named && typeof tokenExpiresAt === "string" && Array.isArray(unsent);
}
