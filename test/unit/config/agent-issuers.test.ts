/** The identity providers in the settings: what is taken, what is filled in, and that each wrong one is named. */
import { describe, expect, test } from "vitest";
import { AGENT_ALGORITHMS, type AgentIssuer } from "../../../src/protocol/agent-issuers.ts";
import { PRIVILEGES } from "../../../src/protocol/wire.ts";
import { BASE, configOf, KEY, problemsOf } from "../../support/settings.ts";

const ENV = { ...BASE, SERVICE_SHOP: {}, SERVICE_CUSTOMER_SUPPORT: {} };
const GRANT = { claim: "groups", value: "agents", services: ["shop"], privileges: ["chat:take"] };
const TABLE = {
  issuer: "https://id.example.com/tenant",
  "jwks-url": "https://id.example.com/tenant/keys",
  audience: "satchel",
  grants: [GRANT],
};
const ACCESS = { "access-team": "https://team.cloudflareaccess.com", audience: "f00d", grants: [GRANT] };

/** The one provider that a table makes. */
function issuerOf(table: object, env: object = {}): AgentIssuer | undefined {
  return [...configOf({ ...ENV, ...env, AGENT_ISSUER_COMPANY: table }).agentIssuers.values()][0];
}
const wrong = (change: object, env: object = {}) =>
  problemsOf({ ...ENV, ...env, AGENT_ISSUER_COMPANY: { ...TABLE, ...change } });
const wrongGrant = (change: object) => wrong({ grants: [GRANT, { ...GRANT, ...change }] });
const keyOf = (name: string) => `AGENT_ISSUER_COMPANY.${name}`;

describe("an identity provider", () => {
  test("is none where none is configured", () => {
    expect(configOf(ENV).agentIssuers.size).toBe(0);
  });

  test("has its defaults: RS256 or ES256, the subject as the id, and the claim called name", () => {
    expect(issuerOf(TABLE)).toEqual({
      issuer: "https://id.example.com/tenant",
      audiences: ["satchel"],
      jwksUrl: "https://id.example.com/tenant/keys",
      algorithms: ["RS256", "ES256"],
      idClaim: ["sub"],
      nameClaim: ["name"],
      grants: [{ claim: ["groups"], value: "agents", services: ["shop"], privileges: ["chat:take"] }],
      access: false,
      name: "company",
    });
  });

  test("that is Cloudflare Access is known by its team alone", () => {
    expect(issuerOf(ACCESS)).toMatchObject({
      issuer: "https://team.cloudflareaccess.com",
      audiences: ["f00d"],
      jwksUrl: "https://team.cloudflareaccess.com/cdn-cgi/access/certs",
      algorithms: ["RS256"],
      access: true,
    });
  });

  test("takes lists as arrays or as text, and claims in claims as a list", () => {
    const lists = {
      audience: ["a", "b"],
      algorithms: "PS256 EdDSA",
      "id-claim": "oid",
      "name-claim": ["profile", "name"],
      grants: [
        { claim: ["realm_access", "roles"], value: "v", services: "shop customer-support", privileges: PRIVILEGES },
      ],
    };
    expect(issuerOf({ ...TABLE, ...lists })).toMatchObject({
      audiences: ["a", "b"],
      algorithms: ["PS256", "EdDSA"],
      idClaim: ["oid"],
      nameClaim: ["profile", "name"],
      grants: [{ claim: ["realm_access", "roles"], services: ["shop", "customer-support"], privileges: PRIVILEGES }],
    });
    expect(issuerOf({ ...TABLE, grants: [{ ...GRANT, services: "*" }] })?.grants[0]?.services).toBe("*");
  });

  test("can have agents sign in on our page, where all is there that this takes", () => {
    const signIn = {
      "sign-in-client": "desk",
      "authorization-url": "https://id.example.com/authorize",
      "token-url": "https://id.example.com/token",
    };
    expect(issuerOf({ ...TABLE, ...signIn })?.signIn).toEqual({
      clientId: "desk",
      scope: "openid profile",
      authorizationUrl: "https://id.example.com/authorize",
      tokenUrl: "https://id.example.com/token",
    });
    expect(issuerOf(TABLE)?.signIn).toBeUndefined();
  });

  test("may stand beside others", () => {
    const env = { ...ENV, AGENT_ISSUER_COMPANY: TABLE, AGENT_ISSUER_ACCESS: ACCESS };
    expect([...configOf(env).agentIssuers.keys()]).toEqual([TABLE.issuer, ACCESS["access-team"]]);
  });

  test("cannot be two tables, nor be named as it likes", () => {
    const twice = { ...ENV, AGENT_ISSUER_A: TABLE, AGENT_ISSUER_B: { ...TABLE, audience: "other" } };
    expect(problemsOf(twice)).toMatchObject([{ key: "AGENT_ISSUER_B", expected: expect.stringContaining("audience") }]);
    for (const key of ["AGENT_ISSUER_", "AGENT_ISSUER_a", "AGENT_ISSUER_A.B"]) {
      expect(problemsOf({ ...ENV, [key]: TABLE })).toMatchObject([{ key }]);
    }
  });

  test.each([["text"], [3], [["a"]], [new Headers()]])("must be a table and not %j", (value) => {
    expect(problemsOf({ ...ENV, AGENT_ISSUER_COMPANY: value })).toMatchObject([{ key: "AGENT_ISSUER_COMPANY" }]);
  });

  test("must fit into one variable", () => {
    const grants = Array.from({ length: 60 }, (_, index) => ({ ...GRANT, value: `agents-of-department-${index}` }));
    expect(wrong({ grants })).toMatchObject([{ key: "AGENT_ISSUER_COMPANY", expected: "at most 5120 bytes as JSON" }]);
  });
});

