/** Tokens and tickets: good for one session, participant and file, in time, and only under our own signature. */
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import {
  LASTING_TOKEN_MS,
  signSessionToken,
  signTicket,
  TOKEN_LIFETIME_MS,
  verifySessionToken,
  verifyTicket,
} from "../../../src/auth/session-token.ts";
import type { Config } from "../../../src/config.ts";
import { toBase64url } from "../../../src/protocol/encoding.ts";
import { TICKET_LIFETIME_MS } from "../../../src/protocol/wire.ts";
import { BASE, configOf, KEY, keyBytes, OTHER_KEY } from "../../support/settings.ts";

const NOW = Date.UTC(2026, 10, 23, 12);
const [SESSION, FOREIGN] = ["s".repeat(40), "f".repeat(40)];
const WHO = { participantId: 1, tokenVersion: 3 };
const BAD = { ok: false, refusal: { reason: "bad-token" } };
const EXPIRED = { ok: false, refusal: { reason: "token-expired" } };
const withSecrets = (secrets: string) =>
  configOf({ ...BASE, SERVICE_SHOP: { "transcript-email": "never" }, TOKEN_SECRETS: secrets });
const config = withSecrets(KEY);

const verify = (token: string, now = NOW, from: Config = config, session = SESSION) =>
  verifySessionToken(from, session, token, now);

/** What `signSessionToken` makes, changed before it is signed. */
function claims(change: Record<string, unknown> = {}): Record<string, unknown> {
  const exp = Math.floor((NOW + TOKEN_LIFETIME_MS) / 1000);
  return { aud: "satchel:session", iss: SESSION, sub: "1", v: 3, exp, ...change };
}

const signed = (change: Record<string, unknown>, alg = "HS256", key: Uint8Array = keyBytes(KEY)) =>
  new SignJWT(claims(change)).setProtectedHeader({ alg }).sign(key);

/** The three parts, one of them replaced by this JSON. */
function replaced(token: string, part: 0 | 1, json: unknown): string {
  const parts = token.split(".");
  parts[part] = toBase64url(new TextEncoder().encode(JSON.stringify(json)));
  return parts.join(".");
}

let token: string;
beforeAll(async () => {
  ({ token } = await signSessionToken(config, SESSION, WHO, NOW));
});

describe("a customer's token", () => {
  it("speaks for its participant in its session, with the version that revocation looks at", async () => {
    const expiresAt = NOW + TOKEN_LIFETIME_MS;
    const value = { kind: "customer", participantId: 1, tokenVersion: 3, expiresAt };
    expect(await verify(token)).toEqual({ ok: true, value });
  });

  it("is refused for another session", async () => {
    expect(await verify(token, NOW, config, FOREIGN)).toEqual(BAD);
  });

  it.each([
    ["a day", undefined, TOKEN_LIFETIME_MS],
    ["a month, where clients cannot renew it,", LASTING_TOKEN_MS, LASTING_TOKEN_MS],
  ])("is good for %s to the second, and then expired", async (_time, asked, lifetime) => {
    const { token, expiresAt } = await signSessionToken(config, SESSION, WHO, NOW, asked);
    expect(expiresAt).toBe(NOW + lifetime);
    expect(await verify(token, expiresAt - 1)).toMatchObject({ ok: true });
    expect(await verify(token, expiresAt)).toEqual(EXPIRED);
  });

  it("that has expired is told so to nobody who could not have signed it", async () => {
    const late = NOW + 2 * TOKEN_LIFETIME_MS;
    expect(await verify(await signed({}, "HS256", keyBytes(OTHER_KEY)), late)).toEqual(BAD);
    expect(await verify(token, late, config, FOREIGN)).toEqual(BAD);
  });

  it("with any character of any part changed is refused", async () => {
    for (let at = 0; at < token.length; at += 1) {
      // The last character of a part may hold bits that mean nothing; which are never accepted as another token's.
      const other = token[at] === "." ? "" : token[at] === "x" ? "y" : "x";
      const changed = token.slice(0, at) + other + token.slice(at + 1);
      const outcome = await verify(changed);
      if (outcome.ok) expect(decodedSignature(changed)).toEqual(decodedSignature(token));
      else expect(outcome).toEqual(BAD);
    }
  });

  it.each(["", ".", "..", "...", "a.b.c", "{}", "null", "\u0000", "=".repeat(5000), "e30.e30."])(
    "is not %j",
    async (text) => {
      expect(await verify(text)).toEqual(BAD);
    },
  );

  it("needs every claim, and each of its kind", async () => {
    for (const change of [
      { exp: undefined },
      { sub: undefined },
      { iss: undefined },
      { aud: undefined },
      { v: undefined },
      { v: "3" },
      { v: null },
      { sub: "one" },
      { sub: "1.5" },
      { sub: "1e400" },
      { aud: "satchel:file" },
      { aud: "satchel:agent" },
      { iss: FOREIGN },
      { exp: "tomorrow" },
      { nbf: Math.floor(NOW / 1000) + 60 },
    ]) {
      expect([change, await verify(await signed(change))]).toEqual([change, BAD]);
    }
    expect(await verify(await signed({}))).toMatchObject({ ok: true });
  });
});

