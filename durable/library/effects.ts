/** What a library does in the store: settles uploads whose worker is gone, removes what nobody needs, forgets tombstones. */
import type { DocumentStore } from "../../src/backends/documents.ts";
import type { LibraryDocument, LibraryEffect } from "../../src/core/library-documents.ts";
import type { EffectOutcome } from "../../src/core/outbox.ts";
import { claimKey, emptyKey } from "../kit/keys.ts";

/** The outside world as these effects see it; each call may fail or hang. */
export interface LibraryEffectPorts {
  readonly documents: DocumentStore;
  /** Gives the upload up, since a tombstone stands at its key. */
  readonly expire: (document: LibraryDocument) => void;
  /** Reads the object back, judges it, and commits or releases the upload. */
  readonly rescue: (document: LibraryDocument) => Promise<void>;
  /** Whether the upload is still open. */
  readonly isOpen: (document: LibraryDocument) => boolean;
}

const DONE: EffectOutcome = { outcome: "done" };

/** Performs one effect. Faults reject. */
export async function performEffect(
  document: LibraryDocument,
  effect: LibraryEffect,
  { documents, ...ports }: LibraryEffectPorts,
): Promise<EffectOutcome> {
  const { key, multipartId } = document;
  if (effect.kind === "RetireObject") return emptyKey(documents, key, { sealed: effect.sealed, multipartId });
  if (effect.kind === "ForgetObject") {
    await documents.remove([key]);
    return DONE;
  }
  if ((await claimKey(documents, key, multipartId)) === "sealed") ports.expire(document);
  else await ports.rescue(document);
  return ports.isOpen(document) ? { outcome: "later", failure: "not-rescued" } : DONE;
}
