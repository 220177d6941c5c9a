/** The SMTP transport against servers that refuse, hang, drop and lie. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import {
  type Dialog,
  type MailServer,
  refuse,
  startMailServer,
  startScriptedServer,
} from "../support/node/mail-server.ts";
import { type MailerRuntime, startMailerRuntime } from "../support/node/mailer-runtime.ts";

const RAW = "From: chat@example.com\r\nTo: customer@example.com\r\nSubject: x\r\n\r\nHello\r\n";

let runtime: MailerRuntime;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  runtime = await startMailerRuntime();
});

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

afterAll(() => runtime.close());

async function plainServer(options: Parameters<typeof startMailServer>[0] = {}): Promise<MailServer> {
  const server = await startMailServer({ disabledCommands: ["STARTTLS"], ...options });
  open.push(server);
  return server;
}

async function scripted(script: (dialog: Dialog) => Promise<void> | void) {
  const server = await startScriptedServer(script);
  open.push(server);
  return server;
}

const plain = (port: number) => `smtp://127.0.0.1:${port}?tls=off`;

/** Talks properly until the client has said the line that matches, then leaves the dialog to the test. */
async function politeUntil({ say, hear }: Dialog, last: "EHLO" | "MAIL" | "RCPT" | "DATA"): Promise<void> {
  say("220 mail.test ESMTP\r\n");
  await hear(/^EHLO /);
  if (last === "EHLO") return;
  say("250-mail.test\r\n250-SIZE 100000000\r\n250 8BITMIME\r\n");
  await hear(/^MAIL FROM:/);
  if (last === "MAIL") return;
  say("250 2.1.0 OK\r\n");
  await hear(/^RCPT TO:/);
  if (last === "RCPT") return;
  say("250 2.1.5 OK\r\n");
  await hear(/^DATA$/);
}

test("gives the envelope, the size and the sender's domain as its own name", async () => {
  const server = await plainServer({ size: 1000 });
  await runtime.send({ url: plain(server.port), raw: RAW, from: "chat@mail.example.com", to: "a+b'c@example.com" });
  expect(await server.next()).toMatchObject({
    from: "chat@mail.example.com",
    to: ["a+b'c@example.com"],
    hostName: "mail.example.com",
    parameters: { SIZE: String(RAW.length) },
    secure: false,
    user: undefined,
  });
});

test("hands on the server's word for the message without addresses", async () => {
  const server = await scripted(async (dialog) => {
    await politeUntil(dialog, "DATA");
    dialog.say("354 go on\r\n");
    await dialog.hear(/^\.$/);
    dialog.say("250 2.0.0 Ok: queued as 4F2A for customer@example.com\r\n");
  });
  const result = await runtime.send({ url: plain(server.port), raw: RAW });
  expect(result).toEqual({ ok: true, reply: "250 2.0.0 Ok: queued as 4F2A for …" });
});

test("says goodbye and closes the connection", async () => {
  const server = await scripted(async (dialog) => {
    await politeUntil(dialog, "DATA");
    dialog.say("354 go on\r\n");
    await dialog.hear(/^\.$/);
    dialog.say("250 OK\r\n");
  });
  await runtime.send({ url: plain(server.port), raw: RAW });
  await server.closed;
  expect(server.heard.at(-1)).toBe("QUIT");
});

const STEPS = [
  { step: "MAIL FROM", hook: "onMailFrom", reason: "sender-refused" },
  { step: "RCPT TO", hook: "onRcptTo", reason: "recipient-refused" },
  { step: "DATA", hook: "onData", reason: "message-refused" },
] as const;

function refuseAt(hook: (typeof STEPS)[number]["hook"], error: Error) {
  if (hook !== "onData")
    return { [hook]: (_address: unknown, _session: unknown, done: (e: Error) => void) => done(error) };
  return {
    onData(stream: NodeJS.ReadableStream, _session: unknown, done: (e: Error) => void) {
      stream.resume();
      stream.on("end", () => done(error));
    },
  };
}

