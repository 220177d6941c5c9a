/** Forms that carry a file: their parts as they come, errors as refusals, and an answer the client gets to see. */

import { BodyBroken, ByteSource } from "../backends/byte-source.ts";
import { type Result, refuseField } from "../core/refusal.ts";
import { brokenBody } from "./body.ts";
import { type Part, parseMultipart } from "./multipart.ts";
import { MultipartError } from "./multipart-error.ts";

/** After a refusal in mid-body, at most this many bytes are read away so that the client gets to see the answer. */
const DRAIN_BYTES = 1024 * 1024;
/** A sender that is slower than that gets its answer after so many milliseconds. */
const DRAIN_MS = 1000;
/** Most that a form with one file weighs beside the file's bytes: boundaries, headers, a few fields. */
const FORM_OVERHEAD_BYTES = 512 * 1024;

/** True for `multipart/form-data`. */
export function isForm(request: Request): boolean {
  return (request.headers.get("Content-Type") ?? "").trim().toLowerCase().startsWith("multipart/form-data");
}

/** Hands the parts to a reader; a form that is broken is a refusal, and what the reader leaves is drained. */
export async function readParts<T>(
  request: Request,
  now: () => number,
  read: (parts: AsyncIterable<Part>) => Promise<Result<T>>,
): Promise<Result<T>> {
  try {
    return await read(parseMultipart(request.body, request.headers.get("Content-Type"), {}, { keepBody: true, now }));
  } catch (error) {
    if (error instanceof MultipartError)
      return refuseField(error.field ?? "body", `multipart/form-data: ${error.reason}`);
    if (error instanceof BodyBroken) return brokenBody(error);
    throw error;
  } finally {
    await drainRequest(request);
  }
}

/** Bounds of the size of the one file in a form, in bytes, as far as the request's headers tell. */
export function fileSizeBounds(request: Request): { readonly size: number; readonly atLeast: number } {
  const whole = contentLength(request);
  if (whole === undefined) return { size: Number.MAX_SAFE_INTEGER, atLeast: 0 };
  return { size: whole, atLeast: Math.max(0, whole - FORM_OVERHEAD_BYTES) };
}

/** Reads a little of a body that nobody reads any more, so that the client gets to see the answer. */
export async function drainRequest({ body }: Request): Promise<void> {
  if (body !== null && !body.locked) await drain(new ByteSource(body));
}

/** Reads a little of what is left, then tells the client to stop. */
export async function drain(source: ByteSource): Promise<void> {
  // Leaving makes a read that waits fail; what breaks off has nothing left to read.
  const timer = setTimeout(() => source.leave(true), DRAIN_MS);
  await readAway(source, DRAIN_BYTES);
  clearTimeout(timer);
}

/**
 * Reads so many bytes for nobody. A page that sends them (XMLHttpRequest) sees no answer before it has sent all, and takes
 * a connection that is closed earlier for a broken one.
 */
export async function readAway(source: ByteSource, bytes: number): Promise<void> {
  try {
    let left = bytes;
    for (let piece = await source.read(1); piece !== undefined && left > 0; piece = await source.read(1))
      left -= piece.length;
  } catch {
    // Time is up, or the client has gone or sent less than it promised: nothing is left to read.
  }
  source.leave(true);
}

/** `Content-Length` as a whole number of bytes; undefined where there is none. */
export function contentLength(request: Request): number | undefined {
  const value = request.headers.get("Content-Length");
  return value !== null && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}
