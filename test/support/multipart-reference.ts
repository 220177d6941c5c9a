/** A second reader of multipart bodies, as simple as can be: it holds the whole body and knows no bounds. For fuzzing alone. */
import { MultipartError, type MultipartReason } from "../../src/api/multipart-error.ts";
import { type PartHead, parsePartHead } from "../../src/api/multipart-headers.ts";
import { toBinary } from "./mutations.ts";

/** A part with its content, one byte a character. */
export interface ReadPart extends PartHead {
  readonly content: string;
}

/** What a reader made of a body: the parts that were whole, and how it ended. */
export interface ReadBody {
  readonly parts: readonly ReadPart[];
  readonly end: "whole" | MultipartReason;
}

/** Reads a body with this boundary. The grammar of a part's head is the parser's own, which has tests of its own. */
export function readWhole(bytes: Uint8Array, boundary: string): ReadBody {
  const delimiter = `\r\n--${boundary}`;
  const text = `\r\n${toBinary(bytes)}`;
  const parts: ReadPart[] = [];
  let at = text.indexOf(delimiter);
  if (at < 0) return { parts, end: "boundary-not-found" };
  for (;;) {
    at += delimiter.length;
    if (text.startsWith("--", at)) return { parts, end: "whole" };
    if (text.length >= at + 2 && !"\r \t".includes(text.charAt(at))) return { parts, end: "bad-boundary" };
    const headEnd = text.indexOf("\r\n\r\n", at);
    if (headEnd < 0) return { parts, end: "truncated" };
    let head: PartHead;
    try {
      head = parsePartHead(
        Uint8Array.from(text.slice(at, headEnd + 4), (one) => one.charCodeAt(0)),
        1000,
      );
    } catch (error) {
      if (error instanceof MultipartError) return { parts, end: error.reason };
      throw error;
    }
    // The line end that closes the headers may be the one that begins the delimiter.
    at = text.indexOf(delimiter, headEnd + 2);
    if (at < 0) return { parts, end: "truncated" };
    parts.push({ ...head, content: text.slice(headEnd + 4, Math.max(at, headEnd + 4)) });
  }
}