describe("a wrong setting of a provider is named:", () => {
  test.each([
    ["issuer", undefined],
    ["issuer", ""],
    ["issuer", "id.example.com"],
    ["issuer", "http://id.example.com"],
    ["issuer", "https://id.example.com/?tenant=1"],
    ["issuer", "https://id.example.com/#a"],
    ["issuer", "https://user@id.example.com/"],
    ["issuer", " https://id.example.com/"],
    ["issuer", "satchel:development"],
    ["jwks-url", undefined],
    ["jwks-url", "http://id.example.com/keys"],
    ["jwks-url", "file:///etc/keys"],
    ["jwks-url", "https://user:password@id.example.com/keys"],
    ["audience", undefined],
    ["audience", ""],
    ["audience", []],
    ["audience", ["a", 7]],
    ["algorithms", []],
    ["algorithms", "none"],
    ["algorithms", ["RS256", "HS256"]],
    ["algorithms", "rs256"],
    ["id-claim", ""],
    ["id-claim", []],
    ["id-claim", ["a", 1]],
    ["name-claim", 7],
    ["name-claim", ["1", "2", "3", "4", "5", "6"]],
    ["grants", undefined],
    ["grants", []],
    ["grants", "all"],
    ["grants", ["all"]],
    ["access-team", "https://team.cloudflareaccess.com/"],
  ])("%s = %j", (name, value) => {
    const keys = wrong({ [name]: value }).map(({ key }) => key);
    expect(keys).toContain(keyOf(name));
  });

  test.each([
    ["claim", undefined],
    ["claim", ""],
    ["value", undefined],
    ["value", ""],
    ["value", 7],
    ["value", true],
    ["services", undefined],
    ["services", []],
    ["services", "nowhere"],
    ["services", ["shop", "Shop"]],
    ["services", ["*"]],
    ["privileges", undefined],
    ["privileges", []],
    ["privileges", ["chat:take", "chat:*"]],
    ["privileges", "*"],
  ])("%s = %j in the second grant", (name, value) => {
    expect(wrongGrant({ [name]: value }).map(({ key }) => key)).toEqual([keyOf(`grants[1].${name}`)]);
  });

  test.each([
    ["jwks-uri", "jwks-url"],
    ["audiences", "audience"],
    ["access_team", "access-team"],
  ])("the unknown name %s, which resembles %s", (name, known) => {
    expect(wrong({ [name]: "x" })).toMatchObject([
      { key: keyOf(name), expected: expect.stringContaining(`did you mean ${known}?`) },
    ]);
    expect(wrongGrant({ privilege: "x" })).toMatchObject([
      { key: keyOf("grants[1].privilege"), expected: expect.stringContaining("did you mean privileges?") },
    ]);
  });

  test.each([
    ["https://chat.example.com"],
    ["https://cloudflareaccess.com"],
    ["https://team.cloudflareaccess.com.evil.example"],
    ["http://team.cloudflareaccess.com"],
    [""],
  ])("%s is no team of Access", (team) => {
    const problems = problemsOf({ ...ENV, AGENT_ISSUER_COMPANY: { ...ACCESS, "access-team": team } });
    expect(problems).toMatchObject([{ key: keyOf("access-team") }]);
  });

  test("what Access decides by itself", () => {
    for (const name of ["issuer", "jwks-url", "algorithms"] as const) {
      const value = name === "algorithms" ? ["ES256"] : TABLE[name];
      const problems = problemsOf({ ...ENV, AGENT_ISSUER_COMPANY: { ...ACCESS, [name]: value } });
      expect(problems).toMatchObject([{ key: keyOf(name) }]);
    }
  });
});

test("no algorithm that may be allowed is symmetric", () => {
  expect(AGENT_ALGORITHMS.filter((one) => one.startsWith("HS") || one.toLowerCase() === "none")).toEqual([]);
});

describe("a provider on this machine", () => {
  const local = { issuer: "http://127.0.0.1:9000", "jwks-url": "http://localhost:9000/keys" };
  const team = { ...ACCESS, "access-team": "http://127.0.0.1:9000" };

  test("may go without TLS in development", () => {
    expect(wrong(local, { DEV_ISSUER_KEY: KEY })).toEqual([]);
    expect(problemsOf({ ...ENV, DEV_ISSUER_KEY: KEY, AGENT_ISSUER_COMPANY: team })).toEqual([]);
  });

  test("may not elsewhere", () => {
    for (const env of [{}, { DEV_ISSUER_KEY: "" }]) {
      expect(wrong(local, env).map(({ key }) => key)).toEqual([keyOf("issuer"), keyOf("jwks-url")]);
      expect(problemsOf({ ...ENV, ...env, AGENT_ISSUER_COMPANY: team })).toMatchObject([{ key: keyOf("access-team") }]);
    }
  });

  test("does not make any other plain address right", () => {
    expect(wrong({ "jwks-url": "http://10.0.0.1/keys" }, { DEV_ISSUER_KEY: KEY })).toMatchObject([
      { key: keyOf("jwks-url") },
    ]);
  });
});
