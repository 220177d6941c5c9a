/** JSON that is wrong in every way: a problem that names the field, nothing changed, and nothing large ever read. */
import { gzipSync } from "node:zlib";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Problem, ProblemSchema } from "../../../src/protocol/problem.ts";
import { ApiClient, type Asking, methodOf, type OperationName } from "../../support/node/api-client.ts";
import { type Chat, openChat, stateOf } from "../../support/node/chats.ts";
import { wokenObjects } from "../../support/node/forgery.ts";
import { fieldsOf, JSON_BODIES, wrongValues } from "../../support/node/json-bodies.ts";
import { RawConnection } from "../../support/node/raw-request.ts";
import { GUARDED } from "../../support/node/route-expectations.ts";
import { useServer } from "../../support/node/server.ts";
import { openLive } from "../../support/node/socket-client.ts";

const server = useServer();
const BODIES = Object.entries(JSON_BODIES) as [OperationName, NonNullable<(typeof JSON_BODIES)[OperationName]>][];
const PARAMS = { service: "customer-support", responseId: "greeting", categoryId: "bills" };
const JSON_TYPE = { "Content-Type": "application/json" };
const KIB = 1024;
const MIB = 1024 * KIB;

let chat: Chat;
let outside: ApiClient;
let before: unknown;

/** Everything that a refused request could have changed: quota, position, phase, participants, and sessions at all. */
const whole = async () => [
  await stateOf(chat.agent),
  (await chat.agent.must("getSession")).participants,
  await wokenObjects(server().storage),
];

beforeAll(async () => {
  chat = await openChat(server);
  outside = new ApiClient(() => server().url);
  before = await whole();
});
afterEach(async () => expect(await whole()).toEqual(before));

/** Who may send it, so that nothing but the body is wrong. */
function sender(name: OperationName): ApiClient {
  const expectation = GUARDED[name];
  if (expectation === undefined) return outside;
  return expectation.access.startsWith("agent") ? chat.agent : chat.customer;
}

function refused(name: OperationName, asking: Asking): Promise<Problem> {
  return sender(name).refused(name, { params: PARAMS, ...asking });
}

/** A problem of a field; which one and why stand in it. */
const wrong = (field: string) => ({
  status: 400,
  code: "bad-request",
  errors: expect.arrayContaining([
    { field: expect.stringMatching(new RegExp(`^${field}(\\.|$)`)), problem: expect.stringMatching(/.{4}/) },
  ]),
});

