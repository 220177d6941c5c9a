/** Reads the two places where multipart/form-data has a grammar: the boundary's content type and a part's headers. */

import { MultipartError } from "./multipart-error.ts";

/** What a part's headers say about it. */
export interface PartHead {
  readonly name: string;
  /** Present, perhaps empty, exactly when the part is a file. */
  readonly fileName?: string;
  readonly contentType?: string;
}

const token = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const separator = /[ \t]*;[ \t]*/y;
const blanks = /[ \t]*/y;
/** Tokens, and what senders leave unquoted although they may not: boundaries with `/`, `=`, `:` or `?`. */
const bareValue = /[^\s;"]+/y;
/** What stands behind the closing quote of a value: the end, or the next parameter. */
const afterValue = /[ \t]*(?:$|;[ \t]*(?:$|[!#$%&'*+\-.^_`|~0-9A-Za-z]+=))/y;
/** RFC 2046 section 5.1.1: at most 70 of these characters, and no space at the end. */
const validBoundary = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/;
const encodedWord = /^=\?[^?]+\?[bq]\?[^?]*\?=$/i;
const extendedValue = /^utf-8'[^']*'(.*)$/i;
const harmlessTransferEncodings = new Set(["7bit", "8bit", "binary"]);
const escapes: Readonly<Record<string, string>> = { '\\"': '"', "%22": '"', "%0D": "\r", "%0A": "\n" };

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/**
 * The index of the quote that ends a value, or -1. Older clients write a quote inside a name as `\"`; browsers leave
 * backslashes alone, so that a name which ends in one ends in `\"` too. What follows tells them apart.
 */
function closingQuote(text: string, open: number): number {
  for (let at = text.indexOf('"', open + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    if (text[at - 1] !== "\\" || matchAt(afterValue, text, at + 1) !== undefined) return at;
  }
  return -1;
}

/**
 * Quotes and line ends as browsers escape them (WHATWG HTML, multipart/form-data encoding) and `\"`. No other backslash
 * is special: Internet Explorer sent whole Windows paths.
 */
function decodeEscapes(raw: string): string {
  return raw.replace(/\\"|%22|%0D|%0A/g, (found) => escapes[found] ?? found);
}

/** `; name=value` lists behind `from`; undefined when malformed, or when a name comes twice: which would count? */
function parseParameters(text: string, from: number): Map<string, string> | undefined {
  const parameters = new Map<string, string>();
  let at = from;
  for (;;) {
    at += matchAt(blanks, text, at)?.length ?? 0;
    const semicolon = matchAt(separator, text, at);
    if (semicolon === undefined) return at === text.length ? parameters : undefined;
    at += semicolon.length;
    if (at === text.length) return parameters;
    const name = matchAt(token, text, at);
    if (name === undefined || text[at + name.length] !== "=" || parameters.has(name.toLowerCase())) return undefined;
    at += name.length + 1;
    const quoted = text[at] === '"';
    const end = quoted ? closingQuote(text, at) : at + (matchAt(bareValue, text, at)?.length ?? 0);
    if (end <= at) return undefined;
    parameters.set(name.toLowerCase(), quoted ? decodeEscapes(text.slice(at + 1, end)) : text.slice(at, end));
    at = quoted ? end + 1 : end;
  }
}

/** The boundary of a request's `Content-Type`. Throws `not-multipart` or `no-boundary`. */
export function parseBoundary(contentType: string | null): string {
  const text = contentType?.trim() ?? "";
  const type = /^multipart\/form-data(?=[ \t;]|$)/i.exec(text)?.[0];
  if (type === undefined) throw new MultipartError("not-multipart");
  const boundary = parseParameters(text, type.length)?.get("boundary");
  if (boundary === undefined || !validBoundary.test(boundary)) throw new MultipartError("no-boundary");
  return boundary;
}

/** `utf-8''…` of RFC 5987; another character set or bad escapes are `bad-encoding`. */
function decodeExtended(value: string, field: string): string {
  const encoded = extendedValue.exec(value)?.[1];
  try {
    if (encoded !== undefined) return decodeURIComponent(encoded);
  } catch {
    // A malformed escape, or bytes that are not UTF-8: refused below.
  }
  throw new MultipartError("bad-encoding", field);
}

/**
 * RFC 7578 section 4.2 forbids `filename*`, so that a part never has two names: a plain `filename` wins. The one use
 * is for .NET clients, whose plain name is an RFC 2047 encoded word or missing when the name is not ASCII.
 */
function fileNameOf(parameters: Map<string, string>, field: string): string | undefined {
  const plain = parameters.get("filename");
  const extended = parameters.get("filename*");
  if (extended === undefined || (plain !== undefined && !encodedWord.test(plain))) return plain;
  return decodeExtended(extended, field);
}

function parseHeaderLines(bytes: Uint8Array, maxCount: number): Map<string, string> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new MultipartError("bad-encoding");
  }
  const [padding, ...lines] = text.slice(0, -4).split("\r\n");
  if (padding === undefined || !/^[ \t]*$/.test(padding)) throw new MultipartError("bad-boundary");
  if (lines.length > maxCount) throw new MultipartError("too-many-headers");
  const headers = new Map<string, string>();
  for (const line of lines) {
    // A folded line begins with a blank, which is no name: no client folds, and parsers differ about what it means.
    const name = matchAt(token, line, 0);
    const key = name?.toLowerCase() ?? "";
    const readable = name !== undefined && line[name.length] === ":" && !/[\0\r\n]/.test(line);
    if (!readable || headers.has(key)) throw new MultipartError("bad-header");
    headers.set(key, line.slice(key.length + 1).trim());
  }
  return headers;
}

/**
 * Reads what stands between a boundary and a part's content: the rest of the boundary's line, the headers, an empty
 * line. Names are UTF-8 whatever `_charset_` or a `charset` say. Throws `bad-boundary`, `bad-header`, `bad-encoding`
 * or `too-many-headers`.
 */
export function parsePartHead(bytes: Uint8Array, maxCount: number): PartHead {
  const headers = parseHeaderLines(bytes, maxCount);
  const disposition = headers.get("content-disposition") ?? "";
  const kind = /^form-data(?=[ \t;]|$)/i.exec(disposition)?.[0];
  const parameters = kind === undefined ? undefined : parseParameters(disposition, kind.length);
  const name = parameters?.get("name");
  if (parameters === undefined || name === undefined) throw new MultipartError("bad-header");
  // Deprecated by RFC 7578 section 4.7; base64 stored as if it were the file would be worse than a refusal.
  const transfer = headers.get("content-transfer-encoding")?.toLowerCase() ?? "binary";
  if (!harmlessTransferEncodings.has(transfer)) throw new MultipartError("bad-encoding", name);
  const fileName = fileNameOf(parameters, name);
  const contentType = headers.get("content-type");
  return {
    name,
    ...(fileName === undefined ? {} : { fileName }),
    ...(contentType ? { contentType } : {}),
  };
}
