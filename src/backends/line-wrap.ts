/** Wraps lines of plain text ourselves: a reader's own wrapping would let typed text begin at the margin, where ours does. */

/** Columns; below 78 so that readers do not wrap again (RFC 5322 2.1.1). */
const WIDTH = 76;

/** In front of everything that people typed, so that a message cannot pass for the line of another speaker. */
const INDENT = "    ";

const ROOM = WIDTH - INDENT.length;

/** A line of ours made of parts that stay whole where they fit a line; what does not fit follows below, indented. */
export function hang(...parts: string[]): string {
  const line = parts.join("");
  if (fits(line)) return line;
  return fill(parts.flatMap((part) => (fits(part) ? [part] : breakable(part)))).join(`\n${INDENT}`);
}

/** A line that somebody typed, each piece of it indented. An empty line stays empty. */
export function indented(line: string): string {
  const lines = fits(line) ? [line] : fill(breakable(line));
  return lines.map((part) => (part === "" ? "" : `${INDENT}${part}`)).join("\n");
}

/** Puts pieces into as few lines as their order allows; blanks at a break are dropped. */
function fill(pieces: readonly string[]): string[] {
  const lines: string[] = [];
  let current = "";
  let used = 0;
  for (const piece of pieces) {
    if (used > 0 && used + columns(piece.trimEnd()) > ROOM) {
      lines.push(current.trimEnd());
      [current, used] = ["", 0];
    }
    current += piece;
    used += columns(piece);
  }
  return [...lines, current.trimEnd()];
}

/** Words with the blanks behind them; one that is too long is cut, but an address of the web stays whole. */
function breakable(text: string): string[] {
  return text
    .split(/(?<=[ \t])(?=[^ \t])/u)
    .flatMap((word) => (fits(word) || /^https?:\/\/\S{1,2000}\s*$/u.test(word) ? [word] : cut(word)));
}

/** A word in pieces of at most a line, where no character is torn from its marks. */
function cut(word: string): string[] {
  const pieces: string[] = [];
  let piece = "";
  let used = 0;
  for (const cluster of word.match(CLUSTER) ?? []) {
    const wide = columns(cluster);
    if (used > 0 && used + wide > ROOM) {
      pieces.push(piece);
      [piece, used] = ["", 0];
    }
    piece += cluster;
    used += wide;
  }
  return [...pieces, piece];
}

/** Nearly a grapheme, at a fraction of a segmenter's price: joined emoji, marks, flags in pairs. Bounded against floods. */
const CLUSTER = /\p{RI}{2}|.(?:[\p{M}\p{Emoji_Modifier}]|\u200d.){0,30}/gsu;

function fits(text: string): boolean {
  return text.length <= ROOM / 2 || columns(text.trimEnd()) <= ROOM;
}

/** Columns on a screen: the scripts from U+2E80 on are mostly twice as wide; marks and format characters take none. */
function columns(text: string): number {
  let sum = 0;
  for (const sign of text) sum += columnsOf(sign);
  return sum;
}

function columnsOf(sign: string): number {
  const code = sign.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (/^[\p{M}\p{Cf}]$/u.test(sign)) return 0;
  return code >= 0x2e80 ? 2 : 1;
}
