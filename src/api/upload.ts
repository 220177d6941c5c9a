/**
 * The one pipeline of every upload: pieces go to store and digest with back-pressure, the first and last bytes are kept
 * for judging, the lease is renewed while they move, and at the end the session is told what became of it.
 */

import type { SessionPort } from "../../durable/kit/objects.ts";
import { type Digest, sha256 } from "../backends/digest.ts";
import type { DocumentStore } from "../backends/documents.ts";
import { earlyVerdict, HEAD_BYTES, TAIL_BYTES } from "../backends/file-type.ts";
import { logFault } from "../backends/log.ts";
import type { AnnouncedFile, AttemptRef, ObjectState, StoredFile } from "../core/attempts.ts";
import type { Named } from "../core/chat.ts";
import { acceptedDetections } from "../core/file-types.ts";
import { type Refusal, type Result, refuse } from "../core/refusal.ts";
import type { Reservation } from "../core/uploads.ts";
import { BodyBroken } from "./byte-source.ts";
import { within } from "./deadline.ts";
import { judge } from "./judge.ts";
import { openSink, type UploadSink } from "./upload-sink.ts";

/** A reservation that is to be filled. */
export type Reserved = Extract<Reservation, { kind: "reserved" }>;

/** Everything one upload needs. */
export interface Upload {
  readonly session: SessionPort;
  readonly documents: DocumentStore;
  readonly reservation: Reserved;
  readonly extension: string;
  /** Bytes the client promised; undefined where it could not know. */
  readonly size: number | undefined;
  readonly pieces: AsyncIterable<Uint8Array>;
  /** Buffer for parts, where the size is not known. */
  readonly buffer: Uint8Array<ArrayBuffer> | undefined;
  readonly now: () => number;
}

/** A lease of 60 seconds is renewed when a third of it has passed. */
const RENEW_MS = 20_000;
/** A store call may take this long: with the time since the last renewal it still ends within the lease. */
const STORE_TIMEOUT_MS = 30_000;
/** What is given up is not waited for longer than this: the session seals the key in any case. */
const ABORT_TIMEOUT_MS = 5_000;

const SYSTEM = { kind: "system" } as const;

/** Why an upload was given up, as the pipeline throws it to itself. */
class GivenUp extends Error {
  readonly refusal: Refusal;
  readonly object: ObjectState;

  constructor(refusal: Refusal, object: ObjectState) {
    super(refusal.reason);
    this.refusal = refusal;
    this.object = object;
  }
}

/** Says that the file is there and judged; the session's answer is the upload's. */
export type Announce = (file: AttemptRef & StoredFile) => Promise<Result<AnnouncedFile>>;

/** Announces a file whose reservation said whose it is. */
export function committing(session: SessionPort): Announce {
  return (file) => session.execute(SYSTEM, { type: "CommitUpload", ...file });
}

/**
 * Stores, judges and announces one file; where `announce` refuses, the upload is given up. Whatever goes wrong, the session
 * is told; if that fails too, its alarm finds out.
 */
export async function receiveUpload(
  upload: Upload,
  announce = committing(upload.session),
): Promise<Result<AnnouncedFile>> {
  const { documentId, attempt, key } = upload.reservation;
  try {
    const stored = await store(upload);
    const judged = await fromStore(judge(upload.documents, key, upload.extension, stored));
    if (!judged.ok) throw new GivenUp(judged.refusal, "stored");
    const { size, sha256 } = stored;
    const announced = await announce({ documentId, attempt, size, sha256, contentType: judged.value });
    if (!announced.ok) await release(upload, announced.refusal.reason, "stored");
    return announced;
  } catch (error) {
    if (!(error instanceof GivenUp)) {
      await release(upload, "aborted", "unknown");
      throw error;
    }
    await release(upload, error.refusal.reason, error.object);
    return refuse(error.refusal);
  }
}

/** Gives an upload up. A repeat, or one that the session has ended meanwhile, changes nothing. */
async function release(
  { session, reservation }: Upload,
  reason: Refusal["reason"] | "aborted",
  object: ObjectState,
): Promise<void> {
  const { documentId, attempt } = reservation;
  const rejected = reason === "type-mismatch";
  const command: Named<"ReleaseUpload"> = {
    type: "ReleaseUpload",
    documentId,
    attempt,
    reason,
    rejected,
    object,
  };
  // The lease runs out by itself where even this cannot be said.
  await session.execute(SYSTEM, command).catch(() => {});
}

/** What was seen of the bytes while they were stored. */
export interface Stored {
  readonly size: number;
  readonly sha256: string;
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
}

