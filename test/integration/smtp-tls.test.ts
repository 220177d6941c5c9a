/** TLS and AUTH of the SMTP transport, with real certificate checks: the test CA is trusted, nothing is switched off. */
import { TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import {
  GOOD_LOGIN,
  type MailServer,
  readKeyPair,
  refuse,
  startMailServer,
  startScriptedServer,
  type TestCertificate,
} from "../support/node/mail-server.ts";
import { type MailerRuntime, startMailerRuntime } from "../support/node/mailer-runtime.ts";

const RAW = "From: chat@example.com\r\nTo: customer@example.com\r\nSubject: x\r\n\r\n.Hello\r\n";
const LOGIN = `${encodeURIComponent(GOOD_LOGIN.user)}:${encodeURIComponent(GOOD_LOGIN.password)}`;

let runtime: MailerRuntime;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  runtime = await startMailerRuntime();
});

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

afterAll(() => runtime.close());

async function start(options: Parameters<typeof startMailServer>[0] = {}, cert?: TestCertificate): Promise<MailServer> {
  const server = await startMailServer(options, cert);
  open.push(server);
  return server;
}

const WAYS = [
  { way: "TLS from the start", scheme: "smtps", options: { secure: true } },
  { way: "STARTTLS", scheme: "smtp", options: {} },
];

test.each(WAYS)("delivers byte for byte through $way", async ({ scheme, options }) => {
  const server = await start(options);
  const raw = `${RAW}${".0123456789\r\n".repeat(80_000)}`;
  expect(await runtime.send({ url: `${scheme}://localhost:${server.port}`, raw })).toMatchObject({ ok: true });
  const mail = await server.next();
  expect(mail.secure).toBe(true);
  expect(mail.bytes.equals(Buffer.from(raw))).toBe(true);
});

const METHODS = ["PLAIN", "LOGIN"];

test.each(WAYS.flatMap((way) => METHODS.map((method) => ({ ...way, method }))))(
  "logs in with AUTH $method through $way",
  async ({ scheme, options, method }) => {
    const server = await start({ ...options, authMethods: [method] });
    const result = await runtime.send({ url: `${scheme}://${LOGIN}@localhost:${server.port}`, raw: RAW });
    expect(result).toMatchObject({ ok: true });
    expect(await server.next()).toMatchObject({ secure: true, user: GOOD_LOGIN.user });
  },
);

test("logs in without TLS on loopback when TLS is off", async () => {
  const server = await start({ disabledCommands: ["STARTTLS"], allowInsecureAuth: true });
  const result = await runtime.send({ url: `smtp://${LOGIN}@127.0.0.1:${server.port}?tls=off`, raw: RAW });
  expect(result).toMatchObject({ ok: true });
  expect(await server.next()).toMatchObject({ secure: false, user: GOOD_LOGIN.user });
});

test.each(METHODS)("answers 'later' to a refused AUTH %s, sends nothing and repeats no credential", async (method) => {
  const server = await start({ authMethods: [method] });
  const result = await runtime.send({ url: `smtp://someone:wrong@localhost:${server.port}`, raw: RAW });
  const detail = `AUTH ${method}: 535 5.7.8`;
  expect(result).toEqual({ ok: false, permanent: false, reason: "login-refused", detail });
  expect(server.all).toEqual([]);
});

test("answers 'later' when the server cannot check the login just now", async () => {
  const server = await start({ onAuth: (_auth, _session, done) => done(refuse(454, "4.7.0 try again")) });
  const result = await runtime.send({ url: `smtp://${LOGIN}@localhost:${server.port}`, raw: RAW });
  expect(result).toMatchObject({
    ok: false,
    permanent: false,
    reason: "login-refused",
    detail: "AUTH PLAIN: 454 4.7.0",
  });
});

