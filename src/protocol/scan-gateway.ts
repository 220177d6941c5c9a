/** What worker and scan gateway say to each other: a file goes there as the body of a request, a verdict comes back. */
import * as z from "zod";

/** Paths below the gateway's address. */
export const GATEWAY_PATHS = { scan: "/scan", state: "/state", health: "/healthz" } as const;

/** Most bytes of an answer of the gateway. */
export const MAX_GATEWAY_ANSWER = 4096;

/**
 * The answer to a scan: status 200 with `clean` or `infected`, 413 with `none` and `too-large`, 503 with `none` and any other
 * reason, which the answer to a question for the state may have too.
 */
export const gatewayVerdict = z.discriminatedUnion("verdict", [
  z.object({ verdict: z.literal("clean") }),
  z.object({ verdict: z.literal("infected"), signature: z.string().regex(/^[\x20-\x7e]{1,200}$/) }),
  z.object({ verdict: z.literal("none"), why: z.enum(["too-large", "down", "slow", "nonsense", "busy"]) }),
]);

/** The answer to a question for the state; `signaturesAt` is null where the daemon does not say when they were made. */
export const gatewayState = z.object({
  version: z.string().regex(/^[\x20-\x7e]{1,80}$/),
  signaturesAt: z.iso.datetime().nullable(),
});
