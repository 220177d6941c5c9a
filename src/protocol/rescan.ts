/** Later scans of what is stored, as administrators ask for them. */
import * as z from "zod";

const counts = {
  scanned: z.int().describe("Files that have a verdict now"),
  unscanned: z
    .int()
    .describe("Files without one: the scanner did not answer, or cannot look into them; ask again later"),
};
const signature = z.string().describe("Name of the malware");

/** What a scan of one session's files found. */
export const SessionRescanSchema = z
  .object({ ...counts, withdrawn: z.array(z.object({ fileId: z.string(), signature })) })
  .meta({ id: "SessionRescan" });

/** What a scan of some sessions' files found. */
export const ServiceRescanSchema = z
  .object({
    sessions: z.int().describe("Sessions that were looked at"),
    ...counts,
    withdrawn: z.array(z.object({ sessionId: z.string(), fileId: z.string(), signature })),
    cursor: z.string().optional().describe("Ask on with it; absent after the last part"),
  })
  .meta({ id: "ServiceRescan" });

/** What a scan of some files of a library found. */
export const LibraryRescanSchema = z
  .object({
    ...counts,
    withdrawn: z.array(z.object({ documentId: z.string(), signature, sessions: z.int().describe("That showed it") })),
    cursor: z.string().optional().describe("Ask on with it; absent after the last part"),
  })
  .meta({ id: "LibraryRescan" });
