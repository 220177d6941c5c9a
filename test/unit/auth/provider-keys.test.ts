/** Keys of a provider over time: how often it is asked, what an old key and a failure do, and that nothing fails open. */
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  FAILURE_COOLDOWN_MS,
  KEYS_MAX_AGE_MS,
  MAX_KEYS_BYTES,
  UNKNOWN_KEY_COOLDOWN_MS,
} from "../../../src/auth/provider-keys.ts";
import { CLOCK_TOLERANCE_SECONDS, MAX_SOCKET_MS, verifyProviderToken } from "../../../src/auth/provider-token.ts";
import type { AgentIssuer } from "../../../src/protocol/agent-issuers.ts";

const BEGIN = Date.UTC(2040, 0, 15, 12);
const BAD = { ok: false, refusal: { reason: "bad-token" } };
const DOWN = { ok: false, refusal: { reason: "identity-provider-unavailable" } };

interface Key {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

/** What the provider publishes, or the answer that it gives instead. */
let published: readonly Key[] | (() => Promise<Response>) = [];
let asked = 0;
let issuer: AgentIssuer;
let first: Key;
let second: Key;

async function makeKey(kid: string): Promise<Key> {
  return { kid, ...(await generateKeyPair("ES256", { extractable: true })) };
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: BEGIN });
  [first, second] = await Promise.all([makeKey("first"), makeKey("second")]);
  [published, asked] = [[first], 0];
  // A provider of its own for each test, since keys are kept for as long as the settings are.
  issuer = {
    issuer: "https://id.example.com",
    audiences: ["satchel"],
    jwksUrl: "https://id.example.com/keys",
    algorithms: ["ES256"],
    idClaim: ["sub"],
    nameClaim: ["name"],
    grants: [],
    access: false,
  };
  vi.spyOn(globalThis, "fetch").mockImplementation(async () => {
    asked += 1;
    if (typeof published === "function") return published();
    const keys = published.map(async ({ kid, publicKey }) => ({ ...(await exportJWK(publicKey)), kid }));
    return Response.json({ keys: await Promise.all(keys) });
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const pass = (milliseconds: number) => vi.setSystemTime(Date.now() + milliseconds);

async function verify(key: Key, exp = Date.now() / 1000 + 300) {
  const token = new SignJWT({ iss: issuer.issuer, aud: "satchel", sub: "grace", exp });
  const signed = await token.setProtectedHeader({ alg: "ES256", kid: key.kid }).sign(key.privateKey);
  return verifyProviderToken(issuer, ["shop"], signed, Date.now());
}

describe("a provider's keys", () => {
  it("are kept until they are old, and then fetched once more", async () => {
    for (let minute = 0; minute < 10; minute += 1) {
      expect(await verify(first)).toMatchObject({ ok: true });
      pass(KEYS_MAX_AGE_MS / 10 - 1);
    }
    expect(asked).toBe(1);
    pass(10);
    expect(await verify(first)).toMatchObject({ ok: true });
    expect(asked).toBe(2);
  });

  it("that were taken back are good no longer than that", async () => {
    expect(await verify(first)).toMatchObject({ ok: true });
    published = [second];
    expect(await verify(first)).toMatchObject({ ok: true });
    pass(KEYS_MAX_AGE_MS);
    expect(await verify(first)).toEqual(BAD);
  });

  it("are asked for again when one is unknown: at once, and then once per cool-down", async () => {
    expect(await verify(first)).toMatchObject({ ok: true });
    published = [second];
    expect(await verify(second)).toMatchObject({ ok: true });
    expect(asked).toBe(2);
    published = [first];
    for (let times = 0; times < 3; times += 1) expect(await verify(first)).toEqual(BAD);
    pass(UNKNOWN_KEY_COOLDOWN_MS - 1);
    expect(await verify(first)).toEqual(BAD);
    expect(asked).toBe(2);
    pass(1);
    expect(await verify(first)).toMatchObject({ ok: true });
    expect(asked).toBe(3);
  });

  it("that cannot be had let nobody in, and are tried again after a while", async () => {
    published = async () => new Response(null, { status: 500 });
    for (let times = 0; times < 3; times += 1) expect(await verify(first)).toEqual(DOWN);
    expect(asked).toBe(1);
    published = [first];
    pass(FAILURE_COOLDOWN_MS - 1);
    expect(await verify(first)).toEqual(DOWN);
    pass(1);
    expect(await verify(first)).toMatchObject({ ok: true });
    expect(asked).toBe(2);
  });

  it("that are known go on being good while the provider cannot tell of an unknown one", async () => {
    expect(await verify(first)).toMatchObject({ ok: true });
    published = () => Promise.reject(new TypeError("network"));
    for (let times = 0; times < 3; times += 1) expect(await verify(second)).toEqual(DOWN);
    expect(asked).toBe(2);
    expect(await verify(first)).toMatchObject({ ok: true });
    published = [second];
    pass(FAILURE_COOLDOWN_MS);
    expect(await verify(second)).toMatchObject({ ok: true });
  });

  it("that are old let nobody in when they cannot be fetched again", async () => {
    expect(await verify(first)).toMatchObject({ ok: true });
    pass(KEYS_MAX_AGE_MS);
    published = () => Promise.reject(new TypeError("network"));
    expect(await verify(first)).toEqual(DOWN);
  });

  it.each([
    ["a redirect", () => new Response(null, { status: 302, headers: { Location: "https://evil.example/" } })],
    ["nothing", () => new Response(null, { status: 200 })],
    ["no JSON", () => new Response("<html>")],
    ["no keys", () => Response.json({})],
    ["more than is read", () => new Response(`{"keys":[],"x":"${"x".repeat(MAX_KEYS_BYTES)}"}`)],
  ])("are not to be had from %s", async (_what, answer) => {
    published = async () => answer();
    expect(await verify(first)).toEqual(DOWN);
  });
});

describe("the end of a token", () => {
  it("is kept for what it opens, with the tolerance of clocks, and is a day at most", async () => {
    const now = Math.floor(Date.now() / 1000);
    const end = async (exp: number) => {
      const verified = await verify(first, exp);
      return verified.ok ? verified.value.expiresAt - Date.now() : verified.refusal.reason;
    };
    expect(await end(now + 60)).toBe((60 + CLOCK_TOLERANCE_SECONDS) * 1000);
    expect(await end(now - CLOCK_TOLERANCE_SECONDS + 1)).toBe(1000);
    expect(await end(now - CLOCK_TOLERANCE_SECONDS)).toBe("token-expired");
    expect(await end(now + 40 * 86_400)).toBe(MAX_SOCKET_MS);
    expect(await end(1e300)).toBe(MAX_SOCKET_MS);
  });
});
