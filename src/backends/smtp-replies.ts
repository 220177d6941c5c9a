/** What an SMTP server's answer, or its silence, means for the message: never again, or later. */
import type { MailFailure, MailFailureReason } from "./mailer.ts";

/** The parts of nodemailer's errors that are used. `command` names the step, as in "RCPT TO". */
interface SmtpFault {
  code: string;
  command: string;
  response: string;
}

/** Steps whose replies speak about this message. All else speaks about the connection or our account. */
const REFUSED: Record<string, MailFailureReason> = {
  "MAIL FROM": "sender-refused",
  "RCPT TO": "recipient-refused",
  DATA: "message-refused",
};

const BY_CODE: Record<string, MailFailureReason> = {
  EAUTH: "login-refused",
  ETLS: "tls-failed",
  EPROTOCOL: "protocol-error",
  ETIMEDOUT: "timed-out",
  ECONNECTION: "connection-failed",
  ESOCKET: "connection-failed",
};

/** "Authentication required", "too weak", "invalid", "needs encryption" (RFC 4954 section 6): about us, not the message. */
const ABOUT_OUR_LOGIN = new Set([530, 534, 535, 538]);

/** An error in nodemailer's form, for what goes wrong outside of it. */
export function smtpError(code: string, command: string): Error {
  return Object.assign(new Error(`SMTP: ${command}`), { code, command });
}

/**
 * Reads nodemailer's errors. Permanent is only a 5xx to MAIL, RCPT, DATA or the message itself, or a message above the
 * announced SIZE. A 5xx greeting or a refused login is "later": the set-up can be mended while the message waits, as
 * Postfix does it (smtp_skip_5xx_greeting, smtp_sasl_auth_soft_bounce).
 */
export function explainSmtpError(error: unknown): MailFailure {
  const fault = readFault(error);
  const code = Number(/^\d{3}/.exec(fault.response)?.[0] ?? 0);
  const detail = `${fault.command}: ${statusOf(fault.response) ?? fault.code}`;
  const refused = REFUSED[fault.command];
  if (refused === undefined || (code !== 0 && !isNegative(code))) return later(reasonOf(fault, code), detail);
  if (code === 0) return fault.code === "EMESSAGE" ? tooLarge(detail) : later(reasonOf(fault, code), detail);
  if (ABOUT_OUR_LOGIN.has(code)) return later("login-refused", detail);
  if (code >= 500 && isAboutSize(fault)) return tooLarge(detail);
  return { ok: false, permanent: code >= 500, reason: refused, detail };
}

/** A server's reply fit for a log: one line of printable ASCII, at most 200 characters, words with an @ taken out. */
export function withoutPrivateData(reply: string): string {
  const printable = reply.replace(/[^\x20-\x7e]+/g, " ");
  return printable.replace(/\S*@\S*/g, "…").slice(0, 200);
}

function readFault(error: unknown): SmtpFault {
  const read = (key: string) => {
    const value: unknown = typeof error === "object" && error !== null ? Reflect.get(error, key) : undefined;
    return typeof value === "string" ? value : "";
  };
  return { code: read("code"), command: read("command") || "unknown step", response: read("response") };
}

function reasonOf(fault: SmtpFault, code: number): MailFailureReason {
  const reason = BY_CODE[fault.code] ?? (REFUSED[fault.command] === undefined ? "service-failed" : "protocol-error");
  return reason === "protocol-error" && isNegative(code) ? "connection-failed" : reason;
}

/** "Not now" or "never"; there is no other kind of reply that refuses, whatever a server writes (RFC 5321 section 4.2.1). */
function isNegative(code: number): boolean {
  return code >= 400 && code < 600;
}

/** 552 to MAIL or DATA (RFC 1870), or the enhanced code x.3.4 of RFC 3463; 552 to RCPT is a full mailbox. */
function isAboutSize({ command, response }: SmtpFault): boolean {
  return /^5\d\d[ -]5\.3\.4\b/.test(response) || (command !== "RCPT TO" && /^552[ -](?!5\.2\.2)/.test(response));
}

function statusOf(response: string): string | undefined {
  return /^\d{3}([ -]\d\.\d{1,3}\.\d{1,3}\b)?/.exec(response)?.[0].replace("-", " ");
}

function tooLarge(detail: string): MailFailure {
  return { ok: false, permanent: true, reason: "message-too-large", detail };
}

function later(reason: MailFailureReason, detail: string): MailFailure {
  return { ok: false, permanent: false, reason, detail };
}
