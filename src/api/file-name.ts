/** File names at the door: made safe once, or refused with the field they came in. */
import { normalizeFileName } from "../core/file-names.ts";
import { ok, type Result, refuseField } from "../core/refusal.ts";

/** A name as a client gave it, made safe; or which field is wrong and why. */
export function readFileName(raw: string | undefined, field: string): Result<{ name: string; extension: string }> {
  const normalized = normalizeFileName(raw ?? "");
  if (normalized.ok) return ok({ name: normalized.name, extension: normalized.extension });
  const problems = {
    empty: "a file name",
    "too-long": "at most 1024 characters",
    "no-extension": "a file name with an extension",
    "bad-extension": "an extension of 1 to 10 letters and digits",
  };
  return refuseField(field, problems[normalized.reason]);
}
