/** Development tokens: for this machine's own pages and programs, and nowhere else. */
import { beforeAll, describe, expect, test } from "vitest";
import { PRIVILEGES } from "../../../src/protocol/wire.ts";
import { ApiClient } from "../../support/node/api-client.ts";
import { type Chat, openChat, openSession } from "../../support/node/chats.ts";
import { agentClaims, signClaims } from "../../support/node/forgery.ts";
import { statusOf } from "../../support/node/raw-request.ts";
import { useServer } from "../../support/node/server.ts";

const server = useServer();
let chat: Chat;
beforeAll(async () => {
  chat = await openChat(server);
});

describe("the development issuer", () => {
  const body = JSON.stringify({ name: "Grace", privileges: PRIVILEGES });
  const json = { "Content-Type": "application/json" };
  const path = "/v1/dev/agent-token";

  test.each(["evil.example", "chat.example.com:80", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1"])(
    "is not there for a page that came to us as %s, nor are its tokens good there",
    async (host) => {
      expect(await statusOf(server().url, path, { ...json, Host: host }, "POST", body)).toBe(404);
      const headers = { Authorization: `Bearer ${chat.agent.token}`, Host: host };
      expect(await statusOf(server().url, `/v1/sessions/${chat.sessionId}`, headers)).toBe(401);
      expect(await statusOf(server().url, `/v1/agent/sessions/${chat.sessionId}/leave`, headers, "POST")).toBe(401);
    },
  );

  test("gives nothing to what a page may send without asking first", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"]) {
      expect(await statusOf(server().url, path, { "Content-Type": type }, "POST", body)).toBe(415);
    }
    expect(await statusOf(server().url, path, {}, "POST", body)).toBe(415);
    const asking = { Origin: "https://evil.example", "Access-Control-Request-Method": "POST" };
    const preflight = await fetch(`${server().url}${path}`, { method: "OPTIONS", headers: asking });
    expect(preflight.headers.get("Access-Control-Allow-Origin")).toBeNull();
  });
});

describe("a server in production, with neither key nor loopback name", () => {
  const production = useServer({ bindings: { DEV_ISSUER_KEY: "", PUBLIC_ORIGIN: "https://chat.example" } });

  test("has no development issuer, and takes none of its tokens, even the right ones under an empty key", async () => {
    const anybody = new ApiClient(() => production().url);
    const json = { name: "Grace", privileges: PRIVILEGES };
    const problem = await anybody.refused("createDevelopmentAgentToken", { json });
    expect(problem).toMatchObject({ status: 404, code: "not-found" });
    const { customer } = await openSession(production);
    const token = await signClaims(Buffer.alloc(32), agentClaims(PRIVILEGES));
    expect(await customer.withToken(token).refused("joinSession")).toMatchObject({
      status: 401,
      code: "unauthenticated",
    });
    expect(await customer.withToken(chat.agent.token).refused("getSession")).toMatchObject({
      status: 401,
      code: "unauthenticated",
    });
  });
});
