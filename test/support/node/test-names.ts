/** Names of tests as their sources write them, so that documents can name tests and be held to it. */

/** Names of tests, of groups of them, and of the cases of a test, as the source writes them. */
export function namesIn(source: string): ReadonlySet<string> {
  const first = /(?:\b(?:test|it|describe)|\))\(\s*"((?:[^"\\]|\\.)*)"|^\s*\[\s*"((?:[^"\\]|\\.)*)",/gm;
  return new Set([...source.matchAll(first)].map(([, name, row]) => JSON.parse(`"${name ?? row}"`) as string));
}
