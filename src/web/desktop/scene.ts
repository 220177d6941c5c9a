/** What the parts of the page are drawn from, handed down as a whole. */
import type * as view from "../view/words.ts";
import type { Desk } from "./desk.ts";
import type { OpenChat } from "./open-chat.ts";
import type { Dialog, Page } from "./page.ts";
import type english from "./words/en.ts";

/** Names of everything that the page says. */
export type Word = keyof typeof english;
/** What a part says with. */
export type Speech = view.Speech<Word>;

/** The page with an agent at the desk. */
export interface Scene extends Speech {
  readonly page: Page;
  readonly desk: Desk;
  /** Milliseconds since the epoch, to say how long something takes; made anew now and then. */
  readonly now: number;
  ask(dialog: Dialog): void;
}

/** Whether files from disk may be sent in a chat: with the privilege, and not silently. */
export function mayAttach({ desk, open }: { readonly desk: Desk; readonly open: OpenChat }): boolean {
  return !open.over && open.role !== "silent" && desk.may("chat:transfer-file-from-file-system", open.service);
}
