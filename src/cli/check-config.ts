/** `npm run check:config [-- FILE]`: stops with every problem of wrangler.toml before the worker would stop on it. */
import { pathToFileURL } from "node:url";
import { unstable_readConfig } from "wrangler";
import { type ConfigProblem, describeProblem } from "../config.ts";
import { configurationProblems } from "./environments.ts";

/** Every problem of a wrangler file, its environments included. Throws where wrangler itself cannot read it. */
export function checkConfigFile(path: string): readonly ConfigProblem[] {
  // An empty name is the top level, also where CLOUDFLARE_ENV names another.
  const readEnvironment = (env: string) => unstable_readConfig({ config: path, env }, { hideWarnings: true });
  const top = readEnvironment("");
  const names = top.definedEnvironments ?? [];
  return configurationProblems(top, new Map(names.map((name: string) => [name, readEnvironment(name)])));
}

function main(path: string): number {
  const problems = checkConfigFile(path);
  for (const problem of problems) console.error(`${path}: ${describeProblem(problem)}`);
  return problems.length === 0 ? 0 : 1;
}

/** The reason as wrangler gives it, with the line where a file cannot be parsed; no stack, since the file is at fault. */
function reason(path: string, error: unknown): string {
  if (!(error instanceof Error)) return `${path}: ${String(error)}`;
  const location: unknown = "location" in error ? error.location : undefined;
  const placed = typeof location === "object" && location !== null && "line" in location;
  return `${path}${placed ? `:${String(location.line)}` : ""}: ${error.message}`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const path = process.argv[2] ?? "wrangler.toml";
  try {
    process.exitCode = main(path);
  } catch (error) {
    console.error(reason(path, error));
    process.exitCode = 1;
  }
}