function decodedSignature(text: string): string {
  return atob((text.split(".")[2] ?? "").replaceAll("-", "+").replaceAll("_", "/"));
}

describe("an algorithm of the sender's choice", () => {
  it("is refused: none, in every way of writing it", async () => {
    expect(await verify(new UnsecuredJWT(claims()).encode())).toEqual(BAD);
    for (const alg of ["none", "None", "NONE", "nOnE", ""]) {
      const [header, payload] = replaced(token, 0, { alg }).split(".");
      expect(await verify(`${header}.${payload}.`)).toEqual(BAD);
      expect(await verify(replaced(token, 0, { alg }))).toEqual(BAD);
    }
  });

  it.each(["HS384", "HS512"])("is refused: %s, even under our own secret", async (alg) => {
    const secret = keyBytes("Q".repeat(86));
    const long = withSecrets("Q".repeat(86));
    expect(await verify(await signed({}, "HS256", secret), NOW, long)).toMatchObject({ ok: true });
    expect(await verify(await signed({}, alg, secret), NOW, long)).toEqual(BAD);
  });

  it.each(["RS256", "ES256", "PS256", "EdDSA"])("is refused: %s with a key of their own in the header", async (alg) => {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = await exportJWK(publicKey);
    const forged = await new SignJWT(claims())
      .setProtectedHeader({ alg, jwk, jku: "http://127.0.0.1/" })
      .sign(privateKey);
    expect(await verify(forged)).toEqual(BAD);
  });

  it("is refused: HS256 under the bytes of nothing, of the claims, or of the header's own key", async () => {
    const jwk = { kty: "oct", k: toBase64url(keyBytes(OTHER_KEY)) };
    const own = await new SignJWT(claims())
      .setProtectedHeader({ alg: "HS256", jwk, kid: "0" })
      .sign(keyBytes(OTHER_KEY));
    expect(await verify(own)).toEqual(BAD);
    expect(await verify(await signed({}, "HS256", new Uint8Array(32)))).toEqual(BAD);
    expect(await verify(await signed({}, "HS256", new TextEncoder().encode(KEY)))).toEqual(BAD);
  });

  it("is refused with critical headers that we do not know", async () => {
    const crit = { alg: "HS256", crit: ["b64"], b64: false } as const;
    expect(await verify(replaced(token, 0, crit))).toEqual(BAD);
    expect(await verify(replaced(token, 0, { alg: "HS256", crit: ["exp"], exp: 1 }))).toEqual(BAD);
  });
});

