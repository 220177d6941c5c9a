/** Mail addresses at the door: parsed once, kept in the one form that envelopes take. */
import { ok, type Result, refuseField } from "../core/refusal.ts";
import { parseAddress } from "../protocol/addresses.ts";

/** An address as people gave it, as `local@domain` in ASCII; absent stays absent. */
export function readAddress(raw: string | undefined, field: string): Result<string | undefined> {
  if (raw === undefined) return ok(undefined);
  const parsed = parseAddress(raw);
  return parsed.ok ? ok(parsed.address) : refuseField(field, parsed.problem);
}
