/** Which language a transcript is written in, and how that language writes dates and in which direction. */
import { ENGLISH_WORDS, MAIL_WORDS, type MailWords } from "./mail-words.ts";

const WORDS: ReadonlyMap<string, MailWords> = new Map(Object.entries(MAIL_WORDS));

const RIGHT_TO_LEFT: ReadonlySet<string> = new Set(["ar", "he"]);

/** Words, and the tags that go with them. */
export interface MailLanguage {
  readonly words: MailWords;
  /** BCP 47 tag for `Content-Language` and `lang`: what is really written. */
  readonly tag: string;
  /** Locale for dates and numbers. */
  readonly locale: string;
  readonly direction: "ltr" | "rtl";
}

/**
 * The language to write in: the customer's where the service offers it and words exist, else the first offered one that
 * has words, else English. A region (`de-CH`) shapes dates and numbers; other subtags, which could change the calendar,
 * are dropped.
 */
export function chooseLanguage(wanted: string | undefined, offered: readonly string[]): MailLanguage {
  const known = offered.map((tag) => tag.toLowerCase()).filter((tag) => WORDS.has(tag));
  const customer = wanted === undefined ? undefined : parseTag(wanted);
  const matches = customer !== undefined && known.includes(customer.language);
  const language = matches ? customer.language : (known[0] ?? "en");
  const tag = matches && customer.region !== undefined ? `${language}-${customer.region}` : language;
  // Plain English means no country; the British form is unambiguous everywhere: day before month's name, 24 hours.
  const locale = tag === "en" ? "en-GB" : tag;
  return {
    words: WORDS.get(language) ?? ENGLISH_WORDS,
    tag,
    locale,
    direction: RIGHT_TO_LEFT.has(language) ? "rtl" : "ltr",
  };
}

function parseTag(tag: string): Intl.Locale | undefined {
  try {
    return new Intl.Locale(tag);
  } catch {
    return undefined;
  }
}
