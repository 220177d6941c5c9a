/** Placeholder until the scanner lands. */
import type { Scanner } from "./scanner.ts";
/** None. */
export function scannerFor(_env: object): Scanner | undefined {
  return undefined;
}
