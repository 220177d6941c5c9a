/** Whether stored bytes are what their file's name says: the same judgement for an upload and for a rescued one. */
import type { DocumentStore } from "../backends/documents.ts";
import { detectType } from "../backends/file-type.ts";
import { acceptedDetection } from "../core/file-types.ts";
import { ok, type Result, refuse } from "../core/refusal.ts";

/** Judges by first and last bytes, and for containers by their directory. The value is the MIME type to serve. */
export async function judge(
  documents: DocumentStore,
  key: string,
  extension: string,
  stored: { head: Uint8Array; tail: Uint8Array; size: number },
): Promise<Result<string>> {
  const readAt = (offset: number, length: number) => documents.readAt(key, offset, length);
  const detected = await detectType({ ...stored, readAt });
  const verdict = acceptedDetection(extension, detected);
  return verdict.ok ? ok(verdict.mimeType) : refuse({ reason: "type-mismatch", extension });
}
