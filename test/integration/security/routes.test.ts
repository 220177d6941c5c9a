/** Every route, asked by everybody who may not: one suite over the server's own list, so that no route is forgotten. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PRIVILEGES } from "../../../src/protocol/wire.ts";
import type { OperationName } from "../../support/node/api-client.ts";
import { agentToken, eventsOf, openSession, renewed, stateOf } from "../../support/node/chats.ts";
import {
  agentClaims,
  customerClaims,
  secretOf,
  sessionIdUnder,
  signClaims,
  wokenObjects,
} from "../../support/node/forgery.ts";
import {
  attempt,
  type Expectation,
  GUARDED,
  OPEN,
  ORDINARY,
  type Scene,
  setScene,
} from "../../support/node/route-expectations.ts";
import { useServer } from "../../support/node/server.ts";

const server = useServer();
const ROUTES = Object.entries(GUARDED) as [OperationName, Expectation][];
/** Routes about one session; the others are about a service. */
const OF_SESSIONS = ROUTES.filter(([, { access }]) => access !== "agent-service" && access !== "agent-any");
const agentsOnly = (access: Expectation["access"]) => access.startsWith("agent");
const only = (...access: Expectation["access"][]) => ROUTES.filter(([, one]) => access.includes(one.access));
const UNAUTHENTICATED = { status: 401, code: "unauthenticated" };
const NOT_JOINED = { status: 403, code: "not-joined" };
const UNKNOWN = { status: 404, code: "unknown-session" };

/** As much of `/openapi.json` as is looked at. */
interface Description {
  readonly paths: Record<string, Record<string, { readonly operationId: string; readonly security: unknown[] }>>;
}

let scene: Awaited<ReturnType<typeof setScene>>;
let before: unknown;

/** Everything of the session that a refusal must leave alone. */
const whole = async () => [await stateOf(scene.agent), await eventsOf(scene.agent)];

beforeAll(async () => {
  scene = await setScene(server);
  before = await whole();
});
afterAll(async () => {
  // After all that was refused below the session is as it was.
  expect(await whole()).toEqual(before);
  scene.leave();
});

test("the table is the server's own list: a route without an expectation fails here", async () => {
  const { paths } = (await (await fetch(`${server().url}/openapi.json`)).json()) as Description;
  const operations = Object.values(paths).flatMap((path) => Object.values(path));
  const ids = (guarded: boolean) =>
    operations.filter(({ security }) => security.length > 0 === guarded).map(({ operationId }) => operationId);
  expect(ids(true).sort()).toEqual(ROUTES.map(([name]) => name).sort());
  expect(ids(false).sort()).toEqual([...OPEN].sort());
});

