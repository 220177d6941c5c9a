/** Holds everything that a server logged against what a line may be, and against what was private in the run. */
import { strangeness } from "../log-lines.ts";
import { privateIn } from "./private-values.ts";

/** Lines of the runtime and of miniflare, not of the worker: whole, so that nothing can hide behind a known beginning. */
const HARMLESS: readonly RegExp[] = [
  // The runtime's notes on alarms and the like, with times and ids alone in them.
  /^warn: NOSENTRY [\w .]+(?:; [\w.:()]+ = [\w.]+)*$/,
  // A test writes nonsense over an object's database: the runtime says so, and where in its own program it was.
  /^error: e = workerd\/util\/sqlite\.c\+\+:\d+: failed: SQLite failed; dbErrorMessage\(\w+, db\) = file is not a database: SQLITE_NOTADB\nstack: [\w/.@ -]+(?:; \w+ = \w+)*$/,
];

/** What is wrong with these lines (`level: message`, as the server support keeps them), one text for each that is wrong. */
export function problemsOfLog(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const secret = privateIn(line);
    if (secret !== null) return [`holds what is private (${secret}): ${line}`];
    if (HARMLESS.some((pattern) => pattern.test(line))) return [];
    const strange = strangeness(line.replace(/^[a-z]+: /, ""));
    return strange === undefined ? [] : [`${strange}: ${line}`];
  });
}

/** Throws with every line that is wrong. */
export function checkLog(lines: readonly string[]): void {
  const problems = problemsOfLog(lines);
  if (problems.length > 0)
    throw new Error(["the worker's log has lines that it may not have:", ...problems].join("\n  "));
}
