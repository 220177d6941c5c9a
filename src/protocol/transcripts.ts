/** Transcripts as they travel over `/v1`. */
import * as z from "zod";
import { EventSchema } from "./chat.ts";

/** Body of `POST …/transcript-email`. */
export const TranscriptEmailSchema = z
  .strictObject({ to: z.string().max(254).optional() })
  .meta({ id: "TranscriptEmail" });

/** A transcript as JSON. */
export const TranscriptSchema = z
  .object({
    sessionId: z.string(),
    service: z.string(),
    startedAt: z.iso.datetime(),
    endedAt: z.iso.datetime().optional(),
    subject: z.string().optional(),
    language: z.string().optional(),
    timeZone: z.string().optional(),
    entriesOmitted: z
      .int()
      .optional()
      .describe("How many older entries were left out, where it is too long for a mail"),
    events: z.array(EventSchema),
  })
  .meta({ id: "Transcript", description: "What was said, without agents' notes." });
