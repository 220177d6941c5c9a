/** The transcript mail read back by a parser that is not ours: headers, both bodies, limits, and nothing that was injected. */
import fc from "fast-check";
import PostalMime from "postal-mime";
import { describe, expect, test } from "vitest";
import { composeTranscriptMail, MAX_MAIL } from "../../../src/backends/transcript-mail.ts";
import type { TranscriptEvent } from "../../../src/core/transcript.ts";
import { ANNA, DETAILS, event, MAX, message, OPTIONS, START, transcript, upload } from "../../support/transcripts.ts";

const HEADERS = [
  "date",
  "from",
  "to",
  "message-id",
  "subject",
  "mime-version",
  "x-satchel-session",
  "auto-submitted",
  "content-language",
  "content-type",
];

/** Line ends, header look-alikes, markup, dots, bidi, half characters, encoded-word and template look-alikes. */
const NASTY = [
  "x\r\nBcc: victim@example.net",
  "x\nSubject: other\n\nbody",
  "\r\n.\r\nMAIL FROM:<a@b.c>",
  ".",
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "</bdi></li></ol><h1>Refund</h1>",
  "=?utf-8?Q?=0D=0ABcc:_a@b.c?=",
  "\u202egnp.exe",
  "\u2069\u2069out",
  "a\0b\u0007c",
  "\ud800 half",
  "{service} {subject} {count} $& $1",
  "--alternative_cs3ZxQ720261103abC--",
  "👩‍👩‍👧‍👦".repeat(40),
  "שלום עולם مرحبا",
  "\u2028second\u2029third\u0085fourth",
  "&lt;b&gt; &amp;",
];

const hostile = fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: "binary", maxLength: 120 }), fc.string());

const parse = (raw: string) => PostalMime.parse(raw);

/** What is left of a text whatever wraps, indents, isolates or cleans it. */
const letters = (text: string) => text.toWellFormed().replace(/[^\p{L}\p{N}]/gu, "");

