/** What was private in this test file's run: collected from all that is sent to servers and comes back, looked for in their logs. */

/** Under names like these something private stands: tokens and tickets, texts, people, addresses, files. */
const PRIVATE_NAME =
  /token|ticket|secret|key$|password|authorization|cookie|^code|text|message|preview|note|nick|name$|email|mail|subject|url|^to$|alias|signature/i;
/** Everything in these is private, whatever its name. */
const PRIVATE_TREE = /^(?:userData|customer|translations)$/;
/** Names that look so and hold our own words. */
const PUBLIC_NAME = /^(?:messageType|clientId|Sec-WebSocket-Key|Idempotency-Key)$/i;
/** Shorter texts occur in our own words by chance. */
const LEAST_LENGTH = 6;

const found = new Set<string>();

/** Remembers a value that stood under a name, where that is the name of something private. */
export function rememberNamed(name: string, value: unknown): void {
  if (typeof value === "string") {
    if (PRIVATE_NAME.test(name) && !PUBLIC_NAME.test(name)) rememberPrivate(value);
  } else if (Array.isArray(value)) {
    for (const item of value) rememberNamed(name, item);
  } else if (typeof value === "object" && value !== null) {
    const wholly = PRIVATE_TREE.test(name);
    for (const [key, inner] of Object.entries(value)) {
      if (wholly && typeof inner === "string") rememberPrivate(inner);
      else rememberNamed(key, inner);
    }
  }
}

/** Remembers a text that is private, whole; of several lines each, since a log has one line for each. */
export function rememberPrivate(text: string): void {
  const value = text.replace(/^Bearer /, "");
  for (const line of value.split(/[\r\n]+/)) if (line.trim().length >= LEAST_LENGTH) found.add(line.trim());
}

/** Remembers what is private in a text of JSON; anything else says nothing. */
export function rememberJson(text: string): void {
  try {
    rememberNamed("", JSON.parse(text));
  } catch {
    // A test may send what is no JSON, and the schema's examples of that hold nothing.
  }
}

/** Remembers what is private in a request: its headers, its query, and its body where that is text. */
export function rememberRequest(url: string, headers: Iterable<readonly [string, string]>, body?: unknown): void {
  for (const [name, value] of new URL(url).searchParams) rememberNamed(name, value);
  for (const [name, value] of headers) rememberNamed(name, value);
  if (body instanceof URLSearchParams) rememberForm(body);
  else if (body instanceof FormData) rememberForm(body);
  else if (typeof body === "string") rememberJson(body);
}

function rememberForm(form: Iterable<readonly [string, string | File]>): void {
  for (const [name, value] of form) {
    if (typeof value !== "string") rememberPrivate(value.name);
    else if (/^userData/.test(name)) rememberPrivate(value);
    else rememberNamed(name, value);
  }
}

/** Whether a text holds anything that was remembered; `null` where it does not, else its first letters, enough to find it. */
export function privateIn(text: string): string | null {
  for (const value of found) if (text.includes(value)) return `${value.slice(0, 12)}…`;
  return null;
}
