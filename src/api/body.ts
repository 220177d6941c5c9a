/** Bounded reading of JSON bodies, and zod issues as fields a person can find. */
import type * as z from "zod";
import { type FieldProblem, ok, type Result, refuse, refuseField } from "../core/refusal.ts";
import { MAX_JSON_BYTES } from "../protocol/wire.ts";
import { ByteSource } from "./byte-source.ts";

/** Reads and checks a JSON body of at most 64 KiB. `optional`: an absent body is `{}`. */
export async function readJson<T>(request: Request, schema: z.ZodType<T>, optional: boolean): Promise<Result<T>> {
  if (optional && isBodyless(request)) return check(schema, {}, "body");
  const type = (request.headers.get("Content-Type") ?? "").split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") return refuse({ reason: "unsupported-media-type", expected: "application/json" });
  if (Number(request.headers.get("Content-Length") ?? 0) > MAX_JSON_BYTES) return tooLarge();
  const bytes = await readAtMost(request, MAX_JSON_BYTES);
  if (bytes === undefined) return tooLarge();
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return check(schema, JSON.parse(text), "body");
  } catch {
    return refuseField("body", "valid JSON in UTF-8");
  }
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

/** The whole body, where it has at most so many bytes; undefined where it has more, and then the sender is told to stop. */
export async function readAtMost(request: Request, limit: number): Promise<Uint8Array | undefined> {
  if (request.body === null) return new Uint8Array(0);
  const source = new ByteSource(request.body);
  const pieces: Uint8Array[] = [];
  let total = 0;
  for (let piece = await source.read(1); piece !== undefined; piece = await source.read(1)) {
    total += piece.length;
    if (total > limit) {
      source.leave(true);
      return undefined;
    }
    pieces.push(piece);
  }
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function tooLarge(): Result<never> {
  return refuse({ reason: "body-too-large", limit: MAX_JSON_BYTES });
}
