/** Agents who sign in with their company's identity provider: real keys, a provider on loopback, the built worker between. */
import { rm } from "node:fs/promises";
import { UnsecuredJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApiClient } from "../../support/node/api-client.ts";
import { openSession } from "../../support/node/chats.ts";
import { signClaims } from "../../support/node/forgery.ts";
import { IdentityProvider, type Manner } from "../../support/node/identity-provider.ts";
import { startTestServer, type TestServer } from "../../support/node/server.ts";
import { openLive, upgradeRefusal } from "../../support/node/socket-client.ts";

const BAD = { status: 401, code: "unauthenticated" };
const FAILING: Manner[] = ["error", "silence", "trickle", "huge", "garbage", "redirect"];
const PRIVATE = "Qwfparst@private.example";

let server: TestServer;
let company: IdentityProvider;
let other: IdentityProvider;
let rotating: IdentityProvider;
let team: IdentityProvider;
/** Signs with an algorithm that its settings do not allow. */
let unlisted: IdentityProvider;
const failing = new Map<Manner, IdentityProvider>();
const sent: string[] = [];

beforeAll(async () => {
  [company, other, rotating, team, unlisted] = await Promise.all([
    IdentityProvider.start(),
    IdentityProvider.start("ES256"),
    IdentityProvider.start("ES256"),
    IdentityProvider.start(),
    IdentityProvider.start("PS256"),
  ]);
  for (const manner of FAILING) {
    const provider = await IdentityProvider.start();
    provider.manner = manner;
    failing.set(manner, provider);
  }
  const grants = [
    { claim: "groups", value: "agents", services: "customer-support", privileges: "chat:take chat:push-url" },
    { claim: ["realm", "roles"], value: "seller", services: ["sales"], privileges: ["chat:take"] },
    { claim: "department", value: "compliance", services: "*", privileges: ["compliance:read"] },
  ];
  const broken = [...failing].map(([manner, one]) => [`AGENT_ISSUER_${manner.toUpperCase()}`, one.settings()]);
  server = await startTestServer({
    bindings: {
      AGENT_ISSUER_COMPANY: company.settings({ audience: ["satchel", "desk"], grants }) as never,
      AGENT_ISSUER_OTHER: other.settings() as never,
      AGENT_ISSUER_ROTATING: rotating.settings() as never,
      AGENT_ISSUER_UNLISTED: unlisted.settings() as never,
      AGENT_ISSUER_TEAM: {
        "access-team": team.issuer,
        audience: "satchel",
        grants: [{ claim: "aud", value: "satchel", services: "*", privileges: ["chat:take"] }],
      },
      ...Object.fromEntries(broken),
    },
  });
}, 60_000);
afterAll(async () => {
  await server.stop();
  await Promise.all([company, other, rotating, team, unlisted, ...failing.values()].map((one) => one.stop()));
  await rm(server.storage, { recursive: true, force: true });
});

/** A new session, as somebody with this token sees it. */
async function someone(token: string | undefined, service?: string): Promise<ApiClient> {
  if (token !== undefined) sent.push(token);
  return (await openSession(() => server, service)).customer.withToken(token);
}
const joining = async (token: string, service?: string) => (await someone(token, service)).ask("joinSession");
const refusalOf = async (token: string) => (await someone(token)).refused("joinSession");
const seconds = (from: number) => Math.floor(Date.now() / 1000) + from;

