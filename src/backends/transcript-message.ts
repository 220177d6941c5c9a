/** The message of a session's transcript with everything that is fixed per session: date, identity and sender's domain. */

import type { ServiceOptions } from "../core/options.ts";
import { parseAddress } from "../protocol/addresses.ts";
import type { Transcript } from "./transcript-content.ts";
import { composeTranscriptMail } from "./transcript-mail.ts";

/** The raw message for one recipient. The same transcript and options give the same bytes. */
export function transcriptMessage(transcript: Transcript, options: ServiceOptions, to: string): string {
  const from = parseAddress(options.transcriptEmailFrom);
  const messageIdDomain = from.ok ? from.address.slice(from.address.lastIndexOf("@") + 1) : "invalid";
  return composeTranscriptMail(transcript, options, {
    to,
    at: transcript.endedAt ?? transcript.startedAt,
    messageIdDomain,
  });
}