test.each(STEPS)(
  "gives up for good on a 5xx to $step, whether commands are pipelined or not",
  async ({ step, hook, reason }) => {
    for (const hidePIPELINING of [false, true]) {
      const refusal = refuseAt(hook, refuse(550, "5.1.1 <customer@example.com> is unknown here"));
      const server = await plainServer({ ...refusal, hidePIPELINING });
      const result = await runtime.send({ url: plain(server.port), raw: RAW });
      expect(result).toEqual({ ok: false, permanent: true, reason, detail: `${step}: 550 5.1.1` });
    }
  },
);

test.each(STEPS)("asks for a later try on a 4xx to $step", async ({ step, hook, reason }) => {
  const server = await plainServer(refuseAt(hook, refuse(451, "4.7.1 greylisted, customer@example.com")));
  const result = await runtime.send({ url: plain(server.port), raw: RAW });
  expect(result).toEqual({ ok: false, permanent: false, reason, detail: `${step}: 451 4.7.1` });
});

test.each([
  ["552 too much\r\n", { permanent: true, reason: "message-too-large", detail: "DATA: 552" }],
  [
    "451-4.3.0 several\r\n451 4.3.0 lines\r\n",
    { permanent: false, reason: "message-refused", detail: "DATA: 451 4.3.0" },
  ],
  ["421 4.3.2 going down\r\n", { permanent: false, reason: "message-refused", detail: "DATA: 421 4.3.2" }],
  ["554 5.7.1 no\r\n", { permanent: true, reason: "message-refused", detail: "DATA: 554 5.7.1" }],
])("understands %j to the DATA command", async (reply, expected) => {
  const server = await scripted(async (dialog) => {
    await politeUntil(dialog, "DATA");
    dialog.say(reply);
  });
  expect(await runtime.send({ url: plain(server.port), raw: RAW })).toEqual({ ok: false, ...expected });
  await server.closed;
});

test("gives up for good on a message above the size that the server announces, without sending it", async () => {
  const server = await plainServer({ size: 50 });
  const result = await runtime.send({ url: plain(server.port), raw: RAW });
  expect(result).toMatchObject({ ok: false, permanent: true, reason: "message-too-large" });
  expect(server.all).toEqual([]);
});

test.each([
  ["530 5.7.0 authentication required", { permanent: false, reason: "login-refused", detail: "MAIL FROM: 530 5.7.0" }],
  ["503 bad sequence", { permanent: true, reason: "sender-refused", detail: "MAIL FROM: 503" }],
])("understands %j to MAIL", async (reply, expected) => {
  const server = await scripted(async (dialog) => {
    await politeUntil(dialog, "MAIL");
    dialog.say(`${reply}\r\n`);
  });
  expect(await runtime.send({ url: plain(server.port), raw: RAW })).toEqual({ ok: false, ...expected });
});

test("delivers to a local part beyond ASCII where the server offers SMTPUTF8", async () => {
  const server = await plainServer();
  expect(await runtime.send({ url: plain(server.port), raw: RAW, to: "jürgen@example.com" })).toMatchObject({
    ok: true,
  });
  expect(await server.next()).toMatchObject({ to: ["jürgen@example.com"], parameters: { SMTPUTF8: true } });
});

test("gives up for good on a local part beyond ASCII where the server does not offer SMTPUTF8", async () => {
  const server = await plainServer({ hideSMTPUTF8: true });
  const result = await runtime.send({ url: plain(server.port), raw: RAW, to: "jürgen@example.com" });
  expect(result).toMatchObject({ ok: false, permanent: true, reason: "address-not-ascii" });
  expect(server.all).toEqual([]);
});

test("writes a domain beyond ASCII in its ASCII form, which needs no extension", async () => {
  const server = await scripted(async (dialog) => {
    await politeUntil(dialog, "RCPT");
    dialog.say("550 enough\r\n");
  });
  await runtime.send({ url: plain(server.port), raw: RAW, to: "info@bücher.example" });
  expect(server.heard.at(-1)).toBe("RCPT TO:<info@xn--bcher-kva.example>");
});

