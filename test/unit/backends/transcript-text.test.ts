/** The transcript as plain text: what it tells, in which language, and that typed text never stands where ours does. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Transcript, TranscriptOptions } from "../../../src/backends/transcript-content.ts";
import { renderTranscriptText } from "../../../src/backends/transcript-text.ts";
import type { TranscriptEvent } from "../../../src/core/transcript.ts";
import { MAIL_LANGUAGES } from "../../../src/protocol/options.ts";
import { ANNA, event, MAX, message, OPTIONS, START, SYSTEM, transcript, upload } from "../../support/transcripts.ts";

function render(events: readonly TranscriptEvent[], changes: Partial<Transcript> = {}, options = OPTIONS): string {
  return renderTranscriptText(transcript(events, changes), options);
}

function withOptions(changes: Partial<TranscriptOptions>): TranscriptOptions {
  return { ...OPTIONS, ...changes };
}

test("tells a whole chat in order, with times in the customer's zone", () => {
  const events = [
    event(MAX, 0, { type: "ParticipantJoined" }),
    message("Hello,\nmy invoice is broken.", MAX, 4),
    event(ANNA, 40, { type: "ParticipantJoined" }),
    upload("invoice.pdf", 1_234_567, "f1", 50),
    upload("wrong.png", 812, "f2", 55),
    event(MAX, 60, { type: "FileDeleted", fileId: "f2" }),
    event(MAX, 65, { type: "NicknameUpdated", nickname: "Maxi" }),
    event(ANNA, 70, { type: "PushUrl", url: "https://example.com/help?a=1&b=2" }),
    event(SYSTEM, 300, { type: "IdleAlert", text: "Are you still there?", next: "close", seconds: 45 }),
    event(SYSTEM, 345, { type: "IdleClose", text: "Closed, because nobody wrote." }),
    event(MAX, 345, { type: "ParticipantLeft", reason: "inactivity" }),
    event(ANNA, 346, { type: "ParticipantLeft", reason: "ended" }),
  ];
  const options = withOptions({
    transcriptEmailIntro: "Thank you.\nHere it is.",
    transcriptEmailFooter: "Example Ltd",
  });
  expect(render(events, { subject: "Invoice", timeZone: "Europe/Berlin" }, options)).toBe(`\
Transcript of your chat with customer-support

Thank you.
Here it is.

Subject: Invoice
Started: Tuesday, 3 November 2026 at 10:02:11
Duration: 10 minutes
Time zone: Europe/Berlin (GMT+01:00)

--- Tuesday, 3 November 2026 (GMT+01:00) ---

10:02:11  Max (customer) – joined

10:02:15  Max (customer):
    Hello,
    my invoice is broken.

10:02:51  Anna (agent) – joined

10:03:01  Max (customer) – File: invoice.pdf, 1.2 MB (1,234,567 bytes)

10:03:06  Max (customer) – File: wrong.png, 812 bytes, deleted

10:03:11  Max (customer) – File deleted: wrong.png

10:03:16  Max (customer) – New name: Maxi

10:03:21  Anna (agent) – Page: https://example.com/help?a=1&b=2

10:07:56  system:
    Closed, because nobody wrote.

10:07:56  Max (customer) – left, inactive

10:07:57  Anna (agent) – left, chat ended

Files
- invoice.pdf, 1.2 MB (1,234,567 bytes) – Max (customer)
- wrong.png, 812 bytes, deleted – Max (customer)
The files themselves are not part of this message.

Example Ltd
`);
});

test("says that a chat goes on where it has not ended", () => {
  const { endedAt: _, ...open } = transcript([]);
  expect(renderTranscriptText(open, OPTIONS)).toContain("Duration: still open\n");
});

test("a deletion whose file nobody may see names no file", () => {
  const hidden: TranscriptEvent = { ...upload("secret.pdf", 5, "f"), visibility: "agents" };
  const text = render([hidden, event(MAX, 20, { type: "FileDeleted", fileId: "f" })]);
  expect(text).toContain("– File deleted\n");
  expect(text).not.toContain("secret");
});

describe("typed text", () => {
  const breaks = ["\n", "\r", "\r\n", "\v", "\f", "\u0085", "\u2028", "\u2029"];
  const ours = "09:02:16  Anna (agent):";

  test.each(breaks)("cannot begin a line that looks like ours, whatever ends the line before (%j)", (end) => {
    const text = render([message(`Hi${end}${ours}${end}    yes`), upload(`a${end}${ours}.pdf`, 5)], {
      subject: `x${end}${ours}`,
    });
    expect(text.split(/[\n\r\v\f\u0085\u2028\u2029]/).filter((line) => line.startsWith(ours))).toEqual([]);
    expect(text).toContain(`\n    ${ours}\n`);
  });

  test("is wrapped by us, so that no reader wraps it to the margin", () => {
    const typed = fc.string({
      unit: fc.constantFrom("a", " ", "\t", "漢", "é", "\u0301", "👩‍👧", "🇩🇪"),
      maxLength: 600,
    });
    fc.assert(
      fc.property(typed, (said) => {
        const [, body = ""] = render([message(said)]).split("Max (customer):\n");
        for (const line of body.split("\n")) {
          expect(line === "" || line.startsWith("    ")).toBe(true);
          expect(line.length - 4).toBeLessThanOrEqual(72 * 8);
        }
        expect(body.replace(/\s/gu, "")).toBe(said.replace(/\s/gu, ""));
      }),
    );
  });

  test("keeps addresses of the web and names of files in one piece", () => {
    const url = `https://example.com/${"path/".repeat(40)}`;
    const name = `Übersicht ${"lang ".repeat(10)}.pdf`;
    const text = render([message(`See ${url} please`), upload(name, 1_234_567)]);
    expect(text).toContain(`    ${url}\n`);
    expect(text.split(name.replace(" .", " ."))).toHaveLength(3);
  });

  test("cannot reorder its line: names of another direction are isolated, bidi controls dropped", () => {
    const text = render([message("x", { ...MAX, nickname: "\u202eמרים\u2069" }), upload("\u202egpj.exe", 5)]);
    expect(text).toContain("\u2068מרים\u2069 (customer):");
    expect(text).toContain("File: gpj.exe, 5 bytes");
    expect(text).not.toMatch(/[\u202a-\u202e\u2066\u2067]/);
  });

  test("NUL, other controls and half characters become replacement characters", () => {
    expect(render([message("a\0b\u001bc\ud800d")])).toContain("    a\ufffdb\ufffdc\ufffdd\n");
  });

  test("an absurd name is cut, and the role still stands behind it", () => {
    const text = render([message("x", { ...MAX, nickname: `Anna (agent) ${"n".repeat(100_000)}` })]);
    expect(text.length).toBeLessThan(2000);
    expect(text).toMatch(/n…\n? *\(customer\):/);
  });
});

describe("language", () => {
  test.each(MAIL_LANGUAGES)("%s has all its words and none of another", (language) => {
    const events = [upload("a.pdf", 1_234_567), event(MAX, 20, { type: "ParticipantLeft", reason: "disconnected" })];
    const text = render(events, { language, subject: "§" });
    expect(text).toContain("customer-support");
    expect(text).toContain("a.pdf");
    expect(text).not.toMatch(/undefined|\{|\}/);
    if (language !== "en") expect(text).not.toMatch(/Transcript of|Started|customer\)|left/);
  });

  test.each([
    ["de", ["en", "de"], "Protokoll Ihres Chats"],
    ["de-CH", ["en", "de"], "Protokoll Ihres Chats"],
    ["de", ["en", "fr"], "Transcript of"],
    ["de", ["fr", "en"], "Transcription de"],
    ["xx-nonsense-", ["it"], "Trascrizione"],
    ["tlh", ["tlh"], "Transcript of"],
    [undefined, ["ja"], "とのチャットの記録"],
  ])("%s, offered %j, begins with %s", (language, offered, title) => {
    const changes = language === undefined ? {} : { language };
    expect(render([], changes, withOptions({ transcriptEmailLanguages: offered }))).toContain(title);
  });

  test("a region shapes dates, another calendar or number system does not", () => {
    expect(render([], { language: "en-US" })).toContain("November 3, 2026");
    expect(render([], { language: "de-u-ca-buddhist-nu-arab" })).toContain("3. November 2026");
  });
});

test("hours that the clock shows twice stand under different days", () => {
  const events = [message("one", MAX, 0), message("two", MAX, 3600)];
  const startedAt = Date.UTC(2026, 9, 25, 0, 30);
  const moved = events.map((said) => ({ ...said, at: said.at - START + startedAt }));
  const text = render(moved, { startedAt, timeZone: "Europe/Berlin" });
  expect(text.match(/^---.*---$/gm)).toEqual([
    "--- Sunday, 25 October 2026 (GMT+02:00) ---",
    "--- Sunday, 25 October 2026 (GMT+01:00) ---",
  ]);
  expect(text.match(/^02:30:00 {2}Max/gm)).toHaveLength(2);
});
