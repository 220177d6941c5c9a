/** How a file's content is judged before it is announced, as the service's options say. */
import type { ServiceOptions } from "./options.ts";
import type { Refusal } from "./refusal.ts";

/** The options that bear on the content of files. Travels with a reservation, so that a rescue judges by the same. */
export type Inspection = Pick<ServiceOptions, "scan">;

/** The inspection of a service's files. Options that were stored before there were scans have none. */
export function inspectionOf({ scan }: Partial<Inspection>): Inspection {
  return { scan: scan ?? "off" };
}

/** Reasons that lie in the content itself: the same file is refused again, and it is recorded as rejected. */
const REJECTIONS: ReadonlySet<Refusal["reason"] | "aborted"> = new Set([
  "type-mismatch",
  "malware-found",
  "not-scannable",
]);

/** Whether an upload was given up for what its file holds. */
export function isRejection(reason: Refusal["reason"] | "aborted"): boolean {
  return REJECTIONS.has(reason);
}
