/** Widgets on the operator's pages: what browsers ask before, whose pages may, and the key that a service can demand. */
import { describe, expect, test } from "vitest";
import { readOutcome, refused } from "../../support/node/gms-answers.ts";
import { GmsClient } from "../../support/node/gms-client.ts";
import { useServer } from "../../support/node/server.ts";

const SHOP = "https://www.shop.example";
const quiet = { "transcript-email": "never" };
const server = useServer({
  bindings: {
    PUBLIC_ORIGIN: "https://chat.example",
    DEV_ISSUER_KEY: "",
    SERVICE_SHOP: { ...quiet, "allowed-origins": [SHOP] },
    SERVICE_KEYED: { ...quiet, "allowed-origins": [SHOP], "genesys-api-key": "k-1 of the shop" },
    SERVICE_OTHER: quiet,
  },
});
const UNLISTED = ["https://evil.example", "http://www.shop.example", "https://www.shop.example.evil.example", "null"];
const ASKED = "content-type, apikey, x-api-key, authorization, gms_user, x-requested-with";
const OPERATIONS = ["refresh", "file", "file/limits", "file/AAAA/download", "file/AAAA/delete"];

const corsOf = ({ headers }: Response) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith("access-control-")));

function preflight(url: URL, origin: string): Promise<Response> {
  const headers = { "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": ASKED };
  return fetch(url, { method: "OPTIONS", headers: { Origin: origin, ...headers } });
}

function startFrom(service: string, origin: string): Promise<Response> {
  const url = new GmsClient(server, service).address();
  return fetch(url, { method: "POST", body: new URLSearchParams({ nickname: "Ada" }), headers: { Origin: origin } });
}

describe("before a request that needs leave", () => {
  test.each([SHOP, "https://chat.example"])("a page of %s may send every header that widgets send", async (origin) => {
    const widget = new GmsClient(server, "shop");
    for (const url of [widget.address(), ...OPERATIONS.map((operation) => widget.address(operation, "any"))]) {
      const answer = await preflight(url, origin);
      expect(answer.status).toBe(204);
      expect(corsOf(answer)).toEqual({
        "access-control-allow-origin": origin,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "POST,GET,OPTIONS",
        "access-control-allow-headers": "Content-Type,apikey,x-api-key,Authorization,gms_user,X-Requested-With",
        "access-control-max-age": "600",
      });
      expect(answer.headers.get("Vary")).toContain("Origin");
    }
  });

  test.each(UNLISTED)("a page of %s gets no leave", async (origin) => {
    expect(corsOf(await preflight(new GmsClient(server, "shop").address(), origin))).toEqual({});
  });

  test("a page that another service lists gets no leave for this one", async () => {
    expect(corsOf(await preflight(new GmsClient(server, "other").address(), SHOP))).toEqual({});
  });
});

describe("an answer", () => {
  test("names the page's origin, and lets it send cookies", async () => {
    const answer = await startFrom("shop", SHOP);
    expect(answer.headers.get("Access-Control-Allow-Origin")).toBe(SHOP);
    expect(answer.headers.get("Access-Control-Allow-Credentials")).toBe("true");
    expect(answer.headers.get("Vary")).toContain("Origin");
    expect(await readOutcome(answer)).toMatchObject({ ok: true });
  });

  test("can be read by the page where it refuses, too", async () => {
    for (const operation of ["send", "nothing"]) {
      const url = new GmsClient(server, "shop").address(operation, "any");
      const answer = await fetch(url, { method: "POST", headers: { Origin: SHOP } });
      expect(answer.headers.get("Access-Control-Allow-Origin")).toBe(SHOP);
      expect(await readOutcome(answer)).toMatchObject({ ok: false });
    }
  });

  test.each(UNLISTED)("cannot be read by a page of %s", async (origin) => {
    expect(corsOf(await startFrom("shop", origin))).toEqual({});
  });
});

describe("a service with a key", () => {
  const start = (headers: Record<string, string>) =>
    new GmsClient(server, "keyed", headers).post(undefined, new URLSearchParams({ nickname: "Ada" }));

  test("takes it as apikey and as x-api-key", async () => {
    for (const name of ["apikey", "x-api-key"]) {
      const client = new GmsClient(server, "keyed", { [name]: "k-1 of the shop" });
      await client.start();
      await client.must("send", { message: "hello" });
      expect(await client.poll()).toMatchObject([{ text: "hello" }]);
      await client.send("a.txt", new Uint8Array([97]));
    }
  });

  test.each<[string, Record<string, string>]>([
    ["no key", {}],
    ["another key", { apikey: "k-2" }],
    ["an empty key", { apikey: "" }],
    ["the key in another header", { Authorization: "k-1 of the shop" }],
    ["a part of the key", { "x-api-key": "k-1" }],
  ])("refuses a start with %s", async (_what, headers) => {
    expect(refused(await start(headers))).toMatchObject({ http: 403, statusCode: 2, chatEnded: false, code: 403 });
  });

  test("refuses every operation of a chat without it, but the download", async () => {
    const client = new GmsClient(server, "keyed", { apikey: "k-1 of the shop" });
    await client.start();
    const bare = new GmsClient(server, "keyed").with(client.credentials);
    for (const operation of ["send", "refresh", "disconnect", "file/limits", "file", "file/AAAA/delete"])
      expect(await bare.refused(operation, { message: "x" }), operation).toMatchObject({ http: 403, code: 403 });
    const file = await bare.upload("a.txt", new Uint8Array(800_000));
    expect(refused(file)).toMatchObject({ http: 403, code: 403 });
    expect(await bare.refused("file/AAAA/download")).toMatchObject({ http: 400, code: 1030 });
    expect(await client.poll()).toEqual([]);
  });
});