describe("after a rotation of the secrets", () => {
  const rotated = withSecrets(`${OTHER_KEY},${KEY}`);
  const afterwards = withSecrets(OTHER_KEY);

  it("a token of the earlier secret is good as long as both are in force, and not longer", async () => {
    expect(await verify(token, NOW, rotated)).toMatchObject({ ok: true });
    expect(await verify(token, NOW, afterwards)).toEqual(BAD);
  });

  it("new tokens are signed with the first secret", async () => {
    const { token: fresh } = await signSessionToken(rotated, SESSION, WHO, NOW);
    expect(await verify(fresh, NOW, afterwards)).toMatchObject({ ok: true });
    expect(await verify(fresh, NOW, config)).toEqual(BAD);
  });

  it("an expired one of either secret is said to be expired", async () => {
    const { token: fresh } = await signSessionToken(rotated, SESSION, WHO, NOW);
    for (const one of [token, fresh]) expect(await verify(one, NOW + TOKEN_LIFETIME_MS, rotated)).toEqual(EXPIRED);
  });

  it("tickets follow the same rule", async () => {
    const { token: ticket } = await signTicket(config, SESSION, { fileId: "file", inline: false }, CUSTOMER, NOW);
    expect(await verifyTicket(rotated, SESSION, "file", ticket, NOW)).toMatchObject({ ok: true });
    expect(await verifyTicket(afterwards, SESSION, "file", ticket, NOW)).toEqual(BAD);
  });
});

const CUSTOMER = { kind: "customer", participantId: 1, tokenVersion: 3 } as const;
const AGENT = { kind: "agent", agentId: "dev:Grace", name: "Grace", privileges: ["chat:supervise"] } as const;

describe("a ticket", () => {
  const check = (ticket: string, now = NOW, session = SESSION, fileId = "file") =>
    verifyTicket(config, session, fileId, ticket, now);
  const ticketOf = async (who: typeof CUSTOMER | typeof AGENT, inline = false) =>
    (await signTicket(config, SESSION, { fileId: "file", inline }, who, NOW)).token;

  it("speaks for the customer it was made for, with the version that revocation looks at", async () => {
    expect(await check(await ticketOf(CUSTOMER, true))).toEqual({
      ok: true,
      value: { principal: CUSTOMER, inline: true },
    });
  });

  it("speaks for the agent it was made for, who may save files with it and nothing else", async () => {
    const principal = { kind: "agent", agentId: "dev:Grace", name: "", privileges: ["chat:save-files"] };
    expect(await check(await ticketOf(AGENT))).toEqual({ ok: true, value: { principal, inline: false } });
  });

  it("is refused for another file or another session", async () => {
    const ticket = await ticketOf(CUSTOMER);
    expect(await check(ticket, NOW, SESSION, "other")).toEqual(BAD);
    expect(await check(ticket, NOW, FOREIGN)).toEqual(BAD);
    expect(await check(ticket, NOW, SESSION, "")).toEqual(BAD);
  });

  it("is good for a minute and no longer", async () => {
    const ticket = await ticketOf(CUSTOMER);
    expect(await check(ticket, NOW + TICKET_LIFETIME_MS - 1)).toMatchObject({ ok: true });
    expect(await check(ticket, NOW + TICKET_LIFETIME_MS)).toEqual(EXPIRED);
  });

  it("is no token, and a token is no ticket", async () => {
    expect(await verify(await ticketOf(CUSTOMER))).toEqual(BAD);
    expect(await check(token)).toEqual(BAD);
    expect(await check(token, NOW, SESSION, "1")).toEqual(BAD);
  });

  it("cannot be changed into one for showing, or for somebody else", async () => {
    const ticket = await ticketOf(CUSTOMER);
    const own = { aud: "satchel:file", iss: SESSION, sub: "file", exp: Math.floor(NOW / 1000) + 60 };
    for (const change of [
      { ...own, inline: true, holder: { customer: 1, version: 3 } },
      { ...own, inline: false, holder: { customer: 2, version: 3 } },
      { ...own, inline: false, holder: { agent: "dev:Grace" } },
    ]) {
      expect(await check(replaced(ticket, 1, change))).toEqual(BAD);
    }
  });
});
