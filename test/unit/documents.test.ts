/** The documents say what the code does: each list in them that can be compared with the code is. */
import { runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import changelog from "../../CHANGELOG.md?raw";
import contributing from "../../CONTRIBUTING.md?raw";
import agents from "../../docs/agents.md?raw";
import client from "../../docs/client.md?raw";
import migrating from "../../docs/migrating-from-genesys.md?raw";
import protocol from "../../docs/protocol.md?raw";
import threats from "../../docs/security.md?raw";
import storage from "../../docs/storage.md?raw";
import { MIGRATIONS as SESSION } from "../../durable/chat-session/migrations.ts";
import { MIGRATIONS as DIRECTORY } from "../../durable/directory/migrations.ts";
import { type Migration, migrate } from "../../durable/kit/migrate.ts";
import { MIGRATIONS as LIBRARY } from "../../durable/library/migrations.ts";
import { MIGRATIONS as LOBBY } from "../../durable/lobby/migrations.ts";
import license from "../../LICENSE?raw";
import packages from "../../package.json";
import readme from "../../README.md?raw";
import security from "../../SECURITY.md?raw";
import { CODES, toGms } from "../../src/api/gms/status.ts";
import { faultResponse, misconfiguredResponse } from "../../src/api/problem.ts";
import { FLAGS, readSettings } from "../../src/cli/scan-gateway/settings.ts";
import { SCANNER_SETTINGS, scannerTable } from "../../src/config/scanner.ts";
import { KNOWN_EXTENSIONS } from "../../src/core/file-types.ts";
import { FACES } from "../../src/core/problem.ts";
import {
  AGENT_ALGORITHMS,
  agentIssuerTable,
  GRANT_SETTINGS,
  ISSUER_SETTINGS,
} from "../../src/protocol/agent-issuers.ts";
import { EventSchema } from "../../src/protocol/chat.ts";
import { ClientFrameSchema, ServerFrameSchema } from "../../src/protocol/frames.ts";
import { LobbyFrameSchema } from "../../src/protocol/lobby.ts";
import { OPTION_SCHEMAS, type OptionName } from "../../src/protocol/options.ts";
import { CLOSE, PRIVILEGES } from "../../src/protocol/wire.ts";

/** Pages by their path; every link of a page leads to one of these. */
const PAGES: ReadonlyMap<string, string> = new Map([
  ["README.md", readme],
  ["CONTRIBUTING.md", contributing],
  ["CHANGELOG.md", changelog],
  ["SECURITY.md", security],
  ["LICENSE", license],
  ["docs/protocol.md", protocol],
  ["docs/agents.md", agents],
  ["docs/client.md", client],
  ["docs/migrating-from-genesys.md", migrating],
  ["docs/security.md", threats],
  ["docs/storage.md", storage],
]);

/** The text below a heading, up to the next of the same or a higher level. */
function section(page: string, heading: string): string {
  const [, marks = "", title = ""] = /^(#+) (.*)$/.exec(heading) ?? [];
  const from = page.split(`\n${marks} ${title}\n`)[1];
  if (from === undefined) throw new Error(`no heading "${heading}"`);
  return from.split(new RegExp(`\\n#{1,${marks.length}} `))[0] ?? "";
}

/** Cells of the rows of all tables in a text, without their head rows; code marks are kept. */
function tableRows(text: string): string[][] {
  const lines = text.split("\n");
  const isRow = (line: string | undefined) => line?.startsWith("|") === true && !/^\|(?:[-\s]+\|)+$/.test(line);
  return lines
    .filter((line, index) => isRow(line) && !/^\|(?:[-\s]+\|)+$/.test(lines[index + 1] ?? ""))
    .map((line) => line.split("|").slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()));
}

/** What stands between the code marks of a cell, or undefined where there are none. */
const code = (cell: string | undefined) => /^`(.*)`$/.exec(cell ?? "")?.[1];

/** Every code span that is a name of its own. */
const spans = (text: string) => new Set([...text.matchAll(/`([^`\n]+)`/g)].map(([, span = ""]) => span));

describe("README.md", () => {
  const rows = tableRows(section(readme, "### Options of a chat service"));
  const defaults = new Map(rows.map(([name, value]) => [code(name) ?? "", value ?? ""]));

  it("lists every option of a service, and no other", () => {
    expect([...defaults.keys()].sort()).toEqual(Object.keys(OPTION_SCHEMAS).sort());
  });

  it.each(Object.keys(OPTION_SCHEMAS) as OptionName[])("gives the default of %s", (name) => {
    const schema = OPTION_SCHEMAS[name];
    const cell = defaults.get(name);
    const told = cell === "none" ? [undefined, "", []] : [schema.parse(code(cell))];
    expect(told).toContainEqual(schema.parse(undefined));
  });

  it("lists every extension whose content can be recognised", () => {
    const [, list = ""] = /They are `([^`]+)`/.exec(section(readme, "### File types")) ?? [];
    expect(list.split(/\s+/).sort()).toEqual([...KNOWN_EXTENSIONS].sort());
  });
});

