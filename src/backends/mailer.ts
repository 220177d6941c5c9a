/** One message to one recipient, whichever way mail leaves: what a transport promises, and the choice between the two. */

import { parseSmtpUrl } from "../protocol/smtp-url.ts";
import { createSendEmailMailer } from "./send-email.ts";
import { createSmtpMailer } from "./smtp.ts";

/** A composed message and its envelope. */
export interface MailMessage {
  /** Envelope sender, a plain address without display name or angle brackets. */
  from: string;
  /** Envelope recipient, the same. One message has one recipient. */
  to: string;
  /** The RFC 5322 message with CRLF line ends. Transports send exactly these bytes (a string: its UTF-8 form). */
  raw: Uint8Array | string;
  /** Gives up early. Whether the message was already accepted is then unknown, so the answer is "later". */
  signal?: AbortSignal;
}

/** Why a message was not sent. */
export type MailFailureReason =
  /** Found by us before anything was sent: not a plain address. */
  | "sender-invalid"
  | "recipient-invalid"
  /** Found by us: empty, line ends other than CRLF, NUL, or a line longer than SMTP allows (RFC 5321 4.5.3.1.6). */
  | "message-invalid"
  /** The address needs SMTPUTF8 (RFC 6531) and the server does not offer it. */
  | "address-not-ascii"
  | "sender-refused"
  | "recipient-refused"
  | "message-refused"
  | "message-too-large"
  | "rate-limited"
  /** The server or service did not accept who we are, or offers no TLS where we need it: the set-up is at fault. */
  | "login-refused"
  | "tls-failed"
  | "connection-failed"
  /** The peer does not speak SMTP, or answers without bound. */
  | "protocol-error"
  | "service-failed"
  | "timed-out"
  | "aborted";

/** A message that did not leave. */
export interface MailFailure {
  ok: false;
  /** True: the same message can never be accepted, do not try again. False: try later. */
  permanent: boolean;
  reason: MailFailureReason;
  /** For the operator: which step, reply code and enhanced status code. Never an address, a credential or text. */
  detail: string;
}

/** What became of a message. `reply` is the server's own word, such as a queue id, without addresses. */
export type MailResult = { ok: true; reply?: string } | MailFailure;

/**
 * A mail transport. `sendMail` never throws and always settles within the transport's deadline. "ok" means that the next
 * hop took responsibility for the message, not that it was delivered; "later" may hide an accepted message whose answer
 * got lost, so delivery is at least once.
 */
export interface Mailer {
  sendMail(message: MailMessage): Promise<MailResult>;
}

/** Where mail leaves. `deadline` is the whole time for one message in milliseconds, 8000 when absent. */
export type MailConfig =
  | { transport: "send_email"; binding: SendEmail; deadline?: number }
  | { transport: "smtp"; url: string; deadline?: number };

/** Default for `deadline`, in milliseconds: below the ten seconds that an effect of the alarm has (design, section 8). */
export const MAIL_DEADLINE = 8000;

/**
 * The transport for a configuration.
 * @throws Error with the reason when the SMTP URL is wrong; the message does not contain the URL or its credentials.
 */
export function createMailer(config: MailConfig): Mailer {
  const deadline = config.deadline ?? MAIL_DEADLINE;
  if (config.transport === "send_email") return createSendEmailMailer(config.binding, deadline);
  const server = parseSmtpUrl(config.url);
  if (!server.ok) throw new Error(`SMTP URL: ${server.reason}`);
  return createSmtpMailer(server.value, deadline);
}
