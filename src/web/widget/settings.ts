/** Settings of an embedded chat as they stand in the element's attributes, and what a browser keeps of it. */
import { type ChatStorage, storageKey } from "../client/saved-chat.ts";

/** Attributes of `<satchel-chat>`, which the script tag carries as `data-…`. README says what each does. */
export const SETTINGS = [
  "service",
  "server",
  "lang",
  "theme",
  "heading",
  "fields",
  "uploads-enabled",
  "keep-location",
  "storage",
  "open",
] as const;

/** Screens that a chat fills: there it does not open by itself, since it would cover what was asked for. */
export const SMALL_SCREEN = "(max-width: 30rem), (max-height: 30rem)";

/** Where the chat is kept: `local` (the default: outlives the tab, seen by other tabs), `session`, or `none`. */
export function storageOf(element: Element): ChatStorage | undefined {
  const wanted = element.getAttribute("storage");
  try {
    if (wanted === "none") return undefined;
    return wanted === "session" ? sessionStorage : localStorage;
  } catch {
    // Browsers refuse it to pages in a frame of another site, and where people have switched it off.
    return undefined;
  }
}

/** Whether a chat is kept that can go on. */
export function hasSavedChat(element: Placed): boolean {
  return storageOf(element)?.getItem(keyOf(element)) != null;
}

/** Whether this tab had the chat open before a reload. */
export function wasOpen(element: Placed): boolean {
  try {
    return sessionStorage.getItem(openKey(element)) !== null;
  } catch {
    return false;
  }
}

/** Where a tab remembers that its chat is open. */
export function openKey(element: Placed): string {
  return `${keyOf(element)}:open`;
}

/** An element that knows its server. */
export interface Placed extends Element {
  readonly server: string;
}

/** The chat service; the empty string where none is named. */
export function serviceOf(element: Element): string {
  return element.getAttribute("service") ?? "";
}

function keyOf(element: Placed): string {
  return storageKey(element.server, serviceOf(element));
}
