/** Which characters nobody sees, and where one of them is needed all the same; free of zod, for names of people and of files. */

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

/** The text without them. Doing it twice changes nothing more. */
export function withoutInvisible(text: string): string {
  return text.replace(INVISIBLE, "$1");
}
