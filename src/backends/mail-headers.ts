/** What mimetext leaves to its caller: header values in encoded-words and folded, and base64 in lines. */
import type { Address } from "../protocol/addresses.ts";

/** Longest line of a header (RFC 5322 2.1.1, without CRLF) and longest encoded-word (RFC 2047 section 2). */
const MAX_LINE = 78;
const MAX_WORD = 75;

const OPEN = "=?utf-8?B?";
const CLOSE = "?=";

/** Bytes that become one line of 76 base64 characters (RFC 2045 6.8). */
const LINE_BYTES = 57;

const utf8 = new TextEncoder();

/**
 * Text of any script as encoded-words of at most 75 characters, each whole in itself (no character is split between
 * two), folded so that no line passes 78; `label` is the header's name, which shares the first line. Without a control
 * character the result cannot be anything but one header, and with one neither: everything is base64.
 */
export function encodeHeader(label: string, text: string): string {
  const words: string[] = [];
  let bytes: number[] = [];
  let room = wordBytes(MAX_LINE - label.length - 2);
  for (const sign of text) {
    const next = utf8.encode(sign);
    if (bytes.length + next.length > room) {
      words.push(encodedWord(bytes));
      bytes = [];
      room = wordBytes(MAX_WORD);
    }
    bytes.push(...next);
  }
  if (bytes.length > 0) words.push(encodedWord(bytes));
  return words.join("\r\n ");
}

/** A mailbox as header value: name as encoded-words, then the address on a line of its own; the address alone without. */
export function encodeMailbox(label: string, { name, address }: Address): string {
  return name === "" ? `<${address}>` : `${encodeHeader(label, name)}\r\n <${address}>`;
}

/** A time in milliseconds as RFC 5322 3.3 wants it, in UTC. */
export function mailDate(at: number): string {
  return new Date(at).toUTCString().replace("GMT", "+0000");
}

/** UTF-8 of the text in base64 lines of 76 characters with CRLF between them. Linear. */
export function base64Lines(text: string): string {
  const bytes = utf8.encode(text);
  const lines: string[] = [];
  for (let start = 0; start < bytes.length; start += LINE_BYTES) {
    lines.push(btoa(String.fromCharCode(...bytes.subarray(start, start + LINE_BYTES))));
  }
  return lines.join("\r\n");
}

/** Length of `base64Lines` for so many bytes of UTF-8. */
export function base64Length(bytes: number): number {
  return Math.ceil(bytes / 3) * 4 + 2 * Math.floor(Math.max(0, bytes - 1) / LINE_BYTES);
}

function wordBytes(characters: number): number {
  return Math.floor((Math.min(characters, MAX_WORD) - OPEN.length - CLOSE.length) / 4) * 3;
}

function encodedWord(bytes: readonly number[]): string {
  return `${OPEN}${btoa(String.fromCharCode(...bytes))}${CLOSE}`;
}
