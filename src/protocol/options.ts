/** The options of one chat service as operators write them: names, defaults and ranges of one `[vars.SERVICE_…]` table. */
import * as z from "zod";
import { parseAddress } from "./addresses.ts";
import { exactOrigin, ORIGIN_EXPECTED, originOrNone } from "./origins.ts";
import { count, duration, size } from "./quantities.ts";
import { PICTURE_MAX_PIXELS } from "./wire.ts";

/** Largest size when `zone-body-limit` is silent: Cloudflare refuses bodies over 100 MB, and a form adds a little. Bytes. */
export const DEFAULT_ZONE_BODY_LIMIT = 95e6;
/** Largest `zone-body-limit`, below the 5 GiB that R2 takes in one object by a single put. Bytes. */
export const MAX_ZONE_BODY_LIMIT = 5e9;

const DEFAULT_FILE_TYPES = "jpg jpeg png gif webp heic pdf txt csv doc docx xls xlsx ppt pptx zip";
const DAY_SECONDS = 86_400;
const EXTENSION = /^[a-z0-9]{1,16}$/;
/** Languages the transcript mail has words in, as BCP 47 primary tags. */
export const MAIL_LANGUAGES = ["en", "de", "fr", "es", "it", "pt", "ja", "zh", "ar", "he"] as const;

/** A language of the transcript mail. */
export type MailLanguageTag = (typeof MAIL_LANGUAGES)[number];

const EXTENSIONS_EXPECTED = 'at least one file extension without a dot, such as ["pdf", "jpg"] or "pdf jpg"';
const LANGUAGES_EXPECTED = `at least one of ${MAIL_LANGUAGES.join(" ")}, such as ["en", "de"] or "en de"`;
const SENDER_EXPECTED = 'a mail address such as "support@example.com" or "Support <support@example.com>"';

/** A list given as an array or as text with blanks, commas or what `separator` adds; lower-cased on wish, no repeats. */
export function list<T extends string>(item: z.ZodType<T>, separator: RegExp, expected: string, min: number) {
  const split = (value: unknown) => (typeof value === "string" ? value.split(separator).filter(Boolean) : value);
  const items = z.array(item, { error: expected }).min(min, { error: expected });
  return z.preprocess(split, items).transform((found): readonly T[] => [...new Set(found)]);
}

function extensions() {
  const extension = z.string({ error: EXTENSIONS_EXPECTED }).toLowerCase().regex(EXTENSION, {
    error: EXTENSIONS_EXPECTED,
  });
  return list(extension, /[\s,:]+/, EXTENSIONS_EXPECTED, 1).prefault(DEFAULT_FILE_TYPES);
}

function languages() {
  const known = (tag: string) => MAIL_LANGUAGES.some((language) => language === tag);
  const language = z.string({ error: LANGUAGES_EXPECTED }).toLowerCase().refine(known, { error: LANGUAGES_EXPECTED });
  return list(language, /[\s,:]+/, LANGUAGES_EXPECTED, 1).prefault("en");
}

function oneOf<const T extends readonly [string, ...string[]]>(...names: T) {
  return z.enum(names, { error: `one of ${names.join(", ")}` });
}

/** One line goes into a header or a notice; several lines into the body of a mail. Other control characters never. */
function text(max: number, lines: "one line" | "lines") {
  const expected = `text of at most ${max} characters${lines === "lines" ? "" : " in one line"}, no control characters`;
  const pattern = lines === "lines" ? /^(?:[^\p{Cc}]|[\n\r\t])*$/u : /^[^\p{Cc}]*$/u;
  return z.string({ error: expected }).max(max, { error: expected }).regex(pattern, { error: expected });
}

/** What a client can send in a header: printable ASCII, and no blank at either end, since those fall off on the way. */
function headerText(max: number) {
  const expected = `at most ${max} printable ASCII characters, no blank at either end`;
  return z
    .string({ error: expected })
    .max(max, { error: expected })
    .regex(/^(?! )[ -~]*(?<! )$/, { error: expected });
}

const yesOrNo = z.union([z.boolean(), z.enum(["true", "false"]).transform((word) => word === "true")], {
  error: "true or false",
});

// The upper end is `zone-body-limit`, another option.
const bodySize = () => size(0, Number.MAX_SAFE_INTEGER);

