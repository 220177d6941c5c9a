/** What the parts of the window are drawn from, handed down as a whole. */
import type { Chat } from "../client/chat.ts";
import type { ChatState } from "../client/chat-state.ts";
import type { OutgoingFiles } from "./outgoing.ts";
import type { Pictures } from "./pictures.ts";
import { fill, type Spoken, type Words } from "./words.ts";

/** What a part says with. */
export interface Speech extends Spoken {
  /** The words for something, with values filled in. */
  say(key: keyof Words, values?: Readonly<Record<string, string | number>>): string;
}

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

/** Speech in one language. */
export function speechIn(spoken: Spoken): Speech {
  return { ...spoken, say: (key, values = {}) => fill(spoken.words[key], values) };
}
