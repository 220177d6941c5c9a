/** The transcript as it would be mailed, in four forms, and asking for the mail. */

import type { SessionPort } from "../../durable/kit/objects.ts";
import type { Transcript } from "../backends/transcript-content.ts";
import { renderTranscriptHtml } from "../backends/transcript-html.ts";
import { transcriptMessage } from "../backends/transcript-message.ts";
import { renderTranscriptText } from "../backends/transcript-text.ts";
import { type ReadTranscript, readTranscript } from "../backends/transcript-window.ts";
import type { ServiceOptions } from "../core/options.ts";
import type { Principal } from "../core/principal.ts";
import { ok, type Result, refuse } from "../core/refusal.ts";
import { viewEvent, wireTime } from "../core/views.ts";
import { TranscriptEmailSchema, TranscriptSchema } from "../protocol/transcripts.ts";
import { readAddress } from "./address.ts";
import { SESSION_PARAMS } from "./chat.ts";
import { type Route, route } from "./route.ts";

const FORMS = ["application/json", "text/plain", "text/html", "message/rfc822"] as const;
type Form = (typeof FORMS)[number];

/** Stands in the `To` of a transcript that nobody has asked to be mailed yet. */
const NOBODY = "undisclosed@invalid.example";

const transcript = route({
  method: "GET",
  path: "/v1/sessions/:sessionId/transcript",
  operationId: "getTranscript",
  summary: "The transcript as it would be mailed; the Accept header chooses the form",
  access: "participant",
  params: SESSION_PARAMS,
  answers: {
    200: { description: "The transcript, without agents' notes", schema: TranscriptSchema, contentTypes: FORMS },
  },
  refusals: ["email-disabled"],
  async handle({ config, address, session, principal, request }) {
    const options = config.services.get(address.service);
    if (options === undefined) return refuse({ reason: "unknown-session" });
    const form = chooseForm(request.headers.get("Accept"));
    const read = () => readTranscript(address.sessionId, (before) => session.transcript(principal, before));
    const body = await renderAs(form, options, read, () => rawMail(session, principal, options, read));
    if (!body.ok) return body;
    const contentType = form === "application/json" || form === "message/rfc822" ? form : `${form}; charset=utf-8`;
    const headers = {
      "Content-Type": contentType,
      "Cache-Control": "no-store",
      "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    };
    return new Response(body.value, { headers });
  },
});

/** The first form the client names; anything else gets JSON. */
function chooseForm(accept: string | null): Form {
  const named = (accept ?? "").split(",").map((value) => value.split(";")[0]?.trim().toLowerCase());
  return named.flatMap((name) => FORMS.find((form) => form === name) ?? [])[0] ?? "application/json";
}

/** The mail as it was sent, where it was; else as it would be. */
async function rawMail(
  session: SessionPort,
  principal: Principal,
  options: ServiceOptions,
  read: () => Promise<Result<ReadTranscript>>,
): Promise<Result<string>> {
  const frozen = await session.frozenMail(principal);
  if (!frozen.ok) return frozen;
  if (options.transcriptEmail === "never") return refuse({ reason: "email-disabled" });
  if (frozen.value !== undefined) return ok(frozen.value);
  const found = await read();
  if (!found.ok) return found;
  const { transcript, recipient } = found.value;
  return ok(transcriptMessage(transcript, options, recipient ?? NOBODY));
}

async function renderAs(
  form: Form,
  options: ServiceOptions,
  read: () => Promise<Result<ReadTranscript>>,
  mail: () => Promise<Result<string>>,
): Promise<Result<string>> {
  if (form === "message/rfc822") return mail();
  const found = await read();
  return found.ok ? ok(render(form, found.value.transcript, options)) : found;
}

function render(form: Exclude<Form, "message/rfc822">, transcript: Transcript, options: ServiceOptions): string {
  if (form === "text/plain") return renderTranscriptText(transcript, options);
  if (form === "text/html") return renderTranscriptHtml(transcript, options);
  return JSON.stringify(wireTranscript(transcript));
}

function wireTranscript({ startedAt, endedAt, events, olderFiles: _files, entriesOmitted = 0, ...rest }: Transcript) {
  const ended = endedAt === undefined ? {} : { endedAt: wireTime(endedAt) };
  const omitted = entriesOmitted === 0 ? {} : { entriesOmitted };
  return { ...rest, startedAt: wireTime(startedAt), ...ended, ...omitted, events: events.map(viewEvent) };
}

const email = route({
  method: "POST",
  path: "/v1/sessions/:sessionId/transcript-email",
  operationId: "requestTranscriptEmail",
  limit: "mails",
  summary: "Have the transcript mailed: when the session ends, or now if it has",
  access: "customer",
  params: SESSION_PARAMS,
  body: TranscriptEmailSchema,
  bodyOptional: true,
  answers: { 202: { description: "It will be sent" } },
  refusals: ["email-disabled", "recipient-missing", "recipient-fixed", "too-many-emails"],
  async handle({ session, principal, body: { to } }) {
    const recipient = readAddress(to, "to");
    if (!recipient.ok) return recipient;
    const asked = await session.execute(principal, {
      type: "RequestTranscript",
      ...(recipient.value === undefined ? {} : { to: recipient.value }),
    });
    return asked.ok ? new Response(null, { status: 202 }) : asked;
  },
});

/** The routes of this file. */
export const transcriptRoutes: readonly Route[] = [transcript, email];