test("the table holds every JSON body of the API, and each field that it may have", async () => {
  const { paths } = (await (await fetch(`${server().url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { operationId: string; requestBody?: { content: object } }>>;
  };
  const taking = Object.values(paths)
    .flatMap((path) => Object.values(path))
    .filter(({ requestBody }) => requestBody !== undefined && "application/json" in requestBody.content);
  // Either of two bodies signs in: sign-in.test.ts.
  expect(taking.map(({ operationId }) => operationId).sort()).toEqual(
    [...BODIES.map(([name]) => name), "signIn"].sort(),
  );
  for (const [, body] of BODIES) {
    expect(Object.keys(body.full).sort()).toEqual([...fieldsOf(body).all].sort());
    expect(body.schema.safeParse(body.full).success).toBe(true);
  }
});

describe.each(BODIES)("%s", (name, body) => {
  test.each(fieldsOf(body).all)("refuses wrong types of %s by its name", async (field) => {
    const values = wrongValues(body, field);
    expect(values.length).toBeGreaterThan(7);
    for (const value of values) {
      const problem = await refused(name, { json: { ...body.full, [field]: value } });
      expect([value, problem]).toEqual([value, expect.objectContaining(wrong(field))]);
    }
  });

  test("names what is missing", async () => {
    for (const field of fieldsOf(body).required) {
      const { [field]: _missing, ...rest } = body.full;
      expect(await refused(name, { json: rest })).toMatchObject(wrong(field));
    }
  });

  test("refuses fields that it does not know by their names, and repeats nothing that is no name", async () => {
    for (const field of ["participantId", "isAdmin", "constructor", "TEXT"]) {
      const problem = await refused(name, { json: { ...body.full, [field]: "agent" } });
      expect(problem.errors).toEqual([{ field, problem: "is not known" }]);
    }
    const problem = await refused(name, { json: { ...body.full, "<script>": "agent" } });
    expect(problem.errors).toEqual([{ field: "body", problem: "has a field that is not known" }]);
    expect(JSON.stringify(problem)).not.toContain("script");
    const polluting = JSON.stringify(body.full).replace("{", '{"__proto__":{"x":1},');
    expect(await refused(name, { body: polluting, headers: JSON_TYPE })).toMatchObject(wrong("body"));
  });

  test("refuses what is no object, no JSON, or not in UTF-8", async () => {
    const right = JSON.stringify(body.full);
    const bytes = Buffer.from(right);
    const cut = bytes.indexOf('"', 2);
    const texts = [
      "null",
      "[]",
      '"text"',
      "1",
      `[${right}]`,
      "{",
      "{'a':1}",
      `${right}x`,
      "NaN",
      `\ufeff${right}`,
      "\0",
      // A parser keeps it as a field, and whoever copies the object loses it without a word.
      right.replace(/^\{/, '{"__proto__":{"nickname":"x"},'),
    ];
    const binary = [
      Buffer.concat([bytes.subarray(0, cut), Buffer.from([0xff]), bytes.subarray(cut)]),
      Buffer.concat([bytes.subarray(0, cut), Buffer.from([0xc0, 0xaf]), bytes.subarray(cut)]),
      Buffer.concat([bytes.subarray(0, cut), Buffer.from([0xed, 0xa0, 0x80]), bytes.subarray(cut)]),
      Buffer.from(right, "utf16le"),
      gzipSync(right),
    ];
    const deep = ["[".repeat(60_000), `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`];
    for (const sent of [...texts, ...binary, ...deep]) {
      const problem = await refused(name, { body: sent, headers: JSON_TYPE });
      expect(problem).toMatchObject({ status: 400, code: "bad-request" });
      expect(problem.errors?.length).toBeGreaterThan(0);
    }
    if (!body.optional) expect(await refused(name, { body: "", headers: JSON_TYPE })).toMatchObject(wrong("body"));
  });

  test("refuses every content type but JSON's", async () => {
    const sent = JSON.stringify(body.full);
    for (const type of ["text/plain", "application/jsonp", "application/json2", "text/json", "json", "*/*"]) {
      const problem = await refused(name, { body: sent, headers: { "Content-Type": type } });
      expect(problem).toMatchObject({
        status: 415,
        code: "unsupported-media-type",
        detail: "expected application/json",
      });
    }
    const untyped = await refused(name, { body: new TextEncoder().encode(sent) });
    expect(untyped).toMatchObject({ status: 415 });
  });

  test("refuses 100 MB unread where they are announced, and after its limit where they are not", async () => {
    const who = sender(name);
    const { pathname } = who.address(name, { params: PARAMS });
    const limit = body.limit ?? 64 * KIB;
    const authorization = who.token === undefined ? "" : `Authorization: Bearer ${who.token}\r\n`;
    const head = `${methodOf(name)} ${pathname} HTTP/1.1\r\nHost: 127.0.0.1\r\n${authorization}Content-Type: application/json\r\n`;
    const announced = new RawConnection(server().url);
    await announced.write(`${head}Content-Length: ${100 * MIB}\r\n\r\n`);
    const streamed = new RawConnection(server().url);
    await streamed.write(`${head}Transfer-Encoding: chunked\r\n\r\n`);
    await streamed.write(`${(limit + 1).toString(16)}\r\n${" ".repeat(limit + 1)}\r\n`);
    for (const connection of [announced, streamed]) {
      const { status, body: text } = await connection.answer();
      const problem = ProblemSchema.parse(JSON.parse(text));
      expect([status, problem]).toEqual([413, expect.objectContaining({ code: "body-too-large", limit })]);
      let sent = 0;
      while (sent < 100 && (await connection.write(`100000\r\n${" ".repeat(MIB)}\r\n`))) sent += 1;
      // Who goes on all the same is cut off; what they had sent by then stood in buffers of both systems.
      expect(sent).toBeLessThan(50);
      connection.leave();
    }
  });
});

test.each(["a b", "[::1", "%zz", "host:port", "127.0.0.1:99999"])(
  "the host %j is refused by its name",
  async (host) => {
    for (const path of ["/v1/services/customer-support/sessions", "/genesys/2/chat/customer-support", "/nowhere"]) {
      const connection = new RawConnection(server().url);
      await connection.write(`POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`);
      const { status, body } = await connection.answer();
      expect([status, JSON.parse(body)]).toMatchObject([400, { errors: [{ field: "header Host" }] }]);
      connection.leave();
    }
  },
);

describe("a text that is too long, or holds what nobody sees, is refused by its field's name:", () => {
  const bidi = "abc\u202etxt";
  const many = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`key${index}`, "x"]));
  const cases: readonly [OperationName, string, object][] = [
    ...[..."\0\r\n\u001b\u0085\u2028\u2066"].map((one): [OperationName, string, object] => [
      "updateNickname",
      "nickname",
      { nickname: `A${one}B` },
    ]),
    ["updateNickname", "nickname", { nickname: "x".repeat(129) }],
    ["updateNickname", "nickname", { nickname: bidi }],
    ["updateNickname", "nickname", { nickname: " \t " }],
    ...[..."\u200b\u200e\u200f\u2060\ufeff\u00ad\u2800"].map((one): [OperationName, string, object] => [
      "updateNickname",
      "nickname",
      { nickname: one === "\u2800" ? one : `A${one}B` },
    ]),
    ["updateNickname", "nickname", { nickname: "\ud800" }],
    ["joinSession", "nickname", { nickname: bidi }],
    ["joinSession", "nickname", { nickname: "\u200b" }],
    ["openSession", "nickname", { nickname: "x".repeat(129) }],
    ["openSession", "nickname", { firstName: "Ada" }],
    ["openSession", "firstName", { firstName: bidi, lastName: "L" }],
    ["openSession", "lastName", { firstName: "F", lastName: "L\u200f" }],
    ["openSession", "subject", { nickname: "A", subject: "x".repeat(257) }],
    ["openSession", "subject", { nickname: "A", subject: "a\r\nBcc: eve@example.com" }],
    ["openSession", "email", { nickname: "A", email: `${"x".repeat(250)}@example.com` }],
    ["openSession", "email", { nickname: "A", email: "a@example.com\r\nBcc: eve@example.com" }],
    ["openSession", "email", { nickname: "A", email: "a@example.com, eve@example.com" }],
    ["openSession", "email", { nickname: "A", email: "a@[127.0.0.1]" }],
    ["openSession", "language", { nickname: "A", language: "../../etc" }],
    ["openSession", "timeZone", { nickname: "A", timeZone: "Mars/Olympus" }],
    ["openSession", "userData", { nickname: "A", userData: many }],
    ["updateUserData", "userData", { userData: { "a\nb": "x" } }],
    ["updateUserData", "userData", { userData: { ["k".repeat(65)]: "x" } }],
    ["updateUserData", "userData.order", { userData: { order: "x".repeat(4097) } }],
    ["updateUserData", "userData.order", { userData: { order: "a\0b" } }],
    ["updateUserData", "userData.order", { userData: { order: "\udc00" } }],
    ["updateUserData", "userData.order", { userData: { order: { $ne: "" } } }],
    ["sendMessage", "text", { text: "" }],
    ["sendMessage", "text", { text: "a\0b" }],
    ["sendMessage", "text", { text: "\ud800" }],
    ["sendMessage", "clientId", { text: "a", clientId: "x".repeat(65) }],
    ["sendMessage", "clientId", { text: "a", clientId: "a b" }],
    ["sendMessage", "messageType", { text: "a", messageType: "x".repeat(65) }],
    ["sendMessage", "messageType", { text: "a", messageType: bidi }],
    ["sendMessage", "visibility", { text: "a", visibility: "everyone" }],
    ["sendNotice", "text", { text: "x".repeat(2049) }],
    ["sendNotice", "text", { text: "a\0b" }],
    ["sendNotice", "text", { text: "\ud800" }],
    ["setTyping", "preview", { typing: true, preview: "x".repeat(1025) }],
    ["setTyping", "preview", { typing: true, preview: "\ud800" }],
    ["pushUrl", "url", { url: `https://example.com/${"x".repeat(2048)}` }],
    ["pushUrl", "url", { url: "https://example.com/\u202ecod.exe" }],
    ["pushUrl", "url", { url: "javascript:alert(1)" }],
    ["pushUrl", "url", { url: "java\nscript:alert(1)" }],
    ["pushUrl", "url", { url: "data:text/html,<script>1</script>" }],
    ["pushUrl", "url", { url: "//example.com" }],
    ["requestTranscriptEmail", "to", { to: "a@example.com>\r\nRCPT TO:<eve@example.com" }],
    ["requestTranscriptEmail", "to", { to: "a@example.com;eve@example.com" }],
    ["markRead", "position", { position: -1 }],
    ["markRead", "position", { position: 2 ** 53 }],
  ];
  test.each(cases)("%s, %s, %j", async (name, field, json) => {
    expect(await refused(name, { json })).toMatchObject(wrong(field));
  });

  test("a message over the service's length, with the limit", async () => {
    const problem = await refused("sendMessage", { json: { text: "x".repeat(4097) } });
    expect(problem).toMatchObject({ status: 422, code: "message-too-long", limit: 4096 });
  });

  test("over a socket too, by the same rules", async () => {
    const socket = await openLive(chat.customer);
    for (const [field, frame] of [
      ["messageType", { type: "message", text: "a", clientId: "c1", messageType: bidi }],
      ["text", { type: "message", text: "a\0b", clientId: "c1" }],
      ["preview", { type: "typing", typing: true, preview: "\ud800" }],
      ["frame", { type: "read", position: 1, participantId: 2 }],
    ] as const) {
      socket.sendText(JSON.stringify(frame));
      expect((await socket.next("refused")).problem).toMatchObject(wrong(field));
    }
    await socket.close();
  });
});

describe("addresses, headers and queries are refused by name:", () => {
  const cases: readonly [OperationName, string, Asking][] = [
    ["getEvents", "after", { query: { after: "-1" } }],
    ["getEvents", "after", { query: { after: "1e3" } }],
    ["getEvents", "after", { query: { after: "9".repeat(16) } }],
    ["getEvents", "wait", { query: { wait: "26" } }],
    ["getEvents", "wait", { query: { wait: "x" } }],
    ["downloadFile", "fileId", { params: { fileId: "x".repeat(65) } }],
    ["downloadFile", "disposition", { params: { fileId: "x" }, query: { disposition: "evil" } }],
    ["cancelUpload", "key", { params: { key: "x".repeat(129) } }],
    ["cancelUpload", "key", { params: { key: "a b" } }],
    ["openSession", "header Idempotency-Key", { json: { nickname: "A" }, headers: { "Idempotency-Key": "short" } }],
    ["uploadFile", "header Idempotency-Key", { body: "a", headers: { "Idempotency-Key": "ü".repeat(20) } }],
  ];
  test.each(cases)("%s, %s", async (name, field, asking) => {
    expect(await refused(name, asking)).toMatchObject(wrong(field));
  });

  test.each(["nothing", "CUSTOMER-SUPPORT", "customer-support ", "__proto__", "toString", "..%2f", "x".repeat(5000)])(
    "the service %j is unknown",
    async (service) => {
      const problem = await outside.refused("openSession", { params: { service }, json: { nickname: "A" } });
      expect(problem).toMatchObject({ status: 404, code: "unknown-service" });
    },
  );
});
