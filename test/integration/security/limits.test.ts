/** Abuse limits: so much a minute by address and in a session, refused with the time to come back, and never agents. */
import { beforeAll, describe, expect, test } from "vitest";
import { CLOSE_TOO_FAST } from "../../../src/protocol/wire.ts";
import { ApiClient } from "../../support/node/api-client.ts";
import { type Chat, openChat, openSession, send, textOf } from "../../support/node/chats.ts";
import { GmsClient } from "../../support/node/gms-client.ts";
import { useServer } from "../../support/node/server.ts";
import { openSocket } from "../../support/node/socket-client.ts";

const QUIET = { "transcript-email": "never" };
const server = useServer({
  ratelimits: { LIMIT_SESSIONS: 5, LIMIT_MESSAGES: 5, LIMIT_UPLOADS: 5, LIMIT_FAILED_TOKENS: 5 },
  bindings: {
    SERVICE_SLOW: { ...QUIET, "max-messages-per-minute": 3, "max-uploads-per-minute": 2, "max-frames-per-minute": 10 },
  },
});
const TOO_MANY = { status: 429, code: "too-many-requests" };

/** An address that no other test has (RFC 5737 and RFC 3849 keep these for examples). */
let last = 0;
const freshAddress = () => `198.51.100.${++last}`;
const from = (address: string) => ({ "CF-Connecting-IP": address });
const open = (address: string | undefined, service = "sales") =>
  new ApiClient(() => server().url).ask("openSession", {
    params: { service },
    json: { nickname: "Ada" },
    headers: address === undefined ? {} : from(address),
  });

/** How many were let through until one was not. A window follows the clock's minute, so that two may be used up at most. */
async function untilRefused(ask: () => Promise<{ ok: boolean }>): Promise<number> {
  for (let count = 0; count <= 11; count += 1) if (!(await ask()).ok) return count;
  throw new Error("nothing was refused");
}

function expectWindow(count: number): void {
  expect(count).toBeGreaterThanOrEqual(5);
  expect(count).toBeLessThanOrEqual(10);
}

describe("one address", () => {
  test("opens so many chats a minute, and is told when to come back; another is not held up", async () => {
    const address = freshAddress();
    expectWindow(await untilRefused(() => open(address)));
    const answer = await fetch(`${server().url}/v1/services/sales/sessions`, {
      method: "POST",
      headers: { ...from(address), "Content-Type": "application/json" },
      body: JSON.stringify({ nickname: "Ada" }),
    });
    expect([answer.status, answer.headers.get("Retry-After")]).toEqual([429, "60"]);
    expect(await answer.json()).toMatchObject({ code: "too-many-requests", retryAfter: 60 });
    expect((await open(freshAddress())).ok).toBe(true);
  });

  test("of IPv6 is its whole /64, however it is written", async () => {
    let host = 0;
    expectWindow(await untilRefused(() => open(`2001:db8:0:1::${(++host).toString(16)}`)));
    expect((await open("2001:0DB8:0000:0001:ffff::1")).ok).toBe(false);
    expect((await open("2001:db8:0:2::1")).ok).toBe(true);
  });

  test("is what the platform saw, and never what the client says of itself", async () => {
    const address = freshAddress();
    await untilRefused(() => open(address));
    const forged = { ...from(address), "X-Forwarded-For": "203.0.113.9", Forwarded: "for=203.0.113.9" };
    const asking = { params: { service: "sales" }, json: { nickname: "Ada" }, headers: forged };
    expect(await new ApiClient(() => server().url).refused("openSession", asking)).toMatchObject(TOO_MANY);
  });

  test("that nobody tells, as on a machine of one's own, is not counted", async () => {
    for (let count = 0; count < 15; count += 1) expect((await open(undefined)).ok).toBe(true);
  });

  test.each([
    ["messages", "sendMessage", { json: { text: "hi" } }],
    ["uploads", "uploadFile", { query: { name: "a.exe" }, body: "x" }],
  ] as const)("sends so many %s a minute over all its chats; agents send on", async (_what, name, asking) => {
    const [one, other] = [await openChat(server), await openSession(server)];
    const headers = from(freshAddress());
    const told = async (who: ApiClient) => {
      const outcome = await who.ask(name, { ...asking, headers });
      return outcome.ok ? undefined : outcome.problem.code;
    };
    let turn = 0;
    const ask = async () => ({
      ok: (await told(turn++ % 2 === 0 ? one.customer : other.customer)) !== "too-many-requests",
    });
    expectWindow(await untilRefused(ask));
    expect(await told(one.agent)).not.toBe("too-many-requests");
  });

  test("starts so many chats through the Genesys door", async () => {
    const headers = from(freshAddress());
    const start = () =>
      fetch(`${server().url}/genesys/2/chat/sales`, {
        method: "POST",
        headers,
        body: new URLSearchParams({ nickname: "Ada" }),
      });
    expectWindow(await untilRefused(start));
    const refused = await start();
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ statusCode: 2, errors: [{ code: 1015 }] });
  });
});

