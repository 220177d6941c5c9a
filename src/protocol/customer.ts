/** The customer of a session as agents are told of them. */
import * as z from "zod";

/** What the customer told of themselves. Nobody has verified any of it. */
export const CustomerSchema = z
  .object({
    email: z.string().optional(),
    language: z.string().optional(),
    timeZone: z.string().optional(),
    userData: z.record(z.string(), z.string()),
  })
  .meta({ id: "Customer", description: "What the customer told of themselves; nobody has verified any of it." });

/** The same as it travels. */
export type WireCustomer = z.infer<typeof CustomerSchema>;
