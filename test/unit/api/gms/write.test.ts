import { describe, expect, it } from "vitest";
import { type WrittenEvent, writeEvent, writeLimits, writePage } from "../../../../src/api/gms/write.ts";
import type { EventBody, TranscriptEvent } from "../../../../src/core/transcript.ts";
import type { TypingFrame } from "../../../../src/core/views.ts";
import { EventSchema } from "../../../../src/protocol/chat.ts";

const ADA = { participantId: 1, nickname: "Ada", type: "Client" } as const;
const at = Date.UTC(2030, 0, 1);

/** An event of every type with everything it can carry, and what of it a widget is told. */
const EVENTS: { readonly [T in WrittenEvent["type"]]: readonly [Extract<EventBody, { type: T }>, object] } = {
  ParticipantJoined: [{ type: "ParticipantJoined" }, {}],
  ParticipantLeft: [{ type: "ParticipantLeft", reason: "ended" }, {}],
  Message: [
    { type: "Message", text: "hello", messageType: "text" },
    { text: "hello", messageType: "text" },
  ],
  FileUploaded: [
    {
      type: "FileUploaded",
      file: { fileId: "f", name: "a.txt", size: 2048, type: "text/plain", sha256: "00", description: "bill" },
    },
    {
      text: "file-uploaded",
      userData: {
        "file-id": "f",
        "file-name": "a.txt",
        "file-size": "2048",
        "file-source": "ucs",
        "file-upload-type": "file-system",
        "file-description": "bill",
      },
    },
  ],
  FileDeleted: [
    { type: "FileDeleted", fileId: "f" },
    { text: "file-deleted", userData: { "file-id": "f" } },
  ],
  PushUrl: [{ type: "PushUrl", url: "https://example.com/" }, { text: "https://example.com/" }],
  NicknameUpdated: [{ type: "NicknameUpdated", nickname: "Ada L." }, { text: "Ada L." }],
  CustomNotice: [
    { type: "CustomNotice", text: "n", userData: { a: "1" } },
    { text: "n", userData: { a: "1" } },
  ],
  IdleAlert: [
    { type: "IdleAlert", text: "soon", next: "close", seconds: 45 },
    { text: "soon", userData: { "next-idle-timer-type": "CLOSE", "next-idle-timer-secs": "45" } },
  ],
  IdleClose: [{ type: "IdleClose", text: "closed" }, { text: "closed" }],
};

const GRANT = { type: "UploadsGranted", files: 1, bytes: 1 } as const;

const stored = (body: Exclude<EventBody, { type: "UploadsGranted" | "FileRejected" }>, position = 7): WrittenEvent => ({
  ...body,
  position,
  from: ADA,
  at,
  visibility: "all",
});

describe("an event", () => {
  it.each(Object.values(EVENTS))("%j has index, type, time and author, and what widgets use", (body, content) => {
    expect(writeEvent(stored(body))).toEqual({ index: 7, type: body.type, utcTime: at, from: ADA, ...content });
  });

  it.each(Object.values(EVENTS))("%j has text alone in its userData", (body) => {
    for (const value of Object.values(writeEvent(stored(body)).userData ?? {})) expect(typeof value).toBe("string");
  });

  it("is written for every type of the native door but a grant, which clients learn of by their limits, and what was rejected, which is for agents", () => {
    const types = EventSchema.options.map(({ shape }) => shape.type.value);
    expect([...Object.keys(EVENTS), "FileRejected", "UploadsGranted"].sort()).toEqual(types.sort());
    const granted: TranscriptEvent = { ...GRANT, position: 7, from: ADA, at, visibility: "all" };
    const events = [granted, stored({ type: "Message", text: "a" }, 8)];
    expect(writePage({ events, typing: [] })).toMatchObject([{ index: 8 }]);
  });

  it("says that another alert comes before the close", () => {
    const alert = writeEvent(stored({ type: "IdleAlert", text: "soon", next: "alert", seconds: 5 }));
    expect(alert.userData).toEqual({ "next-idle-timer-type": "ALERT", "next-idle-timer-secs": "5" });
  });
});

it("typing stands between the events where it happened, with a preview where there is one", () => {
  const typing = (position: number, started: boolean, preview?: string): TypingFrame => ({
    frame: "typing",
    from: ADA,
    typing: started,
    visibility: "all",
    position,
    at,
    ...(preview === undefined ? {} : { preview }),
  });
  const events = [stored({ type: "ParticipantJoined" }, 1), stored({ type: "Message", text: "a" }, 4)];
  const page = writePage({ events, typing: [typing(2, true, "a"), typing(3, false)] });
  expect(page.map(({ index, type, text }) => [index, type, text])).toEqual([
    [1, "ParticipantJoined", undefined],
    [2, "TypingStarted", "a"],
    [3, "TypingStopped", undefined],
    [4, "Message", "a"],
  ]);
});

it("limits are a notice without index whose values are all text", () => {
  const limits = {
    uploadMaxFiles: 3,
    uploadMaxFileSize: 2,
    uploadMaxTotalSize: 5,
    uploadFileTypes: ["pdf", "txt"],
    uploadNeedAgent: true,
    downloadAttempts: 10,
    deleteFile: "off" as const,
    used: { files: 1, bytes: 2, downloads: 4 },
  };
  const transcriptEmail = { offered: true };
  const waiting = { sessionId: "s", service: "shop", phase: "open" as const, waiting: true, transcriptEmail };
  const session = { ...waiting, startedAt: "", position: 1, limits };
  const joined = { participantId: 1, nickname: "Ada", type: "Client" as const, joinedAt: "", readPosition: 0 };
  expect(writeLimits({ ...session, participants: [joined] }, 1, at)).toEqual({
    type: "Notice",
    text: "file-client-cfg-get",
    utcTime: at,
    from: ADA,
    userData: {
      "upload-max-files": "3",
      "upload-max-file-size": "2",
      "upload-max-total-size": "5",
      "upload-file-types": "pdf:txt",
      "upload-need-agent": "true",
      "download-attempts": "10",
      "delete-file": "off",
      "used-upload-max-files": "1",
      "used-upload-max-total-size": "2",
      "used-download-attempts": "4",
    },
  });
});
