/** How a file's content is judged before it is announced, as the service's options say. */
import { PICTURE_MAX_PIXELS } from "../protocol/wire.ts";
import type { ContentPolicy } from "./content.ts";
import type { ServiceOptions } from "./options.ts";
import type { Refusal } from "./refusal.ts";

/** The options that bear on the content of files. Travels with a reservation, so that a rescue judges by the same. */
export type Inspection = Pick<ServiceOptions, "scan"> & ContentPolicy;

/** The inspection of a service's files. Options that were stored before there were such options have their defaults. */
export function inspectionOf(options: Partial<Inspection>): Inspection {
  const { scan = "off", encryptedFiles = "refuse", macroFiles = "refuse" } = options;
  return { scan, encryptedFiles, macroFiles, pictureMaxPixels: options.pictureMaxPixels ?? PICTURE_MAX_PIXELS };
}

/** Reasons that lie in the content itself: the same file is refused again, and it is recorded as rejected. */
const REJECTIONS: ReadonlySet<Refusal["reason"] | "aborted"> = new Set([
  "type-mismatch",
  "file-encrypted",
  "file-has-macros",
  "picture-too-large",
  "malware-found",
  "not-scannable",
]);

/** Whether an upload was given up for what its file holds. */
export function isRejection(reason: Refusal["reason"] | "aborted"): boolean {
  return REJECTIONS.has(reason);
}