test.each([
  ["before its greeting", () => {}],
  ["after EHLO", (dialog: Dialog) => politeUntil(dialog, "EHLO")],
  ["after RCPT", (dialog: Dialog) => politeUntil(dialog, "RCPT")],
  [
    "after the message",
    async (dialog: Dialog) => {
      await politeUntil(dialog, "DATA");
      dialog.say("354 go on\r\n");
    },
  ],
  [
    "inside a reply that it keeps adding lines to",
    async (dialog: Dialog) => {
      await politeUntil(dialog, "EHLO");
      const timer = setInterval(() => dialog.say("250-more\r\n"), 20);
      dialog.socket.on("close", () => clearInterval(timer));
    },
  ],
])("answers 'later' at its deadline and closes when the server hangs %s", async (_name, script) => {
  const server = await scripted(script);
  const result = await runtime.send({ url: plain(server.port), raw: RAW, deadline: 400 });
  expect(result).toEqual({ ok: false, permanent: false, reason: "timed-out", detail: "no answer within 400 ms" });
  await server.closed;
});

test("answers 'later' at its deadline when the server stops reading in mid-message", async () => {
  const server = await scripted(async (dialog) => {
    await politeUntil(dialog, "DATA");
    dialog.socket.pause();
    dialog.say("354 go on\r\n");
  });
  const raw = `${RAW}${"0123456789\r\n".repeat(2_000_000)}`;
  const result = await runtime.send({ url: plain(server.port), raw, deadline: 2000 });
  expect(result).toMatchObject({ ok: false, permanent: false, reason: "timed-out" });
});

test("closes the connection when the caller gives up", async () => {
  const server = await scripted((dialog) => politeUntil(dialog, "EHLO"));
  const result = await runtime.send({ url: plain(server.port), raw: RAW, abortAfter: 300 });
  expect(result).toMatchObject({ ok: false, permanent: false, reason: "aborted" });
  await server.closed;
});

test.each([
  ["before its greeting", ({ socket }: Dialog) => void socket.end()],
  [
    "after EHLO",
    async (dialog: Dialog) => {
      await politeUntil(dialog, "EHLO");
      dialog.socket.end();
    },
  ],
  [
    "in mid-message",
    async (dialog: Dialog) => {
      await politeUntil(dialog, "DATA");
      dialog.say("354 go on\r\n");
      await dialog.hear(/^Subject:/);
      dialog.socket.resetAndDestroy();
    },
  ],
  [
    "after the message, without an answer",
    async (dialog: Dialog) => {
      await politeUntil(dialog, "DATA");
      dialog.say("354 go on\r\n");
      await dialog.hear(/^\.$/);
      dialog.socket.end();
    },
  ],
])("answers 'later' when the server drops the connection %s", async (_name, script) => {
  const server = await scripted(script);
  const raw = `${RAW}${"0123456789\r\n".repeat(50_000)}`;
  const result = await runtime.send({ url: plain(server.port), raw });
  expect(result).toMatchObject({ ok: false, permanent: false, reason: "connection-failed" });
});

test.each([
  ["garbage", "\u0000\u0001HTTP/1.1 400 Bad Request\r\n\r\n", "protocol-error"],
  ["a greeting that turns everybody away", "554 5.7.1 not you, customer@example.com\r\n", "connection-failed"],
  ["a line without end", "220 ".padEnd(100_000, "x"), "protocol-error"],
  ["a reply without end", "220-x\r\n".repeat(20_000), "protocol-error"],
])("answers 'later' to %s", async (_name, greeting, reason) => {
  const server = await scripted(({ say }) => say(greeting));
  const result = await runtime.send({ url: plain(server.port), raw: RAW });
  expect(result).toMatchObject({ ok: false, permanent: false, reason });
  expect(JSON.stringify(result)).not.toContain("example.com");
  await server.closed;
});

test("answers 'later' when nobody listens", async () => {
  const server = await startScriptedServer(() => {});
  await server.close();
  const result = await runtime.send({ url: plain(server.port), raw: RAW });
  expect(result).toEqual({ ok: false, permanent: false, reason: "connection-failed", detail: "connect: ESOCKET" });
});
