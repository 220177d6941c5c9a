/** Errors as they travel: `application/problem+json` (RFC 9457), and the same words in frames. */
import * as z from "zod";

/** One wrong field. */
export const FieldProblemSchema = z
  .object({ field: z.string(), problem: z.string() })
  .meta({ id: "FieldProblem", description: "One field of the request that is wrong, and what was expected." });

/** A problem document. `code` is stable; `title` and `detail` are for people and may change. */
export const ProblemSchema = z
  .object({
    type: z.string().describe("`about:blank`: the code tells the kind"),
    title: z.string(),
    status: z.int(),
    code: z.string().describe("Stable, machine-readable reason"),
    detail: z.string().optional(),
    requestId: z.string().optional(),
    errors: z.array(FieldProblemSchema).optional(),
    limit: z.number().optional().describe("The limit that was met: bytes, characters or a number of things"),
    left: z.number().optional().describe("Bytes that are left of a total"),
    siteKey: z.string().optional().describe("With which a page renders Turnstile"),
    retryAfter: z.int().optional().describe("Seconds after which it may be tried again, as in the header"),
    allowed: z.array(z.string()).optional().describe("What is allowed instead, for example file extensions"),
  })
  .meta({ id: "Problem", description: "Problem details, RFC 9457." });

/** A problem document. */
export type Problem = z.infer<typeof ProblemSchema>;
