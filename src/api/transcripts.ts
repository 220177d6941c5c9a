/** The transcript as it would be mailed, in four forms, and asking for the mail. */

import type { SessionPort } from "../../durable/kit/objects.ts";
import type { Transcript } from "../backends/transcript-content.ts";
import { renderTranscriptHtml } from "../backends/transcript-html.ts";
import { transcriptMessage } from "../backends/transcript-message.ts";
import { renderTranscriptText } from "../backends/transcript-text.ts";
import type { ServiceOptions } from "../core/options.ts";
import type { Principal } from "../core/principal.ts";
import { ok, type Result, refuse } from "../core/refusal.ts";
import { type TranscriptPage, viewEvent, wireTime } from "../core/views.ts";
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
    const read = await readTranscript(session, principal, address.sessionId);
    if (!read.ok) return read;
    const body = await render(form, read.value, options, session, principal);
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

interface Read {
  readonly transcript: Transcript;
  readonly recipient: string | undefined;
}

async function readTranscript(session: SessionPort, principal: Principal, sessionId: string): Promise<Result<Read>> {
  const events: Transcript["events"][number][] = [];
  let page: TranscriptPage | undefined;
  for (let after = 0; page === undefined || page.more; after = page.position) {
    const next = await session.transcript(principal, after);
    if (!next.ok) return next;
    page = next.value;
    events.push(...page.events);
  }
  const { events: _last, position: _position, more: _more, recipient, ...details } = page;
  return ok({ transcript: { ...details, sessionId, events }, recipient });
}

async function render(
  form: Form,
  { transcript, recipient }: Read,
  options: ServiceOptions,
  session: SessionPort,
  principal: Principal,
): Promise<Result<string>> {
  if (form === "text/plain") return ok(renderTranscriptText(transcript, options));
  if (form === "text/html") return ok(renderTranscriptHtml(transcript, options));
  if (form === "application/json") return ok(JSON.stringify(wireTranscript(transcript)));
  const frozen = await session.frozenMail(principal);
  if (!frozen.ok) return frozen;
  if (options.transcriptEmail === "never") return refuse({ reason: "email-disabled" });
  return ok(frozen.value ?? transcriptMessage(transcript, options, recipient ?? NOBODY));
}

function wireTranscript({ startedAt, endedAt, events, ...rest }: Transcript) {
  const ended = endedAt === undefined ? {} : { endedAt: wireTime(endedAt) };
  return { ...rest, startedAt: wireTime(startedAt), ...ended, events: events.map(viewEvent) };
}

const email = route({
  method: "POST",
  path: "/v1/sessions/:sessionId/transcript-email",
  operationId: "requestTranscriptEmail",
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
