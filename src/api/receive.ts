/** From an upload request to the pipeline: raw bytes with a length, or the one part `file` of a form. */

import { ByteSource } from "../backends/byte-source.ts";
import type { DocumentStore } from "../backends/documents.ts";
import type { AnnouncedFile } from "../core/attempts.ts";
import { mayDeclare } from "../core/file-types.ts";
import { ok, type Result, refuse, refuseField } from "../core/refusal.ts";
import { readFileName } from "./file-name.ts";
import { contentLength, drain, fileSizeBounds, isForm, readAway, readParts } from "./form.ts";
import type { Part } from "./multipart.ts";
import type { Call, SessionCall } from "./route.ts";
import { type Ledger, type Place, type Ready, receiveUpload, sessionLedger, type Upload } from "./upload.ts";

type Receiving = Pick<Call<unknown, unknown, unknown>, "request" | "ports">;

/** What is asked for a file, as far as its request tells; an exact size, or bounds of it. */
export interface Wish {
  readonly name: string;
  readonly extension: string;
  readonly size: number;
  readonly exact: boolean;
  readonly atLeast?: number;
}

/** Where files go: the store, and the keeper of their rows. */
export interface Destination<A> {
  readonly documents: DocumentStore;
  readonly ledger: Ledger<A>;
}

/** A destination that takes files by what their requests tell. */
export interface Receiver<A> extends Destination<A> {
  reserve(wish: Wish): Promise<Result<Place<A>>>;
}

const RETRY_AFTER_SECONDS = 5;
/** A form with a second file is refused as a whole. */
export const ONE_FILE = refuseField("file", "one file in a request");

/** Reads the one file of a request; `name` is a raw one's. What headers tell is refused before the body is touched. */
export function receiveRequest<A>(
  call: Receiving,
  receiver: Receiver<A>,
  name: string | undefined,
): Promise<Result<A>> {
  return isForm(call.request) ? receiveForm(call, receiver) : receiveRaw(call, receiver, name);
}

async function receiveRaw<A>(
  { request, ports }: Receiving,
  receiver: Receiver<A>,
  name: string | undefined,
): Promise<Result<A>> {
  const size = contentLength(request);
  if (size === undefined) return refuse({ reason: "length-required" });
  const named = readFileName(name, "name");
  if (!named.ok) return named;
  const { extension } = named.value;
  if (!mayDeclare(extension, request.headers.get("Content-Type") ?? undefined))
    return refuse({ reason: "type-mismatch", extension });
  const reserved = await receiver.reserve({ ...named.value, size, exact: true });
  if (!reserved.ok) return reserved;
  const source = new ByteSource(request.body ?? new Blob([]).stream(), ports.now);
  if (reserved.value.kind === "repeated") {
    await readAway(source, size);
    return ok(reserved.value);
  }
  const result = await receiveUpload({
    documents: receiver.documents,
    ledger: receiver.ledger,
    scanner: ports.scanner(),
    now: ports.now,
    reservation: reserved.value,
    extension,
    size,
    pieces: source.pieces(),
    buffer: undefined,
  });
  if (!result.ok) await drain(source);
  return result;
}

function receiveForm<A>(call: Receiving, receiver: Receiver<A>): Promise<Result<A>> {
  return readParts(call.request, call.ports.now, async (parts) => {
    for await (const part of parts) {
      if (!isFile(part)) continue;
      // Awaited here: leaving the loop closes the form.
      const bounds = { ...fileSizeBounds(call.request), exact: false };
      return await receivePart(
        call,
        receiver,
        part,
        (named) => receiver.reserve({ ...named, ...bounds }),
        () => wholeForm(receiver.ledger, parts),
      );
    }
    return refuseField("file", "a part with this name and a file name");
  });
}

/** Not before the form is known to be whole, and to carry no other file, which would be lost without a word. */
async function wholeForm<A>(ledger: Ledger<A>, rest: AsyncIterable<Part>): ReturnType<Ready<A>> {
  for await (const part of rest) if (isFile(part)) return ONE_FILE;
  return ok(ledger.commit);
}

/** True for the part that carries the file. */
export function isFile(part: Part): boolean {
  return part.name === "file" && part.fileName !== undefined;
}

/** Stores the file of a part whose size nobody knows, in a place that `reserve` gets for its name; announced once `ready`. */
export async function receivePart<A>(
  { ports }: Receiving,
  { documents, ledger }: Destination<A>,
  part: Part,
  reserve: (named: { name: string; extension: string }) => Promise<Result<Place<A>>>,
  ready: Ready<A>,
): Promise<Result<A>> {
  const named = readFileName(part.fileName, "file");
  if (!named.ok) return named;
  const { extension } = named.value;
  if (!mayDeclare(extension, part.contentType)) return refuse({ reason: "type-mismatch", extension });
  const buffer = ports.buffers.borrow();
  if (buffer === undefined) return refuse({ reason: "busy", retryAfterSeconds: RETRY_AFTER_SECONDS });
  try {
    const reserved = await reserve(named.value);
    if (!reserved.ok) return reserved;
    if (reserved.value.kind === "repeated") return ok(reserved.value);
    const unsized = { size: undefined, pieces: part.body, buffer: buffer.bytes };
    const { now } = ports;
    const upload: Upload<A> = {
      documents,
      ledger,
      scanner: ports.scanner(),
      now,
      reservation: reserved.value,
      extension,
      ...unsized,
    };
    return await receiveUpload(upload, () => {
      // All is stored. What is left of the form may come slowly, and others wait for the buffer.
      buffer.giveBack();
      return ready();
    });
  } finally {
    buffer.giveBack();
  }
}

/** Where the files of a session go. */
export function sessionFiles({
  ports,
  address,
  session,
}: Pick<SessionCall<unknown, unknown, unknown>, "ports" | "address" | "session">): Destination<AnnouncedFile> {
  return { documents: ports.documents(address.jurisdiction), ledger: sessionLedger(session) };
}
