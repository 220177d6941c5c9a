/** A transcript is read back from its newest page, and what is kept of it does not grow with it. */
import { describe, expect, test } from "vitest";
import { composeTranscriptMail, MAX_MAIL } from "../../../src/backends/transcript-mail.ts";
import { renderTranscriptText } from "../../../src/backends/transcript-text.ts";
import { readTranscript } from "../../../src/backends/transcript-window.ts";
import type { TranscriptEvent } from "../../../src/core/transcript.ts";
import { accepted } from "../../support/core-fixtures.ts";
import { DETAILS, event, MAX, message, OPTIONS, START, SYSTEM, upload } from "../../support/transcripts.ts";

/** Reads these events in pages of so many; counts how many were given out. */
async function read(events: readonly TranscriptEvent[], maxCharacters?: number, perPage = 100) {
  const details = { service: "support", startedAt: START, endedAt: START + 600_000, recipient: "max@example.org" };
  const asked: (number | undefined)[] = [];
  const result = await readTranscript(
    "session-a",
    (before = Number.MAX_SAFE_INTEGER) => {
      asked.push(before);
      const older = events.filter(({ position }) => position < before);
      const page = older.slice(-perPage);
      const position = page[0]?.position ?? 0;
      return { ok: true, value: { ...details, events: page, position, more: older.length > perPage } };
    },
    maxCharacters,
  );
  return { ...accepted(result), asked };
}

const many = (count: number, text: string) => Array.from({ length: count }, (_, index) => message(text, MAX, index));

describe("a transcript that is read back", () => {
  test("is whole and in order where it fits, however many pages it takes", async () => {
    const events = many(1050, "hello");
    const { transcript, recipient, asked } = await read(events);
    expect(transcript).toMatchObject({ sessionId: "session-a", service: "support", entriesOmitted: 0, olderFiles: [] });
    expect(transcript.events).toEqual(events);
    expect(recipient).toBe("max@example.org");
    expect(asked).toHaveLength(11);
  });

  test("keeps its newest events, every file, and the number of the entries that it left out", async () => {
    const events = [
      upload("early.pdf", 1000, "f1", 0),
      event(MAX, 1, { type: "FileDeleted", fileId: "f1" }),
      event(SYSTEM, 2, { type: "IdleAlert", text: "Still there?", next: "close", seconds: 45 }),
      ...Array.from({ length: 300 }, (_, index) => message(`${index}`.padEnd(36, "."), MAX, index + 3)),
    ];
    const { transcript } = await read(events, 10_000);
    expect(transcript.events).toEqual(events.slice(-100));
    expect(transcript.olderFiles).toEqual(events.slice(0, 2));
    expect(transcript.entriesOmitted).toBe(202);
    const text = renderTranscriptText(transcript, OPTIONS);
    expect(text).toContain("Oldest entries left out: 202");
    expect(text).toMatch(/early\.pdf, .*deleted/u);
    expect(text).not.toContain("199.");
  });

  test("holds a few megabytes of an endless one, and makes a mail of lawful size", async () => {
    const text = "x".repeat(4096);
    const { transcript } = await read(many(20_000, text), undefined, 250);
    const kept = transcript.events.length;
    expect(kept * text.length).toBeLessThan(MAX_MAIL);
    expect(transcript.entriesOmitted).toBe(20_000 - kept);
    const raw = composeTranscriptMail(transcript, OPTIONS, DETAILS);
    expect(raw.length).toBeLessThanOrEqual(MAX_MAIL);
    expect(raw.length).toBeGreaterThan(MAX_MAIL * 0.9);
  });

  test("counts in the mail what was left out at both times", async () => {
    const { transcript } = await read(many(3000, "x".repeat(4096)), undefined, 250);
    const { entriesOmitted = 0 } = transcript;
    const raw = composeTranscriptMail(transcript, OPTIONS, DETAILS);
    const [body = ""] = /(?<=base64\r\n\r\n).*?(?=--alternative)/su.exec(raw) ?? [];
    const text = new TextDecoder().decode(
      Uint8Array.from(atob(body.replaceAll("\r\n", "")), (character) => character.charCodeAt(0)),
    );
    const told = Number(/Oldest entries left out: (\d+)/u.exec(text)?.[1]);
    expect(told).toBeGreaterThan(entriesOmitted);
    expect(text.match(/^\d\d:\d\d/gmu)).toHaveLength(3000 - told);
  });
});
