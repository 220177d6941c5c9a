/** Agents: the development issuer exists only with a key and on loopback, and privileges hold in their own service. */
import { decodeJwt, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, it } from "vitest";
import { agentIn, devIssuerActive, signDevAgentToken, verifyAgent } from "../../../src/auth/agent-jwt.ts";
import { PRIVILEGES } from "../../../src/protocol/wire.ts";
import { BASE, configOf, KEY, keyBytes, OTHER_KEY } from "../../support/settings.ts";

const NOW = Date.UTC(2026, 10, 23, 12);
const SECONDS = Math.floor(NOW / 1000);
const LOCAL = new URL("http://127.0.0.1:8787/v1/agent");
const BAD = { ok: false, refusal: { reason: "bad-token" } };
const EXPIRED = { ok: false, refusal: { reason: "token-expired" } };
const SERVICE = { SERVICE_SHOP: { "transcript-email": "never" } };
const production = configOf({ ...BASE, ...SERVICE });
const config = configOf({ ...BASE, ...SERVICE, TOKEN_SECRETS: OTHER_KEY, DEV_ISSUER_KEY: KEY });

const tokenFor = async (privileges: Parameters<typeof signDevAgentToken>[1]["privileges"] = [...PRIVILEGES]) =>
  (await signDevAgentToken(config, { name: "Grace", privileges }, NOW)).token;
const verify = (token: string, now = NOW, url = LOCAL, from = config) => verifyAgent(from, url, token, now);

/** Claims as the development issuer writes them, changed, signed in any way. */
function claims(change: Record<string, unknown> = {}): Record<string, unknown> {
  const own = { iss: "satchel:development", aud: "satchel:agent", sub: "dev:Grace", exp: SECONDS + 60 };
  return { ...own, name: "Grace", privileges: ["chat:take"], ...change };
}

const signed = (change: Record<string, unknown>, alg = "HS256", key = keyBytes(KEY)) =>
  new SignJWT(claims(change)).setProtectedHeader({ alg }).sign(key);

describe("the development issuer", () => {
  it.each([
    "http://127.0.0.1:8787/",
    "http://127.8.9.1/",
    "http://localhost/",
    "http://shop.localhost:5173/",
    "http://[::1]:8787/",
    "https://LOCALHOST/",
  ])("exists at %s where its key is set, and not where it is not", async (address) => {
    const url = new URL(address);
    expect(devIssuerActive(config, url)).toBe(true);
    expect(await verify(await tokenFor(), NOW, url)).toMatchObject({ ok: true });
    expect(devIssuerActive(production, url)).toBe(false);
    expect(await verify(await tokenFor(), NOW, url, production)).toEqual(BAD);
  });

  it.each([
    "https://chat.example.com/",
    "https://127.0.0.1.example.com/",
    "https://localhost.example.com/",
    "https://notlocalhost/",
    "http://10.0.0.1/",
    "http://192.168.1.2/",
    "http://0.0.0.0/",
    "http://128.0.0.1/",
    "http://[::2]/",
    "http://[::ffff:10.0.0.1]/",
    "https://localhost@example.com/",
    "https://example.com/localhost",
  ])("does not exist at %s, whatever key is set", async (address) => {
    const url = new URL(address);
    expect(devIssuerActive(config, url)).toBe(false);
    expect(await verify(await tokenFor(), NOW, url)).toEqual(BAD);
  });

  it("signs nothing without a key", async () => {
    await expect(signDevAgentToken(production, { name: "Grace", privileges: [] }, NOW)).rejects.toThrow(
      "no development issuer",
    );
  });

  it("counts an empty key as none, and takes no weak one", () => {
    expect(devIssuerActive(configOf({ ...BASE, ...SERVICE, DEV_ISSUER_KEY: "" }), LOCAL)).toBe(false);
    expect(() => configOf({ ...BASE, ...SERVICE, DEV_ISSUER_KEY: "short" })).toThrow("DEV_ISSUER_KEY");
  });
});