describe("README.md, on scanning", () => {
  const rowsOf = (heading: string) => tableRows(section(readme, heading));

  it("lists every setting of the scanner with its default, and no other", () => {
    const rows = rowsOf("### Settings of the scanner");
    expect(rows.map(([name]) => code(name))).toEqual(SCANNER_SETTINGS);
    const table = Object.fromEntries(
      rows.filter(([, value]) => value !== "none").map(([name, value]) => [code(name), code(value)]),
    );
    const url = "tcp://127.0.0.1";
    expect(scannerTable.parse({ url, ...table })).toEqual(scannerTable.parse({ url }));
  });

  it("lists every option of the gateway with its variable and default, and no other", () => {
    const rows = rowsOf("### The gateway").filter(([name]) => code(name)?.startsWith("--"));
    expect(rows.map(([name]) => code(name)?.slice(2))).toEqual(Object.keys(FLAGS));
    const SCANNER_SECRET = "k".repeat(32);
    const told = Object.fromEntries(rows.map(([, variable, value]) => [code(variable), code(value)]));
    expect(readSettings({}, { SCANNER_SECRET, ...told })).toEqual(readSettings({}, { SCANNER_SECRET }));
    const wrong = Object.fromEntries(rows.map(([, variable]) => [code(variable), "?"]));
    const refused = () => readSettings({}, { SCANNER_SECRET, ...wrong });
    for (const [, variable] of rows) expect(refused).toThrow(code(variable));
  });
});

