/** Names as attacks: made safe once, and safe in every place that shows one: headers, transcript, page and mail. */
import { beforeAll, describe, expect, test } from "vitest";
import { TranscriptSchema } from "../../../src/protocol/transcripts.ts";
import type { AnswerOf, ApiClient } from "../../support/node/api-client.ts";
import { type Chat, formWith, openChat, send, textOf } from "../../support/node/chats.ts";
import { awaitMails, type ReceivedMail } from "../../support/node/mails.ts";
import { useServer } from "../../support/node/server.ts";

const server = useServer({
  bindings: {
    SERVICE_MANY: {
      "upload-max-files": 100,
      "transcript-email": "always",
      "transcript-email-from": "support@example.com",
    },
  },
});

/** What people and programs send; each must end as a plain name with its own extension. */
const NAMES = [
  "../../../etc/passwd.txt",
  "..\\..\\windows\\system32\\hosts.txt",
  "/etc/cron.d/x.txt",
  "C:\\fakepath\\invoice.txt",
  "\\\\server\\share\\invoice.txt",
  "a\u2044b\u2215c\uff0fd.txt",
  "a\0b.txt",
  "tab\tand\u001bescape\u0007.txt",
  "a\u0085b\u2028c\u2029d.txt",
  "line\r\nSet-Cookie: a=b\r\n\r\n<script>.txt",
  "line\nBcc: eve@example.com\n.txt",
  "%0d%0aSet-Cookie: a=b.txt",
  "=?utf-8?q?=0D=0ABcc=3A_eve=40example.com?=.txt",
  "\u202etxt.exe\u202c.txt",
  "\u2066a\u2069\u200e\u200f\u061cb.txt",
  "in\u200bvis\u2060ible\ufeff\u00ad.txt",
  'setup.bat";x=.txt',
  '"; filename=evil.html; x=".txt',
  "a';b%22c\\\".txt",
  "<img src=x onerror=alert(1)>.txt",
  "&lt;b&gt; &amp; 'x'.txt",
  "</title></body><script>alert(1)</script>.txt",
  "javascript:alert(1).txt",
  "CON.txt",
  "com1.tar.txt",
  "NUL .txt",
  "aux.html.txt",
  ".htaccess.txt",
  "  ...hidden.txt",
  "trailing. . .txt. . ",
  "=cmd|' /C calc'!A0.txt",
  "-rf.txt",
  "$(reboot)`id`.txt",
  "👩‍👩‍👧‍👦🏳️‍🌈 Urlaub 😀.txt",
  `${"👩‍👩‍👧‍👦".repeat(40)}.txt`,
  `${"ä".repeat(900)}.txt`,
  `a${"\u0301".repeat(900)}.txt`,
  "שלום مرحبا.txt",
  "e\u0301\u0327.txt",
  "setup.exe.txt",
  "page.html.TXT",
];

/** No control, format (but joiners), surrogate or private character; nothing that is a path, a quote or markup somewhere. */
const SAFE =
  /^(?![. -]*\.txt$)(?:[^\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Cf}/\\<>:"|?*]|\u200c|\u200d|[\u{e0020}-\u{e007f}])+\.txt$/iu;
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d) *\./i;

let chat: Chat;
const files: AnswerOf<"uploadFile">[] = [];
const given = new Map<string, string>();

beforeAll(async () => {
  chat = await openChat(server, "many", { email: "ada@example.com" });
  for (const name of NAMES) {
    const file = await send(chat.customer, name, textOf(10));
    files.push(file);
    given.set(file.fileId, name);
  }
});

const read = async (who: ApiClient, accept: string) => {
  const headers = { Authorization: `Bearer ${who.token}`, Accept: accept };
  return (await fetch(who.address("getTranscript"), { headers })).text();
};

test("every name is kept as one that is safe on every system, and is not changed by a second look", async () => {
  const again = await openChat(server, "many");
  for (const { name, fileId } of files) {
    expect([given.get(fileId), name]).toEqual([given.get(fileId), expect.stringMatching(SAFE)]);
    expect(name).not.toMatch(RESERVED);
    expect(name).not.toMatch(/^[. ]|[. ]$/);
    expect(name).toBe(name.normalize("NFC"));
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
    expect((await send(again.customer, name, textOf(10))).name).toBe(name);
  }
});

