/** From an upload request to the pipeline: raw bytes with a length, or the one part `file` of a form. */

import type { AnnouncedFile } from "../core/attempts.ts";
import type { Named } from "../core/chat.ts";
import { ok, type Result, refuse, refuseField } from "../core/refusal.ts";
import { ByteSource } from "./byte-source.ts";
import { readFileName } from "./file-name.ts";
import { type Part, parseMultipart } from "./multipart.ts";
import { MultipartError } from "./multipart-error.ts";
import type { SessionCall } from "./route.ts";
import { receiveUpload } from "./upload.ts";

type Call = SessionCall<unknown, unknown, unknown>;

/** After a refusal in mid-body, at most this many bytes are read away so that the client gets to see the answer. */
const DRAIN_BYTES = 1024 * 1024;
/** Most that a form with one file weighs beside the file's bytes: boundaries, headers, a few fields. */
const FORM_OVERHEAD_BYTES = 512 * 1024;
const RETRY_AFTER_SECONDS = 5;

/** Reads the one file of a request. What headers tell is refused before the body is touched. */
export function receiveRequest(
  call: Call,
  name: string | undefined,
  uploadKey: string | undefined,
): Promise<Result<AnnouncedFile>> {
  const type = (call.request.headers.get("Content-Type") ?? "").trim().toLowerCase();
  return type.startsWith("multipart/form-data") ? receiveForm(call, uploadKey) : receiveRaw(call, name, uploadKey);
}

async function receiveRaw(
  call: Call,
  name: string | undefined,
  uploadKey: string | undefined,
): Promise<Result<AnnouncedFile>> {
  const { request } = call;
  const size = contentLength(request);
  if (size === undefined) return refuse({ reason: "length-required" });
  const named = readFileName(name, "name");
  if (!named.ok) return named;
  const key = uploadKey === undefined ? {} : { uploadKey };
  const reserved = await call.session.execute(call.principal, {
    type: "ReserveUpload",
    ...named.value,
    size,
    exact: true,
    ...key,
  });
  if (!reserved.ok) return reserved;
  if (reserved.value.kind === "repeated") return ok(reserved.value);
  const source = new ByteSource(request.body ?? new Blob([]).stream());
  const result = await receiveUpload({
    ...pipeline(call),
    reservation: reserved.value,
    extension: named.value.extension,
    size,
    pieces: source.pieces(call.ports.now),
    buffer: undefined,
  });
  if (!result.ok) await drain(source);
  return result;
}

async function receiveForm(call: Call, uploadKey: string | undefined): Promise<Result<AnnouncedFile>> {
  const { request, ports } = call;
  const buffer = ports.buffers.borrow();
  if (buffer === undefined) return refuse({ reason: "busy", retryAfterSeconds: RETRY_AFTER_SECONDS });
  const parts = parseMultipart(request.body, request.headers.get("Content-Type"), {}, { keepBody: true });
  try {
    for await (const part of parts) {
      if (part.name !== "file" || part.fileName === undefined) continue;
      return await receivePart(call, part, buffer.bytes, uploadKey);
    }
    return refuseField("file", "a part with this name and a file name");
  } catch (error) {
    if (error instanceof MultipartError)
      return refuseField(error.field ?? "body", `multipart/form-data: ${error.reason}`);
    throw error;
  } finally {
    buffer.giveBack();
    if (request.body !== null && !request.body.locked) await drain(new ByteSource(request.body));
  }
}

async function receivePart(
  call: Call,
  part: Part,
  buffer: Uint8Array<ArrayBuffer>,
  uploadKey: string | undefined,
): Promise<Result<AnnouncedFile>> {
  const named = readFileName(part.fileName, "file");
  if (!named.ok) return named;
  const whole = contentLength(call.request) ?? Number.MAX_SAFE_INTEGER;
  const atLeast = whole === Number.MAX_SAFE_INTEGER ? 0 : Math.max(0, whole - FORM_OVERHEAD_BYTES);
  const key = uploadKey === undefined ? {} : { uploadKey };
  const command: Named<"ReserveUpload"> = {
    type: "ReserveUpload",
    ...named.value,
    size: whole,
    exact: false,
    atLeast,
    ...key,
  };
  const reserved = await call.session.execute(call.principal, command);
  if (!reserved.ok) return reserved;
  if (reserved.value.kind === "repeated") return ok(reserved.value);
  const { extension } = named.value;
  return receiveUpload({
    ...pipeline(call),
    reservation: reserved.value,
    extension,
    size: undefined,
    pieces: part.body,
    buffer,
  });
}

function pipeline({ ports, address, session }: Call) {
  return { session, documents: ports.documents(address.jurisdiction), now: ports.now };
}

/** Reads a little of what is left, then tells the client to stop. */
async function drain(source: ByteSource): Promise<void> {
  try {
    let left = DRAIN_BYTES;
    for (let piece = await source.read(1); piece !== undefined && left > 0; piece = await source.read(1))
      left -= piece.length;
  } catch {
    // The client has gone, or sent less than it promised: nothing is left to read.
  }
  source.leave(true);
}

/** `Content-Length` as a whole number of bytes; undefined where there is none. */
function contentLength(request: Request): number | undefined {
  const value = request.headers.get("Content-Length");
  return value !== null && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}
