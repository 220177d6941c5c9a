/** File names are made safe once, at the door, so that no header, page, mail or disk has to distrust them again. */

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

/** Joiners are kept between two letters of these scripts (Persian and Indic spelling needs them) and in emoji sequences. */
const JOINING =
  "[[\\p{scx=Arab}\\p{scx=Syrc}\\p{scx=Mong}\\p{scx=Deva}\\p{scx=Beng}\\p{scx=Guru}\\p{scx=Gujr}\\p{scx=Orya}" +
  "\\p{scx=Taml}\\p{scx=Telu}\\p{scx=Knda}\\p{scx=Mlym}\\p{scx=Sinh}\\p{scx=Khmr}]" +
  "&&[[\\p{L}\\p{M}]--\\p{Default_Ignorable_Code_Point}]]";

/** Nothing that a look-behind or look-ahead accepts is itself dropped, or a second pass would see other neighbours. */
const ALLOWED_INVISIBLE = [
  `(?<=${JOINING})[\\u200C\\u200D](?=${JOINING})`,
  "(?<=\\p{Extended_Pictographic}\\p{Emoji_Modifier}?\\uFE0F?)\\u200D(?=\\p{Extended_Pictographic})",
  "(?<=\\p{Extended_Pictographic})[\\uFE0E\\uFE0F]",
  "(?<=[0-9#])\\uFE0F(?=\\u20E3)",
  "(?<=\\p{Script=Han})[\\uFE00-\\uFE02\\u{E0100}-\\u{E01EF}]",
].join("|");

/**
 * Controls, bidi and other format characters, ignorables, lone surrogates, private use and non-characters. The allowed ones
 * are matched first, as group 1, so that one pass keeps them and drops the rest.
 */
const INVISIBLE = new RegExp(
  `(${ALLOWED_INVISIBLE})|[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Co}\\p{Default_Ignorable_Code_Point}\\p{Noncharacter_Code_Point}]`,
  "gv",
);

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
  const visible = part.replace(BLANKS, " ").replace(INVISIBLE, "$1");
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