test("a form's file has the same name as a raw one", async () => {
  const forms = await openChat(server, "many");
  for (const { name, fileId } of files) {
    const sent = given.get(fileId) ?? "";
    // A form writes line ends and quotes in its own way; some of what is left is for raw uploads only.
    if (/[\0\ud800-\udfff]|%22/u.test(sent) || /[\r\n]/.test(sent)) continue;
    const file = await forms.customer.must("uploadFile", { body: formWith(sent, textOf(10)) });
    expect([sent, file.name]).toEqual([sent, name]);
  }
});

describe("the name of a file", () => {
  test("cannot leave its header, whether it is saved or shown, by token or by ticket", async () => {
    for (const { fileId, name } of files) {
      const { url } = await chat.agent.must("createTicket", { params: { fileId }, query: { disposition: "inline" } });
      for (const response of [await fetch(url), await fetch(url, { method: "HEAD" })]) {
        expect(response.status).toBe(200);
        expect(response.headers.get("Set-Cookie")).toBeNull();
        const header = response.headers.get("Content-Disposition") ?? "";
        const value =
          /^attachment; filename=("[ !#$&-.0-9<-[\]-~]*"|[^\s";,]+)(?:; filename\*=UTF-8''([\w!#$&+.^`|~%-]+))?$/;
        expect(header).toMatch(value);
        const [, plain = "", extended] = value.exec(header) ?? [];
        expect(plain.replaceAll('"', "")).toMatch(/^[ -~]+\.txt$/i);
        expect(extended === undefined ? plain.replaceAll('"', "") : decodeURIComponent(extended)).toBe(name);
        expect(response.headers.get("Content-Type")).toBe("text/plain");
      }
    }
  });

  test("is the same in every event and in the transcript as JSON", async () => {
    const { events } = TranscriptSchema.parse(JSON.parse(await read(chat.customer, "application/json")));
    const names = events.flatMap((event) => (event.type === "FileUploaded" ? [event.file.name] : []));
    expect(names).toEqual(files.map(({ name }) => name));
  });

  test("begins no line of its own in the transcript as text", async () => {
    const text = await read(chat.customer, "text/plain");
    expect(text).not.toMatch(/[\u202a-\u202e\u2066\u2067]|[\0-\u0008\u000b-\u001f]/);
    for (const start of ["Set-Cookie", "Bcc", "<script", "--- "]) {
      for (const line of text.split("\n")) if (line.startsWith(start)) expect(line).toMatch(/^--- .* ---$/);
    }
  });

  test("is text and nothing else in the transcript as a page", async () => {
    const html = await read(chat.agent, "text/html");
    const tags = new Set([...html.matchAll(/<\/?([a-z0-9]+)/gi)].map(([, tag]) => tag?.toLowerCase()));
    for (const tag of ["script", "img", "iframe", "a", "svg", "style", "link", "object"]) {
      expect([tag, tags.has(tag)]).toEqual([tag, false]);
    }
    expect(html).not.toMatch(/ on\w+="|javascript:alert\(1\)"/);
    expect(html).toContain("&amp;lt;b&amp;gt; &amp;amp; &#39;x&#39;.txt");
  });
});

describe("in the mail", () => {
  let received: ReceivedMail;
  beforeAll(async () => {
    await chat.customer.must("endSession");
    const [first] = await awaitMails(server().mailDir, chat.sessionId, 1);
    if (first === undefined) throw new Error("no mail");
    received = first;
  });

  test("a name adds no header, no recipient and no attachment", () => {
    const { raw, mail } = received;
    const [head = ""] = raw.split("\r\n\r\n");
    expect(head).not.toMatch(/^(set-cookie|bcc|cc):/im);
    expect(mail.to?.map(({ address }) => address)).toEqual(["ada@example.com"]);
    expect([mail.cc, mail.bcc, mail.attachments]).toEqual([undefined, undefined, []]);
    expect(raw).toMatch(/^[\t\r\n -~]*$/);
    expect(Math.max(...raw.split("\r\n").map((line) => line.length))).toBeLessThanOrEqual(998);
    expect(raw.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
  });

  test("the parts hold what the transcript holds", () => {
    const { html = "", text = "" } = received.mail;
    expect(html).not.toMatch(/<(script|img|a)\b/i);
    expect(text).not.toMatch(/[\u202a-\u202e\u2066\u2067]/);
    for (const part of [text, html]) expect(part).toContain("invoice.txt");
  });
});
