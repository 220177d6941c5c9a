/** Sending a standard response: its text is a message, and each of its files is announced where it lies in the library. */

import { renderResponse } from "../protocol/response-text.ts";
import type { Draft } from "./draft.ts";
import type { TakenFile, TakenResponse } from "./library.ts";
import { sendMessage } from "./messages.ts";
import { admitAgentFile } from "./quotas.ts";
import { ok, type Result } from "./refusal.ts";
import type { Participant } from "./session.ts";
import { announce } from "./settlement.ts";
import type { TranscriptEvent } from "./transcript.ts";

/**
 * Says that a response is about to be taken from the library. Noted before the library records the session: whatever dies
 * in between, the session's erasure then takes that record away. Answers the message where it was sent before.
 */
export interface BeginStandardResponse {
  readonly type: "BeginStandardResponse";
  readonly clientId?: string;
}

/** A response may be taken for the session. */
export interface BegunResponse {
  /** BCP 47 tag; absent where the customer gave none. */
  readonly customersLanguage?: string;
}

/** Sends what was taken. The same `clientId` of the same participant again gives the message it made the first time. */
export interface SendStandardResponse {
  readonly type: "SendStandardResponse";
  readonly response: Pick<TakenResponse, "text" | "files">;
  readonly clientId?: string;
}

/** Notes, once, that the session uses the library. */
export function beginStandardResponse(draft: Draft): Result<BegunResponse> {
  if (draft.session.usesLibrary !== true) draft.apply({ change: "SessionChanged", patch: { usesLibrary: true } });
  const { language } = draft.session;
  return ok(language === undefined ? {} : { customersLanguage: language });
}

/** All of it or nothing: a file that agents may not send, or a text that is too long, refuses the whole response. */
export function sendStandardResponse(
  draft: Draft,
  actor: Participant,
  { response, clientId }: SendStandardResponse,
): Result<TranscriptEvent> {
  const { session } = draft;
  for (const { extension, size } of response.files) {
    const admitted = admitAgentFile(session.options, { extension, size, exact: true });
    if (!admitted.ok) return admitted;
  }
  const text = renderResponse(response.text, {
    "customer.nickname": session.participants.find(({ type }) => type === "Client")?.nickname,
    "agent.nickname": actor.nickname,
    "session.id": session.sessionId,
    "session.subject": session.subject,
    service: session.service,
  });
  const key = clientId === undefined ? {} : { clientId };
  const message = sendMessage(draft, actor, { type: "SendMessage", text, visibility: "all", ...key });
  if (!message.ok) return message;
  for (const file of response.files) announceFile(draft, actor, file);
  return message;
}

/** A document of the session that refers to the library's object; the session reads that object and never removes it. */
function announceFile(draft: Draft, { participantId }: Participant, file: TakenFile): void {
  const { name, extension, key, size, sha256, type, scan } = file;
  const { now, newId } = draft.context;
  const ids = { documentId: newId(), fileId: newId(), participantId, side: "agent", attempt: 1 } as const;
  const stored = { size, sha256, contentType: type, ...(scan === undefined ? {} : { scan }) };
  announce(draft, { ...ids, name, extension, libraryKey: key, createdAt: now }, stored);
}
