/** Events and answers as Genesys clients read them (reference 2 and 3): every value of `userData` is text. */

import type { EventBody, TranscriptEvent } from "../../core/transcript.ts";
import type { PollPage, TypingFrame } from "../../core/views.ts";
import type { WireSession } from "../../protocol/chat.ts";

type Data = Readonly<Record<string, string>>;

/** An event. `index` is its position; only the limits notice, which is no event of the transcript, has none. */
export interface GmsMessage {
  readonly index?: number;
  readonly type: string;
  /** Milliseconds since the epoch. */
  readonly utcTime: number;
  readonly from: { readonly nickname: string; readonly participantId: number; readonly type: string };
  readonly text?: string;
  readonly messageType?: string;
  readonly userData?: Data;
}

type Body<T extends EventBody["type"]> = Extract<EventBody, { type: T }>;
type Content = Pick<GmsMessage, "text" | "messageType" | "userData">;

/** Clients know no such event: of uploads that were granted they learn from the limits, and what was rejected is for agents. */
type Skipped = "UploadsGranted" | "FileRejected";

/** An event that clients are told. */
export type WrittenEvent = TranscriptEvent & Body<Exclude<EventBody["type"], Skipped>>;

/** What each kind of event carries beside what all have. */
const CONTENTS: { readonly [T in WrittenEvent["type"]]: (body: Body<T>) => Content } = {
  ParticipantJoined: () => ({}),
  ParticipantLeft: () => ({}),
  Message: ({ text, messageType }) => ({ text, ...(messageType === undefined ? {} : { messageType }) }),
  // The document's own id stays inside: clients use file-id, file-name and file-size (reference 8.2).
  FileUploaded: ({ file: { fileId, name, size, description } }) => ({
    text: "file-uploaded",
    userData: {
      "file-id": fileId,
      "file-name": name,
      "file-size": String(size),
      "file-source": "ucs",
      "file-upload-type": "file-system",
      ...(description === undefined ? {} : { "file-description": description }),
    },
  }),
  FileDeleted: ({ fileId }) => ({ text: "file-deleted", userData: { "file-id": fileId } }),
  PushUrl: ({ url }) => ({ text: url }),
  NicknameUpdated: ({ nickname }) => ({ text: nickname }),
  CustomNotice: ({ text, userData }) => ({ text, ...(userData === undefined ? {} : { userData }) }),
  IdleAlert: ({ text, next, seconds }) => ({
    text,
    userData: {
      "next-idle-timer-type": next === "close" ? "CLOSE" : "ALERT",
      "next-idle-timer-secs": String(seconds),
    },
  }),
  IdleClose: ({ text }) => ({ text }),
};

function isWritten(event: TranscriptEvent): event is WrittenEvent {
  return event.type in CONTENTS;
}

/** An event of the transcript. */
export function writeEvent(event: WrittenEvent): GmsMessage {
  const { position, type, at } = event;
  const content: (body: never) => Content = CONTENTS[type];
  return { index: position, type, utcTime: at, from: { ...event.from }, ...content(event as never) };
}

function writeTyping({ position, typing, preview, from, at }: TypingFrame): GmsMessage {
  const type = typing ? "TypingStarted" : "TypingStopped";
  return { index: position, type, utcTime: at, from: { ...from }, ...(preview === undefined ? {} : { text: preview }) };
}

/** Events and typing of a page, in their order. */
export function writePage({ events, typing }: Pick<PollPage, "events" | "typing">): GmsMessage[] {
  const all = [...events.filter(isWritten).map(writeEvent), ...typing.map(writeTyping)];
  return all.sort((a, b) => (a.index ?? 0) - (b.index ?? 0));
}

/** The answer to a question for limits: one notice that is no event (reference 4.11). */
export function writeLimits({ participants, limits }: WireSession, participantId: number, now: number): GmsMessage {
  const asker = participants.find((one) => one.participantId === participantId);
  return {
    type: "Notice",
    text: "file-client-cfg-get",
    utcTime: now,
    from: { nickname: asker?.nickname ?? "", participantId, type: "Client" },
    userData: {
      "upload-max-files": String(limits.uploadMaxFiles),
      "upload-max-file-size": String(limits.uploadMaxFileSize),
      "upload-max-total-size": String(limits.uploadMaxTotalSize),
      "upload-file-types": limits.uploadFileTypes.join(":"),
      "upload-need-agent": String(limits.uploadNeedAgent),
      "download-attempts": String(limits.downloadAttempts),
      "delete-file": limits.deleteFile,
      "used-upload-max-files": String(limits.used.files),
      "used-upload-max-total-size": String(limits.used.bytes),
      "used-download-attempts": String(limits.used.downloads),
    },
  };
}
