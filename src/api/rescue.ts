/** Rescue of an upload whose worker died after its bytes were stored: read back here, in a Worker, never in the object. */
import { WorkerEntrypoint } from "cloudflare:workers";
import { documentStore, sessionPort } from "../../durable/kit/objects.ts";
import { sha256 } from "../backends/digest.ts";
import type { DocumentStore } from "../backends/documents.ts";
import { HEAD_BYTES, TAIL_BYTES } from "../backends/file-type.ts";
import { ByteSource } from "./byte-source.ts";
import { judge } from "./judge.ts";

const SYSTEM = { kind: "system" } as const;

/** Called by a session's alarm for an upload whose lease ran out while its object was there. */
export class UploadRescue extends WorkerEntrypoint<Env> {
  /** Hashes and judges the object, then commits or releases the upload. Repeatable: the session takes one answer. */
  async rescue(upload: {
    sessionId: string;
    jurisdiction: "" | "eu" | "fedramp";
    documentId: string;
    attempt: number;
    key: string;
    extension: string;
  }): Promise<void> {
    const { documentId, attempt, key, extension } = upload;
    const documents = documentStore(this.env, upload.jurisdiction);
    const session = sessionPort(this.env, upload);
    const size = await documents.size(key);
    if (size === undefined) return;
    const [head, tail] = await Promise.all([
      documents.readAt(key, 0, Math.min(size, HEAD_BYTES)),
      documents.readAt(key, Math.max(0, size - TAIL_BYTES), Math.min(size, TAIL_BYTES)),
    ]);
    const judged = await judge(documents, key, extension, { head, tail, size });
    if (!judged.ok) {
      const { reason } = judged.refusal;
      await session.execute(SYSTEM, {
        type: "ReleaseUpload",
        documentId,
        attempt,
        reason,
        rejected: true,
        object: "stored",
      });
      return;
    }
    const file = { size, sha256: await digestOf(documents, key, size), contentType: judged.value };
    await session.execute(SYSTEM, { type: "CommitUpload", documentId, attempt, ...file });
  }
}

async function digestOf(documents: DocumentStore, key: string, size: number): Promise<string> {
  const body = await documents.get(key, 0, size);
  if (body === undefined) throw new Error("the object to be rescued is gone");
  const digest = sha256();
  for await (const piece of new ByteSource(body).pieces()) await digest.write(piece);
  return digest.finish();
}
