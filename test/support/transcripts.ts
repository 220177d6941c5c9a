/** Small transcripts for the tests of the transcript mail: who is who, events at seconds of a chat, and options. */
import type { Transcript, TranscriptOptions } from "../../src/backends/transcript-content.ts";
import type { EventAuthor, EventBody, TranscriptEvent } from "../../src/core/transcript.ts";

/** Tuesday, 3 November 2026, 09:02:11 UTC. */
export const START = Date.UTC(2026, 10, 3, 9, 2, 11);

export const MAX: EventAuthor = { participantId: 1, nickname: "Max", type: "Client" };
export const ANNA: EventAuthor = { participantId: 2, nickname: "Anna", type: "Agent" };
export const SYSTEM: EventAuthor = { participantId: 0, nickname: "", type: "System" };

/** Options with nothing of the operator's own but the sender. */
export const OPTIONS: TranscriptOptions = {
  transcriptEmailFrom: "Example Support <support@example.com>",
  transcriptEmailSubject: "",
  transcriptEmailIntro: "",
  transcriptEmailFooter: "",
  transcriptEmailLanguages: ["en", "de", "fr", "es", "it", "pt", "ja", "zh", "ar", "he"],
};

export const DETAILS = { to: "customer@example.org", at: START + 600_000 };

/** An event that everybody may see, so many seconds after the start. */
export function event(from: EventAuthor, seconds: number, body: EventBody): TranscriptEvent {
  return { ...body, from, at: START + seconds * 1000, position: seconds + 1, visibility: "all" };
}

/** A message of the customer's or somebody else's. */
export function message(text: string, from: EventAuthor = MAX, seconds = 5): TranscriptEvent {
  return event(from, seconds, { type: "Message", text });
}

/** An upload of the customer's. Id, type and digest must never be seen in a mail. */
export function upload(name: string, size: number, fileId = "FILEIDSECRET", seconds = 10): TranscriptEvent {
  const file = { fileId, name, size, type: "application/x-typesecret", sha256: "d16e57".repeat(10) };
  return event(MAX, seconds, { type: "FileUploaded", file });
}

/** A chat of ten minutes with these events. */
export function transcript(events: readonly TranscriptEvent[], changes: Partial<Transcript> = {}): Transcript {
  return {
    sessionId: "cs-3ZxQ7.20261103.a_b-C",
    service: "customer-support",
    startedAt: START,
    endedAt: START + 600_000,
    events,
    ...changes,
  };
}