describe("an agent with a token of the company's", () => {
  test("joins under the name that the provider gives", async () => {
    const who = await someone(await company.sign());
    await who.must("joinSession");
    expect((await who.must("getSession")).participants.at(-1)).toMatchObject({
      type: "Agent",
      nickname: "Grace Hopper",
    });
  });

  test.each([
    ["Gr\u200bace\u202e", "Grace"],
    [undefined, "Agent"],
    [{ first: "Grace" }, "Agent"],
    ["\u2066\u200f", "Agent"],
  ])("named %j is called %s", async (name, nickname) => {
    const who = await someone(await company.sign({ name }));
    await who.must("joinSession");
    expect((await who.must("getSession")).participants.at(-1)).toMatchObject({ nickname });
  });

  test("has the privileges of their claims, in each service its own", async () => {
    const support = await company.sign();
    expect(await joining(support)).toMatchObject({ ok: true });
    expect(await joining(support, "sales")).toMatchObject({ problem: { status: 403, code: "missing-privilege" } });
    const seller = await company.sign({ groups: "staff", realm: { roles: ["seller"] } });
    expect(await joining(seller, "sales")).toMatchObject({ ok: true });
    expect(await joining(seller)).toMatchObject({ problem: { code: "missing-privilege" } });
    const officer = await company.sign({ groups: [], department: "compliance" });
    for (const service of ["sales", "customer-support"]) {
      const who = await someone(officer, service);
      expect(await who.refused("joinSession")).toMatchObject({ code: "missing-privilege" });
      expect(await who.ask("getSession")).toMatchObject({ ok: true });
    }
  });

  test.each([
    { groups: undefined },
    { groups: "Agents" },
    { groups: "staff agents" },
    { groups: { agents: true } },
    { groups: [["agents"]] },
    { groups: [], privileges: ["chat:take"] },
    { groups: [], realm: { roles: { seller: true } } },
  ])("and claims such as %j may join nothing", async (change) => {
    const token = await company.sign(change);
    for (const service of ["customer-support", "sales"]) {
      expect(await joining(token, service)).toMatchObject({ problem: { code: "missing-privilege" } });
    }
  });

  test("is the same person in each of their sessions, and another one than the same id of another provider", async () => {
    const own = await company.sign({ sub: "u1" });
    const foreign = await other.sign({ sub: "u1" });
    const who = await someone(own);
    const first = await who.must("joinSession");
    expect(await who.withToken(await company.sign({ sub: "u1" })).must("joinSession")).toMatchObject({
      participantId: first.participantId,
    });
    expect(await who.withToken(foreign).refused("getSession")).toMatchObject({ code: "not-joined" });
    const second = await who.withToken(foreign).must("joinSession");
    expect(second.participantId).not.toBe(first.participantId);
  });

  test("may show a token for any of the audiences that are configured", async () => {
    expect(await joining(await company.sign({ aud: "desk" }))).toMatchObject({ ok: true });
    expect(await joining(await company.sign({ aud: ["elsewhere", "satchel"] }))).toMatchObject({ ok: true });
  });
});

describe("a token is refused", () => {
  test("when its time is over, by a code of its own", async () => {
    expect(await refusalOf(await company.sign({ exp: seconds(-30) }))).toMatchObject({
      status: 401,
      code: "token-expired",
    });
  });

  test.each([
    ["that never ends", () => ({ exp: undefined })],
    ["whose end is no number", () => ({ exp: "never" })],
    ["that is not good yet", () => ({ nbf: seconds(60) })],
    ["for another audience", () => ({ aud: "elsewhere" })],
    ["for no audience", () => ({ aud: undefined })],
    ["of no issuer", () => ({ iss: undefined })],
    ["of an issuer that is not configured", () => ({ iss: "https://id.example.com" })],
    ["of an issuer that differs by a slash", () => ({ iss: `${company.issuer}/` })],
    ["that says another provider's issuer", () => ({ iss: other.issuer })],
    ["without a subject", () => ({ sub: undefined })],
    ["with an empty subject", () => ({ sub: "" })],
    ["with a subject that is no text", () => ({ sub: 7 })],
    ["with a blank in its subject", () => ({ sub: "a b" })],
    ["with a subject of absurd length", () => ({ sub: "x".repeat(256) })],
    [
      "that says it is a development one",
      () => ({ iss: "satchel:development", aud: "satchel:agent", privileges: ["chat:take"] }),
    ],
    ["that says it is a customer's", () => ({ aud: "satchel:session" })],
  ] as [string, () => Record<string, unknown>][])("%s", async (_what, change) => {
    expect(await refusalOf(await company.sign(change()))).toMatchObject(BAD);
  });

  test("with alg none", async () => {
    expect(await refusalOf(new UnsecuredJWT({ ...company.claims() }).encode())).toMatchObject(BAD);
    const [, claims] = (await company.sign()).split(".");
    for (const header of [{ alg: "none" }, { alg: "None", kid: company.key.kid }]) {
      const head = Buffer.from(JSON.stringify(header)).toString("base64url");
      expect(await refusalOf(`${head}.${claims}.`)).toMatchObject(BAD);
      expect(await refusalOf(`${head}.${claims}.x`)).toMatchObject(BAD);
    }
  });

  test("with HS256 under what is public of the provider's key", async () => {
    for (const text of await company.publicForms()) {
      expect(await refusalOf(await signClaims(Buffer.from(text), { ...company.claims() }))).toMatchObject(BAD);
    }
  });

  test("with an algorithm that is not configured, also under a key of the provider's", async () => {
    expect(await refusalOf(await unlisted.sign())).toMatchObject(BAD);
    const forged = await unlisted.sign({ iss: company.issuer }, { kid: company.key.kid });
    expect(await refusalOf(forged)).toMatchObject(BAD);
  });

  test("under another key that says it is the provider's, or brings itself along", async () => {
    const stranger = await IdentityProvider.start();
    const forged = await stranger.sign({ iss: company.issuer }, { kid: company.key.kid });
    const jku = await stranger.sign({ iss: company.issuer }, {
      kid: company.key.kid,
      jku: `${stranger.issuer}/keys`,
    } as never);
    await stranger.stop();
    for (const token of [forged, jku]) expect(await refusalOf(token)).toMatchObject(BAD);
    expect(stranger.asked).toBe(0);
  });

  test("with one letter changed", async () => {
    const token = await company.sign();
    const [head = "", claims = "", signature = ""] = token.split(".");
    const more = Buffer.from(JSON.stringify(company.claims({ sub: "root" }))).toString("base64url");
    const turned = `${signature[0] === "A" ? "B" : "A"}${signature.slice(1)}`;
    for (const one of [`${head}.${more}.${signature}`, `${head}.${claims}.${turned}`, `${head}.${claims}`]) {
      expect(await refusalOf(one)).toMatchObject(BAD);
    }
  });
});

