/** What outlives the server: everything that was acknowledged, whether it stopped in order or was killed. */
import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { CLOSE } from "../../../src/protocol/wire.ts";
import { type ApiClient, readProblem } from "../../support/node/api-client.ts";
import {
  type Chat,
  eventsOf,
  formWith,
  openChat,
  openSession,
  renewed,
  sample,
  send,
  textOf,
} from "../../support/node/chats.ts";
import { awaitMails, mailsOf } from "../../support/node/mails.ts";
import { startTestServer, type TestServer, type TestServerOptions, useServer } from "../../support/node/server.ts";
import { SlowUpload } from "../../support/node/slow-upload.ts";
import { openLive, openSocket, type SocketClient } from "../../support/node/socket-client.ts";

const server = useServer();
const FILE = "Ärger im Büro.pdf";

/** Everything that is known of a chat, as both sides see it. */
async function everything({ customer, agent }: Chat) {
  const seen = [];
  for (const who of [customer, agent]) {
    seen.push(await who.must("getSession"), await who.must("getEvents"), await who.must("getTranscript"));
  }
  return seen;
}

describe.each(["stop", "kill"] as const)("after a %s and a start", (how) => {
  let chat: Chat;
  let fileId: string;
  let link: URL;
  let before: unknown;
  let opening: { key: string; sessionId: string };
  let sockets: SocketClient[];
  let revoked: ApiClient;

  beforeAll(async () => {
    chat = await openChat(server, undefined, { email: "ada@example.com", subject: "Parcel" });
    revoked = chat.customer;
    chat = { ...chat, customer: await renewed(chat.customer) };
    await chat.customer.must("sendMessage", { json: { text: "hello", clientId: "m1" } });
    await chat.agent.must("sendMessage", { json: { text: "note", visibility: "agents" } });
    fileId = (await send(chat.customer, FILE, await sample(FILE))).fileId;
    await chat.agent.must("uploadFile", { body: formWith("large.txt", textOf(6 * 1024 * 1024)) });
    await chat.customer.must("downloadFile", { params: { fileId } });
    await chat.customer.must("markRead", { json: { position: 3 } });
    link = new URL((await chat.agent.must("createTicket", { params: { fileId } })).url);
    const key = randomUUID();
    const asking = { params: { service: "sales" }, json: { nickname: "Ada" }, headers: { "Idempotency-Key": key } };
    opening = { key, sessionId: (await chat.customer.must("openSession", asking)).sessionId };
    sockets = [await openLive(chat.customer), await openLive(chat.agent)];
    before = await everything(chat);
    await server().restart(how);
  });

  test("session, events, transcript, quota and attempts are what they were, for the same tokens", async () => {
    expect(await everything(chat)).toEqual(before);
    const { used } = await chat.customer.must("getLimits");
    expect(used).toMatchObject({ files: 1, bytes: (await sample(FILE)).length, downloads: 1 });
  });

  test("files are byte for byte what was sent, by token and by a link from before", async () => {
    const bytes = await sample(FILE);
    for (const who of [chat.customer, chat.agent]) {
      expect(await who.must("downloadFile", { params: { fileId } })).toEqual(bytes);
    }
    const url = new URL(`${link.pathname}${link.search}`, server().url);
    expect(new Uint8Array(await (await fetch(url)).arrayBuffer())).toEqual(bytes);
  });

  test("a revoked token stays revoked", async () => {
    expect(await revoked.refused("getSession")).toMatchObject({ status: 401, code: "token-revoked" });
  });

  test("a repeated message is still the same event, and a repeated opening the same session", async () => {
    const again = await chat.customer.must("sendMessage", { json: { text: "hello", clientId: "m1" } });
    expect(again).toEqual((await eventsOf(chat.customer)).find(({ clientId }) => clientId === "m1"));
    const { key, sessionId } = opening;
    const asking = { params: { service: "sales" }, json: { nickname: "Ada" }, headers: { "Idempotency-Key": key } };
    expect(await chat.customer.must("openSession", asking)).toMatchObject({ sessionId });
  });

  test("sockets were cut off, and resume from their position without gap or double", async () => {
    for (const socket of sockets) expect((await socket.closed).code).not.toBe(CLOSE.ended);
    const { position } = await chat.customer.must("getSession");
    await chat.agent.must("sendMessage", { json: { text: "meanwhile" } });
    const socket = await openSocket(chat.customer);
    const { page } = await socket.hello(position);
    expect(page.events).toMatchObject([{ text: "meanwhile" }]);
    expect(page.events[0]?.position).toBeGreaterThan(position);
    await chat.agent.must("sendMessage", { json: { text: "live" } });
    expect((await socket.next("events")).events).toMatchObject([{ text: "live" }]);
    await socket.close();
  });

  test("the chat goes on to its end, and the mail comes once", async () => {
    await chat.customer.must("requestTranscriptEmail");
    await chat.customer.must("endSession");
    const [sent] = await awaitMails(server().mailDir, chat.sessionId, 1);
    expect(sent?.mail.text).toContain(FILE);
    await server().restart(how);
    expect(await chat.customer.must("getSession")).toMatchObject({ phase: "ended" });
    expect(await mailsOf(server().mailDir, chat.sessionId)).toHaveLength(1);
  });
});

