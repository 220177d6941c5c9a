/** Whether stored bytes are what their file's name says and the service takes: the same judgement for an upload and for a rescued one. */
import type { DocumentStore } from "../backends/documents.ts";
import { readContent } from "../backends/file-type.ts";
import { admitContent } from "../core/content.ts";
import type { Inspection } from "../core/inspection.ts";
import type { Result } from "../core/refusal.ts";

/** Judges by first and last bytes, and for containers by their directory. The value is the MIME type to serve. */
export async function judge(
  documents: DocumentStore,
  key: string,
  extension: string,
  inspection: Inspection,
  stored: { head: Uint8Array; tail: Uint8Array; size: number },
): Promise<Result<string>> {
  const readAt = (offset: number, length: number) => documents.readAt(key, offset, length);
  return admitContent(extension, await readContent({ ...stored, readAt }), inspection);
}
