/** Identity providers of agents as operators write them: one `[vars.AGENT_ISSUER_…]` table each. */
import * as z from "zod";
import { list } from "./options.ts";
import { isExactOrigin, isLoopbackHost } from "./origins.ts";
import { PRIVILEGES, type Privilege } from "./wire.ts";

/** Signatures that may be allowed: asymmetric ones only, since a provider's public key must never sign (RFC 8725 3.2). */
export const AGENT_ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
] as const;

/** Longest name or value of a claim, issuer or audience that is configured, in characters. */
const MAX_TEXT = 255;
/** Deepest claim in a claim. */
const MAX_PATH = 5;
/** Where Cloudflare Access publishes its keys, on the team's domain. */
const ACCESS_CERTS = "/cdn-cgi/access/certs";
const ACCESS_DOMAIN = ".cloudflareaccess.com";

const TEXT_EXPECTED = `text of 1 to ${MAX_TEXT} characters`;
const CLAIM_EXPECTED = `the name of a claim, or a list of names that lead to a claim in a claim, at most ${MAX_PATH}`;
const AUDIENCE_EXPECTED = "at least one audience that the provider writes into tokens for Satchel";
const ISSUER_EXPECTED =
  "the provider's `iss` letter for letter, such as https://id.example.com (https; http only for loopback; no query)";
const JWKS_EXPECTED =
  "address of the provider's keys, such as https://id.example.com/jwks.json (http only for loopback)";
const TEAM_EXPECTED = `the team's domain, such as https://team${ACCESS_DOMAIN}, without a slash at the end`;
const CLIENT_EXPECTED = "all three of sign-in-client, authorization-url and token-url, or none";
const ENDPOINT_EXPECTED =
  "address out of the provider's own description, such as https://id.example.com/token (http only for loopback)";
const ALGORITHMS_EXPECTED = `at least one of ${AGENT_ALGORITHMS.join(" ")}`;
const SERVICES_EXPECTED = 'at least one name of a service, or "*" for all';
const PRIVILEGES_EXPECTED = `at least one of ${PRIVILEGES.join(" ")}`;
const GRANTS_EXPECTED = "a list of at least one { claim, value, services, privileges }";

/** Leads to a claim: its name, or for a claim in a claim the names on the way. */
export type ClaimPath = readonly string[];

/** Who has this value in this claim, or among the values of it, has these privileges in these services. */
export interface PrivilegeRule {
  readonly claim: ClaimPath;
  readonly value: string;
  readonly services: "*" | readonly string[];
  readonly privileges: readonly Privilege[];
}

/** An identity provider whose tokens are taken. */
export interface AgentIssuer {
  /** `iss`, exactly. */
  readonly issuer: string;
  /** One of these must be in `aud`. */
  readonly audiences: readonly string[];
  readonly jwksUrl: string;
  readonly algorithms: readonly string[];
  /** The claim that is the agent's id with this provider. */
  readonly idClaim: ClaimPath;
  readonly nameClaim: ClaimPath;
  readonly grants: readonly PrivilegeRule[];
  /** Cloudflare Access: its token may also come in its header, and in its cookie. */
  readonly access: boolean;
  /** How agents sign in with it on our own page; absent where they do elsewhere. */
  readonly signIn?: SignInClient;
}

/** Names of secrets of confidential clients begin so; what follows is as in the name of the table. */
export const CLIENT_SECRET_PREFIX = "AGENT_CLIENT_SECRET_";

/** Our page as a client of a provider, with PKCE (RFC 6749 4.1, RFC 7636): public, or confidential where there is a secret. */
export interface SignInClient {
  readonly clientId: string;
  readonly scope: string;
  readonly authorizationUrl: string;
  readonly tokenUrl: string;
  /** What the provider gave for a confidential client; known to the worker alone. */
  readonly clientSecret?: string;
}

const text = z
  .string({ error: TEXT_EXPECTED })
  .min(1, { error: TEXT_EXPECTED })
  .max(MAX_TEXT, { error: TEXT_EXPECTED });

const claim = z
  .union([text.transform((name) => [name]), z.array(text).min(1).max(MAX_PATH)], { error: CLAIM_EXPECTED })
  .transform((path): ClaimPath => path);

/** https anywhere, http on this machine; nothing that would make two spellings of one address. */
function isProviderUrl(address: string): boolean {
  const url = URL.parse(address);
  if (url === null || address.length > MAX_TEXT || !/^[\x21-\x7e]+$/.test(address) || address.includes("#"))
    return false;
  const secure = url.protocol === "https:" || (url.protocol === "http:" && isLoopbackHost(url.hostname));
  return secure && url.username === "" && url.password === "";
}

