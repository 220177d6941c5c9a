/** File names are made safe once, at the door, so that no header, page, mail or disk has to distrust them again. */
import { withoutInvisible } from "../protocol/invisible.ts";

/** Why a name is refused. `bad-extension`: not 1 to 10 ASCII letters and digits. */
export type FileNameRefusal = "empty" | "too-long" | "no-extension" | "bad-extension";

/** A safe name with its lower-case extension (no dot), or why there is none. */
export type NormalizedFileName =
  | { readonly ok: true; readonly name: string; readonly extension: string }
  | { readonly ok: false; readonly reason: FileNameRefusal };

/** Raw names longer than this (UTF-16 code units) are refused unread; no device makes them. */
export const MAX_RAW_FILE_NAME = 1024;

/** Longest normalised name in bytes of UTF-8: what ext4, APFS and NTFS take at least. */
export const MAX_FILE_NAME_BYTES = 255;

const MAX_EXTENSION = 10;

/** Line ends and every kind of blank, the invisible Braille pattern too, become one space. */
const BLANKS = /[\s\u0085\u2800]+/gu;

/** Not allowed on Windows; quotes would also end a header parameter. Slashes were taken as path separators before. */
const ILLEGAL = /[<>:"|?*]/gu;

/** Device names of Windows, also with any extension (superscript digits count there too). */
const RESERVED = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$) *$/iu;

const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });
const utf8 = new TextEncoder();

/**
 * Makes a name that people gave safe to keep: NFC, no path, nothing invisible, legal on every system, at most
 * `MAX_FILE_NAME_BYTES` with its extension whole and no grapheme cut. Giving it its own result changes nothing.
 * The last extension decides (`invoice.pdf.exe` is an `exe`); one before it (`setup.exe.pdf`) stays as plain text, since systems
 * go by the last one too and the content must be of its type. Pages must still escape the name: `&` and `'` are allowed.
 */
export function normalizeFileName(raw: string): NormalizedFileName {
  if (raw.length > MAX_RAW_FILE_NAME) return { ok: false, reason: "too-long" };
  const clean = trimEnds(cleanCharacters(lastPathPart(raw)));
  if (clean === "") return { ok: false, reason: "empty" };
  const dot = clean.lastIndexOf(".");
  if (dot < 0) return { ok: false, reason: "no-extension" };
  const suffix = clean.slice(dot + 1);
  if (suffix.length > MAX_EXTENSION || !/^[A-Za-z0-9]+$/u.test(suffix)) return { ok: false, reason: "bad-extension" };
  const name = `${capStem(avoidReserved(clean.slice(0, dot)), suffix.length + 1)}.${suffix}`;
  return { ok: true, name, extension: suffix.toLowerCase() };
}

/**
 * The name in printable ASCII for readers that know only `filename=` (RFC 6266 appendix D): accents fall off, every other
 * character becomes `_`, and so do `%`, `;`, quotes and slashes, which some readers take apart wrongly.
 */
export function asciiFallback(name: string): string {
  return Array.from(graphemes.segment(name), ({ segment }) => asciiOf(segment)).join("");
}

function asciiOf(grapheme: string): string {
  const base = grapheme.normalize("NFD").charAt(0);
  return /^[A-Za-z0-9]$/u.test(base) || /^[ -~]$/u.test(grapheme) ? base.replace(/[%;"\\/]/u, "_") : "_";
}

function lastPathPart(raw: string): string {
  return raw.slice(Math.max(raw.lastIndexOf("/"), raw.lastIndexOf("\\")) + 1);
}

/** Until nothing changes any more: composing can bring a joiner beside a character that it may not stand beside. */
function cleanCharacters(part: string): string {
  const clean = cleanOnce(part);
  return clean === part ? clean : cleanCharacters(clean);
}

/** NFC goes last among the removals, because a removed character may have kept two others from composing. */
function cleanOnce(part: string): string {
  const visible = withoutInvisible(part.replace(BLANKS, " "));
  return visible.normalize("NFC").replace(ILLEGAL, "_").replace(BLANKS, " ");
}

/** Leading dots hide a file on Unix; trailing dots and spaces are dropped by Windows, which would change the extension. */
function trimEnds(name: string): string {
  return name.replace(/^[. ]+|[. ]+$/gu, "");
}

function avoidReserved(stem: string): string {
  return RESERVED.test(stem.split(".", 1)[0] ?? "") ? `_${stem}` : stem;
}

/** Shortens the stem by whole graphemes; one that is too large for any name (stacked accents) leaves `_`. */
function capStem(stem: string, suffixBytes: number): string {
  const room = MAX_FILE_NAME_BYTES - suffixBytes;
  if (utf8.encode(stem).length <= room) return stem;
  let kept = "";
  let bytes = 0;
  for (const { segment } of graphemes.segment(stem)) {
    bytes += utf8.encode(segment).length;
    if (bytes > room) break;
    kept += segment;
  }
  return kept.replace(/[. ]+$/u, "") || "_";
}