describe("README.md, on the widget", () => {
  const told = section(readme, "## Embed the widget");
  const sources = Object.values(
    import.meta.glob<string>("../../src/web/widget/*.{ts,tsx,css}", { query: "?raw", import: "default", eager: true }),
  ).join("\n");
  const inSources = (pattern: RegExp) => [
    ...new Set([...sources.matchAll(pattern)].flatMap(([, found = ""]) => found)),
  ];

  it("lists every attribute, and no other", () => {
    const [, list = ""] = /SETTINGS = \[([^\]]*)\]/.exec(sources) ?? [];
    const known = [...list.matchAll(/"([\w-]+)"/g)].map(([, name]) => name);
    const rows = tableRows(told.split("**Properties.**")[0] ?? "").map(([name]) => code(name));
    expect(rows).toEqual(known);
  });

  it("lists every event, and no other", () => {
    const rows = tableRows(told.split("**Events**")[1]?.split("**Custom properties**")[0] ?? "");
    const names = rows.flatMap(([name = ""]) => [...spans(name)]);
    expect(names.sort()).toEqual(inSources(/"(satchel-(?!chat)\w+)"/g).sort());
  });

  it("lists every custom property and every part, and no other", () => {
    const [, properties = "", parts = ""] = told.split(/\*\*Custom properties\*\*|\*\*Parts\*\*/);
    const named = [...spans(properties)].filter((span) => span.startsWith("--"));
    expect(named.sort()).toEqual(inSources(/var\((--satchel-[\w-]+)/g).sort());
    const given = inSources(/\bpart(?:=|: |\.add\()[{]?["`]([a-z]+)/g);
    const known = [...spans(parts.split("**Content")[0] ?? "")].filter((span) => /^[a-z]+$/.test(span));
    expect(known.filter((part) => part !== "own" && part !== "other").sort()).toEqual(given.sort());
  });
});

describe("docs/protocol.md", () => {
  it("lists every stable code with its status, and no other", async () => {
    const faults = [faultResponse(""), misconfiguredResponse([], "")].map(async (answer) => {
      const { code: name } = await answer.json<{ code: string }>();
      return [name, answer.status] as const;
    });
    const known = Object.values(FACES).map((face) => [face.code, face.status] as const);
    const told = tableRows(section(protocol, "## Errors")).map(([name, status]) => [code(name), Number(status)]);
    expect(new Map(told as [string, number][])).toEqual(new Map([...known, ...(await Promise.all(faults))]));
  });

  it("names every request of the API's own description, and no other", async () => {
    const answer = await exports.default.fetch("http://localhost/openapi.json");
    const { paths } = await answer.json<{ paths: Record<string, object> }>();
    const known = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const told = tableRows(section(protocol, "## Requests")).flatMap(
      ([request]) => /`([A-Z]+ \/[^`]*)`/.exec(request ?? "")?.[1] ?? [],
    );
    expect(told.sort()).toEqual(known.sort());
  });

  it("names every close code of ours", () => {
    const told = tableRows(section(protocol, "### Close codes")).map(([number]) => Number(number));
    expect(told).toEqual(expect.arrayContaining(Object.values(CLOSE)));
  });

  it("lists every type of event, and no other", () => {
    const known = EventSchema.options.map(({ shape }) => shape.type.value);
    expect(tableRows(section(protocol, "## Events")).map(([type]) => code(type))).toEqual(known);
  });

  it.each([
    ["### Frames from the client", ClientFrameSchema],
    ["### Frames from the server", ServerFrameSchema],
    ["### The agent's socket", LobbyFrameSchema],
  ])("lists every frame under %s", (heading, schema) => {
    const known = schema.options.map(({ shape }) => shape.type.value);
    const told = tableRows(section(protocol, heading)).flatMap(
      ([frame]) => /"type":"([\w-]+)"/.exec(frame ?? "")?.[1] ?? [],
    );
    expect(told).toEqual(known);
  });
});

describe("docs/agents.md", () => {
  const firsts = (heading: string) => tableRows(section(agents, heading)).map(([first]) => code(first));

  it("lists every privilege, and no other", () => {
    expect(firsts("## Privileges")).toEqual([...PRIVILEGES]);
  });

  it("lists every setting of a provider with its default, and every part of a rule, and no other", () => {
    expect(firsts("## Settings of a provider").sort()).toEqual([...ISSUER_SETTINGS].sort());
    expect(firsts("## From claims to privileges")).toEqual(GRANT_SETTINGS);
    const table = { issuer: "https://a", "jwks-url": "https://a/b", audience: "c" };
    const grants = [{ claim: "d", value: "e", services: "*", privileges: ["chat:take"] }];
    const { algorithms, idClaim, nameClaim } = agentIssuerTable.parse({ ...table, grants });
    const told = new Map(
      tableRows(section(agents, "## Settings of a provider")).map(([name, set]) => [code(name), set]),
    );
    expect(told.get("algorithms")).toBe(`\`${algorithms.join(" ")}\``);
    expect([told.get("id-claim"), told.get("name-claim")]).toEqual([`\`${idClaim}\``, `\`${nameClaim}\``]);
  });

  it("lists every algorithm that may be allowed", () => {
    const [, list = ""] = /of `(RS256 [^`]+)`/.exec(section(agents, "## Settings of a provider")) ?? [];
    expect(list.split(" ")).toEqual([...AGENT_ALGORITHMS]);
  });
});

describe("docs/migrating-from-genesys.md", () => {
  it("gives the number and the HTTP status of every reason, and of no other", () => {
    const rows = tableRows(section(migrating, "## Error numbers")).filter(([, reason]) => code(reason) !== undefined);
    const told = rows.map(([number, reason, http]) => [code(reason), [Number(number), Number(http)]]);
    const reasons = Object.keys(CODES) as (keyof typeof CODES)[];
    const known = reasons.map((reason) => {
      // Any fields: only the reason decides on the number and the status here.
      const { http, error } = toGms({ reason, fields: [], limit: 0 } as never, "");
      return [reason, [error.code, http]];
    });
    expect(Object.fromEntries(told)).toEqual(Object.fromEntries(known));
    expect(told).toHaveLength(known.length);
  });

  it("names no option that does not exist here", () => {
    const names = tableRows(section(migrating, "## Options")).flatMap(([theirs = "", ours = ""]) =>
      ours.startsWith("the same") ? [...spans(theirs)] : [],
    );
    expect(names.length).toBeGreaterThan(8);
    expect(Object.keys(OPTION_SCHEMAS)).toEqual(expect.arrayContaining(names));
  });
});

describe("docs/storage.md", () => {
  /** Columns by table, as SQLite has them after all steps. */
  function schemaOf(name: string, migrations: readonly Migration[]): Promise<Map<string, string[]>> {
    return runInDurableObject(env.DIRECTORY.getByName(name), (_object, { storage: place }) => {
      migrate(place, migrations);
      const query = `SELECT m.name AS name, c.name AS field FROM sqlite_master m, pragma_table_info(m.name) c
        WHERE m.type = 'table' AND substr(m.name, 1, 4) <> '_cf_' ORDER BY m.name, c.cid`;
      const tables = new Map<string, string[]>();
      for (const { name: table, field } of place.sql.exec<{ name: string; field: string }>(query)) {
        tables.set(table, [...(tables.get(table) ?? []), field]);
      }
      return tables;
    });
  }

  it.each([
    ["## A session's object", SESSION, []],
    ["## A directory's object", DIRECTORY, ["schema_migrations"]],
    ["## A lobby's object", LOBBY, ["schema_migrations"]],
    [
      "## A library's object",
      LIBRARY,
      ["schema_migrations", "words_config", "words_data", "words_docsize", "words_idx"],
    ],
  ])("describes every table and column under %s", async (heading, migrations, elsewhere) => {
    const parts = section(storage, heading).split(/\n\*\*`(\w+)`\*\*/);
    const told = new Map<string, string[]>();
    for (let at = 1; at < parts.length; at += 2) {
      const columns = tableRows(parts[at + 1] ?? "").flatMap(([cell]) => [...spans(cell ?? "")]);
      told.set(parts[at] ?? "", columns.sort());
    }
    const known = await schemaOf(heading, migrations);
    for (const table of elsewhere) known.delete(table);
    expect(told).toEqual(new Map([...known].map(([table, columns]) => [table, columns.sort()])));
  });
});

describe("CONTRIBUTING.md", () => {
  it("says why each dependency is there", () => {
    const { dependencies, devDependencies, optionalDependencies, overrides } = packages;
    const names = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies, ...overrides });
    expect([...spans(section(contributing, "## Dependencies"))]).toEqual(expect.arrayContaining(names));
  });
});

describe("links between documents", () => {
  /** Anchors as they are made from headings: lower case, without punctuation, blanks as hyphens. */
  const anchorsOf = (page: string) =>
    [...page.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N} -]/gu, "")
        .replaceAll(" ", "-"),
    );

  it.each([...PAGES])("of %s lead to pages and headings that exist", (path, page) => {
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    const targets = [...page.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
    for (const target of targets.filter((one) => !/^https?:/.test(one))) {
      const [file = "", anchor] = target.split("#");
      const other = file === "" ? page : PAGES.get(new URL(file, `file:///${folder}`).pathname.slice(1));
      expect(other, target).toBeDefined();
      if (anchor !== undefined) expect(anchorsOf(other ?? ""), target).toContain(anchor);
    }
  });

  it("are there at all", () => {
    expect([...readme.matchAll(/\]\((docs\/[^)#]+)\)/g)].length).toBeGreaterThan(0);
  });
});
