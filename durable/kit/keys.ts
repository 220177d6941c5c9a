/** Keys of uploads that ended badly: who wins a key, its bytes or a tombstone, and how it is emptied (design section 5). */
import type { DocumentStore } from "../../src/backends/documents.ts";
import type { EffectOutcome } from "../../src/core/outbox.ts";

const DONE: EffectOutcome = { outcome: "done" };

/** Takes the key of an upload whose worker is gone; `occupied` where its bytes have arrived. */
export async function claimKey(
  documents: Pick<DocumentStore, "abort" | "seal">,
  key: string,
  multipartId: string | undefined,
): Promise<"sealed" | "occupied"> {
  if (multipartId !== undefined) await documents.abort(key, multipartId);
  return documents.seal(key);
}

/** Empties a key. Where a put may still be in flight (`sealed`) a tombstone is left, so that it can never land. */
export async function emptyKey(
  documents: Pick<DocumentStore, "abort" | "seal" | "remove">,
  key: string,
  { sealed, multipartId }: { readonly sealed: boolean; readonly multipartId: string | undefined },
): Promise<EffectOutcome> {
  if (multipartId !== undefined) await documents.abort(key, multipartId);
  if (!sealed) {
    await documents.remove([key]);
    return DONE;
  }
  if ((await documents.seal(key)) === "sealed") return DONE;
  await documents.remove([key]);
  return (await documents.seal(key)) === "sealed" ? DONE : { outcome: "later", failure: "not-sealed" };
}
