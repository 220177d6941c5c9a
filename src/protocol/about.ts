/** What a server says of itself. */
import * as z from "zod";

/** Answer of a server that serves. */
export const HealthSchema = z.object({ status: z.literal("ok") }).meta({ id: "Health" });

/** The OpenAPI document, as far as a client needs to know it before reading it. */
export const DescriptionSchema = z.looseObject({ openapi: z.string(), paths: z.looseObject({}) });
