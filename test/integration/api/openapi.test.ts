/** The API's description against the server that gives it: nothing undescribed answers, and answers are as described. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { SUBPROTOCOL } from "../../../src/protocol/wire.ts";
import { type ApiClient, type Asking, type OperationName, readProblem } from "../../support/node/api-client.ts";
import { agentToken, type Chat, formWith, openChat, send, textOf } from "../../support/node/chats.ts";
import { PROJECT } from "../../support/node/command.ts";
import { fillLibrary } from "../../support/node/route-expectations.ts";
import { useServer } from "../../support/node/server.ts";
import { openSocket } from "../../support/node/socket-client.ts";

const server = useServer();
const RESPONSE = { title: "Greeting", language: "en", text: "Hello {{customer.nickname}}" };
const LIBRARY = { format: "satchel-standard-responses", categories: [], responses: [{ responseId: "r", ...RESPONSE }] };
const METHODS = ["get", "post", "put", "patch", "delete"] as const;

const AnswerSchema = z.object({
  description: z.string(),
  content: z.record(z.string(), z.object({ schema: z.unknown() })).optional(),
});
const OperationSchema = z.object({
  operationId: z.string(),
  security: z.array(z.unknown()),
  responses: z.record(z.string(), AnswerSchema),
});
const DocumentSchema = z.looseObject({
  openapi: z.string(),
  paths: z.record(z.string(), z.record(z.string(), OperationSchema)),
});
let text: string;
let document: z.infer<typeof DocumentSchema>;
let ajv: Ajv2020;

beforeAll(async () => {
  text = await (await fetch(`${server().url}/openapi.json`)).text();
  document = DocumentSchema.parse(JSON.parse(text));
  ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema(JSON.parse(text), "api");
});

/** What is wrong with a value by a place of the document; empty where nothing is. */
function faults(value: unknown, ...path: string[]): string[] {
  const pointer = path.map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1")).map(encodeURIComponent);
  const validate = ajv.compile({ $ref: `api#/${pointer.join("/")}` });
  validate(value);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** An operation of the document by its id, with its place. */
function operationOf(id: string) {
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations))
      if (operation.operationId === id) return { path, method, operation };
  }
  throw new Error(`${id} is not described`);
}

/** Status and kind of an answer must be described, and its JSON satisfy the schema that stands there. */
async function expectDescribed(id: string, response: Response): Promise<void> {
  const { path, method, operation } = operationOf(id);
  const described = operation.responses[response.status];
  expect(Object.keys(operation.responses), `${id} answers ${response.status}`).toContain(String(response.status));
  const type = response.headers.get("Content-Type")?.split(";")[0];
  const body = await response.text();
  const types = Object.keys(described?.content ?? {});
  if (body === "" || type === undefined) return expect({ body, types }, id).toEqual({ body: "", types: [] });
  expect(types.includes(type) || types.includes("*/*"), `${id} answers ${type}`).toBe(true);
  if (!types.includes(type) || !type.endsWith("json")) return;
  const schema = ["paths", path, method, "responses", String(response.status), "content", type, "schema"];
  expect(faults(JSON.parse(body), ...schema), id).toEqual([]);
  if (type !== "application/problem+json") return;
  const { code } = z.object({ code: z.string() }).parse(JSON.parse(body));
  expect(described?.description.split(", "), `${id} refuses with ${code}`).toContain(code);
}

