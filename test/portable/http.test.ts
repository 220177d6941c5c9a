/** The HTTP layer without Workers: the app on its own, behind `node:http`, over sessions and documents in memory. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import * as z from "zod";
import { routes } from "../../src/api/app.ts";
import { MAX_PART_BUFFERS } from "../../src/api/part-buffers.ts";
import { OpenedSessionSchema } from "../../src/protocol/chat.ts";
import { type MemoryApp, memoryApp } from "../support/memory-app.ts";
import { type ApiClient, readProblem } from "../support/node/api-client.ts";
import {
  agentToken,
  eventsOf,
  formWith,
  openChat,
  openSession,
  send,
  stateOf,
  textOf,
  upload,
} from "../support/node/chats.ts";
import { serving } from "../support/node/serve-app.ts";

type Place = () => { readonly url: string };

function served(table: Record<string, unknown>, use: (place: Place, app: MemoryApp) => Promise<void>): Promise<void> {
  const app = memoryApp(table);
  return serving(app.fetch, (url) => use(() => ({ url }), app));
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

test("a customer opens a chat, an agent joins, and each reads what the other writes", () =>
  served({}, async (place) => {
    const { customer, agent } = await openChat(place, "shop");
    const sent = await customer.must("sendMessage", { json: { text: "Grüße 👋", clientId: "m1" } });
    assert.deepEqual(await customer.must("sendMessage", { json: { text: "Grüße 👋", clientId: "m1" } }), sent);
    await agent.must("sendMessage", { json: { text: "Hello" } });
    const types = (await eventsOf(customer)).map(({ type }) => type);
    assert.deepEqual(types, ["ParticipantJoined", "ParticipantJoined", "Message", "Message"]);
    assert.deepEqual(await eventsOf(agent), await eventsOf(customer));
    const transcript = await customer.must("getTranscript");
    assert.equal(transcript.events.length, 4);
  }));

test("a long poll answers with news, and is refused like any other request", () =>
  served({}, async (place) => {
    const { customer } = await openSession(place, "shop");
    const news = await customer.must("getEvents", { query: { after: "0", wait: "5" } });
    assert.deepEqual(
      news.events.map(({ type }) => type),
      ["ParticipantJoined"],
    );
    const stranger = customer.withToken(await agentToken(place, []));
    assert.equal((await stranger.refused("getEvents", { query: { wait: "5" } })).code, "not-joined");
  }));

test("a raw upload is stored, announced with its digest, and given back byte for byte", () =>
  served({}, async (place) => {
    const { customer, agent } = await openChat(place, "shop");
    const bytes = textOf(300_000);
    const file = await send(customer, "Übersicht.txt", bytes);
    assert.deepEqual([file.name, file.size, file.sha256], ["Übersicht.txt", bytes.length, sha256(bytes)]);
    const { fileId } = file;
    assert.deepEqual(await agent.must("downloadFile", { params: { fileId } }), bytes);
    assert.equal((await eventsOf(agent)).at(-1)?.type, "FileUploaded");
    assert.deepEqual((await stateOf(customer)).used, { files: 1, bytes: bytes.length, downloads: 0 });
  }));

test("an upload in a form is read as a stream and settles its true size, in one piece and in parts", () =>
  served({ "upload-max-file-size": "8MiB", "upload-max-total-size": "16MiB" }, async (place, { world }) => {
    const { customer, agent } = await openChat(place, "shop");
    for (const size of [5000, 6 * 1024 * 1024]) {
      const bytes = textOf(size);
      const file = await customer.must("uploadFile", { body: formWith("form.txt", bytes) });
      assert.deepEqual([file.size, file.sha256], [size, sha256(bytes)]);
      assert.equal(sha256(await agent.must("downloadFile", { params: { fileId: file.fileId } })), sha256(bytes));
    }
    assert.equal(world.store.multiparts.size, 0);
    assert.deepEqual((await stateOf(customer)).used, { files: 2, bytes: 5000 + 6 * 1024 * 1024, downloads: 0 });
  }));

test("a download takes an attempt and honours ranges and conditions; HEAD, 304 and 416 take none", () =>
  served({}, async (place, { world }) => {
    const { customer } = await openSession(place, "shop");
    const bytes = textOf(1000);
    const { fileId } = await send(customer, "notes.txt", bytes);
    const ask = (headers: Record<string, string>) => customer.ask("downloadFile", { params: { fileId }, headers });
    const head = await fetch(customer.address("downloadFile", { params: { fileId } }), {
      method: "HEAD",
      headers: { Authorization: `Bearer ${customer.token}` },
    });
    assert.deepEqual([head.status, head.headers.get("Content-Length")], [200, "1000"]);
    assert.equal((await ask({ "If-None-Match": head.headers.get("ETag") ?? "" })).status, 304);
    const outside = await ask({ Range: "bytes=1000-" });
    assert.deepEqual([outside.status, outside.headers.get("Content-Range")], [416, "bytes */1000"]);
    assert.equal((await stateOf(customer)).used.downloads, 0);
    const part = await ask({ Range: "bytes=10-19" });
    assert.deepEqual([part.status, part.headers.get("Content-Range")], [206, "bytes 10-19/1000"]);
    assert.deepEqual(part.ok && part.value, bytes.subarray(10, 20));
    world.now += 11_000;
    assert.deepEqual((await ask({ Range: "bytes=-5" })).ok && (await stateOf(customer)).used.downloads, 2);
  }));

