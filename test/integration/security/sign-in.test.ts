/** Agents who sign in with a provider on our own page: a stand-in that checks code, verifier and redirect as providers do. */
import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ApiClient } from "../../support/node/api-client.ts";
import { startTestServer, type TestServer } from "../../support/node/server.ts";
import { type Exchanging, SignInProvider } from "../../support/node/sign-in-provider.ts";

const VERIFIER = "v".repeat(43);
const params = { provider: "company" };
let server: TestServer;
let provider: SignInProvider;
beforeAll(async () => {
  provider = await SignInProvider.start();
  const elsewhere = provider.keys.settings({ issuer: "https://id.example.com" });
  server = await startTestServer({
    bindings: { AGENT_ISSUER_COMPANY: provider.settings() as never, AGENT_ISSUER_ELSEWHERE: elsewhere as never },
  });
});
afterAll(async () => {
  await server.stop();
  await provider.stop();
  await rm(server.storage, { recursive: true, force: true });
});

const anybody = () => new ApiClient(() => server.url);
const redirectUri = () => `${server.url}/agent/`;
const code = (verifier = VERIFIER) => provider.codeFor(verifier, redirectUri());
const exchange = (json: object) => anybody().ask("signIn", { params, json });

test("the page learns of the providers that have a client, and whether this is a development server", async () => {
  const { development, providers } = await anybody().must("getSignInWays");
  expect(development).toBe(true);
  expect(providers).toEqual([
    {
      provider: "company",
      authorizationUrl: provider.settings()["authorization-url"],
      clientId: "desk",
      scope: "openid profile",
    },
  ]);
});

test("a code becomes a token with which the agent is who the provider says, and another renews it", async () => {
  const signedIn = await anybody().must("signIn", { params, json: { code: code(), verifier: VERIFIER } });
  const self = await anybody().withToken(signedIn.token).must("getAgentSelf");
  expect(self).toMatchObject({ agentId: `${provider.keys.issuer}#grace`, name: "Grace Hopper" });
  expect(self.services.map(({ service, privileges }) => [service, privileges])).toEqual([
    ["customer-support", ["chat:take"]],
    ["sales", ["chat:take"]],
  ]);
  expect(self.services[0]).toMatchObject({ agentMaxFileSize: 25 * 1024 * 1024, maxMessageLength: 4096 });
  const json = { refreshToken: signedIn.refreshToken };
  const renewed = await anybody().must("signIn", { params, json });
  await anybody().withToken(renewed.token).must("getAgentSelf");
  expect(await exchange(json)).toMatchObject({ ok: false, problem: { status: 403, code: "sign-in-failed" } });
});

test("an id token is taken where the access token is none for Satchel", async () => {
  provider.manner = "id-token";
  const { token } = await anybody().must("signIn", { params, json: { code: code(), verifier: VERIFIER } });
  await anybody().withToken(token).must("getAgentSelf");
  provider.manner = "token";
});

describe("nobody is let in", () => {
  const failed = { ok: false, problem: { status: 403, code: "sign-in-failed" } };
  test.each<[string, () => object]>([
    ["with another's verifier", () => ({ code: code(), verifier: "w".repeat(43) })],
    ["with a code that was never given", () => ({ code: "made up", verifier: VERIFIER })],
    [
      "with a code for another page",
      () => ({
        code: provider.codeFor(VERIFIER, "https://evil.example/agent/"),
        verifier: VERIFIER,
      }),
    ],
    ["with a made up refresh token", () => ({ refreshToken: "made up" })],
  ])("%s", async (_name, json) => {
    expect(await exchange(json())).toMatchObject(failed);
  });

  test("twice with the same code", async () => {
    const json = { code: code(), verifier: VERIFIER };
    expect(await exchange(json)).toMatchObject({ ok: true });
    expect(await exchange(json)).toMatchObject(failed);
  });

  test.each<[Exchanging, string]>([
    ["foreign", "sign-in-failed"],
    ["garbage", "sign-in-failed"],
    ["redirect", "sign-in-failed"],
    ["huge", "identity-provider-unavailable"],
    ["silence", "identity-provider-unavailable"],
  ])("by a provider that answers with %s", async (manner, expected) => {
    provider.manner = manner;
    const outcome = await exchange({ code: code(), verifier: VERIFIER });
    provider.manner = "token";
    expect(outcome).toMatchObject({ ok: false, problem: { code: expected } });
  });

  test("by a provider that has no client here", async () => {
    const json = { code: code(), verifier: VERIFIER };
    for (const name of ["elsewhere", "nobody"]) {
      const outcome = await anybody().ask("signIn", { params: { provider: name }, json });
      expect(outcome).toMatchObject({ ok: false, problem: { status: 404 } });
    }
  });

  test.each([
    {},
    { code: "c" },
    { code: "c", verifier: "short" },
    { refreshToken: "" },
    { refreshToken: "r", code: "c" },
  ])("with %j", async (json) => {
    expect(await exchange(json)).toMatchObject({ ok: false, problem: { status: 400, code: "bad-request" } });
  });
});

test("neither codes nor tokens nor the provider's words stand in the log", () => {
  expect(server.log.join("\n")).not.toMatch(/invalid_grant|eyJ|made up|no json/);
});

describe("a provider that wants a secret of its clients", () => {
  const secret = "s3cret:with %+ and=more";
  let guarded: TestServer;
  let company: SignInProvider;
  beforeAll(async () => {
    company = await SignInProvider.start();
    company.clientSecret = secret.replaceAll(" ", "_");
    guarded = await startTestServer({
      bindings: {
        AGENT_ISSUER_COMPANY: company.settings() as never,
        AGENT_CLIENT_SECRET_COMPANY: secret.replaceAll(" ", "_"),
      },
    });
  });
  afterAll(async () => {
    await guarded.stop();
    await company.stop();
    await rm(guarded.storage, { recursive: true, force: true });
  });
  const asked = (json: object, headers: Readonly<Record<string, string>> = {}) =>
    new ApiClient(() => guarded.url).ask("signIn", { params, json, headers });
  const fresh = () => ({ code: company.codeFor(VERIFIER, `${guarded.url}/agent/`), verifier: VERIFIER });

  test("is shown it by the worker, and no page ever sees it", async () => {
    const signedIn = await asked(fresh());
    expect(signedIn.ok).toBe(true);
    const ways = await new ApiClient(() => guarded.url).must("getSignInWays");
    expect(JSON.stringify([signedIn, ways])).not.toContain("s3cret");
    expect(guarded.log.join("\n")).not.toContain("s3cret");
  });

  test("is asked for our own page alone", async () => {
    const problem = { ok: false, problem: { status: 403, code: "origin-not-allowed" } };
    expect(await asked(fresh(), { Origin: "https://evil.example" })).toMatchObject(problem);
    expect((await asked(fresh(), { Origin: guarded.url })).ok).toBe(true);
  });

  test("is not believed by a secret that is wrong, and the log says that somebody was not let in", async () => {
    const right = company.clientSecret;
    company.clientSecret = "another";
    expect(await asked(fresh())).toMatchObject({ ok: false, problem: { status: 403, code: "sign-in-failed" } });
    company.clientSecret = right;
    expect(guarded.log.join("\n")).toContain('"event":"agent-not-signed-in","failure":"sign-in-failed"');
  });
});