describe("an agent's token", () => {
  it("says who the agent is: the same name is the same agent", async () => {
    expect(await verify(await tokenFor(["chat:take"]))).toEqual({
      ok: true,
      value: { agentId: "dev:Grace", name: "Grace", grant: ["chat:take"], expiresAt: NOW + 12 * 3_600_000 },
    });
  });

  it("lasts as long as it was asked for, twelve hours unless told otherwise", async () => {
    const short = (await signDevAgentToken(config, { name: "Grace", privileges: [], expiresIn: 5 }, NOW)).token;
    expect(await verify(short, NOW + 4999)).toMatchObject({ ok: true });
    expect(await verify(short, NOW + 5000)).toEqual(EXPIRED);
    expect(decodeJwt(await tokenFor()).exp).toBe(SECONDS + 12 * 3600);
  });

  it("needs issuer, audience, subject, name and end, each of its kind", async () => {
    for (const change of [
      { iss: undefined },
      { iss: "satchel:production" },
      { aud: undefined },
      { aud: "satchel:session" },
      { sub: undefined },
      { exp: undefined },
      { exp: "never" },
      { name: undefined },
      { name: { toString: "Grace" } },
      { nbf: SECONDS + 60 },
    ]) {
      expect([change, await verify(await signed(change))]).toEqual([change, BAD]);
    }
    expect(await verify(await signed({}))).toMatchObject({ ok: true });
  });

  it("under any other key is refused, the one of customers' tokens too", async () => {
    for (const key of [OTHER_KEY, "A".repeat(43), "g".repeat(43)]) {
      expect(await verify(await signed({}, "HS256", keyBytes(key)))).toEqual(BAD);
    }
    expect(await verify(await signed({ exp: SECONDS - 1 }, "HS256", keyBytes(OTHER_KEY)))).toEqual(BAD);
  });

  it("with an algorithm of the sender's choice is refused", async () => {
    expect(await verify(new UnsecuredJWT(claims()).encode())).toEqual(BAD);
    const long = configOf({ ...BASE, ...SERVICE, DEV_ISSUER_KEY: "Q".repeat(86) });
    for (const alg of ["HS384", "HS512"]) {
      expect(await verify(await signed({}, alg, keyBytes("Q".repeat(86))), NOW, LOCAL, long)).toEqual(BAD);
    }
    for (const alg of ["RS256", "ES256", "EdDSA"]) {
      const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
      const jwk = await exportJWK(publicKey);
      const forged = await new SignJWT(claims()).setProtectedHeader({ alg, jwk }).sign(privateKey);
      expect(await verify(forged)).toEqual(BAD);
    }
  });

  it.each(["", "x", "a.b.c", "..", "\u0000"])("is not %j", async (text) => {
    expect(await verify(text)).toEqual(BAD);
  });
});

describe("privileges", () => {
  const inService = async (privileges: unknown, service: string) => {
    const verified = await verify(await signed({ privileges }));
    if (!verified.ok) throw new Error(verified.refusal.reason);
    return agentIn(service, verified.value).privileges;
  };

  it("in a list hold in every service", async () => {
    expect(await inService(["chat:take", "compliance:read"], "shop")).toEqual(["chat:take", "compliance:read"]);
    expect(await inService(["chat:take"], "other")).toEqual(["chat:take"]);
  });

  it("by service hold in that one and in no other", async () => {
    const grant = { shop: ["chat:take"], other: ["compliance:read"] };
    expect(await inService(grant, "shop")).toEqual(["chat:take"]);
    expect(await inService(grant, "other")).toEqual(["compliance:read"]);
    for (const service of ["third", "", "*", "sho", "shop ", "SHOP", "toString", "constructor", "__proto__"]) {
      expect([service, await inService(grant, service)]).toEqual([service, []]);
    }
  });

  it("of the prototype chain are nobody's, also where a claim tries to set it", async () => {
    const grant: unknown = JSON.parse('{"__proto__":{"shop":["chat:take"]},"constructor":["chat:take"]}');
    expect(await inService(grant, "shop")).toEqual([]);
  });

  it("that we do not know, or that are not texts, grant nothing", async () => {
    expect(await inService(["chat:*", "*", "CHAT:TAKE", " chat:take", "", 1, null, ["chat:take"], {}], "shop")).toEqual(
      [],
    );
    expect(await inService({ shop: ["admin", "chat:take"] }, "shop")).toEqual(["chat:take"]);
  });

  it.each([
    undefined,
    null,
    "chat:take",
    1,
    true,
    { shop: "chat:take" },
    { shop: { 0: "chat:take", length: 1 } },
    { shop: null },
  ])("written as %j are none", async (claim) => {
    expect(await inService(claim, "shop")).toEqual([]);
  });
});