test("a ticket's link works without a token, for its minute", () =>
  served({}, async (place, { world }) => {
    const { customer } = await openSession(place, "shop");
    const { fileId } = await send(customer, "notes.txt", textOf(100));
    const { url } = await customer.must("createTicket", { params: { fileId } });
    assert.equal((await fetch(url)).status, 200);
    world.now += 61_000;
    assert.equal((await readProblem(await fetch(url))).code, "token-expired");
  }));

const OPEN_API = z.object({
  openapi: z.literal("3.1.0"),
  paths: z.record(z.string(), z.record(z.string(), z.object())),
});

/** What is asked wrongly, and the status and code of the problem. */
const REFUSALS: readonly [string, (customer: ApiClient) => Promise<unknown>, [number, string]][] = [
  ["no token", (who) => who.withToken(undefined).refused("getSession"), [401, "unauthenticated"]],
  ["a token that nobody signed", (who) => who.withToken("a.b.c").refused("getSession"), [401, "unauthenticated"]],
  [
    "a session that we did not make",
    (who) => who.inSession("x".repeat(40)).refused("getSession"),
    [404, "unknown-session"],
  ],
  ["a field of the wrong type", (who) => who.refused("sendMessage", { json: { text: 7 } }), [400, "bad-request"]],
  [
    "a body that is no JSON",
    (who) => who.refused("sendMessage", { body: "{", headers: { "Content-Type": "application/json" } }),
    [400, "bad-request"],
  ],
  [
    "a file type that is not allowed",
    (who) => who.refused("uploadFile", { query: { name: "a.exe" }, body: textOf(5) }),
    [415, "type-not-allowed"],
  ],
  [
    "content that is not what the name says",
    (who) => who.refused("uploadFile", { query: { name: "a.png" }, body: textOf(9000) }),
    [415, "type-mismatch"],
  ],
  [
    "a file that is too large",
    (who) => who.refused("uploadFile", { query: { name: "a.txt" }, body: textOf(10_001) }),
    [413, "file-too-large"],
  ],
  ["a form without a file", (who) => who.refused("uploadFile", { body: new FormData() }), [400, "bad-request"]],
  [
    "a file that does not exist",
    (who) => who.refused("downloadFile", { params: { fileId: "none" } }),
    [404, "unknown-file"],
  ],
  ["no upgrade to a socket", (who) => who.refused("openSocket"), [426, "upgrade-required"]],
];

for (const [what, ask, expected] of REFUSALS) {
  test(`${what}: a problem document, and nothing has changed`, () =>
    served({ "upload-max-file-size": 10_000 }, async (place) => {
      const { customer } = await openSession(place, "shop");
      const before = await stateOf(customer);
      const { status, code } = (await ask(customer)) as { status: number; code: string };
      assert.deepEqual([status, code], expected);
      assert.deepEqual(await stateOf(customer), before);
    }));
}

test("a store that is down is a 503 with Retry-After, and the quota comes back", () =>
  served({}, async (place, { world }) => {
    const { customer } = await openSession(place, "shop");
    world.store.down = true;
    const outcome = await upload(customer, "notes.txt", textOf(100));
    world.store.down = false;
    assert.deepEqual([outcome.status, outcome.headers.get("Retry-After")], [503, "5"]);
    assert.deepEqual((await stateOf(customer)).used, { files: 0, bytes: 0, downloads: 0 });
  }));

test("an upload in a form gives its buffer back, also where it is refused", () =>
  served({}, async (place, { buffers }) => {
    const { customer } = await openSession(place, "shop");
    await customer.must("uploadFile", { body: formWith("notes.txt", textOf(100)) });
    await customer.refused("uploadFile", { body: formWith("notes.exe", textOf(100)) });
    const all = Array.from({ length: MAX_PART_BUFFERS }, () => buffers.borrow());
    assert.deepEqual([all.includes(undefined), buffers.borrow()], [false, undefined]);
  }));

test("openapi.json describes every route, and paths that are none are told apart from methods that are none", () =>
  served({}, async (place) => {
    const document = OPEN_API.parse(await (await fetch(`${place().url}/openapi.json`)).json());
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/{(\w+)}/g, ":$1")}`),
    );
    assert.deepEqual(described.sort(), routes.map(({ method, path }) => `${method} ${path}`).sort());
    assert.equal((await fetch(`${place().url}/healthz`)).status, 200);
    assert.equal((await readProblem(await fetch(`${place().url}/nothing`))).code, "not-found");
    const wrong = await fetch(`${place().url}/v1/sessions/x/files`);
    assert.deepEqual([wrong.status, wrong.headers.get("Allow")], [405, "POST"]);
  }));

test("a platform's execution context gets the upload to keep alive; without one the upload ends all the same", async () => {
  const { kept, app } = { kept: [] as Promise<unknown>[], app: memoryApp() };
  const context = {
    waitUntil: (work: Promise<unknown>) => void kept.push(work),
    passThroughOnException: () => {},
    props: {},
  };
  const url = "http://127.0.0.1/v1/services/shop/sessions";
  const headers = { "Content-Type": "application/json" };
  const opening = new Request(url, { method: "POST", headers, body: '{"nickname":"Ada"}' });
  const { sessionId, token } = OpenedSessionSchema.parse(await (await app.fetch(opening)).json());
  const send = () =>
    new Request(`http://127.0.0.1/v1/sessions/${sessionId}/files?name=a.txt`, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}`, "Content-Length": "100" },
      body: textOf(100),
    });
  assert.equal((await app.fetch(send())).status, 201);
  assert.equal((await app.fetch(send(), context)).status, 201);
  assert.equal(kept.length, 1);
});
