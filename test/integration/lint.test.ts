/** The linter's settings really refuse what the house rules forbid: each case is a file that must get its diagnostic. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { PROJECT } from "../support/node/command.ts";

const IMPORTS = "lint/style/noRestrictedImports";
const TYPES = "plugin";

/** File, its code, and the rules that must find something in it; none means that it is allowed. */
const CASES: [path: string, code: string, rules: string[]][] = [
  ["src/protocol/a.ts", 'import "hono";', [IMPORTS]],
  ["src/protocol/b.ts", 'import "../core/x.ts";', [IMPORTS]],
  ["src/protocol/c.ts", 'import "zod";\nimport "./a.ts";', []],
  ["src/core/a.ts", 'import "zod";', [IMPORTS]],
  ["src/core/b.ts", 'import "node:crypto";', [IMPORTS]],
  ["src/core/c.ts", 'import "../backends/x.ts";', [IMPORTS]],
  ["src/core/d.ts", 'import { a } from "../protocol/chat.ts";\nexport const b = a;', [TYPES]],
  ["src/core/e.ts", 'import { a } from "../protocol/wire.ts";\nexport const b = a;', []],
  ["src/core/f.ts", 'import type { A } from "../protocol/chat.ts";\nexport type B = A;', []],
  ["src/auth/a.ts", 'import "../api/x.ts";', [IMPORTS]],
  ["src/auth/b.ts", 'import "../backends/x.ts";', [IMPORTS]],
  ["src/backends/a.ts", 'import "../../durable/kit/objects.ts";', [IMPORTS]],
  ["src/backends/b.ts", 'import { a } from "../core/x.ts";\nexport const b = a;', [TYPES]],
  ["src/backends/c.ts", 'import "../api/x.ts";', [IMPORTS]],
  ["src/api/a.ts", 'import "../web/x.ts";', [IMPORTS]],
  ["src/api/b.ts", 'import { a } from "../../durable/lobby/x.ts";\nexport const b = a;', [TYPES]],
  ["src/api/c.ts", 'import { a } from "../../durable/kit/objects.ts";\nexport const b = a;', []],
  ["src/api/d.ts", 'import "../cli/x.ts";', [IMPORTS]],
  ["src/api/gms/a.ts", 'import "../../backends/x.ts";', [IMPORTS]],
  ["src/api/gms/b.ts", 'import "../middleware.ts";', [IMPORTS]],
  ["src/api/gms/c.ts", 'import "../guard.ts";\nimport "../../core/x.ts";', []],
  ["src/web/widget/a.ts", 'import "../../core/x.ts";', [IMPORTS]],
  ["src/web/widget/b.ts", 'import "../desktop/x.ts";', [IMPORTS]],
  ["src/web/widget/c.ts", 'import { a } from "../../protocol/chat.ts";\nexport const b = a;', [TYPES]],
  ["src/web/widget/d.ts", 'import "../client/x.ts";', []],
  ["src/cli/a.ts", 'import "../core/x.ts";', [IMPORTS]],
  ["src/cli/b.ts", 'import "../config.ts";\nimport "../protocol/x.ts";\nimport "node:fs";', []],
  ["src/cli/scan-gateway/a.ts", 'import "../../core/x.ts";', [IMPORTS]],
  ["src/cli/scan-gateway/b.ts", 'import "../../backends/log.ts";', [IMPORTS]],
  ["src/cli/scan-gateway/c.ts", 'import "../../backends/clamd.ts";\nimport "../../backends/scanner-x.ts";', []],
  ["src/config.ts", 'import "./auth/x.ts";', [IMPORTS]],
  ["src/config/a.ts", 'import "../auth/x.ts";', [IMPORTS]],
  ["src/config/b.ts", 'import "zod";\nimport "./a.ts";\nimport "../core/x.ts";', []],
  ["src/api/config.ts", 'import "../config/x.ts";', [IMPORTS]],
  ["src/worker.ts", 'import "./core/x.ts";', [IMPORTS]],
  ["durable/lobby/a.ts", 'import "../directory/x.ts";', [IMPORTS]],
  ["durable/lobby/b.ts", 'import "../../src/api/x.ts";', [IMPORTS]],
  ["durable/lobby/c.ts", 'import "../../src/core/x.ts";\nimport "../kit/x.ts";', []],
  ["durable/kit/objects.ts", 'import { A } from "../lobby/x.ts";\nexport const b = A;', [TYPES]],
  ["test/integration/a.ts", 'import "../../src/core/x.ts";', [IMPORTS]],
  ["test/integration/b.ts", 'import "../../src/protocol/x.ts";\nimport "../support/x.ts";', []],
  [
    "src/core/cycle-a.ts",
    'import { b } from "./cycle-b.ts";\nexport const a = () => b;',
    ["lint/suspicious/noImportCycles"],
  ],
  [
    "src/core/cycle-b.ts",
    'import { a } from "./cycle-a.ts";\nexport const b = () => a;',
    ["lint/suspicious/noImportCycles"],
  ],
  ["src/core/any.ts", "export const a = (b: any) => b;", ["lint/suspicious/noExplicitAny"]],
  ["src/core/bang.ts", "export const a = (b?: string) => b!.length;", ["lint/style/noNonNullAssertion"]],
  ["src/core/log.ts", 'console.log("a");', ["lint/suspicious/noConsole"]],
  ["src/cli/log.ts", 'console.log("a");', []],
  ["src/core/unused.ts", 'import { a } from "./e.ts";', ["lint/correctness/noUnusedImports"]],
  ["src/core/camelCase.ts", "export const a = 1;", ["lint/style/useFilenamingConvention"]],
  [
    "src/core/long.ts",
    `export function a() {\n${"  a();\n".repeat(41)}}`,
    ["lint/complexity/noExcessiveLinesPerFunction"],
  ],
  ["src/core/type.ts", 'import { A } from "./f.ts";\nexport type B = A;', ["lint/style/useImportType"]],
  [
    "src/core/float.ts",
    "const a = async () => 1;\nexport function b() {\n  a();\n}",
    ["lint/nursery/noFloatingPromises"],
  ],
  [
    "src/core/misuse.ts",
    "const a = async () => true;\nexport const b = () => (a() ? 1 : 2);",
    ["lint/nursery/noMisusedPromises"],
  ],
];

