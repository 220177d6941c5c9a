/** What must stay in the session stays there: nothing private in the worker's log, no innards in its answers. */
import { open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Problem, ProblemSchema } from "../../../src/protocol/problem.ts";
import type { Outcome } from "../../support/node/api-client.ts";
import { agentToken, type Chat, formWith, openChat, textOf } from "../../support/node/chats.ts";
import { agentClaims, signClaims, wokenObjects } from "../../support/node/forgery.ts";
import { startScriptedServer } from "../../support/node/mail-server.ts";
import { startTestServer, type TestServer } from "../../support/node/server.ts";
import { SlowUpload } from "../../support/node/slow-upload.ts";
import { openLive, upgradeRefusal } from "../../support/node/socket-client.ts";

/** Each is found in no word of ours, so that one place where it turns up is one too many. */
const PRIVATE = {
  nickname: "Zyxwena",
  agent: "Qwfparst",
  email: "zyxwena.private@recipient.example",
  subject: "Vlkjhgf-subject",
  text: "Mnbvcxz-text",
  note: "Plokmijn-note",
  preview: "Uhbygvt-preview",
  data: "Rfcedxw-data",
  key: "Edcrfvtgb-key",
  url: "https://ytrewq.example/lkjhg",
  file: "Poiuytr-file",
  content: "Asdfghj-content",
  query: "Gfdsapo-query",
  password: "Wsxedc-password",
};

let mail: Awaited<ReturnType<typeof startScriptedServer>>;
let server: TestServer;
let chat: Chat;
let fileId: string;
const tokens: string[] = [];
const problems: Problem[] = [];
const answers: string[] = [];

/** Keeps what was refused; `status` is what it must have been. */
async function refusal(status: number, asked: Promise<Outcome<unknown>>): Promise<void> {
  const outcome = await asked;
  if (outcome.ok) throw new Error(`was not refused: ${outcome.status}`);
  expect([outcome.status, outcome.problem]).toEqual([status, expect.anything()]);
  problems.push(outcome.problem);
  answers.push([...outcome.headers].map(([name, value]) => `${name}: ${value}`).join("\n"));
}

/** The same for what is our own fault: the log, which comes by another way than the answer, must tell of it. */
async function fault(status: number, asked: Promise<Outcome<unknown>>): Promise<void> {
  await refusal(status, asked);
  const { requestId = "no id" } = problems.at(-1) ?? {};
  await vi.waitFor(() => expect(server.log.join("\n")).toContain(requestId), { timeout: 5000 });
}

/** A chat with all of it inside, and everything that goes well. */
async function succeed(): Promise<void> {
  const place = () => server;
  chat = await openChat(place, "private", {
    nickname: PRIVATE.nickname,
    email: PRIVATE.email,
    subject: PRIVATE.subject,
    userData: { [PRIVATE.key]: PRIVATE.data },
  });
  const agent = chat.customer.withToken(await agentToken(place, undefined, PRIVATE.agent));
  await agent.must("joinSession");
  tokens.push(chat.customer.token ?? "", agent.token ?? "");
  const socket = await openLive(chat.customer);
  socket.send({ type: "message", text: PRIVATE.text, clientId: "client-1" });
  await socket.next("events");
  await socket.next("ack");
  await socket.close();
  await agent.must("sendMessage", { json: { text: PRIVATE.note, visibility: "agents" } });
  await agent.must("pushUrl", { json: { url: PRIVATE.url } });
  await chat.customer.must("setTyping", { json: { typing: true, preview: PRIVATE.preview } });
  const name = `${PRIVATE.file}.txt`;
  const body = Uint8Array.from(Buffer.from(PRIVATE.content.repeat(100)));
  ({ fileId } = await chat.customer.must("uploadFile", { query: { name }, body }));
  await chat.customer.must("uploadFile", { body: formWith(name, body) });
  await agent.must("downloadFile", { params: { fileId } });
  const { url } = await agent.must("createTicket", { params: { fileId } });
  tokens.push(new URL(url).searchParams.get("ticket") ?? "");
  expect((await fetch(url)).status).toBe(200);
}

