/** The transcript as a mail: an RFC 5322 message with text and HTML, built by mimetext and the same bytes every time. */
import { createMimeMessage, Mailbox, type MIMEMessage } from "mimetext/browser";
import { type Address, parseAddress } from "../protocol/addresses.ts";
import { base64Length, base64Lines, encodeHeader, encodeMailbox, mailDate } from "./mail-headers.ts";
import { type Content, describeTranscript, type Transcript, type TranscriptOptions } from "./transcript-content.ts";
import { dayHtml, entryHtml, fileHtml, frameHtml } from "./transcript-html.ts";
import { dayText, entryText, fileText, frameText } from "./transcript-text.ts";

/** What a mail needs besides its transcript. */
export interface MailDetails {
  /** One recipient, `Name <address>` or an address. */
  readonly to: string;
  /** Milliseconds; becomes the `Date` header. */
  readonly at: number;
}

/** Largest raw message in bytes; mail services take 5 MiB. */
export const MAX_MAIL = 4 * 1024 * 1024;

/** For all headers; they are bounded far below it. */
const HEADER_ROOM = 16 * 1024;

/** The most that the list of files may take of the whole. */
const FILES_SHARE = 0.75;

const SESSION_ID = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/u;

const utf8 = new TextEncoder();

/**
 * The transcript as a complete message: ASCII, CRLF, no line above 998 characters, bodies in base64 lines of 76. The
 * same input gives the same bytes. Past `MAX_MAIL` the oldest entries are left out, with a line that says how many; the
 * list of files stays (only one that fills three quarters of the mail by itself loses its oldest lines, and says so).
 * @throws RangeError naming the field, without its value, where an address, id, host or time cannot stand in a header.
 */
export function composeTranscriptMail(
  transcript: Transcript,
  options: TranscriptOptions,
  details: MailDetails,
): string {
  checkSessionId(transcript.sessionId);
  if (Number.isNaN(new Date(details.at).getTime())) throw new RangeError("at: not a time");
  const from = address("transcriptEmailFrom", options.transcriptEmailFrom);
  const to = address("to", details.to);
  const host = from.address.slice(from.address.indexOf("@") + 1);
  const content = shorten(describeTranscript(transcript, options));
  const message = createMimeMessage();
  // mimetext draws its boundaries by lot. Base64 has no underscore, so a fixed one cannot occur in a body.
  message.boundaries = boundariesOf(transcript.sessionId);
  setMailbox(message, "From", from);
  setMailbox(message, "To", to);
  message.setHeader("Date", mailDate(details.at));
  message.setHeader("Message-ID", `<transcript.${transcript.sessionId}@${host}>`);
  message.headers.set("Subject", content.title).dump = () => encodeHeader("Subject", content.title);
  message.setHeader("X-Satchel-Session", transcript.sessionId);
  message.setHeader("Auto-Submitted", "auto-generated");
  message.setHeader("Content-Language", content.language.tag);
  addBody(message, "text/plain", frameText(content));
  addBody(message, "text/html", frameHtml(content));
  return `${message.asRaw()}\r\n`;
}

function checkSessionId(sessionId: string): void {
  if (sessionId.length > 200 || !SESSION_ID.test(sessionId)) throw new RangeError("sessionId: not fit for a header");
}

function boundariesOf(sessionId: string): { mixed: string; alt: string; related: string } {
  const seed = sessionId.replace(/[^A-Za-z0-9]/gu, "").slice(-40);
  return { mixed: `mixed_${seed}`, alt: `alternative_${seed}`, related: `related_${seed}` };
}

function address(field: string, text: string): Address {
  const parsed = parseAddress(text);
  if (!parsed.ok) throw new RangeError(`${field}: expected ${parsed.problem}`);
  return parsed;
}

/** mimetext encodes a name as one encoded-word of any length; the field is written by us instead. */
function setMailbox(message: MIMEMessage, label: "From" | "To", mailbox: Address): void {
  const value = new Mailbox({ addr: mailbox.address, name: mailbox.name }, { type: label });
  message.headers.set(label, value).dump = () => encodeMailbox(label, mailbox);
}

/** CRLF is the canonical form of text (RFC 2046 4.1.1), also under base64. */
function addBody(message: MIMEMessage, contentType: string, body: string): void {
  message.addMessage({ contentType, encoding: "base64", data: base64Lines(body.replaceAll("\n", "\r\n")) });
}

/** Bytes of one part's text and HTML. A sum of parts' costs is at least the cost of the sum but for rounding. */
function cost(text: string, html: string): number {
  const bytes = (body: string) => utf8.encode(body.replaceAll("\n", "\r\n")).length;
  // Four more for the line ends that stand between the parts of the text, two for those of the HTML.
  return bytes(text) + bytes(html) + 6;
}

/** Bytes of text and HTML together that fit into `MAX_MAIL` once they are base64. */
const MAX_BODIES = Math.floor((MAX_MAIL - HEADER_ROOM) / (base64Length(57_000) / 57_000));

/** Leaves out what would make the message too large, oldest first. Looks at nothing older than what fits. */
function shorten(content: Content): Content {
  const { entries, files } = content;
  const { direction } = content.language;
  const hints = { entriesOmitted: content.entriesOmitted + entries.length, filesOmitted: files.length };
  const frame = { ...content, ...hints, entries: [], files: files.slice(0, 1) };
  const file = keepNewest(files, MAX_BODIES * FILES_SHARE, (line) => cost(fileText(line, direction), fileHtml(line)));
  const room = MAX_BODIES - cost(frameText(frame), frameHtml(frame)) - file.used;
  let day: string | undefined;
  const entry = keepNewest(entries, room, (said) => {
    const heading = said.day === day ? 0 : cost(dayText(said.day), `</ol>${dayHtml(said.day)}`);
    day = said.day;
    return heading + cost(entryText(said, direction), entryHtml(said));
  });
  const omitted = { entriesOmitted: content.entriesOmitted + entry.omitted, filesOmitted: file.omitted };
  return { ...content, ...omitted, entries: entry.kept, files: file.kept };
}

/** Walks from the newest to the oldest while there is room. */
function keepNewest<T>(
  all: readonly T[],
  room: number,
  costOf: (item: T) => number,
): { kept: readonly T[]; omitted: number; used: number } {
  let used = 0;
  let kept = 0;
  for (const item of all.toReversed()) {
    const next = used + costOf(item);
    if (next > room) break;
    used = next;
    kept += 1;
  }
  const omitted = all.length - kept;
  return { kept: all.slice(omitted), omitted, used };
}