test.each(
  WAYS.flatMap((way) => [
    { ...way, certificate: "other" as const, fault: "for another host" },
    { ...way, certificate: "stranger" as const, fault: "that nobody vouches for" },
  ]),
)("refuses a certificate $fault through $way", async ({ scheme, options, certificate }) => {
  const server = await start(options, certificate);
  const result = await runtime.send({ url: `${scheme}://${LOGIN}@localhost:${server.port}`, raw: RAW });
  const reason = scheme === "smtp" ? "tls-failed" : "connection-failed";
  expect(result).toMatchObject({ ok: false, permanent: false, reason });
  expect(server.all).toEqual([]);
});

test.each([
  ["does not offer STARTTLS", "250 mail.test\r\n", "502 5.5.1 what?\r\n"],
  ["refuses STARTTLS", "250-mail.test\r\n250 STARTTLS\r\n", "454 4.7.0 not now\r\n"],
])("sends neither login nor message in plain text when the server %s", async (_name, ehlo, answer) => {
  const server = await startScriptedServer(async ({ say, hear }) => {
    say("220 mail.test ESMTP\r\n");
    await hear(/^EHLO /);
    say(ehlo);
    await hear(/^STARTTLS$/);
    say(answer);
  });
  open.push(server);
  const result = await runtime.send({ url: `smtp://${LOGIN}@localhost:${server.port}`, raw: RAW });
  expect(result).toMatchObject({ ok: false, permanent: false, reason: "tls-failed" });
  await server.closed;
  expect(server.heard.filter((line) => !/^(EHLO \S+|STARTTLS|QUIT)$/.test(line))).toEqual([]);
});

test("does not fall back to HELO without TLS when the server does not know EHLO", async () => {
  const server = await startScriptedServer(async ({ say, hear }) => {
    say("220 mail.test\r\n");
    await hear(/^EHLO /);
    say("502 what?\r\n");
    await hear(/^HELO /);
    say("250 welcome\r\n");
  });
  open.push(server);
  const result = await runtime.send({ url: `smtp://${LOGIN}@localhost:${server.port}`, raw: RAW, deadline: 2000 });
  expect(result).toMatchObject({ ok: false, permanent: false });
  await server.closed;
  expect(server.heard.join("\n")).not.toMatch(/AUTH|MAIL/);
});

test("ends the connection when plain text follows the reply to STARTTLS", async () => {
  const secured: string[] = [];
  const server = await startScriptedServer(async ({ socket, say, hear }) => {
    say("220 mail.test ESMTP\r\n");
    await hear(/^EHLO /);
    say("250-mail.test\r\n250 STARTTLS\r\n");
    await hear(/^STARTTLS$/);
    say("220 go on\r\n250-injected\r\n250-AUTH PLAIN\r\n250 SMTPUTF8\r\n");
    const secure = new TLSSocket(socket, { isServer: true, ...readKeyPair("localhost") });
    secure.on("error", () => {});
    secure.on("data", (chunk) => secured.push(chunk.toString()));
  });
  open.push(server);
  const result = await runtime.send({ url: `smtp://${LOGIN}@localhost:${server.port}`, raw: RAW, deadline: 3000 });
  expect(result).toMatchObject({ ok: false, permanent: false, reason: "tls-failed" });
  await server.closed;
  expect(secured.join("")).not.toMatch(/AUTH|MAIL/);
});

test.each(["smtps", "smtp"])("answers 'later' at its deadline when the TLS handshake of %s hangs", async (scheme) => {
  const server = await startScriptedServer(async ({ say, hear }) => {
    if (scheme === "smtps") return;
    say("220 mail.test ESMTP\r\n");
    await hear(/^EHLO /);
    say("250-mail.test\r\n250 STARTTLS\r\n");
    await hear(/^STARTTLS$/);
    say("220 go on\r\n");
  });
  open.push(server);
  const result = await runtime.send({ url: `${scheme}://localhost:${server.port}`, raw: RAW, deadline: 500 });
  expect(result).toMatchObject({ ok: false, permanent: false, reason: "timed-out" });
  await server.closed;
});