test("an acknowledged message survives a kill in the same moment", async () => {
  const { customer } = await openSession(server);
  const socket = await openLive(customer);
  socket.send({ type: "message", text: "acknowledged", clientId: "m1" });
  await socket.next("events");
  const { position } = await socket.next("ack");
  await server().restart("kill");
  expect((await eventsOf(customer)).at(-1)).toMatchObject({ position, text: "acknowledged" });
});

test("an upload that a kill cut off is repeated under its key, and charged once", async () => {
  const { customer } = await openSession(server);
  const headers = { "Idempotency-Key": "key-1" };
  const cut = new SlowUpload(customer, "a.txt", 1000, headers);
  await cut.write(textOf(500));
  await expect.poll(() => customer.must("getLimits")).toMatchObject({ used: { files: 1, bytes: 1000 } });
  await server().restart("kill");
  await expect(cut.answer).rejects.toThrow();
  const repeat = await customer.must("uploadFile", { query: { name: "a.txt" }, body: textOf(1000), headers });
  expect(await customer.must("getLimits")).toMatchObject({ used: { files: 1, bytes: 1000 } });
  expect(await customer.must("downloadFile", { params: { fileId: repeat.fileId } })).toEqual(textOf(1000));
});

describe("a server with wrong settings", () => {
  const stray: TestServer[] = [];
  afterEach(async () => {
    for (const one of stray.splice(0)) {
      await one.stop();
      await rm(one.storage, { recursive: true, force: true });
    }
  });
  const start = async (bindings: NonNullable<TestServerOptions["bindings"]>) => {
    const one = await startTestServer({ bindings });
    stray.push(one);
    return one;
  };

  test.each([
    ["a secret", { SESSION_ID_KEYS: "0:hunter2" }, "SESSION_ID_KEYS", "hunter2"],
    [
      "an option",
      { SERVICE_SALES: { "upload-max-files": "hunter2", "transcript-email": "never" } },
      "SERVICE_SALES.upload-max-files",
      "hunter2",
    ],
  ])("answers every request with a problem that names %s and no value", async (_what, bindings, key, value) => {
    const { url } = await start(bindings);
    const asked = ["/healthz", "/openapi.json", "/v1/services/sales/sessions", "/v1/sessions/x", "/nothing"];
    for (const path of asked) {
      const response = await fetch(`${url}${path}`, path.endsWith("s/sessions") ? { method: "POST", body: "{}" } : {});
      const problem = await readProblem(response);
      expect(problem).toMatchObject({ status: 500, code: "misconfigured" });
      expect(problem.errors?.map(({ field }) => field)).toEqual([key]);
      expect(JSON.stringify(problem)).not.toContain(value);
    }
  });
});
