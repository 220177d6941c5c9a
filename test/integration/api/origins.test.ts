/** Whose pages may use a service, and a second host that serves bytes of files and nothing else. */
import { type IncomingHttpHeaders, request } from "node:http";
import { buffer } from "node:stream/consumers";
import { beforeAll, describe, expect, test } from "vitest";
import type { ApiClient } from "../../support/node/api-client.ts";
import { type Chat, openChat, openSession, send, textOf } from "../../support/node/chats.ts";
import { useServer } from "../../support/node/server.ts";
import { upgradeRefusal } from "../../support/node/socket-client.ts";

const SHOP = "https://www.shop.example";
const OWN = "https://chat.example";
const UNLISTED = [
  "https://evil.example",
  "https://shop.example",
  "http://www.shop.example",
  "https://www.shop.example.evil.example",
  "https://www.shop.example:8443",
  "null",
];

const production = useServer({
  bindings: {
    PUBLIC_ORIGIN: OWN,
    DEV_ISSUER_KEY: "",
    SERVICE_SHOP: { "allowed-origins": [SHOP], "transcript-email": "never" },
    SERVICE_OTHER: { "transcript-email": "never" },
  },
});
const development = useServer();

const isCors = (name: string) => name.toLowerCase().startsWith("access-control-");
const corsOf = (headers: Headers) => [...headers].filter(([name]) => isCors(name));
const EXPOSED = "Accept-Ranges,Content-Disposition,Content-Range,ETag,Retry-After,X-Request-Id";

/** Reads the session as a page of this origin would. */
function read(who: ApiClient, origin: string): Promise<Response> {
  return fetch(who.address("getSession"), { headers: { Authorization: `Bearer ${who.token}`, Origin: origin } });
}

/** Asks as a browser does before a request that needs leave. */
function preflight(url: URL | string, origin: string): Promise<Response> {
  const headers = {
    Origin: origin,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
  };
  return fetch(url, { method: "OPTIONS", headers });
}

describe("pages of", () => {
  let shop: ApiClient;
  let other: ApiClient;
  beforeAll(async () => {
    shop = (await openSession(production, "shop")).customer;
    other = (await openSession(production, "other")).customer;
  });

  test.each([
    ["a listed origin", SHOP],
    ["our own origin", OWN],
  ])("%s may read, and see what they need of the headers", async (_whose, origin) => {
    const { status, headers } = await read(shop, origin);
    expect({ status, cors: corsOf(headers) }).toEqual({
      status: 200,
      cors: [
        ["access-control-allow-origin", origin],
        ["access-control-expose-headers", EXPOSED],
      ],
    });
    expect(headers.get("Vary")).toContain("Origin");
  });

  test("the host that was asked may read", async () => {
    const { headers } = await read(shop, production().url);
    expect(headers.get("Access-Control-Allow-Origin")).toBe(production().url);
  });

  test.each(UNLISTED)("%s get no CORS headers, in no answer, and no leave", async (origin) => {
    const answers = [
      await read(shop, origin),
      await read(shop.withToken("wrong"), origin),
      await preflight(shop.address("sendMessage"), origin),
      await preflight(new URL("/v1/services/shop/sessions", production().url), origin),
    ];
    for (const { headers } of answers) {
      expect(corsOf(headers)).toEqual([]);
      expect(headers.get("Vary")).toContain("Origin");
    }
  });

  test("an origin listed for one service get nothing of another", async () => {
    expect(corsOf((await read(other, SHOP)).headers)).toEqual([]);
    expect(await upgradeRefusal(other, { Origin: SHOP })).toMatchObject({ status: 403, code: "origin-not-allowed" });
  });

  test("an origin listed for one service get nothing of another's standard responses, whatever the query adds", async () => {
    for (const path of [
      "/v1/agent/standard-responses?service=other",
      "/v1/admin/services/other/library/export?service=shop",
    ])
      expect(corsOf((await preflight(new URL(path, production().url), SHOP)).headers)).toEqual([]);
  });

  test("this machine get nothing in production", async () => {
    for (const origin of ["http://localhost:3000", "http://127.0.0.1:5500"])
      expect(corsOf((await read(shop, origin)).headers)).toEqual([]);
  });

  test("any service may read that a problem is one", async () => {
    const { status, headers } = await read(shop.withToken("wrong"), SHOP);
    expect({ status, origin: headers.get("Access-Control-Allow-Origin") }).toEqual({ status: 401, origin: SHOP });
  });

  test("a listed origin are given leave before they ask, for every method and header of the API", async () => {
    const about = [
      "/v1/services/shop/sessions",
      "/v1/agent/standard-responses?service=shop",
      "/v1/agent/standard-response-categories?service=shop",
      "/v1/admin/services/shop/standard-responses/x",
    ].map((path) => new URL(path, production().url));
    for (const url of [shop.address("sendMessage"), ...about]) {
      const { status, headers } = await preflight(url, SHOP);
      expect(status).toBe(204);
      expect(Object.fromEntries(corsOf(headers))).toEqual({
        "access-control-allow-origin": SHOP,
        "access-control-allow-methods": "GET,HEAD,POST,PUT,DELETE",
        "access-control-allow-headers": "Authorization,Content-Type,Idempotency-Key,If-None-Match,If-Range,Range",
        "access-control-expose-headers": EXPOSED,
        "access-control-max-age": "600",
      });
    }
  });

  test("an unlisted origin get no socket, whatever token they have; a listed one does, and so does no browser", async () => {
    for (const origin of UNLISTED) {
      const refused = await upgradeRefusal(shop, { Origin: origin });
      expect(refused).toMatchObject({ status: 403, code: "origin-not-allowed" });
    }
    for (const headers of [{ Origin: SHOP }, { Origin: OWN }, {}]) {
      expect(await upgradeRefusal(shop, headers)).toBeUndefined();
    }
  });

  test("no browser are judged by their token alone", async () => {
    const headers = { Authorization: `Bearer ${shop.token}` };
    const response = await fetch(shop.address("getSession"), { headers });
    expect({ status: response.status, cors: corsOf(response.headers) }).toEqual({ status: 200, cors: [] });
  });
});