describe.each(ROUTES)("%s", (name, { access, privilege, orPrivilege, reading }) => {
  const asked = (token: string | undefined, headers: Record<string, string> = {}) =>
    attempt(scene.customer.withToken(token), name, scene, { headers });

  test("needs a token", async () => {
    expect(await asked(undefined)).toMatchObject(UNAUTHENTICATED);
  });

  test("takes no token out of a cookie, the address, or another scheme", async () => {
    const token = scene.agent.token ?? "";
    for (const good of [token, scene.customer.token ?? ""]) {
      const cookie = ["token", "session", "Authorization", "CF_Authorization"]
        .map((one) => `${one}=${good}`)
        .join("; ");
      expect(await asked(undefined, { Cookie: cookie })).toMatchObject(UNAUTHENTICATED);
      expect(await asked(undefined, { "X-Satchel-Principal": '{"kind":"system"}' })).toMatchObject(UNAUTHENTICATED);
      const query = { name: "b.txt", token: good, access_token: good, ticket: good };
      const inAddress = await scene.customer
        .withToken(undefined)
        .ask(name, { ...GUARDED[name]?.asking?.(scene), query });
      expect(inAddress).toMatchObject({ ok: false, problem: UNAUTHENTICATED });
      for (const scheme of ["Basic", "Token", "Bearer,", "Bearer\t", ""]) {
        expect(await asked(undefined, { Authorization: `${scheme} ${good}` })).toMatchObject(UNAUTHENTICATED);
      }
    }
  });

  test("takes no token that we did not sign", async () => {
    const stranger = Buffer.alloc(32, 1);
    const forged = await Promise.all([
      signClaims(stranger, customerClaims(scene.sessionId)),
      signClaims(stranger, agentClaims(PRIVILEGES)),
      // Each of our keys signs one kind of token only.
      signClaims(secretOf(server().secrets, "TOKEN_SECRETS"), agentClaims(PRIVILEGES)),
      signClaims(secretOf(server().secrets, "DEV_ISSUER_KEY"), customerClaims(scene.sessionId)),
    ]);
    const cut = (scene.agent.token ?? "").slice(0, -1);
    for (const token of ["x", "a.b.c", cut, ...forged]) expect(await asked(token)).toMatchObject(UNAUTHENTICATED);
  });

  test("takes no token whose time is over", async () => {
    const exp = Math.floor(Date.now() / 1000) - 1;
    const { secrets } = server();
    const customers = await signClaims(secretOf(secrets, "TOKEN_SECRETS"), { ...customerClaims(scene.sessionId), exp });
    const agents = await signClaims(secretOf(secrets, "DEV_ISSUER_KEY"), { ...agentClaims(PRIVILEGES), exp });
    const expired = { status: 401, code: "token-expired" };
    expect(await asked(customers)).toMatchObject(agentsOnly(access) ? UNAUTHENTICATED : expired);
    expect(await asked(agents)).toMatchObject(access === "customer" ? UNAUTHENTICATED : expired);
  });

  test("takes no customer's token of another session", async () => {
    const { customer } = await openSession(server);
    expect(await asked(customer.token)).toMatchObject(UNAUTHENTICATED);
  });

  test("does not take the other kind of token", async () => {
    if (agentsOnly(access)) expect(await asked(scene.customer.token)).toMatchObject(UNAUTHENTICATED);
    if (access === "customer") expect(await asked(scene.agent.token)).toMatchObject(UNAUTHENTICATED);
  });

  const inside = name !== "joinSession" && !["agent-service", "agent-session", "agent-any"].includes(access);
  test.runIf(inside)("is not for agents who are not in the session", async () => {
    const outside = await asked(await agentToken(server, ORDINARY, "Outside"));
    expect(outside).toMatchObject(access === "customer" ? UNAUTHENTICATED : NOT_JOINED);
  });

  test.runIf(inside)("is open to who oversees the service for reading alone", async () => {
    for (const one of ["chat:supervise", "compliance:read"] as const) {
      const outcome = await asked(await agentToken(server, [one], `Overseer ${one}`));
      if (reading) expect(outcome).toBeUndefined();
      else
        expect(outcome?.code).toMatch(access === "customer" ? /^unauthenticated$/ : /^(not-joined|missing-privilege)$/);
    }
  });

  test.runIf(access !== "agent-any")("is not for agents of another service, whatever they may do there", async () => {
    const elsewhere = await asked(await agentToken(server, { sales: PRIVILEGES }, "Elsewhere"));
    if (access === "customer") expect(elsewhere).toMatchObject(UNAUTHENTICATED);
    else if (access === "agent-service") expect(elsewhere).toMatchObject({ status: 403, code: "missing-privilege" });
    else expect(elsewhere?.code).toMatch(privilege === undefined ? /^not-joined$/ : /^(not-joined|missing-privilege)$/);
  });

  test.runIf(name !== "leaveSession" && access !== "agent-any")(
    "is closed to who joined and then lost all privileges in the service",
    async () => {
      for (const grant of [[], { sales: PRIVILEGES }]) {
        const code = (await asked(await agentToken(server, grant)))?.code;
        expect(code).toBe(
          {
            agent: "missing-privilege",
            "agent-service": "missing-privilege",
            "agent-session": "missing-privilege",
            customer: "unauthenticated",
            participant: "not-joined",
            "agent-any": undefined,
          }[access],
        );
      }
    },
  );

  test.runIf(privilege !== undefined)("needs its privilege, also of who is in the session", async () => {
    const others = PRIVILEGES.filter((one) => one !== privilege && one !== orPrivilege);
    for (const grant of [others, { "customer-support": others, sales: PRIVILEGES }]) {
      const problem = await asked(await agentToken(server, grant));
      expect(problem).toMatchObject({ status: 403, code: "missing-privilege", detail: `needs ${privilege}` });
    }
  });

  test("gives web pages of other origins no leave to read, whatever it answers", async () => {
    const { method, url } = { method: "GET", url: scene.customer.address(name, GUARDED[name]?.asking?.(scene)) };
    for (const headers of [{}, { Authorization: `Bearer ${scene.agent.token}` }]) {
      const answer = await fetch(url, { method, headers: { ...headers, Origin: "https://evil.example" } });
      expect([...answer.headers.keys()].filter((key) => key.startsWith("access-control-"))).toEqual([]);
      expect(answer.headers.get("Set-Cookie")).toBeNull();
    }
  });
});

