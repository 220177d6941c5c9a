/**
 * The one pipeline of every upload: pieces go to store and digest with back-pressure, the first and last bytes are kept
 * for judging, the lease is renewed while they move, and at the end whoever keeps the file's row is told what became of it.
 */

import type { SessionPort } from "../../durable/kit/objects.ts";
import { BodyBroken } from "../backends/byte-source.ts";
import { within } from "../backends/deadline.ts";
import { type Digest, sha256 } from "../backends/digest.ts";
import type { DocumentStore } from "../backends/documents.ts";
import { earlyVerdict, HEAD_BYTES, TAIL_BYTES } from "../backends/file-type.ts";
import { logFault } from "../backends/log.ts";
import type { Scanner } from "../backends/scanner.ts";
import type { AnnouncedFile, AttemptRef, ObjectState, StoredFile } from "../core/attempts.ts";
import { acceptedDetections } from "../core/file-types.ts";
import { isRejection } from "../core/inspection.ts";
import { ok, type Refusal, type Result, refuse } from "../core/refusal.ts";
import type { Reservation } from "../core/uploads.ts";
import { judge } from "./judge.ts";
import { RENEW_MS, scanStored } from "./scan.ts";
import { openSink, type UploadSink } from "./upload-sink.ts";

/** A reservation that is to be filled. */
export type Reserved = Omit<Extract<Reservation, { kind: "reserved" }>, "fileId">;

/** A place for a file, or the answer that the same upload got before. */
export type Place<A> = Reserved | ({ readonly kind: "repeated" } & A);

/** Why an upload was given up, and what is known of its object. */
export interface Ending {
  readonly reason: Refusal["reason"] | "aborted";
  /** The content was refused. */
  readonly rejected: boolean;
  readonly object: ObjectState;
  /** Where malware was found: its name. */
  readonly signature?: string;
}

/** How an upload ends that was refused for a reason. */
export function endingOf(refusal: Refusal, object: ObjectState): Ending {
  const named = refusal.reason === "malware-found" ? { signature: refusal.signature } : {};
  return { reason: refusal.reason, rejected: isRejection(refusal.reason), object, ...named };
}

/** Who keeps the row of a file while its bytes move: a session or a library. `A` is what an announced file answers. */
export interface Ledger<A> {
  /** Says that bytes move: the lease runs anew. */
  renew(ref: AttemptRef): Promise<Result<undefined>>;
  /** Says that a rescue works on the upload now; refused while somebody else does. */
  resume(ref: AttemptRef): Promise<Result<undefined>>;
  /** Keeps the id of a multipart upload, before any part is sent. */
  attach(ref: AttemptRef, multipartId: string): Promise<Result<undefined>>;
  /** The file is there and judged. */
  commit(file: AttemptRef & StoredFile): Promise<Result<A>>;
  /** Gives an upload up. A repeat, or one that has ended meanwhile, changes nothing. */
  release(ref: AttemptRef, ending: Ending): Promise<unknown>;
}

/** A session as the keeper of its files. */
export function sessionLedger(session: SessionPort): Ledger<AnnouncedFile> {
  return {
    renew: (ref) => session.execute(SYSTEM, { type: "RenewLease", ...ref }),
    resume: (ref) => session.execute(SYSTEM, { type: "BeginRescue", ...ref }),
    attach: (ref, multipartId) => session.execute(SYSTEM, { type: "AttachMultipart", ...ref, multipartId }),
    commit: (file) => session.execute(SYSTEM, { type: "CommitUpload", ...file }),
    release: (ref, ending) => session.execute(SYSTEM, { type: "ReleaseUpload", ...ref, ...ending }),
  };
}

/** Everything one upload needs. */
export interface Upload<A> {
  readonly ledger: Ledger<A>;
  readonly documents: DocumentStore;
  readonly reservation: Reserved;
  readonly extension: string;
  /** Bytes the client promised; undefined where it could not know. */
  readonly size: number | undefined;
  readonly pieces: AsyncIterable<Uint8Array>;
  /** Buffer for parts, where the size is not known. */
  readonly buffer: Uint8Array<ArrayBuffer> | undefined;
  readonly now: () => number;
  /** Undefined where the deployment has none: what must be scanned is then refused. */
  readonly scanner: Scanner | undefined;
}

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

/** Says that the file is there, judged and scanned; what it answers is the upload's answer. */
export type Announce<A> = (file: AttemptRef & StoredFile) => Promise<Result<A>>;