/** A mail sender: `Name <address>` or an address, without anything that could begin another header. */
export const mailSender = z
  .string({ error: SENDER_EXPECTED })
  .refine((sender) => parseAddress(sender).ok, { error: SENDER_EXPECTED });

/** A mail sender, or the empty text for none. */
export const mailSenderOrNone = z.union([z.literal(""), mailSender], { error: SENDER_EXPECTED });

/**
 * Every option by its name, with default and range (design section 6). Sizes become bytes, times milliseconds.
 * What depends on two options, on the deployment or on what file types exist is checked in `src/config.ts`.
 */
export const OPTION_SCHEMAS = {
  "upload-max-files": count(0, 1000).prefault(3),
  "upload-max-file-size": bodySize().prefault("2MiB"),
  "upload-max-total-size": bodySize().prefault("5MiB"),
  "upload-file-types": extensions(),
  "upload-need-agent": yesOrNo.prefault(false),
  "download-attempts": count(0, 100_000).prefault(10),
  "delete-file": oneOf("off", "keep-quota", "return-quota").prefault("return-quota"),
  "agent-max-file-size": bodySize().prefault("25MiB"),
  "agent-file-types": extensions(),
  "zone-body-limit": size(DEFAULT_ZONE_BODY_LIMIT, MAX_ZONE_BODY_LIMIT, " from 95MB to 5GB").prefault("95MB"),
  "encrypted-files": oneOf("refuse", "accept").prefault("refuse"),
  "macro-files": oneOf("refuse", "accept").prefault("refuse"),
  "picture-max-pixels": count(1, 10_000_000_000).prefault(PICTURE_MAX_PIXELS),
  scan: oneOf("off", "required", "best-effort").prefault("off"),
  "transcript-email": oneOf("never", "on-request", "always").prefault("on-request"),
  "transcript-email-from": mailSenderOrNone.prefault(""),
  "transcript-email-subject": text(200, "one line").prefault(""),
  "transcript-email-intro": text(2000, "lines").prefault(""),
  "transcript-email-footer": text(2000, "lines").prefault(""),
  "transcript-email-languages": languages(),
  "timeout-alert": duration(1, DAY_SECONDS).prefault(255),
  "timeout-alert2": duration(0, DAY_SECONDS).prefault(0),
  "timeout-close": duration(1, DAY_SECONDS).prefault(45),
  "message-alert": text(1000, "one line").prefault("Are you still there? Without an answer this chat will close soon."),
  "message-alert2": text(1000, "one line").prefault("This chat is about to close because nobody has written."),
  "message-close": text(1000, "one line").prefault("This chat was closed because nobody had written for a while."),
  "disconnect-timeout": duration(10, DAY_SECONDS).prefault(45),
  "offer-timeout": duration(5, 3600).prefault(20),
  "max-message-length": count(1, 16_384).prefault(4096),
  "max-messages-per-minute": count(1, 100_000).prefault(60),
  "max-uploads-per-minute": count(1, 100_000).prefault(30),
  "max-frames-per-minute": count(10, 100_000).prefault(600),
  "retention-days": count(1, 3650).prefault(30),
  "audit-retention-days": count(1, 36_500).prefault(400),
  "allowed-origins": list(exactOrigin, /[\s,]+/, ORIGIN_EXPECTED, 0).prefault([]),
  "files-origin": originOrNone.prefault(""),
  "turnstile-site-key": headerText(100).prefault(""),
  "genesys-api-key": headerText(200).prefault(""),
  jurisdiction: oneOf("eu", "fedramp").optional(),
} as const;

/** The name of an option. */
export type OptionName = keyof typeof OPTION_SCHEMAS;

/** One service's table, parsed: unknown names are refused, absent ones have their defaults. */
export const serviceTable = z.strictObject(OPTION_SCHEMAS);

/** A parsed table, still under the operators' names. */
export type ServiceTable = z.output<typeof serviceTable>;

const SCHEMA_BY_NAME: { readonly [K in OptionName]: z.ZodType<ServiceTable[K]> } = OPTION_SCHEMAS;

/** The value of one option of a raw table, or undefined when that one is wrong: for checks across options. */
export function readOption<K extends OptionName>(
  table: Readonly<Record<string, unknown>>,
  name: K,
): ServiceTable[K] | undefined {
  const result = SCHEMA_BY_NAME[name].safeParse(table[name]);
  return result.success ? result.data : undefined;
}
