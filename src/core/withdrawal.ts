/** A later scan of what is stored, and what becomes of a file in which it finds malware. */
import { removeFile } from "./deletion.ts";
import { type AvailableDocument, isAvailable, objectKey } from "./documents.ts";
import type { Draft } from "./draft.ts";
import { ok, type Result } from "./refusal.ts";
import { tellRejected } from "./settlement.ts";

/** An announced file and where its bytes lie. */
export interface StoredObject {
  readonly fileId: string;
  readonly key: string;
  /** Bytes. */
  readonly size: number;
}

/** The session's own files that can be fetched; what it shows of the library is the library's to scan. */
export function listFiles({ session }: Draft): Result<readonly StoredObject[]> {
  const own = [...session.documents.values()].filter(isAvailable).filter(({ libraryKey }) => libraryKey === undefined);
  return ok(
    own.map(({ fileId, documentId, phase: { size } }) => ({ fileId, key: objectKey(session, documentId), size })),
  );
}

/** Which announced files to withdraw: the one with this id, or every one that shows this object of the library. */
export type Withdrawn = { readonly fileId: string } | { readonly libraryKey: string };

/**
 * Withdraws what a later scan found infected: everybody learns that the file is gone, agents and the audit by which
 * signature. Its quota is returned. The value is how many files went; a repeat changes nothing.
 */
export function withdrawFile(draft: Draft, command: Withdrawn & { readonly signature: string }): Result<number> {
  const meant = [...draft.session.documents.values()]
    .filter(isAvailable)
    .filter((document) => isMeant(document, command));
  for (const document of meant) {
    removeFile(draft, document, undefined, undefined);
    tellRejected(draft, document, command.signature);
  }
  return ok(meant.length);
}

function isMeant({ fileId, libraryKey }: AvailableDocument, which: Withdrawn): boolean {
  return "fileId" in which ? which.fileId === fileId && libraryKey === undefined : which.libraryKey === libraryKey;
}
