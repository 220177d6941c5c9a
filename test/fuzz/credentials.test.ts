/** Session ids, tokens, tickets and agents' tokens, mutated: what verifies says exactly what was signed, and nothing throws. */
import fc from "fast-check";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, expect, vi } from "vitest";
import { signDevAgentToken, verifyAgent } from "../../src/auth/agent-jwt.ts";
import { verifyProviderToken } from "../../src/auth/provider-token.ts";
import { makeSessionId, readSessionId } from "../../src/auth/session-id.ts";
import { signSessionToken, signTicket, verifySessionToken, verifyTicket } from "../../src/auth/session-token.ts";
import type { AgentIssuer } from "../../src/protocol/agent-issuers.ts";
import { CUSTOMER } from "../support/core-fixtures.ts";
import { fuzz } from "../support/fuzz.ts";
import { mutatedText } from "../support/mutations.ts";
import { BASE, configOf, KEY, OTHER_KEY } from "../support/settings.ts";

const NOW = Date.UTC(2026, 10, 23, 12);
const LOCAL = new URL("http://127.0.0.1:8787/v1/agent");
const config = configOf({
  ...BASE,
  SERVICE_SHOP: {},
  SERVICE_HELP: {},
  DEV_ISSUER_KEY: OTHER_KEY,
  TOKEN_SECRETS: `${KEY},${OTHER_KEY}`,
});
const issuer: AgentIssuer = {
  issuer: "https://id.example.com",
  audiences: ["satchel"],
  jwksUrl: "https://id.example.com/keys",
  algorithms: ["ES256"],
  idClaim: ["sub"],
  nameClaim: ["name"],
  grants: [{ claim: ["group"], value: "desk", services: "*", privileges: ["chat:take"] }],
  access: false,
};

const encode = (json: object) =>
  btoa(JSON.stringify(json)).replaceAll("=", "").replaceAll("+", "-").replaceAll("/", "_");
const WORDS = [
  ".",
  "..",
  "=",
  "-",
  "_",
  "+",
  "/",
  " ",
  "\n",
  encode({ alg: "none" }),
  encode({ alg: "HS256" }),
  encode({ alg: "HS256", crit: ["b64"], b64: false }),
  encode({ alg: "RS256", kid: "k" }),
  encode({ iss: issuer.issuer, aud: "satchel", sub: "grace", exp: 9_999_999_999 }),
  encode({ iss: "satchel:development", aud: "satchel:agent", sub: "dev:x", exp: 9_999_999_999 }),
];
const REFUSED = ["bad-token", "token-expired"];

const { sessionId } = await makeSessionId(config, "shop", NOW);
const other = (await makeSessionId(config, "help", NOW)).sessionId;

fuzz("only an id that we made is read", mutatedText([sessionId, other], WORDS), async (text) => {
  const read = await readSessionId(config, text);
  if (text === sessionId) expect(read).toMatchObject({ sessionId, service: "shop", startDay: "2026-11-23" });
  else if (text === other) expect(read).toMatchObject({ service: "help" });
  else expect(read).toBeUndefined();
});

const who = { participantId: 1, tokenVersion: 1 };
const token = (await signSessionToken(config, sessionId, who, NOW)).token;
const tokenOfOther = (await signSessionToken(config, other, { participantId: 7, tokenVersion: 9 }, NOW)).token;
const file = { fileId: "file-1", inline: false };
const ticket = (await signTicket(config, sessionId, file, CUSTOMER, NOW)).token;
const ticketOfOther = (await signTicket(config, sessionId, { fileId: "file-2", inline: true }, CUSTOMER, NOW)).token;
const dev = (await signDevAgentToken(config, { name: "Grace", privileges: ["chat:take"] }, NOW)).token;
const devOfOther = (await signDevAgentToken(config, { name: "Linus", privileges: ["chat:supervise"] }, NOW)).token;
const tokens = mutatedText([token, tokenOfOther, ticket, ticketOfOther, dev, devOfOther], WORDS);

/** Whose signed part it still is: base64 has spellings that mean the same, and what is signed decides, not how it is spelled. */
const claimsOf = (text: string) => text.split(".").slice(0, 2).join(".");

fuzz("a customer's token speaks for the one it was signed for, in its own session", tokens, async (text) => {
  const result = await verifySessionToken(config, sessionId, text, NOW);
  if (!result.ok) return expect(REFUSED).toContain(result.refusal.reason);
  expect(claimsOf(text)).toBe(claimsOf(token));
  expect(result.value).toMatchObject({ kind: "customer", ...who });
});

fuzz("a ticket opens the file it was signed for", tokens, async (text) => {
  const result = await verifyTicket(config, sessionId, file.fileId, text, NOW);
  if (!result.ok) return expect(REFUSED).toContain(result.refusal.reason);
  expect(claimsOf(text)).toBe(claimsOf(ticket));
  expect(result.value).toMatchObject({ principal: who, inline: false });
});

fuzz("a development agent is who the token was signed for", tokens, async (text) => {
  const result = await verifyAgent(config, LOCAL, text, NOW);
  if (!result.ok) return expect(REFUSED).toContain(result.refusal.reason);
  expect([claimsOf(dev), claimsOf(devOfOther)]).toContain(claimsOf(text));
  expect(result.value.name).toBe(claimsOf(text) === claimsOf(dev) ? "Grace" : "Linus");
});

const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
const claims = {
  iss: issuer.issuer,
  aud: "satchel",
  sub: "grace",
  name: "Grace",
  group: ["desk"],
  exp: NOW / 1000 + 300,
};
const provided = await new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: "k" }).sign(privateKey);

beforeAll(() => {
  // The one thing that no test may ask for is another host: the provider's keys are answered here.
  vi.spyOn(globalThis, "fetch").mockImplementation(async () =>
    Response.json({ keys: [{ ...(await exportJWK(publicKey)), kid: "k", alg: "ES256" }] }),
  );
});
afterAll(() => void vi.restoreAllMocks());

fuzz(
  "a provider's agent is who the provider signed for",
  fc.oneof(mutatedText([provided, dev], WORDS), tokens),
  async (text) => {
    const result = await verifyProviderToken(issuer, ["shop"], text, NOW);
    if (!result.ok) return expect(REFUSED).toContain(result.refusal.reason);
    expect(claimsOf(text)).toBe(claimsOf(provided));
    expect(result.value).toMatchObject({ agentId: "https://id.example.com#grace", grant: { shop: ["chat:take"] } });
  },
);
