/** Text that people typed, made harmless for a place between our own words; escaping for HTML comes on top. */

/** Line ends of every kind, so that none of them can begin a line that looks like one of ours. */
const LINE_ENDS = /\r\n|[\r\n\v\f\u0085\u2028\u2029]/gu;

/** Embeddings, overrides and isolates: with one of them a name could reorder the rest of its line, or leave our isolate. */
const BIDI_CONTROLS = /[\u202a-\u202e\u2066-\u206f]/gu;

/** NUL and its kind, which mail clients drop, show as boxes or stop at. */
const UNPRINTABLE = /[[\p{Cc}\p{Noncharacter_Code_Point}]--[\n\t]]/gv;

const RIGHT_TO_LEFT = /[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** Longest name, title or URL shown in one line, in code points; the doors' own limits are below it. */
export const MAX_SHOWN = 500;

/** Longest link in characters; what is longer is shown cut, as text. */
const MAX_LINK = 2000;

/** The lines of a text of any length: well-formed, without bidi controls; other controls but tabs become U+FFFD. */
export function cleanLines(text: string): string[] {
  const clean = text.toWellFormed().replace(LINE_ENDS, "\n").replace(BIDI_CONTROLS, "").replace(UNPRINTABLE, "\ufffd");
  return clean.split("\n");
}

/** The same as one line of at most `max` code points; runs of blanks become one space, what is cut ends in `…`. */
export function cleanLine(text: string, max: number = MAX_SHOWN): string {
  // The slice keeps the work small for absurd lengths; a surrogate pair it cuts lies beyond `max` or is repaired.
  const line = cleanLines(text.slice(0, 4 * max))
    .join(" ")
    .replace(/\s+/gu, " ")
    .trim();
  const points = [...line];
  return points.length > max || text.length > 4 * max ? `${points.slice(0, max - 1).join("")}…` : line;
}

/** Wraps a one-line text in U+2068 and U+2069 where its letters could reorder the line around it (UAX #9, isolates). */
export function isolate(line: string, direction: "ltr" | "rtl"): string {
  return direction === "rtl" || RIGHT_TO_LEFT.test(line) ? `\u2068${line}\u2069` : line;
}

/** A pushed address that may be a link: http or https without user name, in the form a browser would show. */
export function safeLink(url: string): string | undefined {
  const parsed = URL.parse(url);
  const web = parsed?.protocol === "https:" || parsed?.protocol === "http:";
  // `https://bank.example@evil.example/` reads as another site than it is.
  const plain = web && parsed.username === "" && parsed.password === "" && parsed.href.length <= MAX_LINK;
  return plain ? parsed.href : undefined;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** The text as HTML, safe between tags and inside quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/gu, (sign) => ESCAPES[sign] ?? "");
}