interface Report {
  diagnostics: { category: string; location: { path: string | { file: string } } }[];
}

test("every forbidden thing is found, and nothing that is allowed", async () => {
  const directory = await mkdtemp(join(tmpdir(), "satchel-lint-"));
  for (const name of ["test/lint.json", "test/type-only-imports.grit", "package.json"]) {
    await cp(join(PROJECT, name), join(directory, name));
  }
  for (const [path, code] of CASES) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), `${code}\n`);
  }
  const report = await lint(directory);
  await rm(directory, { recursive: true });
  const found = CASES.map(([path]) => [path, report.get(path) ?? []]);
  expect(found).toEqual(CASES.map(([path, , rules]) => [path, rules]));
});

/** Categories by file, each once, in order. */
async function lint(directory: string): Promise<Map<string, string[]>> {
  const biome = join(PROJECT, "node_modules/.bin/biome");
  const args = ["lint", "--config-path=test/lint.json", "--reporter=json", "--max-diagnostics=none", "."];
  const failed: unknown = await promisify(execFile)(biome, args, { cwd: directory }).catch((error: unknown) => error);
  if (!(failed instanceof Error) || !("stdout" in failed)) throw new Error("the linter found nothing at all");
  const report: Report = JSON.parse(String(failed.stdout));
  const found = new Map<string, Set<string>>();
  for (const { category, location } of report.diagnostics) {
    const path = typeof location.path === "string" ? location.path : location.path.file;
    found.set(path, (found.get(path) ?? new Set()).add(category));
  }
  return new Map([...found].map(([path, categories]) => [path, [...categories].sort()]));
}