function isTeam(origin: string): boolean {
  if (!isExactOrigin(origin)) return false;
  const { hostname } = new URL(origin);
  return hostname.endsWith(ACCESS_DOMAIN) || isLoopbackHost(hostname);
}

const words = <T extends string>(item: z.ZodType<T>, expected: string) => list(item, /[\s,]+/, expected, 1);

const GRANT_SCHEMAS = {
  claim,
  value: text,
  services: z.union([z.literal("*"), words(text, SERVICES_EXPECTED)], { error: SERVICES_EXPECTED }),
  privileges: words(z.enum(PRIVILEGES, { error: PRIVILEGES_EXPECTED }), PRIVILEGES_EXPECTED),
} as const;

const providerUrl = (expected: string) => z.string({ error: expected }).refine(isProviderUrl, { error: expected });
const algorithm = z.enum(AGENT_ALGORITHMS, { error: ALGORITHMS_EXPECTED });

/** Every setting of a provider by its name. Those of the first line are known where `access-team` is given. */
const ISSUER_SCHEMAS = {
  issuer: providerUrl(ISSUER_EXPECTED)
    .refine((issuer) => !issuer.includes("?"), { error: ISSUER_EXPECTED })
    .optional(),
  "jwks-url": providerUrl(JWKS_EXPECTED).optional(),
  algorithms: words(algorithm, ALGORITHMS_EXPECTED).optional(),
  "access-team": z.string({ error: TEAM_EXPECTED }).refine(isTeam, { error: TEAM_EXPECTED }).optional(),
  audience: words(text, AUDIENCE_EXPECTED),
  "sign-in-client": text.optional(),
  "sign-in-scope": text.prefault("openid profile"),
  "authorization-url": providerUrl(ENDPOINT_EXPECTED).optional(),
  "token-url": providerUrl(ENDPOINT_EXPECTED).optional(),
  "id-claim": claim.prefault("sub"),
  "name-claim": claim.prefault("name"),
  grants: z.array(z.strictObject(GRANT_SCHEMAS, { error: GRANTS_EXPECTED }), { error: GRANTS_EXPECTED }).min(1, {
    error: GRANTS_EXPECTED,
  }),
} as const;

/** Names of a provider's settings, and of those in each of its `grants`. */
export const ISSUER_SETTINGS: readonly string[] = Object.keys(ISSUER_SCHEMAS);
/** Names of the settings in each of `grants`. */
export const GRANT_SETTINGS: readonly string[] = Object.keys(GRANT_SCHEMAS);

const OWN_OF_ACCESS = ["issuer", "jwks-url", "algorithms", "sign-in-client", "authorization-url", "token-url"] as const;

/** One provider's table: what Access decides is filled in, and what it decides may not be given too. */
export const agentIssuerTable = z.strictObject(ISSUER_SCHEMAS).transform((table, context): AgentIssuer => {
  const { audience, "id-claim": idClaim, "name-claim": nameClaim, grants, "access-team": team } = table;
  const shared = { audiences: audience, idClaim, nameClaim, grants };
  const wrong = (name: string, message: string) =>
    context.addIssue({ code: "custom", path: [name], message, input: undefined });
  if (team !== undefined) {
    for (const name of OWN_OF_ACCESS) if (table[name] !== undefined) wrong(name, "nothing, beside access-team");
    return { ...shared, issuer: team, jwksUrl: `${team}${ACCESS_CERTS}`, algorithms: ["RS256"], access: true };
  }
  const { issuer, "jwks-url": jwksUrl, algorithms = ["RS256", "ES256"] } = table;
  const signIn = signInOf(table);
  if (signIn === "incomplete") wrong("sign-in-client", CLIENT_EXPECTED);
  if (issuer === undefined) wrong("issuer", `${ISSUER_EXPECTED}, or access-team`);
  if (jwksUrl === undefined) wrong("jwks-url", `${JWKS_EXPECTED}, or access-team`);
  const client = signIn === undefined || signIn === "incomplete" ? {} : { signIn };
  return { ...shared, issuer: issuer ?? "", jwksUrl: jwksUrl ?? "", algorithms, access: false, ...client };
});

function signInOf(table: {
  readonly "sign-in-client"?: string | undefined;
  readonly "sign-in-scope": string;
  readonly "authorization-url"?: string | undefined;
  readonly "token-url"?: string | undefined;
}): SignInClient | "incomplete" | undefined {
  const { "sign-in-client": clientId, "authorization-url": authorizationUrl, "token-url": tokenUrl } = table;
  if (clientId === undefined && authorizationUrl === undefined && tokenUrl === undefined) return undefined;
  if (clientId === undefined || authorizationUrl === undefined || tokenUrl === undefined) return "incomplete";
  return { clientId, scope: table["sign-in-scope"], authorizationUrl, tokenUrl };
}