/** Everything that can be refused, with the private things where they do not belong. */
async function fail(): Promise<void> {
  const { customer } = chat;
  const stranger = (token: string) => customer.withToken(token);
  const forged = await signClaims(Buffer.alloc(32, 1), agentClaims([], PRIVATE.agent));
  tokens.push(forged);
  await refusal(401, stranger(forged).ask("getSession"));
  await refusal(401, stranger(`${tokens[0]}x`).ask("getSession"));
  await refusal(404, customer.inSession(`${PRIVATE.query}${"x".repeat(27)}`).ask("getSession"));
  await refusal(404, customer.ask("downloadFile", { params: { fileId: PRIVATE.query } }));
  await refusal(400, customer.ask("downloadFile", { params: { fileId }, query: { disposition: PRIVATE.query } }));
  await refusal(416, customer.ask("downloadFile", { params: { fileId }, headers: { Range: "bytes=99999-" } }));
  await refusal(400, customer.ask("getEvents", { query: { after: PRIVATE.query } }));
  await refusal(400, customer.ask("sendMessage", { json: { text: 1, [PRIVATE.key]: PRIVATE.data } }));
  await refusal(400, customer.ask("sendMessage", { json: { text: `${PRIVATE.text}\0` } }));
  await refusal(422, customer.ask("sendMessage", { json: { text: PRIVATE.text.repeat(1000) } }));
  await refusal(413, customer.ask("sendMessage", { json: { text: PRIVATE.text.repeat(10_000) } }));
  await refusal(400, customer.ask("updateNickname", { json: { nickname: `${PRIVATE.nickname}\nx` } }));
  await refusal(400, customer.ask("updateUserData", { json: { userData: { [`${PRIVATE.key}\nx`]: PRIVATE.data } } }));
  await refusal(400, customer.ask("requestTranscriptEmail", { json: { to: `${PRIVATE.email}, x` } }));
  await refusal(400, customer.ask("pushUrl", { json: { url: `javascript:${PRIVATE.query}` } }));
  await refusal(400, customer.ask("uploadFile", { query: { name: PRIVATE.file }, body: PRIVATE.content }));
  await refusal(415, customer.ask("uploadFile", { query: { name: `${PRIVATE.file}.pdf` }, body: PRIVATE.content }));
  await refusal(400, customer.ask("uploadFile", { body: formWith(PRIVATE.file, textOf(10)) }));
  const headers = { "Content-Type": `multipart/form-data; boundary=${PRIVATE.query}` };
  await refusal(400, customer.ask("uploadFile", { body: `--${PRIVATE.query}\r\n${PRIVATE.content}`, headers }));
  const leaving = new SlowUpload(customer, `${PRIVATE.file}.txt`, 1000);
  await leaving.write(Buffer.from(PRIVATE.content));
  leaving.leave();
  problems.push((await upgradeRefusal(customer.withToken(forged))) ?? expect.fail("a forged token opened a socket"));
  const socket = await openLive(customer);
  socket.sendText(PRIVATE.text);
  await socket.closed;
}

/** Faults: a file whose bytes are gone, and a session whose database is no longer one. */
async function breakThings(): Promise<void> {
  const objects = join(server.storage, "data/do/satchel-ChatSession");
  const [object] = await wokenObjects(server.storage);
  await server.stop();
  const bytes = join(server.storage, "data/r2");
  for (const name of await readdir(bytes, { recursive: true })) {
    if (/blobs\/[^/]+$/.test(name)) await rm(join(bytes, name), { force: true });
  }
  await server.restart();
  await fault(503, chat.customer.ask("downloadFile", { params: { fileId } }));
  await server.stop();
  for (const end of ["-wal", "-shm"]) await rm(join(objects, `${object}${end}`), { force: true });
  const file = await open(join(objects, object ?? ""), "r+");
  await file.write(Buffer.alloc(8192, PRIVATE.text), 0, 8192, 0);
  await file.close();
  await server.restart();
  await fault(500, chat.customer.ask("sendMessage", { json: { text: PRIVATE.text } }));
  await fault(500, chat.customer.ask("getEvents", { query: { wait: "1" } }));
}