describe("the provider's keys", () => {
  test("are asked for once, not for each token", async () => {
    await joining(await other.sign());
    const { asked } = other;
    expect(asked).toBeGreaterThan(0);
    for (let tokens = 0; tokens < 5; tokens += 1) expect(await joining(await other.sign())).toMatchObject({ ok: true });
    expect(other.asked).toBe(asked);
  });

  test("may rotate: the new key is found at once, the old one is good no more, and strangers make us ask no more", async () => {
    const old = rotating.key;
    const before = await rotating.sign();
    expect(await joining(before)).toMatchObject({ ok: true });
    await rotating.rotate("ES256");
    expect(await joining(await rotating.sign())).toMatchObject({ ok: true });
    expect(rotating.asked).toBe(2);
    expect(await refusalOf(before)).toMatchObject(BAD);
    expect(await refusalOf(await rotating.sign({}, {}, old))).toMatchObject(BAD);
    for (let guesses = 0; guesses < 5; guesses += 1) {
      expect(await refusalOf(await rotating.sign({}, { kid: `guess-${guesses}` }))).toMatchObject(BAD);
    }
    expect(rotating.asked).toBe(2);
    expect(await joining(await rotating.sign())).toMatchObject({ ok: true });
  });

  test.each(FAILING)(
    "of a provider that answers with %s are waited for at most so long, and nobody is let in",
    async (manner) => {
      const provider = failing.get(manner);
      if (provider === undefined) throw new Error("no such provider");
      const who = await someone(await provider.sign());
      const begin = performance.now();
      const outcome = await who.ask("joinSession");
      expect(outcome).toMatchObject({ ok: false, problem: { status: 503, code: "identity-provider-unavailable" } });
      expect(outcome.headers.get("Retry-After")).toBe("5");
      expect(performance.now() - begin).toBeLessThan(8000);
      // Nobody waits for it again so soon.
      const again = performance.now();
      expect(await who.refused("joinSession")).toMatchObject({ status: 503, code: "identity-provider-unavailable" });
      expect(await upgradeRefusal(who)).toMatchObject({ status: 503, code: "identity-provider-unavailable" });
      expect(performance.now() - again).toBeLessThan(2000);
      expect(provider.asked).toBe(1);
    },
  );
});