/** Asks as `ApiClient` would, and gives the answer as it came. */
function answerTo(who: ApiClient, id: OperationName, { json, headers, body, ...rest }: Asking = {}): Promise<Response> {
  const content = json === undefined ? body : JSON.stringify(json);
  return fetch(who.address(id, rest), {
    method: operationOf(id).method.toUpperCase(),
    headers: {
      ...(who.token === undefined ? {} : { Authorization: `Bearer ${who.token}` }),
      ...(json === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
    ...(content === undefined ? {} : { body: content, duplex: "half" as const }),
  });
}

test("it is OpenAPI 3.1 by that standard's own schema", async () => {
  expect(document.openapi).toMatch(/^3\.1\./);
  const { valid, errors } = await new Validator().validate(JSON.parse(text));
  expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
});

test("every operation has an id of its own, and every client operation of these tests is one", async () => {
  const ids = Object.values(document.paths).flatMap((one) => Object.values(one).map(({ operationId }) => operationId));
  expect(new Set(ids).size).toBe(ids.length);
});

describe("every path that the worker knows of", () => {
  /** Path literals of the built code, whatever router they were given to. */
  async function knownPaths(): Promise<string[]> {
    const code = await readFile(join(PROJECT, "dist/worker/worker.js"), "utf8");
    const paths = [...code.matchAll(/["'`](\/[a-z][\w:.{}/-]*)["'`]/g)].map(([, path = ""]) => path);
    // The Genesys door is no part of this API: its own conformance table tells what it has.
    return [...new Set(paths)].filter((path) => !path.startsWith("/genesys/"));
  }

  test("answers as described, and not at all where it is not described", async () => {
    // The Genesys door is another protocol, and has a description of its own: docs/migrating-from-genesys.md.
    const paths = (await knownPaths()).filter((path) => !path.startsWith("/genesys/"));
    const described = Object.keys(document.paths).map((path) => path.replaceAll(/{(\w+)}/g, ":$1"));
    // Otherwise the search has lost the routes, and finds nothing undescribed for that reason alone.
    expect(paths).toEqual(expect.arrayContaining(described));
    for (const path of paths) {
      const operations = document.paths[path.replaceAll(/:(\w+)/g, "{$1}")];
      for (const method of METHODS) {
        const url = new URL(path.replaceAll(/:\w+/g, "x"), server().url);
        const response = await fetch(url, { method: method.toUpperCase() });
        const isThere = response.status !== 404 || (await readProblem(response)).code !== "not-found";
        const asked = `${method} ${path} answers ${response.status}`;
        if (operations === undefined) expect(isThere, asked).toBe(false);
        else if (operations[method] === undefined) expect(response.status, asked).toBe(405);
        else expect(isThere && response.status !== 405, asked).toBe(true);
      }
    }
  });

  test("tells the methods it has where another one is tried", async () => {
    for (const [path, operations] of Object.entries(document.paths)) {
      const response = await fetch(new URL(path.replaceAll(/{\w+}/g, "x"), server().url), { method: "PATCH" });
      const allowed = Object.keys(operations).map((method) => method.toUpperCase());
      expect(response.headers.get("Allow")?.split(", ").sort(), path).toEqual(allowed.sort());
    }
  });
});

describe("real answers", () => {
  let chat: Chat;
  let params: { fileId: string };
  let agent: ApiClient;
  beforeAll(async () => {
    chat = await openChat(server, undefined, { email: "ada@example.com", subject: "Parcel" });
    params = { fileId: (await send(chat.customer, "a.txt", textOf(1000))).fileId };
    agent = chat.customer.withToken(await agentToken(server, undefined, "Second"));
  });

  test("of every operation are as described", async () => {
    const { customer } = chat;
    const place = await fillLibrary(agent);
    const { service } = place;
    const steps: [ApiClient, OperationName, Asking?][] = [
      [agent, "createDevelopmentAgentToken", { json: { name: "Ada", privileges: { sales: ["chat:take"] } } }],
      [customer, "openSession", { params: { service: "sales" }, json: { nickname: "Ada" } }],
      [agent, "joinSession", { json: { nickname: "Second" } }],
      [customer, "sendMessage", { json: { text: "hello", clientId: "c1", messageType: "text" } }],
      [agent, "sendMessage", { json: { text: "note", visibility: "agents" } }],
      [agent, "pushUrl", { json: { url: "https://example.com/" } }],
      [customer, "sendNotice", { json: { text: "cart", userData: { items: "3" } } }],
      [customer, "stay"],
      [customer, "setTyping", { json: { typing: true } }],
      [customer, "markRead", { json: { position: 1 } }],
      [customer, "updateNickname", { json: { nickname: "Ada L." } }],
      [customer, "updateUserData", { json: { userData: { order: "1" } } }],
      [agent, "uploadFile", { query: { name: "b.txt" }, body: "b" }],
      [customer, "uploadFile", { body: formWith("c.txt", textOf(10)) }],
      [customer, "createTicket", { params }],
      [customer, "downloadFile", { params }],
      [customer, "downloadFile", { params, headers: { Range: "bytes=0-9" } }],
      [customer, "downloadFile", { params, headers: { "If-None-Match": "*" } }],
      [customer, "getLimits"],
      [agent, "getEvents"],
      [customer, "getTranscript"],
      [customer, "getTranscript", { headers: { Accept: "text/html" } }],
      [customer, "requestTranscriptEmail"],
      [customer, "deleteFile", { params }],
      [agent, "grantUploads", { json: { files: 1, bytes: 1000 } }],
      [agent, "createStandardResponseCategory", { params: { service }, json: { name: "A" } }],
      [agent, "createStandardResponse", { params: { service }, json: RESPONSE }],
      [agent, "replaceStandardResponse", { params: place, json: { ...RESPONSE, shortcut: "hi" } }],
      [agent, "replaceStandardResponseCategory", { params: place, json: { name: "B" } }],
      [agent, "uploadLibraryFile", { params: place, query: { name: "c.txt" }, body: "c" }],
      [agent, "setReady", { params: { service }, json: { ready: true, capacity: 2 } }],
      [agent, "getQueue", { params: { service } }],
      [agent, "getAgentSelf"],
      [agent, "getSignInWays"],
      [agent, "declineOffer", { params: { service }, json: { assignment: 1 } }],
      [customer, "getPlace"],
      [agent, "addFavourite", { params: place, query: { service } }],
      [agent, "searchStandardResponses", { query: { service, q: "hello" } }],
      [agent, "getStandardResponseCategories", { query: { service } }],
      [agent, "getStandardResponse", { params: place, query: { service } }],
      [agent, "downloadLibraryFile", { params: place, query: { service } }],
      [agent, "getEarlierChats"],
      [agent, "sendStandardResponse", { params: place }],
      [agent, "removeFavourite", { params: place, query: { service } }],
      [agent, "exportLibrary", { params: { service } }],
      [agent, "importLibrary", { params: { service }, json: LIBRARY }],
      [agent, "deleteLibraryFile", { params: place }],
      [agent, "deleteStandardResponse", { params: place }],
      [agent, "deleteStandardResponseCategory", { params: place }],
      [agent, "leaveSession"],
      [agent, "joinSession"],
      [agent, "transferSession", { json: { to: "dev:Grace" } }],
      [customer, "endSession"],
      [customer, "getEvents", { query: { wait: "1" } }],
      [customer, "getSession"],
      [customer, "renewToken"],
    ];
    for (const [who, id, asking] of steps) {
      const response = await answerTo(who, id, asking);
      expect(response.status, id).toBeLessThan(400);
      await expectDescribed(id, response);
    }
    const answered = new Set<string>(steps.map(([, id]) => id));
    const ids = Object.values(document.paths).flatMap((one) =>
      Object.values(one).map(({ operationId }) => operationId),
    );
    // A socket's answer is no JSON, a finished upload cannot be cancelled, signing in needs a provider and a later scan a
    // scanner; these have tests of their own.
    expect(ids.filter((id) => !answered.has(id)).sort()).toEqual([
      "cancelUpload",
      "getDescription",
      "getHealth",
      "openServiceSocket",
      "openSocket",
      "rescanLibrary",
      "rescanService",
      "rescanSession",
      "signIn",
    ]);
  });

  test("of health and description are as described", async () => {
    await expectDescribed("getHealth", await fetch(`${server().url}/healthz`));
    await expectDescribed("getDescription", await fetch(`${server().url}/openapi.json`));
  });

  test("that refuse are as described, code by code", async () => {
    const { customer, agent: joined } = await openChat(server);
    const ended = await openChat(server);
    await ended.customer.must("endSession");
    const nobody = customer.withToken(undefined);
    const stranger = customer.withToken(await agentToken(server, [], "Stranger"));
    const text10 = { query: { name: "a.txt" }, body: textOf(10) };
    const steps: [ApiClient, OperationName, Asking?][] = [
      [customer, "openSession", { params: { service: "nothing" }, json: { nickname: "Ada" } }],
      [customer, "openSession", { params: { service: "sales" }, json: {} }],
      [
        customer,
        "openSession",
        { params: { service: "sales" }, body: "{}", headers: { "Content-Type": "text/plain" } },
      ],
      [customer, "sendMessage", { json: { text: "x".repeat(70_000) } }],
      [customer, "sendMessage", { json: { text: "x".repeat(5000) } }],
      [customer, "sendMessage", { json: { text: "x", visibility: "agents" } }],
      [ended.customer, "sendMessage", { json: { text: "late" } }],
      [customer.inSession("x"), "getSession"],
      [nobody, "getEvents"],
      [stranger, "getTranscript"],
      [stranger, "joinSession", { json: {} }],
      [customer, "joinSession", { json: {} }],
      [joined, "renewToken"],
      [customer, "getEvents", { query: { wait: "99" } }],
      [customer, "openSocket"],
      [joined, "openServiceSocket", { params: { service: "sales" } }],
      [joined, "setReady", { params: { service: "sales" }, json: { ready: true, capacity: 0 } }],
      [stranger, "getQueue", { params: { service: "sales" } }],
      [joined, "getQueue", { params: { service: "nothing" } }],
      [joined, "declineOffer", { params: { service: "sales" }, json: { assignment: 1 } }],
      [joined, "declineOffer", { params: { service: "sales" }, json: {} }],
      [joined, "getPlace"],
      [customer, "uploadFile", { query: { name: "a.exe" }, body: "x" }],
      [customer, "uploadFile", { query: { name: "a.pdf" }, body: "x" }],
      [customer, "uploadFile", { query: { name: "a.txt" }, body: "" }],
      [customer, "uploadFile", { query: { name: "a.txt" }, body: new Blob(["x"]).stream() }],
      [customer, "uploadFile", { query: { name: "a.txt" }, body: textOf(3_000_000) }],
      [stranger, "uploadFile", text10],
      [customer, "cancelUpload", { params: { key: "unknown" } }],
      [customer, "downloadFile", { params: { fileId: "unknown" } }],
      [customer, "createTicket", { params: { fileId: "unknown" } }],
      [customer, "deleteFile", { params: { fileId: "unknown" } }],
      [customer, "requestTranscriptEmail"],
      [customer, "requestTranscriptEmail", { json: { to: "nobody" } }],
      [ended.agent, "leaveSession"],
      [customer, "createDevelopmentAgentToken", { json: { name: "" } }],
      [stranger, "searchStandardResponses", { query: { service: "sales" } }],
      [joined, "searchStandardResponses", { query: { service: "nothing" } }],
      [joined, "searchStandardResponses"],
      [joined, "getStandardResponse", { params: { responseId: "x" }, query: { service: "sales" } }],
      [joined, "addFavourite", { params: { responseId: "x" }, query: { service: "sales" } }],
      [joined, "createStandardResponse", { params: { service: "sales" }, json: { ...RESPONSE, text: "{{x}}" } }],
      [joined, "createStandardResponse", { params: { service: "sales" }, json: { ...RESPONSE, categoryId: "x" } }],
      [stranger, "createStandardResponse", { params: { service: "sales" }, json: RESPONSE }],
      [joined, "replaceStandardResponse", { params: { service: "sales", responseId: "x" }, json: RESPONSE }],
      [joined, "deleteStandardResponse", { params: { service: "sales", responseId: "x" } }],
      [joined, "deleteStandardResponseCategory", { params: { service: "sales", categoryId: "x" } }],
      [joined, "uploadLibraryFile", { params: { service: "sales", responseId: "x" }, ...text10 }],
      [joined, "importLibrary", { params: { service: "sales" }, json: {} }],
    ];
    for (const [who, id, asking] of steps) {
      const response = await answerTo(who, id, asking);
      expect(response.status, id).toBeGreaterThanOrEqual(400);
      await expectDescribed(id, response);
    }
  });

  test("without a token or with a wrong one are 401 wherever a token is asked for, as described", async () => {
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const [method, { operationId, security }] of Object.entries(operations)) {
        if (security.length === 0) continue;
        for (const headers of [{}, { Authorization: "Bearer wrong" }]) {
          const url = new URL(path.replace("{sessionId}", chat.sessionId).replaceAll(/{\w+}/g, "x"), server().url);
          const response = await fetch(url, { method: method.toUpperCase(), headers });
          expect(response.status, operationId).toBe(401);
          await expectDescribed(operationId, response);
        }
      }
    }
  });
});

test("frames of a real socket are as described", async () => {
  const chat = await openChat(server);
  const [customer, agent] = [await openSocket(chat.customer), await openSocket(chat.agent)];
  expect(customer.protocol).toBe(SUBPROTOCOL);
  const sent = [
    { type: "hello", position: 0 },
    { type: "message", text: "hello", clientId: "c1" },
    { type: "message", text: "x".repeat(5000), clientId: "c2" },
    { type: "typing", typing: true },
    { type: "read", position: 1 },
  ] as const;
  for (const frame of sent) expect(faults(frame, "components", "schemas", "ClientFrame")).toEqual([]);
  expect(faults({ type: "hello" }, "components", "schemas", "ClientFrame")).not.toEqual([]);
  await agent.hello();
  for (const frame of sent) customer.send(frame);
  const got = [];
  for (let count = 0; count < 5; count++) got.push(JSON.parse(await customer.nextText()));
  for (let count = 0; count < 3; count++) got.push(JSON.parse(await agent.nextText()));
  expect(got.map(({ type }) => type)).toEqual(
    ["welcome", "events", "events", "ack", "refused"].concat(["events", "typing", "read"]),
  );
  for (const frame of got) expect(faults(frame, "components", "schemas", "ServerFrame")).toEqual([]);
});
