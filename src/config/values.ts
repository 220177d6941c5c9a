/** How single variables and tables are read, and how a wrong one is told: its key, what was expected, what stood there. */
import type * as z from "zod";
import { nearestName } from "../core/nearest-name.ts";

/** Variables, secrets and bindings by their names. */
export type Variables = Readonly<Record<string, unknown>>;

/** Takes one problem: the setting's name, what was expected, and what stood there. */
export type Report = (key: string, expected: string, got?: string) => void;

/** Cloudflare's limit for one variable (5 KB), in bytes of JSON. */
const MAX_VARIABLE_BYTES = 5120;
const SHOWN_CHARACTERS = 60;

/** A value as the operator would recognise it, on one line. */
export function shown(value: unknown): string {
  const text = isTable(value) || Array.isArray(value) || typeof value !== "object" ? JSON.stringify(value) : undefined;
  return (text ?? typeof value).slice(0, SHOWN_CHARACTERS);
}

/** A table of variables, and not a binding, which is an object too. */
function isTable(value: unknown): value is Variables {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** The table of a variable; reported where it is none, or larger than the platform takes. */
export function readTable(env: Variables, key: string, what: string, report: Report): Variables | undefined {
  const table = env[key];
  if (!isTable(table)) {
    report(key, `a table of ${what}, written as [vars.${key}]`, typeof table);
    return undefined;
  }
  const bytes = new TextEncoder().encode(JSON.stringify(table)).byteLength;
  if (bytes > MAX_VARIABLE_BYTES) report(key, `at most ${MAX_VARIABLE_BYTES} bytes as JSON`, `${bytes} bytes`);
  return table;
}

/** One problem for each unknown name and each wrong value of a table; `names` are those that there are, for a hint. */
export function reportIssues(
  table: string,
  error: z.ZodError,
  names: readonly string[],
  kind: string,
  report: Report,
): void {
  for (const issue of error.issues) {
    const path = issue.path.map(step);
    if (issue.code !== "unrecognized_keys") {
      // An item of a list is told by the list; only a table in one has names of its own.
      const last = issue.path.findLastIndex((part) => typeof part !== "number");
      const key = `${table}${path.slice(0, last + 1).join("")}`;
      report(key, issue.message, issue.input === undefined ? undefined : shown(issue.input));
      continue;
    }
    for (const name of issue.keys) {
      const near = nearestName(name, names);
      const hint = near === undefined ? "the README lists them" : `did you mean ${near}?`;
      report(`${table}${path.join("")}.${shown(name).slice(1, -1)}`, `the name of ${kind} (${hint})`);
    }
  }
}

/** `.name` of a field, `[0]` of an item. */
function step(part: PropertyKey): string {
  return typeof part === "number" ? `[${part}]` : `.${String(part)}`;
}