/**
 * Waits for what must be known before a stored file is worth a scan, such as the rest of a form and whose it is; gives the
 * way to announce it, or the reason why it is given up.
 */
export type Ready<A> = () => Promise<Result<Announce<A>>>;

/**
 * Stores, judges, scans and announces one file; where `ready` or its announcement refuses, the upload is given up. Whatever
 * goes wrong, the keeper of its row is told; if that fails too, its alarm finds out.
 */
export async function receiveUpload<A>(
  upload: Upload<A>,
  ready: Ready<A> = async () => ok(upload.ledger.commit),
): Promise<Result<A>> {
  const { documentId, attempt, key } = upload.reservation;
  try {
    const stored = await store(upload);
    const judged = await fromStore(
      judge(upload.documents, key, upload.extension, upload.reservation.inspection, stored),
    );
    if (!judged.ok) throw new GivenUp(judged.refusal, "stored");
    const announce = await ready();
    if (!announce.ok) throw new GivenUp(announce.refusal, "stored");
    const { size, sha256 } = stored;
    const scanned = await scan(upload, size);
    if (!scanned.ok) throw new GivenUp(scanned.refusal, "stored");
    const file = { documentId, attempt, size, sha256, contentType: judged.value, ...scanned.value };
    const announced = await announce.value(file);
    if (!announced.ok) throw new GivenUp(announced.refusal, "stored");
    return announced;
  } catch (error) {
    if (!(error instanceof GivenUp)) {
      await release(upload, { reason: "aborted", rejected: false, object: "unknown" });
      throw error;
    }
    await release(upload, endingOf(error.refusal, error.object));
    return refuse(error.refusal);
  }
}

/** The lease runs anew while the scanner reads: it may have a queue. */
async function scan<A>({ documents, scanner, ledger, reservation }: Upload<A>, size: number) {
  const { key, inspection } = reservation;
  const renewLease = () => ledger.renew(refOf(reservation));
  try {
    return await scanStored(scanner, inspection, { size, open: () => documents.get(key, 0, size) }, renewLease);
  } catch (error) {
    throw storeFailed(error);
  }
}

async function release<A>({ ledger, reservation }: Upload<A>, ending: Ending): Promise<void> {
  // The lease runs out by itself where even this cannot be said.
  await ledger.release(refOf(reservation), ending).catch(() => {});
}

function refOf({ documentId, attempt }: Reserved): AttemptRef {
  return { documentId, attempt };
}

/** What was seen of the bytes while they were stored. */
export interface Stored {
  readonly size: number;
  readonly sha256: string;
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
}

async function store<A>(upload: Upload<A>): Promise<Stored> {
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

/** This upload was ended meanwhile: cancelled, taken over by a repeat, or expired. */
function overtaken(outcome: "sealed" | "aborted"): GivenUp {
  return new GivenUp({ reason: "upload-expired" }, outcome === "sealed" ? "sealed" : "unknown");
}

/** A call of the store: where it fails or hangs the upload is given up, and the client is told that it may try again. */
async function fromStore<T>(call: Promise<T>): Promise<T> {
  try {
    return await within(call, STORE_TIMEOUT_MS);
  } catch (error) {
    if (error instanceof GivenUp) throw error;
    throw storeFailed(error);
  }
}

function storeFailed(error: unknown): GivenUp {
  logFault("store-failed", error);
  return new GivenUp({ reason: "store-unavailable" }, "unknown");
}

/** The sender's next piece. Who promised a size and breaks off has sent another one; a form tells by itself what is wrong. */
async function nextPiece<A>(
  pieces: AsyncIterator<Uint8Array>,
  { size }: Upload<A>,
): Promise<IteratorResult<Uint8Array>> {
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
async function pump<A>(upload: Upload<A>, sink: UploadSink, digest: Digest): Promise<Omit<Stored, "sha256">> {
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

function overflow<A>({ size, reservation }: Upload<A>): Refusal {
  return size === undefined ? reservation.overflow : { reason: "size-mismatch", declared: size };
}

async function renew<A>({ ledger, reservation }: Upload<A>): Promise<void> {
  const renewed = await ledger.renew(refOf(reservation));
  if (!renewed.ok) throw new GivenUp(renewed.refusal, "unknown");
}

async function attachMultipart<A>({ ledger, reservation }: Upload<A>, multipartId: string): Promise<void> {
  const attached = await ledger.attach(refOf(reservation), multipartId);
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
