/** One contract for every mail transport, kept by each of them inside workerd against something real that takes mail. */
import PostalMime from "postal-mime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type MailServer, startMailServer } from "../support/node/mail-server.ts";
import { type MailerRuntime, startMailerRuntime } from "../support/node/mailer-runtime.ts";

let runtime: MailerRuntime;
let server: MailServer;

beforeAll(async () => {
  runtime = await startMailerRuntime();
  server = await startMailServer({ disabledCommands: ["STARTTLS", "AUTH"] });
});

afterAll(async () => {
  await runtime.close();
  await server.close();
});

/** A composed message like the ones that the transcript mail makes. */
function compose(body: string, headers = ""): string {
  return (
    "From: =?utf-8?B?S3VuZGVuZGllbnN0?= <chat@example.com>\r\nTo: customer@example.com\r\n" +
    "Subject: =?utf-8?B?SWhyIENoYXQg8J+YgA==?=\r\nMessage-ID: <1@example.com>\r\nMIME-Version: 1.0\r\n" +
    `${headers}Content-Type: text/plain; charset=utf-8\r\n\r\n${body}`
  );
}

/** The local binding gives every mail a Message-ID of its own, as the platform does: that line alone may differ. */
function withoutMessageId(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString("latin1")
    .replace(/^Message-ID: .*\r\n/im, "");
}

interface Transport {
  name: string;
  target(): { url?: string };
  arrived(): Promise<Uint8Array>;
}

const transports: Transport[] = [
  {
    name: "SMTP",
    target: () => ({ url: `smtp://127.0.0.1:${server.port}?tls=off` }),
    arrived: async () => (await server.next()).bytes,
  },
  { name: "the send_email binding", target: () => ({}), arrived: () => runtime.nextBindingMail() },
];

describe.each(transports)("$name", ({ target, arrived }) => {
  test.each([
    ["a plain message", compose("Hello\r\n")],
    ["lines that start with dots", compose(".\r\n..\r\n.dot\r\n...\r\n\r\n.\r\n")],
    ["a message that is nothing but a dot", compose(".\r\n")],
    ["8-bit text", compose("Grüße 😀 中文\r\n", "Content-Transfer-Encoding: 8bit\r\n")],
    ["lines of the greatest length", compose(`${"x".repeat(998)}\r\n.${"y".repeat(997)}\r\n`)],
    ["what looks like the end of the data", compose("a\r\n.\r\n\r\nMAIL FROM:<x@example.com>\r\nQUIT\r\n")],
    ["one mebibyte", compose(`${".abcdefghijklmnopqrstuvwxyz0123456789".repeat(2)}\r\n`.repeat(13_798))],
  ])("delivers %s byte for byte", async (_name, raw) => {
    expect(await runtime.send({ ...target(), raw })).toMatchObject({ ok: true });
    const bytes = await arrived();
    expect(withoutMessageId(bytes)).toBe(withoutMessageId(Buffer.from(raw)));
  });

  test("delivers a message that another parser reads as it was written", async () => {
    await runtime.send({ ...target(), raw: compose("Grüße\r\n.Ende\r\n", "Content-Transfer-Encoding: 8bit\r\n") });
    const mail = await PostalMime.parse(await arrived());
    expect(mail).toMatchObject({ subject: "Ihr Chat 😀", from: { name: "Kundendienst", address: "chat@example.com" } });
    expect(mail.text?.trim()).toBe("Grüße\n.Ende");
  });

  test("delivers a last line without CRLF with no byte lost", async () => {
    const raw = compose("the end");
    await runtime.send({ ...target(), raw });
    expect(withoutMessageId(await arrived()).replace(/\r\n$/, "")).toBe(withoutMessageId(Buffer.from(raw)));
  });

  test.each([
    "a@example.com\r\nRCPT TO:<b@example.com>",
    "a@example.com>\nDATA",
    "a@example.com> SIZE=1",
    "Customer <a@example.com>",
    "a@example.com,b@example.com",
    "a b@example.com",
    '"a b"@example.com',
    "a@[127.0.0.1]",
    "a@localhost",
    "a@example.com\u0000",
    "a\u202e@example.com",
    "@example.com",
    "a@",
    "",
    `${"a".repeat(65)}@example.com`,
  ])("refuses the address %j for good, as sender and as recipient", async (address) => {
    const raw = compose("Hello\r\n");
    const asRecipient = await runtime.send({ ...target(), raw, to: address });
    const asSender = await runtime.send({ ...target(), raw, from: address });
    expect(asRecipient).toMatchObject({ ok: false, permanent: true, reason: "recipient-invalid" });
    expect(asSender).toMatchObject({ ok: false, permanent: true, reason: "sender-invalid" });
    if (address !== "") expect(JSON.stringify([asRecipient, asSender])).not.toContain(address);
  });

  test.each([
    ["nothing", ""],
    ["a bare LF", compose("a\n.\nb\r\n")],
    ["a bare CR", compose("a\r.\rb\r\n")],
    ["a NUL", compose("a\u0000b\r\n")],
    ["a line beyond the greatest length", compose(`${"x".repeat(999)}\r\n`)],
    ["a last line beyond the greatest length", compose("x".repeat(999))],
  ])("refuses a message with %s for good", async (_name, raw) => {
    const result = await runtime.send({ ...target(), raw });
    expect(result).toMatchObject({ ok: false, permanent: true, reason: "message-invalid" });
  });

  test("answers 'later' when the caller has given up", async () => {
    const result = await runtime.send({ ...target(), raw: compose("Hello\r\n"), abortAfter: 0 });
    expect(result).toMatchObject({ ok: false, permanent: false, reason: "aborted" });
  });
});
