/** From an upload request to the pipeline: raw bytes with a length, or the one part `file` of a form. */

import type { AnnouncedFile } from "../core/attempts.ts";
import { ok, type Result, refuse, refuseField } from "../core/refusal.ts";
import type { Reservation } from "../core/uploads.ts";
import { ByteSource } from "./byte-source.ts";
import { readFileName } from "./file-name.ts";
import { contentLength, drain, fileSizeBounds, isForm, readParts } from "./form.ts";
import { given } from "./given.ts";
import type { Part } from "./multipart.ts";
import type { SessionCall } from "./route.ts";
import { type Announce, committing, receiveUpload, type Upload } from "./upload.ts";

type Call = Pick<SessionCall<unknown, unknown, unknown>, "request" | "ports" | "address" | "session" | "principal">;

const RETRY_AFTER_SECONDS = 5;
/** A form with a second file is refused as a whole. */
export const ONE_FILE = refuseField("file", "one file in a request");

/** Reads the one file of a request. What headers tell is refused before the body is touched. */
export function receiveRequest(
  call: Call,
  name: string | undefined,
  uploadKey: string | undefined,
): Promise<Result<AnnouncedFile>> {
  return isForm(call.request) ? receiveForm(call, uploadKey) : receiveRaw(call, name, uploadKey);
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
  const reserved = await call.session.execute(call.principal, {
    type: "ReserveUpload",
    ...named.value,
    size,
    exact: true,
    ...given("uploadKey", uploadKey),
  });
  if (!reserved.ok) return reserved;
  if (reserved.value.kind === "repeated") return ok(reserved.value);
  const source = new ByteSource(request.body ?? new Blob([]).stream(), call.ports.now);
  const result = await receiveUpload({
    ...pipeline(call),
    reservation: reserved.value,
    extension: named.value.extension,
    size,
    pieces: source.pieces(),
    buffer: undefined,
  });
  if (!result.ok) await drain(source);
  return result;
}

function receiveForm(call: Call, uploadKey: string | undefined): Promise<Result<AnnouncedFile>> {
  return readParts(call.request, call.ports.now, async (parts) => {
    for await (const part of parts) {
      if (!isFile(part)) continue;
      // Awaited here: leaving the loop closes the form.
      const wish = { ...fileSizeBounds(call.request), exact: false, ...given("uploadKey", uploadKey) };
      return await receivePart(
        call,
        part,
        (named) => call.session.execute(call.principal, { type: "ReserveUpload", ...named, ...wish }),
        (file) => announceAlone(call, parts, file),
      );
    }
    return refuseField("file", "a part with this name and a file name");
  });
}

/** Not before the form is known to be whole, and to carry no other file, which would be lost without a word. */
async function announceAlone(
  { session }: Call,
  rest: AsyncIterable<Part>,
  file: Parameters<Announce>[0],
): Promise<Result<AnnouncedFile>> {
  for await (const part of rest) if (isFile(part)) return ONE_FILE;
  return committing(session)(file);
}

/** True for the part that carries the file. */
export function isFile(part: Part): boolean {
  return part.name === "file" && part.fileName !== undefined;
}

/** Stores the file of a part whose size nobody knows, in a place that `reserve` gets for its name, and announces it. */
export async function receivePart(
  call: Omit<Call, "principal">,
  part: Part,
  reserve: (named: { name: string; extension: string }) => Promise<Result<Reservation>>,
  announce: Announce,
): Promise<Result<AnnouncedFile>> {
  const named = readFileName(part.fileName, "file");
  if (!named.ok) return named;
  const buffer = call.ports.buffers.borrow();
  if (buffer === undefined) return refuse({ reason: "busy", retryAfterSeconds: RETRY_AFTER_SECONDS });
  try {
    const reserved = await reserve(named.value);
    if (!reserved.ok) return reserved;
    if (reserved.value.kind === "repeated") return ok(reserved.value);
    const { extension } = named.value;
    const unsized = { size: undefined, pieces: part.body, buffer: buffer.bytes };
    const upload: Upload = { ...pipeline(call), reservation: reserved.value, extension, ...unsized };
    return await receiveUpload(upload, (file) => {
      // All is stored. What is left of the form may come slowly, and others wait for the buffer.
      buffer.giveBack();
      return announce(file);
    });
  } finally {
    buffer.giveBack();
  }
}

function pipeline({ ports, address, session }: Omit<Call, "principal">) {
  return { session, documents: ports.documents(address.jurisdiction), now: ports.now };
}
