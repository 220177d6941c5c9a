/** JSON bodies, mutated as values and as bytes: each is taken or refused by name, and no route of a chat answers with a fault. */
import fc from "fast-check";
import { expect } from "vitest";
import { readJson } from "../../src/api/body.ts";
import { ProblemSchema } from "../../src/protocol/problem.ts";
import { fuzz } from "../support/fuzz.ts";
import { type MemoryApp, memoryApp } from "../support/memory-app.ts";
import { mutatedBytes, mutatedJson } from "../support/mutations.ts";
import { JSON_BODIES } from "../support/node/json-bodies.ts";

const BODIES = Object.values(JSON_BODIES);
const FIELDS = [...new Set(BODIES.flatMap(({ full }) => Object.keys(full)))];
const WORDS = ["__proto__", "constructor", "toString", "length", "userData", "a@b", "1e999", "-0", "\0", ...FIELDS];
const utf8 = new TextEncoder();
const DEEP = ["[".repeat(3000), '{"a":'.repeat(2000), "[".repeat(300) + "]".repeat(300)];

const values = mutatedJson(
  BODIES.map(({ full }) => full),
  WORDS,
);
const texts = mutatedBytes(
  BODIES.map(({ full }) => utf8.encode(JSON.stringify(full))),
  [
    ...WORDS.map((word) => JSON.stringify(word)),
    ...DEEP,
    ...'{}[],:"\\',
    "\\ud800",
    "\\u0000",
    "1e999",
    "null",
    "\xef\xbb\xbf",
  ],
);
const bodies = fc.oneof(
  values.map((value) => utf8.encode(JSON.stringify(value))),
  texts,
);

const request = (path: string, body: Uint8Array, headers: Record<string, string> = {}) =>
  new Request(`http://localhost${path}`, {
    method: "POST",
    body,
    headers: { "Content-Type": "application/json", ...headers },
  });

fuzz("a body is what a schema takes, or refused with the fields at fault", bodies, async (body) => {
  for (const { schema, optional, limit } of BODIES) {
    const result = await readJson(request("/", body), schema, optional === true, limit);
    if (result.ok) continue;
    expect(["bad-request", "body-too-large"]).toContain(result.refusal.reason);
    if (result.refusal.reason === "bad-request") expect(result.refusal.fields.length).toBeGreaterThan(0);
  }
});

/** After so many requests a new deployment is made, so that its memory does not fill. */
const REQUESTS_PER_APP = 300;

interface OpenChat {
  readonly app: MemoryApp;
  readonly path: string;
  readonly headers: Record<string, string>;
}

async function openChat(): Promise<OpenChat> {
  const app = memoryApp({ "transcript-email": "on-request" });
  const opening = request("/v1/services/shop/sessions", utf8.encode('{"nickname":"Ada"}'));
  const { sessionId, token } = await (await app.fetch(opening)).json<{ sessionId: string; token: string }>();
  return { app, path: `/v1/sessions/${sessionId}`, headers: { Authorization: `Bearer ${token}` } };
}

const PATHS = ["messages", "push-url", "notices", "typing", "read", "nickname", "user-data", "transcript-email"];
let chat: OpenChat | undefined;
let requests = 0;

fuzz(
  "no route of a chat answers a body with a fault",
  fc.tuple(fc.nat(PATHS.length), bodies),
  async ([which, body]) => {
    if (requests % REQUESTS_PER_APP === 0) chat = await openChat();
    requests += 1;
    if (chat === undefined) throw new Error("there is no chat");
    const name = PATHS[which];
    const path = name === undefined ? "/v1/services/shop/sessions" : `${chat.path}/${name}`;
    const answer = await chat.app.fetch(request(path, body, chat.headers));
    expect(answer.status).toBeLessThan(500);
    const text = await answer.text();
    if (answer.status >= 400) expect(ProblemSchema.parse(JSON.parse(text)).status).toBe(answer.status);
  },
);
