/** The library of standard responses as the demo needs it: one response with one file, for as long as it is needed. */
import { AddedFileSchema, StandardResponseSchema } from "../protocol/library.ts";
import type { DemoServer } from "./demo-client.ts";
import type { LocalFile } from "./demo-files.ts";

/** A response that was written for the demo. */
export interface DemoResponse {
  readonly responseId: string;
  /** SHA-256 of the file's bytes that left this machine, and of those that the library has; lower-case hex. */
  readonly digests: readonly [string, string];
  /** Takes it from the library again; sessions that got its file keep it. */
  remove(): Promise<void>;
}

/** Writes a response with this file. Throws `Refused`. */
export async function addResponse(
  server: DemoServer,
  service: string,
  token: string,
  file: LocalFile,
  moved: (bytes: number) => void,
): Promise<DemoResponse> {
  const path = `/v1/admin/services/${encodeURIComponent(service)}/standard-responses`;
  const content = {
    title: "Demo",
    language: "en",
    text: "Dear {{customer.nickname}}, this is what you asked for. {{agent.nickname}}",
  };
  const { responseId } = StandardResponseSchema.parse(await server.post(path, token, content));
  const remove = () => server.delete(`${path}/${responseId}`, token);
  try {
    const { answer, sha256 } = await server.sendFile(`${path}/${responseId}/files`, token, file, moved);
    return { responseId, digests: [sha256, AddedFileSchema.parse(answer).sha256], remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
