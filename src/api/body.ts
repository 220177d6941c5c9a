/** Bounded reading of JSON bodies, and zod issues as fields a person can find. */
import type * as z from "zod";
import { BodyBroken, ByteSource, STALL_MS } from "../backends/byte-source.ts";
import { TimedOut, within } from "../backends/deadline.ts";
import { type FieldProblem, ok, type Result, refuse, refuseField } from "../core/refusal.ts";
import { MAX_JSON_BYTES } from "../protocol/wire.ts";

/** Parameters are small: who sends them drop by drop is given up, in milliseconds. */
const BODY_MS = 60_000;

/** Reads and checks a JSON body of at most `limit` bytes, 64 KiB by default. `optional`: an absent body is `{}`. */
export async function readJson<T>(
  request: Request,
  schema: z.ZodType<T>,
  optional: boolean,
  limit = MAX_JSON_BYTES,
): Promise<Result<T>> {
  if (optional && isBodyless(request)) return check(schema, {}, "body");
  const type = (request.headers.get("Content-Type") ?? "").split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") return refuse({ reason: "unsupported-media-type", expected: "application/json" });
  if (Number(request.headers.get("Content-Length") ?? 0) > limit) return tooLarge(limit);
  const bytes = await readAtMost(request, limit);
  if (!bytes.ok) return bytes;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.value);
    return check(schema, JSON.parse(text, refusePrototype), "body");
  } catch (error) {
    return refuseField("body", error instanceof PrototypeKey ? error.message : "valid JSON in UTF-8");
  }
}

/** A key that would be dropped without a word: no object of ours may have it. */
class PrototypeKey extends Error {}

function refusePrototype(key: string, value: unknown): unknown {
  if (key === "__proto__") throw new PrototypeKey("no key __proto__");
  return value;
}

/** Checks a value; `root` names the whole in a problem that is about no single field. */
export function check<T>(schema: z.ZodType<T>, value: unknown, root: string): Result<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  return refuse({ reason: "bad-request", fields: fieldProblems(parsed.error, root) });
}

function fieldProblems(error: z.ZodError, root: string): FieldProblem[] {
  return error.issues.slice(0, 20).map((issue) => {
    const path = issue.path.map(String).join(".");
    // Names that are not ours are the client's text: they are not repeated.
    if (issue.code === "invalid_key") {
      const inside = issue.path.slice(0, -1).map(String).join(".");
      return { field: inside || root, problem: `a key is wrong: ${issue.issues[0]?.message ?? "not allowed"}` };
    }
    if (issue.code === "unrecognized_keys") return unknownField(issue.keys, path, root);
    return { field: path || root, problem: issue.message };
  });
}

/** Names the field where it looks like one: a slip of the pen. Anything else is the client's text, and not repeated. */
function unknownField(keys: readonly string[], path: string, root: string): FieldProblem {
  const name = keys.find((key) => /^[A-Za-z]\w{0,63}$/.test(key));
  if (name === undefined) return { field: path || root, problem: "has a field that is not known" };
  return { field: path === "" ? name : `${path}.${name}`, problem: "is not known" };
}

function isBodyless(request: Request): boolean {
  return request.body === null || request.headers.get("Content-Length") === "0";
}

/** The whole body, where it has at most so many bytes; else the sender is told to stop. */
export async function readAtMost(request: Request, limit: number): Promise<Result<Uint8Array>> {
  if (request.body === null) return ok(new Uint8Array(0));
  const source = new ByteSource(request.body);
  try {
    return await within(readAll(source, limit), BODY_MS);
  } catch (error) {
    if (error instanceof BodyBroken) return brokenBody(error);
    if (!(error instanceof TimedOut)) throw error;
    source.leave(true);
    return refuseField("body", `all of it within ${BODY_MS / 1000} seconds`);
  }
}

/** What is answered for a body that broke off; where its sender has gone, to nobody. */
export function brokenBody({ why }: BodyBroken): Result<never> {
  return refuseField("body", why === "gone" ? "all of it" : `more of it within ${STALL_MS / 1000} seconds`);
}

async function readAll(source: ByteSource, limit: number): Promise<Result<Uint8Array>> {
  const pieces: Uint8Array[] = [];
  let total = 0;
  for (let piece = await source.read(1); piece !== undefined; piece = await source.read(1)) {
    total += piece.length;
    if (total > limit) {
      source.leave(true);
      return tooLarge(limit);
    }
    pieces.push(piece);
  }
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return ok(bytes);
}

function tooLarge(limit: number): Result<never> {
  return refuse({ reason: "body-too-large", limit });
}
