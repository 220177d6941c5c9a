/** Mail through the platform's `send_email` binding, which signs with the domain's DKIM key and needs no server. */
import { EmailMessage } from "cloudflare:email";
import { withDeadline } from "./mail-deadline.ts";
import { type CheckedMail, checkMail } from "./mail-envelope.ts";
import type { Mailer, MailFailure, MailFailureReason, MailMessage, MailResult } from "./mailer.ts";

type Meaning = [permanent: boolean, reason: MailFailureReason];

/**
 * What the service's codes mean (developers.cloudflare.com/email-service/api/send-emails/workers-api). Each stands for all
 * that begin with it. The sender's domain is set up once and for all messages, yet the service calls its faults final.
 */
const MEANINGS: [code: string, meaning: Meaning][] = [
  ["E_RECIPIENT_", [true, "recipient-refused"]],
  ["E_SENDER_", [true, "sender-refused"]],
  ["E_CONTENT_TOO_LARGE", [true, "message-too-large"]],
  ["E_VALIDATION_ERROR", [true, "message-refused"]],
  ["E_HEADER", [true, "message-refused"]],
  ["E_RATE_LIMIT_EXCEEDED", [false, "rate-limited"]],
  ["E_DAILY_LIMIT_EXCEEDED", [false, "rate-limited"]],
];

/** Mailer over a `send_email` binding. `deadline` in milliseconds; the platform cannot be interrupted, only left alone. */
export function createSendEmailMailer(binding: SendEmail, deadline: number): Mailer {
  return {
    async sendMail(message: MailMessage): Promise<MailResult> {
      const checked = checkMail(message);
      if (!checked.ok) return checked;
      return withDeadline(deadline, message.signal, () => send(binding, checked.mail));
    },
  };
}

async function send(binding: SendEmail, mail: CheckedMail): Promise<MailResult> {
  try {
    // A stream and not a string: a string would be encoded once more, and these bytes are frozen.
    const raw = new Blob([mail.bytes]).stream();
    const { messageId } = await binding.send(new EmailMessage(mail.from, mail.to, raw));
    return { ok: true, reply: messageId };
  } catch (error) {
    return explain(error);
  }
}

/** The code alone goes into the detail: the service's messages repeat addresses. An unknown fault is worth a retry. */
function explain(error: unknown): MailFailure {
  const given = error instanceof Error && "code" in error ? error.code : undefined;
  const code = typeof given === "string" && /^E_[A-Z_]{1,60}$/.test(given) ? given : "no code";
  const found = MEANINGS.find(([known]) => code.startsWith(known));
  const [permanent, reason] = found?.[1] ?? [false, "service-failed"];
  return { ok: false, permanent, reason, detail: `send_email: ${code}` };
}
