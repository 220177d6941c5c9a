/** Rescue of an upload whose worker died after its bytes were stored: read back here, in a Worker, never in the object. */
import { WorkerEntrypoint } from "cloudflare:workers";
import { documentStore, libraryPort, sessionPort } from "../../durable/kit/objects.ts";
import { ByteSource } from "../backends/byte-source.ts";
import { afterAtMost } from "../backends/deadline.ts";
import { sha256 } from "../backends/digest.ts";
import type { DocumentStore } from "../backends/documents.ts";
import { HEAD_BYTES, TAIL_BYTES } from "../backends/file-type.ts";
import type { Scanner } from "../backends/scanner.ts";
import { scannerFor } from "../backends/scanner-for.ts";
import type { AttemptRef, StoredFile } from "../core/attempts.ts";
import type { Inspection } from "../core/inspection.ts";
import type { Jurisdiction } from "../core/options.ts";
import { ok, type Result } from "../core/refusal.ts";
import { judge } from "./judge.ts";
import { libraryLedger } from "./library-ledger.ts";
import { scanStored } from "./scan.ts";
import { endingOf, type Ledger, sessionLedger } from "./upload.ts";

/** An upload whose object is there and whose worker is gone. */
interface Abandoned extends AttemptRef {
  readonly jurisdiction: Jurisdiction | "";
  readonly key: string;
  readonly extension: string;
  readonly inspection: Inspection;
  /** Whether it may stay as it is, without a verdict of the scanner, until its lease runs out again. */
  readonly patient: boolean;
}

/** The alarm waits ten seconds for a rescue; one that takes longer than this many milliseconds holds the lease itself. */
const LEASE_AFTER_MS = 5_000;

/**
 * Called by the alarm of who keeps the row of an upload whose lease ran out while its object was there. A rescue that takes
 * longer than the alarm waits holds the lease as the worker did; where it dies too, the alarm begins another.
 */
export class UploadRescue extends WorkerEntrypoint<Env> {
  /** Hashes, judges and scans the object, then commits or releases the session's upload. Repeatable: one answer is taken. */
  async rescue(upload: Abandoned & { readonly sessionId: string }): Promise<void> {
    await this.#settle(sessionLedger(sessionPort(this.env, upload)), upload);
  }

  /** The same for an upload to a library. */
  async rescueLibraryFile(upload: Abandoned & { readonly service: string }): Promise<void> {
    await this.#settle(libraryLedger(libraryPort(this.env, upload)), upload);
  }

  async #settle<A>(ledger: Ledger<A>, upload: Abandoned): Promise<void> {
    const documents = documentStore(this.env, upload.jurisdiction);
    const settled = settle({ documents, ledger, scanner: scannerFor(this.env) }, upload).then(() => true);
    // Who asked may not wait to the end.
    this.ctx.waitUntil(settled.catch(() => {}));
    if (await afterAtMost(settled, LEASE_AFTER_MS)) return;
    const { documentId, attempt } = upload;
    await ledger.resume({ documentId, attempt });
    await settled;
  }
}

/** What a rescue works with. */
interface Tools<A> {
  readonly documents: DocumentStore;
  readonly ledger: Ledger<A>;
  readonly scanner: Scanner | undefined;
}

async function settle<A>(tools: Tools<A>, upload: Abandoned): Promise<void> {
  const { documentId, attempt } = upload;
  const ref = { documentId, attempt };
  const found = await inspect(tools, upload);
  if (found === undefined) return;
  const announced = found.ok ? await tools.ledger.commit({ ...ref, ...found.value }) : found;
  if (announced.ok) return;
  if (announced.refusal.reason === "scanner-unavailable" && upload.patient) return;
  await tools.ledger.release(ref, endingOf(announced.refusal, "stored"));
}

/** What is known of the object once it is judged and scanned; undefined where there is none. */
async function inspect<A>(tools: Tools<A>, upload: Abandoned): Promise<Result<StoredFile> | undefined> {
  const { documents, ledger, scanner } = tools;
  const { documentId, attempt, key, extension, inspection } = upload;
  const size = await documents.size(key);
  if (size === undefined) return undefined;
  const [head, tail] = await Promise.all([
    documents.readAt(key, 0, Math.min(size, HEAD_BYTES)),
    documents.readAt(key, Math.max(0, size - TAIL_BYTES), Math.min(size, TAIL_BYTES)),
  ]);
  const judged = await judge(documents, key, extension, inspection, { head, tail, size });
  if (!judged.ok) return judged;
  const open = () => documents.get(key, 0, size);
  const scanned = await scanStored(scanner, inspection, { size, open }, () => ledger.renew({ documentId, attempt }));
  if (!scanned.ok) return scanned;
  const sha256 = await digestOf(documents, key, size);
  return ok({ size, sha256, contentType: judged.value, ...scanned.value });
}

async function digestOf(documents: DocumentStore, key: string, size: number): Promise<string> {
  const body = await documents.get(key, 0, size);
  if (body === undefined) throw new Error("the object to be rescued is gone");
  const digest = sha256();
  for await (const piece of new ByteSource(body).pieces()) await digest.write(piece);
  return digest.finish();
}