function expectSafe(raw: string): void {
  expect(/^[\x20-\x7e\r\n]*$/.test(raw)).toBe(true);
  expect(raw.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
  const lines = raw.split("\r\n");
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(78);
  expect(lines.some((line) => line.startsWith("."))).toBe(false);
  for (const word of raw.match(/=\?\S+\?=/g) ?? []) expect(word.length).toBeLessThanOrEqual(75);
}

describe("headers", () => {
  test("are exactly those that mail systems expect, with the session's own identity", async () => {
    const mail = await parse(composeTranscriptMail(transcript([message("Hello")]), OPTIONS, DETAILS));
    expect(mail.headers.map(({ key }) => key)).toEqual(HEADERS);
    expect(mail.from).toMatchObject({ name: "Example Support", address: "support@example.com" });
    expect(mail.to).toMatchObject([{ name: "", address: "customer@example.org" }]);
    expect(mail.subject).toBe("Transcript of your chat with customer-support");
    expect(mail.messageId).toBe("<transcript.cs-3ZxQ7.20261103.a_b-C@example.com>");
    const values = Object.fromEntries(mail.headers.map(({ key, value }) => [key, value]));
    expect(values).toMatchObject({
      date: "Tue, 03 Nov 2026 09:12:11 +0000",
      "x-satchel-session": "cs-3ZxQ7.20261103.a_b-C",
      "auto-submitted": "auto-generated",
      "content-language": "en",
      "mime-version": "1.0",
    });
    expect(mail.attachments).toEqual([]);
  });

  test("carry names and subjects of any script, in words of 75 characters that split no character", async () => {
    const subject = `${"é漢👩‍👧".repeat(30)} ende`;
    const sender = `Żółć ${"漢字".repeat(40)}`;
    const options = {
      ...OPTIONS,
      transcriptEmailSubject: "{subject} – {service}",
      transcriptEmailFrom: `${sender} <a@b.example>`,
    };
    const raw = composeTranscriptMail(transcript([], { subject }), options, {
      ...DETAILS,
      to: "Zoë <zoe@bücher.example>",
    });
    expectSafe(raw);
    const words = (raw.match(/=\?utf-8\?B\?(\S+)\?=/g) ?? []).map((word) => word.slice(10, -2));
    const decode = (word: string) => Uint8Array.from(atob(word), (sign) => sign.charCodeAt(0));
    for (const word of words)
      expect(() => new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(decode(word))).not.toThrow();
    const mail = await parse(raw);
    expect(mail.subject).toBe(`${subject} – customer-support`);
    expect(mail.from?.name).toBe(sender);
    expect(mail.to).toMatchObject([{ name: "Zoë", address: "zoe@xn--bcher-kva.example" }]);
  });

  test("replace the operator's fields once, and fall back when nothing is left", async () => {
    const options = { ...OPTIONS, transcriptEmailSubject: "{subject}" };
    const filled = await parse(composeTranscriptMail(transcript([], { subject: "{service} $&" }), options, DETAILS));
    expect(filled.subject).toBe("{service} $&");
    const empty = await parse(composeTranscriptMail(transcript([], { subject: "\u202e" }), options, DETAILS));
    expect(empty.subject).toBe("Transcript of your chat with customer-support");
  });

  test.each([
    ["to", {}, { to: "a@b.example\r\nBcc: c@d.example" }, {}],
    ["to", {}, { to: "a@b.example, c@d.example" }, {}],
    ["transcriptEmailFrom", { transcriptEmailFrom: "nobody" }, {}, {}],
    ["at", {}, { at: Number.NaN }, {}],
    ["sessionId", {}, {}, { sessionId: "a\r\nBcc: b" }],
    ["sessionId", {}, {}, { sessionId: "a..b" }],
  ])("refuse a wrong %s and name it without its value", (field, options, details, changes) => {
    const attempt = () =>
      composeTranscriptMail(transcript([], changes), { ...OPTIONS, ...options }, { ...DETAILS, ...details });
    expect(attempt).toThrow(RangeError);
    expect(attempt).toThrow(new RegExp(`^${field}: (?!.*(?:Bcc|nobody|c@d))[^\\r\\n]*$`));
  });
});

test("the same transcript gives the same bytes, another session another boundary", () => {
  const events = [message("Hello"), upload("a.pdf", 12)];
  const raw = composeTranscriptMail(transcript(events), OPTIONS, DETAILS);
  expect(composeTranscriptMail(transcript(events), OPTIONS, DETAILS)).toBe(raw);
  expect(composeTranscriptMail(transcript(events, { sessionId: "other" }), OPTIONS, DETAILS)).toContain(
    "=alternative_other\r\n",
  );
});

test("whatever people type, the mail is ASCII in short lines, has its ten headers and says what they said", async () => {
  const texts = fc.record({
    nickname: hostile,
    subject: hostile,
    file: hostile,
    said: hostile,
    url: hostile,
    service: hostile,
  });
  const property = fc.asyncProperty(texts, async ({ nickname, subject, file, said, url, service }) => {
    const customer = { ...MAX, nickname };
    const events = [
      event(customer, 0, { type: "ParticipantJoined" }),
      message(said, customer, 1),
      upload(file, 5, "f", 2),
      event(ANNA, 3, { type: "PushUrl", url }),
      event(customer, 4, { type: "NicknameUpdated", nickname: subject }),
    ];
    const options = { ...OPTIONS, transcriptEmailSubject: "{subject}" };
    const raw = composeTranscriptMail(transcript(events, { subject, service }), options, DETAILS);
    expectSafe(raw);
    const mail = await parse(raw);
    expect(mail.headers.map(({ key }) => key)).toEqual(HEADERS);
    expect(mail.attachments).toEqual([]);
    expect(letters(mail.text ?? "")).toContain(letters(said));
    expect(letters(mail.text ?? "")).toContain(letters(file));
    expect(mail.text).toContain("5 bytes");
  });
  await fc.assert(property, { numRuns: 200 });
});

test("names and sizes of files are told, their ids, types, digests and notes for agents never", async () => {
  const note: TranscriptEvent = { ...message("NOTESECRET about the customer", ANNA, 20), visibility: "agents" };
  const hidden: TranscriptEvent = { ...upload("hiddensecret.pdf", 77, "h", 21), visibility: "agents" };
  const notice = event(ANNA, 22, { type: "CustomNotice", text: "noticesecret", userData: { key: "datasecret" } });
  const raw = composeTranscriptMail(
    transcript([upload("Übersicht.pdf", 1_234_567), note, hidden, notice]),
    OPTIONS,
    DETAILS,
  );
  const { text = "", html = "" } = await parse(raw);
  for (const body of [text, html]) {
    expect(body).toContain("Übersicht.pdf");
    expect(body).toContain("1.2 MB (1,234,567 bytes)");
    expect(body.toLowerCase()).not.toContain("secret");
    expect(body).not.toContain("d16e57");
  }
});

describe("size", () => {
  const many = (count: number, text: string): TranscriptEvent[] =>
    Array.from({ length: count }, (_, at) => message(`${text} #${at}#`, at % 2 ? ANNA : MAX, at));

  test("a message of 100 000 characters in one line arrives whole", async () => {
    const said = "漢".repeat(50_000) + "x".repeat(50_000);
    const raw = composeTranscriptMail(transcript([message(said)]), OPTIONS, DETAILS);
    expectSafe(raw);
    const { text = "", html = "" } = await parse(raw);
    expect(letters(text)).toContain(said);
    expect(html).toContain(said);
  });

  test("a mail of 4 MiB is not passed: the oldest entries go, the list of files stays, and the mail says so", async () => {
    const events = [upload("first.pdf", 12), ...many(3000, "&<".repeat(400))];
    const raw = composeTranscriptMail(transcript(events), OPTIONS, DETAILS);
    expect(raw.length).toBeLessThanOrEqual(MAX_MAIL);
    expect(raw.length).toBeGreaterThan(MAX_MAIL * 0.97);
    const { text = "", html = "" } = await parse(raw);
    const kept = (text.match(/#\d+#/g) ?? []).length;
    expect(kept).toBeGreaterThan(100);
    const present = [`Oldest entries left out: ${3001 - kept}`, "first.pdf", "#2999#", `#${3000 - kept}#`];
    for (const body of [text, html]) {
      // Booleans, so that a failure does not print megabytes.
      expect(present.map((part) => body.includes(part))).toEqual([true, true, true, true]);
      expect(body.includes(`#${2999 - kept}#`)).toBe(false);
    }
  });

  test("a list of files that would fill the mail alone loses its oldest lines and says so", async () => {
    const events = Array.from({ length: 9000 }, (_, at) => upload(`${"'".repeat(250)} ${at}.pdf`, 12, `f${at}`, at));
    const raw = composeTranscriptMail(transcript(events), OPTIONS, DETAILS);
    expect(raw.length).toBeLessThanOrEqual(MAX_MAIL);
    const { text = "" } = await parse(raw);
    expect(/Oldest files not listed: \d+/.test(text)).toBe(true);
    expect(text.includes(" 8999.pdf")).toBe(true);
  });

  test("an entry larger than a whole mail is left out with everything older", async () => {
    const raw = composeTranscriptMail(transcript([message("x".repeat(4_000_000))]), OPTIONS, DETAILS);
    expect(raw.length).toBeLessThan(10_000);
    expect((await parse(raw)).text).toContain("Oldest entries left out: 1");
  });

  test("10 000 entries take less than a second", () => {
    const events = many(10_000, "Thank you, that was the answer I was looking for");
    const start = performance.now();
    composeTranscriptMail(transcript(events, { endedAt: START + 10_000_000 }), OPTIONS, DETAILS);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
