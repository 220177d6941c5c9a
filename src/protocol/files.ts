/** Files as they travel over `/v1`: what an upload answers, tickets, and the names of headers. */
import * as z from "zod";
import { FileSchema, PositionSchema } from "./chat.ts";

/** Answer to an upload: the file and where it was announced. */
export const UploadedFileSchema = z
  .object({ ...FileSchema.shape, position: PositionSchema })
  .meta({ id: "UploadedFile" });

/** The same as it travels. */
export type UploadedFile = z.infer<typeof UploadedFileSchema>;

/** A link to one file for one participant. */
export const TicketSchema = z
  .object({
    url: z.string().describe("Works once or often, ranged or not, until it expires"),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: "Ticket" });

/** The same as it travels. */
export type WireTicket = z.infer<typeof TicketSchema>;

/** An `Idempotency-Key`: 1–128 printable ASCII characters. */
export const IdempotencyKeySchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, "1 to 128 printable ASCII characters without spaces");

/** The key of a session's opening is a secret, since a repeat gets the session's token: use a random UUID. */
export const OpeningKeySchema = z
  .string()
  .regex(/^[\x21-\x7e]{20,128}$/, "20 to 128 printable ASCII characters; it is a secret, use a random UUID");
