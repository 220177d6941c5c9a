/** What a line of the worker's log may look like: every test run holds all lines against this, in workerd and outside. */

const WORD = /^[a-z]+(?:-[a-z0-9]+){0,6}$/;
const ERROR_CLASS = /^[A-Z][A-Za-z]{0,39}$/;

/** Every key that a line may have, and what may stand under it: our own words and ids, which are no secrets. */
const SHAPES: ReadonlyMap<string, readonly RegExp[]> = new Map([
  ["event", [WORD]],
  ["failure", [WORD, ERROR_CLASS]],
  ["error", [ERROR_CLASS, /^(?:string|number|object|undefined)$/]],
  ["requestId", [/^[\w-]{1,64}$/]],
  ["sessionId", [/^[\w-]{40}$/]],
  ["effect", [ERROR_CLASS]],
]);

/** Why a text is no line of `src/backends/log.ts`; undefined where it is one. The reason does not repeat what stands there. */
export function strangeness(text: string): string | undefined {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    return "is no JSON";
  }
  if (typeof line !== "object" || line === null || Array.isArray(line)) return "is no JSON object";
  if (!("event" in line) || !("failure" in line || "error" in line)) return "has no event with its failure or error";
  for (const [key, value] of Object.entries(line)) {
    const shapes = SHAPES.get(key);
    if (shapes === undefined) return `has another key than ${[...SHAPES.keys()].join(", ")}`;
    if (typeof value !== "string" || !shapes.some((shape) => shape.test(value)))
      return `has something else under ${key}`;
  }
  return undefined;
}
