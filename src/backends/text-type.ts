/** Tells text from binary, and markup from text, by the bytes alone; no magic number is trusted inside of text. */
import type { DetectedType } from "../core/file-types.ts";

/** How far into a text its kind is looked for, in characters. */
const MAX_PROLOG = 4096;

/** Tags that make a browser take a text for a page (WHATWG MIME Sniffing, section 7.1). */
const HTML_START =
  /^<(?:!doctype\s+html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|meta|link|img|form|object|embed)[\s>/]/iu;

/**
 * The kind of text, or null where this is not text. Text is: no control bytes (WHATWG MIME Sniffing, section 3, "binary data
 * byte") in head and tail, in UTF-8 or any single-byte encoding, or UTF-16 with its mark. What lies between was not seen.
 */
export function textType(head: Uint8Array, tail: Uint8Array, size: number): DetectedType | null {
  const encoding = utf16Encoding(head);
  if (encoding === null) return isPlain(head) && isPlain(tail) ? kindOf(new TextDecoder().decode(head)) : null;
  const text = decodeUtf16(head, encoding);
  // The tail may begin in the middle of a code unit.
  const aligned = tail.subarray((size - tail.length) % 2);
  const last = decodeUtf16(withoutHalfPair(aligned, encoding), encoding);
  return text === null || last === null ? null : kindOf(text);
}

type Utf16 = "utf-16le" | "utf-16be";

function utf16Encoding(head: Uint8Array): Utf16 | null {
  if (head[0] === 0xff && head[1] === 0xfe) return "utf-16le";
  return head[0] === 0xfe && head[1] === 0xff ? "utf-16be" : null;
}

function isPlain(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d && byte !== 0x0b) || byte === 0x1b);
}

/** The text, or null where it has unpaired surrogates or control characters. An end that was cut off is no fault. */
function decodeUtf16(bytes: Uint8Array, encoding: Utf16): string | null {
  try {
    const text = new TextDecoder(encoding, { fatal: true, ignoreBOM: false }).decode(bytes, { stream: true });
    return /[\0-\x08\x0b\x0e-\x1a\x1c-\x1f\ufffe\uffff]/u.test(text) ? null : text;
  } catch {
    return null;
  }
}

function withoutHalfPair(bytes: Uint8Array, encoding: Utf16): Uint8Array {
  const high = (encoding === "utf-16le" ? bytes[1] : bytes[0]) ?? 0;
  return high >= 0xdc && high <= 0xdf ? bytes.subarray(2) : bytes;
}

function kindOf(text: string): DetectedType {
  const start = text
    .slice(0, MAX_PROLOG)
    .replace(/^\ufeff/u, "")
    .trimStart();
  if (/^BEGIN:VCALENDAR\s/iu.test(start)) return "calendar";
  if (/^BEGIN:VCARD\s/iu.test(start)) return "vcard";
  return start.startsWith("<") ? markupKind(start) : "text";
}

/** Skips comments and processing instructions, each at most once per character, to the first tag that tells. */
function markupKind(start: string): DetectedType {
  let rest = start;
  let kind: DetectedType = "text";
  for (;;) {
    const skipped = skipOne(rest);
    if (skipped === null) break;
    if (rest.startsWith("<?xml")) kind = "xml";
    // A comment that does not end in sight: browsers take that for a page.
    if (skipped === "") return kind === "xml" ? "xml" : "html";
    rest = skipped;
  }
  if (/^<(?:!doctype\s+)?svg[\s>/]/iu.test(rest)) return "svg";
  const page = kind === "xml" ? /^<(?:!doctype\s+)?html[\s>/]/iu : HTML_START;
  if (page.test(rest)) return "html";
  return /^<!doctype\s/iu.test(rest) ? "xml" : kind;
}

function skipOne(text: string): string | null {
  const end = text.startsWith("<!--") ? "-->" : text.startsWith("<?") ? "?>" : null;
  if (end === null) return null;
  const at = text.indexOf(end, 2);
  return at < 0 ? "" : text.slice(at + end.length).trimStart();
}
