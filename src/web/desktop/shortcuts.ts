/** What can be done by keys alone, and which keys do it. */
import type { Page } from "./page.ts";
import type { Word } from "./scene.ts";

interface Shortcut {
  /** As the list names the keys. */
  readonly keys: string;
  readonly word: Word;
  /** `KeyboardEvent.code`, with Alt: the same place on every keyboard. */
  readonly code: string;
  act(page: Page): void;
}

const asking = (name: "transfer" | "end" | "push-url") => (page: Page) => {
  const active = page.desk?.active;
  if (active !== undefined && !active.over) page.ask({ name, sessionId: active.sessionId });
};

/** All of them. */
export const SHORTCUTS: readonly Shortcut[] = [
  { keys: "Alt+R", word: "toggleReady", code: "KeyR", act: ({ desk }) => void desk?.setReady(!desk.ready) },
  {
    keys: "Alt+A",
    word: "acceptOffer",
    code: "KeyA",
    act(page) {
      const offer = page.desk?.offers[0];
      if (offer === undefined) return;
      page.go("chats");
      void page.desk?.take(offer.service, offer.session);
    },
  },
  { keys: "Alt+↓", word: "nextChat", code: "ArrowDown", act: (page) => step(page, 1) },
  { keys: "Alt+↑", word: "previousChat", code: "ArrowUp", act: (page) => step(page, -1) },
  { keys: "Alt+W", word: "write", code: "KeyW", act: () => focus("textarea.write") },
  {
    keys: "Alt+S",
    word: "responses",
    code: "KeyS",
    act(page) {
      page.go("chats");
      page.goToSide("responses");
      requestAnimationFrame(() => focus(".responses input"));
    },
  },
  { keys: "Alt+T", word: "transfer", code: "KeyT", act: asking("transfer") },
  { keys: "Alt+U", word: "pushUrl", code: "KeyU", act: asking("push-url") },
  { keys: "Alt+E", word: "end", code: "KeyE", act: asking("end") },
  { keys: "Alt+H", word: "shortcuts", code: "KeyH", act: (page) => page.ask({ name: "shortcuts" }) },
];

/** What a key press asks for; undefined where it is not one of ours. */
export function shortcutOf(event: KeyboardEvent, page: Page): (() => void) | undefined {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || page.desk === undefined) return undefined;
  if (document.querySelector("dialog[open]") !== null) return undefined;
  const found = SHORTCUTS.find(({ code }) => code === event.code);
  return found === undefined ? undefined : () => found.act(page);
}

function step(page: Page, by: 1 | -1): void {
  page.desk?.step(by);
  page.go("chats");
}

function focus(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus();
}
