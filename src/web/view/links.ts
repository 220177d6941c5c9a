/** Addresses in what people write: only whole `http` and `https` addresses become links, by the browser's own parser. */

/** A piece of a text; `href` where it is a link. */
export interface TextPiece {
  readonly text: string;
  readonly href?: string;
}

const ADDRESS = /https?:\/\/[^\s<>"'`\u202a-\u202e\u2066-\u2069]+/giu;
/** What ends a sentence, not an address. */
const TRAILING = ".,;:!?…。、，！？»”’";

/** The text in pieces, in order and complete. */
export function piecesOf(text: string): TextPiece[] {
  const pieces: TextPiece[] = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const address = withoutTrailing(found);
    const href = hrefOf(address);
    if (href === undefined) continue;
    if (index > from) pieces.push({ text: text.slice(from, index) });
    pieces.push({ text: address, href });
    from = index + address.length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from) });
  return pieces;
}

/** The address as a link may have it; undefined for anything but `http` and `https`, and where a name or password hides the host. */
export function hrefOf(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const { protocol, username, password, href } = new URL(address);
  const web = protocol === "https:" || protocol === "http:";
  return web && username === "" && password === "" ? href : undefined;
}

/** A closing bracket belongs to the address only where one was opened there. */
function withoutTrailing(address: string): string {
  const trailing = address.includes("(") ? TRAILING : `${TRAILING})`;
  let end = address.length;
  while (trailing.includes(address.charAt(end - 1))) end -= 1;
  return address.slice(0, end);
}
