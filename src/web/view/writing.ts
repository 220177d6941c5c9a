/** What a line to write in does. */
import { useEffect, useRef } from "preact/hooks";
import type { Conversation } from "../client/conversation.ts";

/** Typing is said again this often, in milliseconds, and ceases after such a pause. */
const TYPING_AGAIN_MS = 5000;

/** As high as what stands in it, up to what the style allows. */
export function grow(text: HTMLTextAreaElement): void {
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight}px`;
}

/** Says that somebody types while they do. */
export function useTyping(chat: Conversation) {
  const said = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const stop = () => {
    clearTimeout(timer.current);
    if (said.current !== 0) chat.setTyping(false);
    said.current = 0;
  };
  const say = () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(stop, TYPING_AGAIN_MS);
    if (Date.now() - said.current < TYPING_AGAIN_MS) return;
    said.current = Date.now();
    chat.setTyping(true);
  };
  useEffect(() => stop, []);
  return { say, stop };
}