test("in development pages of any port of this machine may read and open sockets, and no other", async () => {
  const { customer } = await openSession(development);
  for (const origin of ["http://localhost:3000", "http://127.0.0.1:5500", "http://[::1]:8080", "https://a.localhost"]) {
    expect((await read(customer, origin)).headers.get("Access-Control-Allow-Origin")).toBe(origin);
    expect(await upgradeRefusal(customer, { Origin: origin })).toBeUndefined();
  }
  for (const origin of ["https://localhost.evil.example", "http://192.168.0.1:3000", "https://evil.example", "null"]) {
    expect(corsOf((await read(customer, origin)).headers)).toEqual([]);
    expect(await upgradeRefusal(customer, { Origin: origin })).toMatchObject({ code: "origin-not-allowed" });
  }
});

describe("a files-origin", () => {
  const host = "files.localhost";
  const server = useServer({
    bindings: { SERVICE_FILES: { "files-origin": `http://${host}`, "transcript-email": "never" } },
  });
  let chat: Chat;
  let params: { fileId: string };
  let link: URL;
  beforeAll(async () => {
    chat = await openChat(server, "files");
    params = { fileId: (await send(chat.agent, "a.txt", textOf(1000))).fileId };
    link = new URL((await chat.customer.must("createTicket", { params })).url);
  });

  /** Asks the server under the other host's name, which no resolver has to know. */
  async function atFilesHost(path: string, method = "GET", fields: Record<string, string> = {}) {
    const { promise, resolve, reject } = Promise.withResolvers<{
      status: number | undefined;
      headers: IncomingHttpHeaders;
      bytes: Buffer;
    }>();
    const asked = request(new URL(path, server().url), { method, headers: { Host: host, ...fields } });
    asked.on("error", reject).on("response", (answer) => {
      const { statusCode: status, headers } = answer;
      buffer(answer).then((bytes) => resolve({ status, headers, bytes }), reject);
    });
    asked.end();
    return promise;
  }

  test("is where links lead, and serves their bytes, whole and in part, with the file's own CSP", async () => {
    expect(link.origin).toBe(`http://${host}`);
    const path = `${link.pathname}${link.search}`;
    const { status, headers, bytes } = await atFilesHost(path);
    expect({ status, length: bytes.length }).toEqual({ status: 200, length: 1000 });
    expect(headers["content-security-policy"]).toBe("sandbox; default-src 'none'");
    expect((await atFilesHost(path, "GET", { Range: "bytes=0-9" })).bytes).toHaveLength(10);
    expect((await atFilesHost(path, "HEAD")).status).toBe(200);
  });

  test("serves nothing else, whatever token comes with it", async () => {
    const session = `/v1/sessions/${chat.sessionId}`;
    const file = `${session}/files/${params.fileId}`;
    const cases = [
      ["GET", session],
      ["GET", `${session}/events`],
      ["GET", `${session}/transcript`],
      ["GET", file],
      ["DELETE", file],
      ["POST", `${file}/ticket`],
      ["GET", "/healthz"],
      ["GET", "/openapi.json"],
      ["POST", "/v1/services/files/sessions"],
      ["POST", "/v1/dev/agent-token"],
      ["GET", "/"],
    ] as const;
    for (const [method, path] of cases) {
      const answer = await atFilesHost(path, method, { Authorization: `Bearer ${chat.agent.token}` });
      expect({ path, status: answer.status }).toEqual({ path, status: 404 });
    }
    for (const { token } of [chat.agent, chat.customer]) {
      const headers = { Authorization: `Bearer ${token}` };
      expect((await atFilesHost(`${file}${link.search}`, "DELETE", headers)).status).toBe(404);
    }
    expect(await chat.customer.must("downloadFile", { params })).toHaveLength(1000);
  });

  test("leaves the service's own host as it is", async () => {
    expect((await fetch(`${server().url}${link.pathname}${link.search}`)).status).toBe(200);
    expect((await fetch(`${server().url}/healthz`)).status).toBe(200);
  });
});