beforeAll(async () => {
  mail = await startScriptedServer(async ({ say, hear }) => {
    say("220 ready\r\n");
    await hear(/^EHLO/);
    say("250 AUTH PLAIN\r\n");
    await hear(/^AUTH/);
    say(`535 5.7.8 wrong: ${PRIVATE.password}, ${PRIVATE.email}\r\n`);
  });
  server = await startTestServer({
    bindings: {
      MAIL_TRANSPORT: "smtp",
      SMTP_URL: `smtp://user:${PRIVATE.password}@127.0.0.1:${mail.port}`,
      SERVICE_PRIVATE: { "transcript-email": "always", "transcript-email-from": "support@example.com" },
    },
  });
  await succeed();
  await fail();
  await chat.customer.must("endSession");
  // The mail is refused, with words of the mail server's own.
  await mail.closed;
  await breakThings();
});
afterAll(async () => {
  await server.stop();
  await mail.close();
  await rm(server.storage, { recursive: true, force: true });
});

describe("after successes, refusals and faults of all kinds", () => {
  test("the log tells of the faults, and each line of the worker's own is known in full", () => {
    const own = server.log.flatMap((line) => /^error: (\{.*\})$/.exec(line)?.[1] ?? []).map((json) => JSON.parse(json));
    expect(own.length).toBeGreaterThan(0);
    for (const line of own) {
      const { event, error, failure, effect, requestId: _request, sessionId: _session, ...more } = line;
      expect(more).toEqual({});
      expect(event).toMatch(/^[a-z-]+$/);
      expect(error ?? failure).toMatch(/^[\w-]+$/);
      expect(effect ?? "none").toMatch(/^[A-Za-z]+$/);
    }
    const faults = problems.filter(({ status }) => status >= 500).map(({ requestId }) => requestId);
    expect(faults).toHaveLength(3);
    expect(own.map(({ requestId }) => requestId)).toEqual(expect.arrayContaining(faults));
  });

  test.each(Object.entries(PRIVATE))("the log holds no %s", (_what, word) => {
    expect(server.log.filter((line) => line.toLowerCase().includes(word.toLowerCase()))).toEqual([]);
  });

  test("the log holds no token, no secret, and no part of one", () => {
    const parts = [...tokens, ...Object.values(server.secrets)].flatMap((one) => one.split(/[.:]/)).filter(isTelling);
    expect(parts.length).toBeGreaterThan(8);
    for (const part of parts) expect(server.log.filter((line) => line.includes(part))).toEqual([]);
  });

  test("no answer shows a stack, a path, a statement, a version, or what was sent", () => {
    expect(problems.length).toBeGreaterThan(20);
    for (const problem of problems) {
      expect(ProblemSchema.strict().parse(problem)).toEqual(problem);
      const text = JSON.stringify(problem);
      expect(text).not.toMatch(
        /\bat \w+ \(|\.[jt]s\b|\/work|node_modules|sqlite|SELECT|INSERT|[A-Z]\w+Error|workerd|zod/i,
      );
      for (const word of Object.values(PRIVATE)) expect(text.toLowerCase()).not.toContain(word.toLowerCase());
      for (const token of tokens) expect(text).not.toContain(token);
    }
    for (const headers of answers) expect(headers).not.toMatch(/^(server|x-powered-by|via|set-cookie):/im);
  });

  test("a fault is answered with one fixed text", () => {
    const faults = problems.filter(({ status }) => status === 500);
    expect(faults.length).toBe(2);
    for (const { requestId, ...rest } of faults) {
      expect(requestId).toMatch(/^[\w-]{10,}$/);
      const title = "Something went wrong on our side";
      expect(rest).toEqual({ type: "about:blank", title, status: 500, code: "fault" });
    }
  });
});

/** The header of a token is the same for all and tells nothing. */
function isTelling(part: string): boolean {
  return part.length > 20 && part !== Buffer.from('{"alg":"HS256"}').toString("base64url");
}

test("a server whose secret is wrong says which, and never what stood there", async () => {
  const wrong = await startTestServer({ bindings: { TOKEN_SECRETS: PRIVATE.password, SMTP_URL: PRIVATE.password } });
  try {
    const answer = await fetch(`${wrong.url}/healthz`);
    const text = await answer.text();
    expect([answer.status, text]).toEqual([500, expect.stringContaining("TOKEN_SECRETS")]);
    for (const shown of [text, ...wrong.log]) expect(shown).not.toContain(PRIVATE.password);
  } finally {
    await wrong.stop();
    await rm(wrong.storage, { recursive: true, force: true });
  }
});