async function store(upload: Upload): Promise<Stored> {
  const digest = sha256();
  const attach = (multipartId: string) => attachMultipart(upload, multipartId);
  const sink = openSink(upload.documents, upload.reservation.key, upload.size, upload.buffer, attach);
  try {
    const seen = await pump(upload, sink, digest);
    const outcome = await fromStore(sink.finish());
    if (outcome !== "stored") throw overtaken(outcome);
    return { ...seen, sha256: await digest.finish() };
  } catch (error) {
    await within(sink.abort(), ABORT_TIMEOUT_MS).catch(() => {});
    throw error;
  }
}

/** The session has ended this upload meanwhile: cancelled, taken over by a repeat, or expired. */
function overtaken(outcome: "sealed" | "aborted"): GivenUp {
  return new GivenUp({ reason: "upload-expired" }, outcome === "sealed" ? "sealed" : "unknown");
}

/** A call of the store: where it fails or hangs the upload is given up, and the client is told that it may try again. */
async function fromStore<T>(call: Promise<T>): Promise<T> {
  try {
    return await within(call, STORE_TIMEOUT_MS);
  } catch (error) {
    if (error instanceof GivenUp) throw error;
    logFault("store-failed", error);
    throw new GivenUp({ reason: "store-unavailable" }, "unknown");
  }
}

/** The sender's next piece. Who promised a size and breaks off has sent another one; a form tells by itself what is wrong. */
async function nextPiece(pieces: AsyncIterator<Uint8Array>, { size }: Upload): Promise<IteratorResult<Uint8Array>> {
  try {
    return await pieces.next();
  } catch (error) {
    if (!(error instanceof BodyBroken)) throw error;
    if (error.why === "silent") throw new GivenUp({ reason: "upload-expired" }, "unknown");
    if (size === undefined) throw error;
    throw new GivenUp({ reason: "size-mismatch", declared: size }, "unknown");
  }
}

/** Moves the bytes. Only limits and the first look at the content stop it; the rest is decided when all are there. */
async function pump(upload: Upload, sink: UploadSink, digest: Digest): Promise<Omit<Stored, "sha256">> {
  const { reservation, extension, size, now } = upload;
  let total = 0;
  let head: Uint8Array = new Uint8Array(0);
  let renewedAt = now();
  const tail = new Tail();
  // Not `for await`: the errors of the sender and those of the store end an upload in different ways.
  const pieces = upload.pieces[Symbol.asyncIterator]();
  for (let next = await nextPiece(pieces, upload); !next.done; next = await nextPiece(pieces, upload)) {
    const piece = next.value;
    total += piece.length;
    if (total > reservation.held) throw new GivenUp(overflow(upload), "unknown");
    if (head.length < HEAD_BYTES) {
      head = joined(head, piece.subarray(0, HEAD_BYTES - head.length));
      if (head.length === HEAD_BYTES) await look(head, extension);
    }
    tail.add(piece);
    const [outcome] = await Promise.all([fromStore(sink.write(piece)), digest.write(piece)]);
    if (outcome !== "written") throw overtaken(outcome);
    if (now() - renewedAt >= RENEW_MS) {
      await renew(upload);
      renewedAt = now();
    }
  }
  if (total === 0) throw new GivenUp({ reason: "empty-file" }, "unknown");
  if (size !== undefined && total !== size) throw new GivenUp({ reason: "size-mismatch", declared: size }, "unknown");
  await look(head, extension);
  return { size: total, head, tail: tail.bytes() };
}

async function look(head: Uint8Array, extension: string): Promise<void> {
  if ((await earlyVerdict(head, acceptedDetections(extension))) === "impossible")
    throw new GivenUp({ reason: "type-mismatch", extension }, "unknown");
}

function overflow({ size, reservation }: Upload): Refusal {
  return size === undefined ? reservation.overflow : { reason: "size-mismatch", declared: size };
}

async function renew({ session, reservation: { documentId, attempt } }: Upload): Promise<void> {
  const renewed = await session.execute(SYSTEM, { type: "RenewLease", documentId, attempt });
  if (!renewed.ok) throw new GivenUp(renewed.refusal, "unknown");
}

async function attachMultipart(
  { session, reservation: { documentId, attempt } }: Upload,
  multipartId: string,
): Promise<void> {
  const attached = await session.execute(SYSTEM, { type: "AttachMultipart", documentId, attempt, multipartId });
  if (!attached.ok) throw new GivenUp(attached.refusal, "unknown");
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** The last bytes of a stream: keeps the pieces they came in and joins them once, at the end. */
class Tail {
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  add(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#length += piece.length;
    for (
      let first = this.#pieces[0];
      first !== undefined && this.#length - first.length >= TAIL_BYTES;
      first = this.#pieces[0]
    ) {
      this.#length -= first.length;
      this.#pieces.shift();
    }
  }

  bytes(): Uint8Array {
    let all: Uint8Array = new Uint8Array(0);
    for (const piece of this.#pieces) all = joined(all, piece.subarray(-TAIL_BYTES));
    return all.subarray(-TAIL_BYTES);
  }
}
