/** What a page says, in the language of its reader; each language is loaded by itself. `K` are the keys of its words. */

/** Everything that is said; what stands in braces is filled in by `say`. */
export type Words<K extends string> = Readonly<Record<K, string>>;

/** The keys, with commas between them: `src/cli/build-web.ts` sets it, and writes each language's texts in the same order. */
declare const WORD_KEYS: string;

/** Languages there are words in. */
export const LANGUAGES = ["en", "de", "fr", "es", "pt", "it", "nl", "pl", "ja", "zh", "ar"] as const;

/** Words with the language that they, times and sizes are in, as BCP 47 says it. */
export interface Spoken<K extends string> {
  readonly words: Words<K>;
  readonly language: string;
  readonly direction: "ltr" | "rtl";
}

/** Loads the first of the wished languages that there are words in, else English. Wishes are BCP 47 tags. */
export async function loadWords<K extends string>(wishes: readonly string[]): Promise<Spoken<K>> {
  const wished = wishes.find((wish) => LANGUAGES.some((language) => language === primary(wish))) ?? "en";
  const { default: texts }: { default: readonly string[] } = await import(
    new URL(`words/${primary(wished)}.js${new URL(import.meta.url).search}`, import.meta.url).href
  );
  const words = Object.fromEntries(WORD_KEYS.split(",").map((key, index) => [key, texts[index]])) as Words<K>;
  return { words, language: canonical(wished), direction: primary(wished) === "ar" ? "rtl" : "ltr" };
}

/** What a part of a page says with. */
export interface Speech<K extends string> extends Spoken<K> {
  /** The words for something, with values where the text names them in braces. */
  say(key: K, values?: Readonly<Record<string, string | number>>): string;
}

/** Speech in one language. */
export function speechIn<K extends string>(spoken: Spoken<K>): Speech<K> {
  const say = (key: K, values: Readonly<Record<string, string | number>> = {}) =>
    spoken.words[key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
  return { ...spoken, say };
}

function primary(tag: string): string {
  return tag.split(/[-_]/)[0]?.toLowerCase() ?? "";
}

/** What `Intl` takes: a page may say `de_DE`, or nonsense after a language that is known. */
function canonical(tag: string): string {
  try {
    return Intl.getCanonicalLocales(tag.replaceAll("_", "-"))[0] ?? primary(tag);
  } catch {
    return primary(tag);
  }
}