describe("who guesses credentials", () => {
  let chat: Chat;
  beforeAll(async () => {
    chat = await openChat(server);
  });
  const view = (who: ApiClient, address: string) => who.ask("getSession", { headers: from(address) });
  /** Each is told that the token is wrong until the address is kept out, which a good token then shows. */
  async function guess(address: string, wrong: ApiClient): Promise<number> {
    for (let count = 1; count <= 11; count += 1) {
      const outcome = await view(wrong, address);
      if (!outcome.ok && outcome.problem.code === "too-many-requests") return count - 1;
    }
    throw new Error("nobody was kept out");
  }

  test.each([
    ["tokens", () => chat.customer.withToken(`${chat.customer.token?.slice(0, -4)}AAAA`)],
    ["ids of sessions", () => chat.customer.inSession("x".repeat(40))],
  ])("is kept out for a minute after so many wrong %s, and nobody else is", async (_what, wrong) => {
    const address = freshAddress();
    expectWindow(await guess(address, wrong()));
    expect((await view(chat.customer, address)).ok).toBe(false);
    expect((await view(chat.customer, freshAddress())).ok).toBe(true);
  });

  test("is kept out of the Genesys door too", async () => {
    const address = freshAddress();
    await guess(address, chat.customer.withToken("x.y.z"));
    const url = `${server().url}/genesys/2/chat/customer-support/${chat.sessionId}/refresh`;
    const body = new URLSearchParams({ secureKey: chat.customer.token ?? "" });
    expect((await fetch(url, { method: "POST", headers: from(address), body })).status).toBe(429);
  });

  test("is not who has no token, or had one", async () => {
    const address = freshAddress();
    for (let count = 0; count < 15; count += 1) {
      const outcome = await view(chat.customer.withToken(undefined), address);
      expect(outcome.ok ? undefined : outcome.problem.status).toBe(401);
    }
    expect((await view(chat.customer, address)).ok).toBe(true);
  });
});

describe("in one session", () => {
  test("a customer's messages are refused with the time to go on, by request, socket and widget; ending never is", async () => {
    const { customer } = await openChat(server, "slow");
    for (let sent = 0; sent < 3; sent += 1) await customer.must("sendMessage", { json: { text: "hi" } });
    const problem = await customer.refused("sendMessage", { json: { text: "one more" } });
    expect(problem).toMatchObject({ ...TOO_MANY, retryAfter: expect.any(Number) });
    const socket = await openSocket(customer);
    socket.send({ type: "hello", position: 0 });
    await socket.next("welcome");
    socket.send({ type: "message", text: "by socket", clientId: "c1" });
    const refused = await socket.nextOf("refused", () => true);
    expect(refused).toMatchObject({ clientId: "c1", problem: { ...TOO_MANY, retryAfter: expect.any(Number) } });
    await customer.must("endSession");
  });

  test("a widget's messages are refused by a number of their own", async () => {
    const client = new GmsClient(server, "slow");
    await client.start();
    for (let sent = 0; sent < 3; sent += 1) await client.must("send", { message: "hi" });
    expect(await client.refused("send", { message: "one more" })).toMatchObject({ http: 429, code: 1015 });
  });

  test("uploads are counted whether they are taken or not", async () => {
    const { customer, agent } = await openChat(server, "slow");
    await send(customer, "a.txt", textOf(10));
    expect(await customer.refused("uploadFile", { query: { name: "a.pdf" }, body: textOf(10) })).toMatchObject({
      code: "type-mismatch",
    });
    expect(await customer.refused("uploadFile", { query: { name: "b.txt" }, body: textOf(10) })).toMatchObject(
      TOO_MANY,
    );
    for (let sent = 0; sent < 4; sent += 1) await send(agent, `${sent}.txt`, textOf(10));
  });

  test("the oldest of too many sockets is closed", { timeout: 20_000 }, async () => {
    const { customer } = await openChat(server, "slow");
    const sockets = [];
    for (let opened = 0; opened <= 20; opened += 1) sockets.push(await openSocket(customer));
    expect(await sockets[0]?.closed).toMatchObject({ code: CLOSE_TOO_FAST, reason: "too many sockets" });
    const newest = sockets.at(-1);
    newest?.send({ type: "hello", position: 0 });
    expect(await newest?.next("welcome")).toMatchObject({ phase: "open" });
  });

  test("a socket that floods is closed, and the next one works once there is time again", async () => {
    const { customer } = await openChat(server, "slow");
    const socket = await openSocket(customer);
    socket.send({ type: "hello", position: 0 });
    for (let sent = 0; sent < 30; sent += 1) socket.sendText('{"type":"typing","typing":true}');
    expect(await socket.closed).toMatchObject({ code: CLOSE_TOO_FAST, reason: "too many frames" });
    expect((await customer.ask("getSession")).ok).toBe(true);
  });
});
