/** The message of a session's transcript: its date is the session's, so that the same transcript gives the same bytes. */
import type { ServiceOptions } from "../core/options.ts";
import type { Transcript } from "./transcript-content.ts";
import { composeTranscriptMail } from "./transcript-mail.ts";

/** The raw message for one recipient. */
export function transcriptMessage(transcript: Transcript, options: ServiceOptions, to: string): string {
  return composeTranscriptMail(transcript, options, { to, at: transcript.endedAt ?? transcript.startedAt });
}
