/**
 * Reads a transcript back from its newest page and keeps no more of it than one mail takes: a customer who writes for a
 * day must not fill the memory of the object that mails it, or of the worker that shows it.
 */
import type { Result } from "../core/refusal.ts";
import type { TranscriptEvent } from "../core/transcript.ts";
import type { TranscriptPage } from "../core/views.ts";
import { isTold, type Transcript } from "./transcript-content.ts";

/** The newest page of events before a position, or of all; asked again with `position` of the answer while `more`. */
export type ReadPage = (before: number | undefined) => Result<TranscriptPage> | Promise<Result<TranscriptPage>>;

/** A transcript with the address it would be mailed to, where one is known. */
export interface ReadTranscript {
  readonly transcript: Transcript;
  readonly recipient: string | undefined;
}

/** Most characters of events kept: more than any mail takes of them. */
const MAX_CHARACTERS = 3 * 1024 * 1024;
/** What an event weighs beside its text: author, time, a file's name. */
const EVENT_CHARACTERS = 64;

/** Every page is looked at, and of older ones only their files and the number of their entries are kept. */
export async function readTranscript(
  sessionId: string,
  readPage: ReadPage,
  maxCharacters = MAX_CHARACTERS,
): Promise<Result<ReadTranscript>> {
  const kept: TranscriptEvent[] = [];
  const olderFiles: TranscriptEvent[] = [];
  let [room, entriesOmitted] = [maxCharacters, 0];
  let page: TranscriptPage | undefined;
  while (page === undefined || page.more) {
    const next = await readPage(page?.position);
    if (!next.ok) return next;
    page = next.value;
    for (const event of page.events.toReversed()) {
      room -= weightOf(event);
      if (room >= 0) kept.push(event);
      else {
        if (isTold(event)) entriesOmitted += 1;
        if (event.type === "FileUploaded" || event.type === "FileDeleted") olderFiles.push(event);
      }
    }
  }
  const { events: _page, position: _position, more: _more, recipient, ...details } = page;
  const events = kept.reverse();
  const transcript = { ...details, sessionId, events, olderFiles: olderFiles.reverse(), entriesOmitted };
  return { ok: true, value: { transcript, recipient } };
}

function weightOf(event: TranscriptEvent): number {
  return EVENT_CHARACTERS + ("text" in event ? event.text.length : 0) + ("url" in event ? event.url.length : 0);
}
