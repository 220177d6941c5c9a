/** Every route against every privilege: what taking one away takes away, and that one alone gives nothing else. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { PRIVILEGES, type Privilege } from "../../../src/protocol/wire.ts";
import type { OperationName } from "../../support/node/api-client.ts";
import { agentToken } from "../../support/node/chats.ts";
import {
  attempt,
  type Expectation,
  fillLibrary,
  GUARDED,
  type Scene,
  setScene,
  toldWith,
} from "../../support/node/route-expectations.ts";
import { useServer } from "../../support/node/server.ts";

const server = useServer();
const ROUTES = Object.entries(GUARDED) as [OperationName, Expectation][];

/** Every set that differs from another in one privilege only, at either end. */
const SETS: [string, readonly Privilege[]][] = [
  ["all privileges", PRIVILEGES],
  ["no privilege", []],
  ...PRIVILEGES.map((one): [string, Privilege[]] => [`all but ${one}`, PRIVILEGES.filter((other) => other !== one)]),
  ...PRIVILEGES.map((one): [string, Privilege[]] => [`${one} alone`, [one]]),
];

/** As much of `/openapi.json` as is looked at. */
interface Description {
  readonly paths: Record<
    string,
    Record<string, { readonly operationId: string; readonly description?: string; readonly security: unknown[] }>
  >;
}

const tokens = new Map<string, string>();
let scene: Awaited<ReturnType<typeof setScene>>;

beforeAll(async () => {
  scene = await setScene(server);
  for (const [name, privileges] of SETS) tokens.set(name, await agentToken(server, privileges));
});
afterAll(() => scene.leave());

test("the table names each route that asks for credentials, with the privilege that the server says it needs", async () => {
  const { paths } = (await (await fetch(`${server().url}/openapi.json`)).json()) as Description;
  const operations = Object.values(paths).flatMap((path) => Object.values(path));
  const told = operations
    .filter(({ security }) => security.length > 0)
    .map(({ operationId, description = "" }) => [operationId, /needs? the privilege (.+?)\.$/.exec(description)?.[1]]);
  expect(new Map(told as [string, string | undefined][])).toEqual(
    new Map(
      ROUTES.map(([name, { privilege, orPrivilege }]) => [
        name,
        orPrivilege === undefined ? privilege : `${privilege} or ${orPrivilege}`,
      ]),
    ),
  );
});

/** Routes that use up what they act on in the library. */
const CONSUMING: ReadonlySet<OperationName> = new Set<OperationName>([
  "deleteStandardResponse",
  "deleteStandardResponseCategory",
  "deleteLibraryFile",
  "uploadLibraryFile",
]);

/** The scene as the route needs it: whole for each that uses something up. */
async function sceneFor(name: OperationName): Promise<Scene & { leave(): void }> {
  if (name === "endSession") return setScene(server);
  const kept = { ...scene, leave: () => {} };
  return CONSUMING.has(name) ? { ...kept, ...(await fillLibrary(scene.agent)) } : kept;
}

// The scene's agent has joined with every privilege, and now comes with other tokens of the same person.
beforeEach(() => scene.agent.must("joinSession"));
describe.each(ROUTES)("%s", (name, expectation) => {
  test.each(SETS)("with %s", async (set, privileges) => {
    const own = await sceneFor(name);
    try {
      const problem = await attempt(own.agent.withToken(tokens.get(set)), name, own);
      expect(problem?.code).toBe(toldWith(privileges, expectation));
      const statuses = { unauthenticated: 401, "not-joined": 403, "missing-privilege": 403 };
      if (problem !== undefined && problem.code in statuses) {
        expect(problem.status).toBe(statuses[problem.code as keyof typeof statuses]);
      }
      if (problem?.code === "missing-privilege" && expectation.privilege !== undefined)
        expect(problem.detail).toBe(`needs ${expectation.privilege}`);
    } finally {
      own.leave();
    }
  });
});

test("without the two privileges to transfer files an agent sends none", async () => {
  const rest = PRIVILEGES.filter((one) => !one.startsWith("chat:transfer-file-"));
  expect(PRIVILEGES.length - rest.length).toBe(2);
  const agent = scene.agent.withToken(await agentToken(server, rest));
  expect(await agent.refused("uploadFile", { query: { name: "b.txt" }, body: "text" })).toMatchObject({
    status: 403,
    code: "missing-privilege",
  });
});
