/** When the transcript e-mail is due: one recipient, three sends per session (design section 4, Ending). */
import type { Draft } from "./draft.ts";
import { ok, type Result, refuse } from "./refusal.ts";
import type { Session } from "./session.ts";

/** Most transcript mails of one session. */
export const MAX_TRANSCRIPT_MAILS = 3;

/** Where the transcript goes, or would go: the address that is fixed, else the one that the customer gave at the start. */
export function recipientOf({ mail, email }: Pick<Session, "mail" | "email">): string | undefined {
  return mail.recipient ?? email;
}

/**
 * Asks for the transcript by mail. Before the end it means "when it ends"; a repeat of that asks for nothing more.
 * `to` is accepted only while no recipient is fixed.
 */
export function requestTranscript(draft: Draft, command: { to?: string }): Result<undefined> {
  const { options, mail, email, phase } = draft.session;
  if (options.transcriptEmail === "never") return refuse({ reason: "email-disabled" });
  if (command.to !== undefined && mail.recipient !== undefined && command.to !== mail.recipient) {
    return refuse({ reason: "recipient-fixed" });
  }
  const recipient = mail.recipient ?? command.to ?? email;
  if (recipient === undefined) return refuse({ reason: "recipient-missing" });
  if (mail.waiting) return ok(undefined);
  if (mail.requests >= MAX_TRANSCRIPT_MAILS) return refuse({ reason: "too-many-emails", limit: MAX_TRANSCRIPT_MAILS });
  const ended = phase.name === "ended";
  const next = { recipient, requests: mail.requests + 1, waiting: !ended };
  draft.apply({ change: "SessionChanged", patch: { mail: next } });
  if (ended) draft.queue({ kind: "SendTranscript", to: recipient });
  return ok(undefined);
}

/** At the end: queues the mail that was asked for, or that the service always sends. */
export function transcriptDue(draft: Draft): void {
  const { options, mail } = draft.session;
  const recipient = recipientOf(draft.session);
  const asked = mail.waiting || (options.transcriptEmail === "always" && mail.requests === 0);
  if (!asked || recipient === undefined || options.transcriptEmail === "never") return;
  const requests = mail.waiting ? mail.requests : mail.requests + 1;
  draft.apply({
    change: "SessionChanged",
    patch: { mail: { recipient, requests, waiting: false } },
  });
  draft.queue({ kind: "SendTranscript", to: recipient });
}