describe("a session that does not exist", () => {
  const tokens = async (sessionId: string) => {
    const { secrets } = server();
    const customers = await signClaims(secretOf(secrets, "TOKEN_SECRETS"), customerClaims(sessionId));
    return { customers, agents: scene.agent.token };
  };
  const ask = async (name: OperationName, sessionId: string, access: Expectation["access"]) => {
    const { customers, agents } = await tokens(sessionId);
    const who = scene.customer.inSession(sessionId);
    const asking = access === "participant" ? [customers, agents] : [agentsOnly(access) ? agents : customers];
    return Promise.all(asking.map((token) => attempt(who.withToken(token), name, scene)));
  };

  test.each(OF_SESSIONS)(
    "is unknown to %s, with a forged id at the edge: no object is woken",
    async (name, { access }) => {
      const turned = scene.sessionId.replace(
        /^.{20}./,
        (text) => `${text.slice(0, 20)}${text[20] === "A" ? "B" : "A"}`,
      );
      const forged = [
        sessionIdUnder(Buffer.alloc(32, 1), "customer-support"),
        turned,
        "x".repeat(40),
        "x",
        "..",
        "%00",
      ];
      const woken = await wokenObjects(server().storage);
      for (const sessionId of forged) {
        // Two dots are a way up and not an id: that address is another one, where nothing is, or nothing of this method.
        const expected =
          sessionId === ".." ? { code: expect.stringMatching(/^(not-found|method-not-allowed)$/) } : UNKNOWN;
        for (const problem of await ask(name, sessionId, access)) expect(problem).toMatchObject(expected);
      }
      expect(await wokenObjects(server().storage)).toEqual(woken);
    },
  );

  test.each(OF_SESSIONS)(
    "is unknown to %s, with an id that could be ours, for each kind of token",
    async (name, { access }) => {
      const ours = sessionIdUnder(secretOf(server().secrets, "SESSION_ID_KEYS"), "customer-support");
      const woken = await wokenObjects(server().storage);
      for (const problem of await ask(name, ours, access)) expect(problem).toMatchObject(UNKNOWN);
      // The control: this one only its object can know, and that leaves a trace which the test above would have seen.
      expect(await wokenObjects(server().storage)).toHaveLength(woken.length + 1);
    },
  );
});

describe("a service that does not exist", () => {
  test.each(only("agent-service"))("is unknown to %s, and no object is woken", async (name) => {
    const { params, query, ...asking } = GUARDED[name]?.asking?.(scene) ?? {};
    const elsewhere = { params: { ...params, service: "nowhere" }, query: { ...query, service: "nowhere" } };
    const woken = await wokenObjects(server().storage);
    const outcome = await scene.agent.ask(name, { ...asking, ...elsewhere });
    expect(outcome).toMatchObject({ ok: false, problem: { status: 404, code: "unknown-service" } });
    expect(await wokenObjects(server().storage)).toEqual(woken);
  });
});

describe("a token that was revoked", () => {
  let revoked: Scene;
  let held: { leave(): void };
  beforeAll(async () => {
    const made = await setScene(server);
    [revoked, held] = [made, made];
    await renewed(made.customer);
  });
  afterAll(() => held.leave());

  test.each(only("participant", "customer"))("is refused by %s", async (name) => {
    expect(await attempt(revoked.customer, name, revoked)).toMatchObject({ status: 401, code: "token-revoked" });
  });
});

describe("the control: who may ask", () => {
  const granted = async (name: OperationName, side: "customer" | "agent") => {
    const own = await setScene(server);
    try {
      expect(await attempt(own[side], name, own)).toBeUndefined();
    } finally {
      own.leave();
    }
  };
  test.each(only("participant", "customer"))("the customer is granted %s", (name) => granted(name, "customer"));
  // What is the customer's own an agent cannot cancel or delete.
  const mine = only("participant", "agent", "agent-service", "agent-any").filter(
    ([, { notTheirs }]) => notTheirs === undefined,
  );
  test.each(mine)("the agent is granted %s", (name) => granted(name, "agent"));
  const foreign = only("participant").filter(([, { notTheirs }]) => notTheirs !== undefined);
  test.each(foreign)("the agent is refused %s of what is the customer's", async (name, { notTheirs }) => {
    expect(await attempt(scene.agent, name, scene)).toMatchObject({ code: notTheirs });
  });
});

test("nothing of a chat, and no token, is left in a cache", async () => {
  const own = await setScene(server);
  for (const [name] of ROUTES.filter(([, { reading }]) => reading)) {
    const answer = await fetch(own.agent.address(name), { headers: { Authorization: `Bearer ${own.agent.token}` } });
    expect([name, answer.headers.get("Cache-Control")]).toEqual([name, "no-store"]);
  }
  for (const [who, name] of [
    [own.customer, "sendMessage"],
    [own.agent, "createTicket"],
    [own.customer, "renewToken"],
  ] as const) {
    const { headers } = await who.ask(name, GUARDED[name]?.asking?.(own));
    expect([name, headers.get("Cache-Control")]).toEqual([name, "no-store"]);
  }
  // The browser may keep a file that it asks about each time.
  const { headers } = await own.agent.ask("downloadFile", { params: { fileId: own.fileId } });
  expect(headers.get("Cache-Control")).toBe("private, no-cache");
  own.leave();
});
