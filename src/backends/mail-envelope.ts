/** The last check before a message leaves: no address or line that a mail server could read as a command. */
import type { MailFailure, MailFailureReason, MailMessage } from "./mailer.ts";

/** A message that is safe to give to a transport. */
export interface CheckedMail {
  from: string;
  to: string;
  bytes: Uint8Array;
  /** Some byte is above 127, so that a server wants to hear 8BITMIME (RFC 6152). */
  eightBit: boolean;
}

/** The most bytes a line may have without its CRLF (RFC 5321 4.5.3.1.6). */
const MAX_LINE = 998;
/** RFC 5321 4.5.3.1.1, in bytes; 254 is what is left of the path's 256 without its angle brackets (RFC 3696 erratum 1690). */
const MAX_LOCAL = 64;
const MAX_ADDRESS = 254;

/** RFC 5322 atext, and beyond ASCII (RFC 6531) letters, marks, numbers and symbols: no space, control or format character. */
const LOCAL = /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u;
const LABEL = /^(?!-)[\p{L}\p{M}\p{N}-]{1,63}(?<!-)$/u;

/**
 * True for a plain `local@domain`: a dot-atom and a host name of at least two labels. Quoted local parts and address
 * literals, which are lawful, are refused: nobody has them, and each is a way to smuggle commands or parameters.
 */
export function isPlainAddress(address: string): boolean {
  const at = address.lastIndexOf("@");
  const local = address.slice(0, at);
  const labels = address.slice(at + 1).split(".");
  if (at < 1 || byteLength(local) > MAX_LOCAL || byteLength(address) > MAX_ADDRESS) return false;
  return LOCAL.test(local) && labels.length > 1 && labels.every((label) => LABEL.test(label));
}

/** Checks envelope and bytes, whatever the caller did before. Nothing is changed, a wrong message is refused for good. */
export function checkMail(message: MailMessage): { ok: true; mail: CheckedMail } | MailFailure {
  if (!isPlainAddress(message.from)) return refuse("sender-invalid", "the envelope sender is not a plain address");
  if (!isPlainAddress(message.to)) return refuse("recipient-invalid", "the envelope recipient is not a plain address");
  const bytes = typeof message.raw === "string" ? new TextEncoder().encode(message.raw) : message.raw;
  const fault = findFault(bytes);
  if (fault !== undefined) return refuse("message-invalid", fault);
  const eightBit = bytes.some((byte) => byte > 127);
  return { ok: true, mail: { from: message.from, to: message.to, bytes, eightBit } };
}

/**
 * Bare CR and bare LF end lines for some servers only, which is what SMTP smuggling lives on (CVE-2023-51764); a
 * transport that repairs them would also send other bytes than were frozen.
 */
function findFault(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return "the message is empty";
  let lineStart = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === 0) return "the message holds a NUL";
    if (byte === 13 && bytes[i + 1] !== 10) return "the message holds a bare CR";
    if (byte !== 10) continue;
    if (bytes[i - 1] !== 13) return "the message holds a bare LF";
    if (i - 1 - lineStart > MAX_LINE) return "the message has a line that is too long";
    lineStart = i + 1;
  }
  return bytes.length - lineStart > MAX_LINE ? "the message has a line that is too long" : undefined;
}

function refuse(reason: MailFailureReason, detail: string): MailFailure {
  return { ok: false, permanent: true, reason, detail };
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
