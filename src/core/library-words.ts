/** Full-text search of any script: how texts are written into the index, and how what people type becomes a safe query. */

/** Longest search in characters, and most words of it that count. */
export const MAX_SEARCH = 200;
const MAX_WORDS = 16;

/**
 * Scripts that put no blanks between words. SQLite's tokenizer takes a whole run of them for one word; each character
 * becomes a word of its own instead, and a search for several of them a phrase.
 */
const UNSPACED =
  /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}]\p{M}*/gu;
/** Spellings that stand for each other and that SQLite's tokenizer tells apart. */
const SPELLINGS: Readonly<Record<string, string>> = { ß: "ss", ẞ: "SS", ё: "е", Ё: "Е" };
const WORD = /[\p{L}\p{N}]/u;

/** A text as the index gets it. */
export function indexText(text: string): string {
  return text
    .normalize("NFC")
    .replace(/[ßẞёЁ]/g, (letter) => SPELLINGS[letter] ?? letter)
    .replaceAll(UNSPACED, " $& ");
}

/**
 * What was typed as an FTS5 query: every word must be there or be the beginning of one that is. Each stands in quotes, so
 * that nothing in it is syntax. Undefined where nothing in it can be found: no letter, no digit.
 */
export function searchQuery(typed: string): string | undefined {
  const words = typed.slice(0, MAX_SEARCH).toWellFormed().replaceAll("\0", " ").split(/\s+/u);
  const found = words.filter((word) => WORD.test(word)).slice(0, MAX_WORDS);
  if (found.length === 0) return undefined;
  return found.map((word) => `"${indexText(word).trim().replaceAll('"', '""')}"*`).join(" ");
}

/** The languages of a response in one text, each after a blank, in lower case: what `languageMark` is looked for in. */
export function languageMarks(tags: readonly string[]): string {
  return tags.map((tag) => ` ${tag.toLowerCase()}-`).join("");
}

/** What stands in the marks of every response that has a text in this language: `de` is also found as `de-AT`. */
export function languageMark(tag: string): string {
  return ` ${tag.toLowerCase()}-`;
}