describe("Cloudflare Access", () => {
  const CARRIERS: [string, (token: string) => Record<string, string>][] = [
    ["header", (token) => ({ "Cf-Access-Jwt-Assertion": token })],
    ["cookie", (token) => ({ Cookie: `a=b; CF_Authorization=${token}; c=d` })],
  ];
  let token: string;
  beforeAll(async () => {
    token = await team.sign({ type: "app", email: PRIVATE, name: undefined, aud: ["satchel"] });
  });
  const own = () => ({ Origin: new URL(server.url).origin });

  describe.each(CARRIERS)("by its %s", (_name, carried) => {
    test("lets a page of ours change things, and open a socket", async () => {
      const who = await someone(undefined);
      for (const page of [
        own(),
        { "Sec-Fetch-Site": "same-origin" },
        { Origin: "null", "Sec-Fetch-Site": "same-origin" },
      ]) {
        expect(await who.ask("joinSession", { headers: { ...carried(token), ...page } })).toMatchObject({ ok: true });
        // A browser says our own origin wherever it opens a socket, and never null.
        if (!("Origin" in page) || page.Origin !== "null")
          expect(await upgradeRefusal(who, { ...carried(token), ...page })).toBeUndefined();
      }
    });

    test("lets no other page, and nobody who says nothing", async () => {
      const who = await someone(undefined);
      for (const page of [
        {},
        { Origin: "https://evil.example" },
        { Origin: "null" },
        { "Sec-Fetch-Site": "cross-site" },
        { "Sec-Fetch-Site": "same-site" },
        { "Sec-Fetch-Site": "none" },
        { ...own(), "Sec-Fetch-Site": "cross-site" },
        { Origin: "https://evil.example", "Sec-Fetch-Site": "same-origin" },
        // A page on another port of this machine may read in development, but it is not ours.
        { Origin: "http://localhost:3000" },
      ]) {
        const refused = { status: 403, code: "origin-not-allowed" };
        const headers: Record<string, string> = { ...carried(token), ...page };
        expect([page, await who.refused("joinSession", { headers })]).toEqual([page, expect.objectContaining(refused)]);
        expect([page, await upgradeRefusal(who, headers)]).toEqual([page, expect.objectContaining(refused)]);
      }
    });

    test("lets our own pages and a person's own navigation read, and no other site", async () => {
      const who = await someone(undefined);
      await who.must("joinSession", { headers: { ...carried(token), ...own() } });
      const reading = (page: object) => who.ask("getSession", { headers: { ...carried(token), ...page } });
      for (const page of [{}, own(), { "Sec-Fetch-Site": "same-origin" }, { "Sec-Fetch-Site": "none" }]) {
        expect([page, await reading(page)]).toEqual([page, expect.objectContaining({ ok: true })]);
      }
      for (const page of [
        { Origin: "https://evil.example" },
        { Origin: "null" },
        { "Sec-Fetch-Site": "cross-site" },
        { "Sec-Fetch-Site": "same-site" },
      ]) {
        const refused = { problem: expect.objectContaining({ code: "origin-not-allowed" }) };
        expect([page, await reading(page)]).toEqual([page, expect.objectContaining(refused)]);
      }
    });

    test("takes only Access's own tokens, and none that is wrong", async () => {
      const who = await someone(undefined);
      const session = await openSession(() => server);
      const wrong = [
        await company.sign(),
        session.customer.token ?? "",
        await team.sign({ aud: "another-application" }),
        "x",
        "",
      ];
      for (const one of wrong) {
        const headers = { ...carried(one), ...own() };
        expect(await who.inSession(session.opened.sessionId).refused("joinSession", { headers })).toMatchObject(BAD);
        expect(await who.inSession(session.opened.sessionId).refused("endSession", { headers })).toMatchObject(BAD);
      }
    });

    test("is not looked at beside a token that was sent on purpose", async () => {
      const { customer } = await openSession(() => server);
      const headers = { ...carried(token), Origin: "http://localhost:3000" };
      expect(await customer.ask("sendMessage", { json: { text: "a" }, headers })).toMatchObject({ ok: true });
      expect(
        await customer.withToken("wrong").refused("getSession", { headers: { ...carried(token), ...own() } }),
      ).toMatchObject(BAD);
    });
  });

  test("without a name calls its people Agent, whatever their address is", async () => {
    const who = await someone(undefined);
    await who.must("joinSession", { headers: { "Cf-Access-Jwt-Assertion": token, ...own() } });
    const { participants } = await who.must("getSession", { headers: { "Cf-Access-Jwt-Assertion": token } });
    expect(participants.at(-1)).toMatchObject({ type: "Agent", nickname: "Agent" });
  });

  test("gives no page of another origin leave to send cookies", async () => {
    const who = await someone(token);
    const headers = { Origin: "http://localhost:3000", "Access-Control-Request-Method": "POST" };
    for (const method of ["OPTIONS", "GET"]) {
      const answer = await fetch(who.address("getSession"), { method, headers });
      expect(answer.headers.get("Access-Control-Allow-Origin")).toBe("http://localhost:3000");
      expect(answer.headers.get("Access-Control-Allow-Credentials")).toBeNull();
    }
  });
});

test("a socket is closed when the token that opened it ends, though nothing is said on it", async () => {
  // The clock tolerance counts: the token is taken for ten seconds more, and the socket with it.
  const who = await someone(await company.sign({ exp: seconds(-6) }));
  await who.must("joinSession");
  const socket = await openLive(who);
  expect(await socket.closed).toMatchObject({ code: 4401, reason: "token expired" });
  expect(await who.refused("getSession")).toMatchObject({ code: "token-expired" });
});

test("the log tells that a provider failed, and nothing of a token, a name or an address", () => {
  const log = server.log.join("\n");
  expect(log).toContain('"failure":"identity-provider-unavailable"');
  for (const word of ["Grace", "Hopper", "private.example", "grace"]) expect(log).not.toContain(word);
  for (const part of sent.flatMap((token) => token.split(".")).filter((one) => one.length > 20))
    expect(log).not.toContain(part);
});
