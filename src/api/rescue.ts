/** Rescue of an upload whose worker died after its bytes were stored: read back here, in a Worker, never in the object. */
import { WorkerEntrypoint } from "cloudflare:workers";
import { documentStore, libraryPort, sessionPort } from "../../durable/kit/objects.ts";
import { sha256 } from "../backends/digest.ts";
import type { DocumentStore } from "../backends/documents.ts";
import { HEAD_BYTES, TAIL_BYTES } from "../backends/file-type.ts";
import type { AttemptRef } from "../core/attempts.ts";
import type { Jurisdiction } from "../core/options.ts";
import { ByteSource } from "./byte-source.ts";
import { judge } from "./judge.ts";
import { libraryLedger } from "./library-ledger.ts";
import { type Ledger, sessionLedger } from "./upload.ts";

/** An upload whose object is there and whose worker is gone. */
interface Abandoned extends AttemptRef {
  readonly jurisdiction: Jurisdiction | "";
  readonly key: string;
  readonly extension: string;
}

/** Called by the alarm of who keeps the row of an upload whose lease ran out while its object was there. */
export class UploadRescue extends WorkerEntrypoint<Env> {
  /** Hashes and judges the object, then commits or releases the session's upload. Repeatable: one answer is taken. */
  async rescue(upload: Abandoned & { readonly sessionId: string }): Promise<void> {
    await settle(documentStore(this.env, upload.jurisdiction), sessionLedger(sessionPort(this.env, upload)), upload);
  }

  /** The same for an upload to a library. */
  async rescueLibraryFile(upload: Abandoned & { readonly service: string }): Promise<void> {
    await settle(documentStore(this.env, upload.jurisdiction), libraryLedger(libraryPort(this.env, upload)), upload);
  }
}

async function settle<A>(documents: DocumentStore, ledger: Ledger<A>, upload: Abandoned): Promise<void> {
  const { documentId, attempt, key, extension } = upload;
  const size = await documents.size(key);
  if (size === undefined) return;
  const [head, tail] = await Promise.all([
    documents.readAt(key, 0, Math.min(size, HEAD_BYTES)),
    documents.readAt(key, Math.max(0, size - TAIL_BYTES), Math.min(size, TAIL_BYTES)),
  ]);
  const judged = await judge(documents, key, extension, { head, tail, size });
  if (!judged.ok) {
    const { reason } = judged.refusal;
    await ledger.release({ documentId, attempt }, { reason, rejected: true, object: "stored" });
    return;
  }
  const file = { size, sha256: await digestOf(documents, key, size), contentType: judged.value };
  const announced = await ledger.commit({ documentId, attempt, ...file });
  if (announced.ok) return;
  const { reason } = announced.refusal;
  await ledger.release({ documentId, attempt }, { reason, rejected: false, object: "stored" });
}

async function digestOf(documents: DocumentStore, key: string, size: number): Promise<string> {
  const body = await documents.get(key, 0, size);
  if (body === undefined) throw new Error("the object to be rescued is gone");
  const digest = sha256();
  for await (const piece of new ByteSource(body).pieces()) await digest.write(piece);
  return digest.finish();
}
