/** What the parts of the window are drawn from, handed down as a whole. */
import type { Chat } from "../client/chat.ts";
import type { ChatState } from "../client/chat-state.ts";
import type { OutgoingFiles } from "../view/outgoing.ts";
import type { Pictures } from "../view/pictures.ts";
import type * as view from "../view/words.ts";
import type english from "./words/en.ts";

/** Names of everything that the widget says. */
export type Word = keyof typeof english;
/** What a part says with. */
export type Speech = view.Speech<Word>;
/** Words in one language. */
export type Spoken = view.Spoken<Word>;

/** Which question is asked before anything else goes on. */
export type Question =
  | { readonly name: "end" }
  | { readonly name: "transcript" }
  | { readonly name: "delete"; readonly fileId: string; readonly file: string };

/** A chat that is shown. */
export interface Scene extends Speech {
  readonly chat: Chat;
  readonly state: ChatState;
  readonly outgoing: OutgoingFiles;
  readonly pictures: Pictures;
  /** Somebody looks at it. */
  readonly looking: boolean;
  ask(question: Question): void;
}
