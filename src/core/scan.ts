/** What a malware scanner says of a file, and what a service makes of it (design sections 3 and 6). */
import { ok, type Result, refuse } from "./refusal.ts";

/** A service's choice: no scan; nothing available without a clean verdict; or announced with the scan named as left out. */
export type ScanPolicy = "off" | "required" | "best-effort";

/** Why there is no verdict. Everything but `too-large` may be otherwise at the next try. */
export type NotScanned =
  /** Larger than the scanner takes, in itself or in what it holds. */
  | "too-large"
  /** Not reached, closed early, failed at it, or not set up as it must be. */
  | "down"
  /** Did not answer in time. */
  | "slow"
  /** Answered what no scanner answers. */
  | "nonsense"
  /** The file waited too long for its turn. */
  | "busy";

/** What a scanner says of one file. */
export type ScanVerdict =
  | { readonly verdict: "clean" }
  /** `signature`: the malware's name, 1 to 200 printable ASCII characters. For agents and the audit, never for customers. */
  | { readonly verdict: "infected"; readonly signature: string }
  | { readonly verdict: "none"; readonly why: NotScanned };

/** What is said of an announced file; without one it was never to be scanned. `skipped`: the scanner gave no verdict. */
export type ScanMark = "clean" | "skipped";

/**
 * Whether a file may be announced, and how it is marked. Where a scan is required and there is no verdict the file is
 * refused (fail closed). What a scanner cannot look into is refused by every policy: it would be so at each further try.
 */
export function admitScanned(policy: Exclude<ScanPolicy, "off">, verdict: ScanVerdict): Result<ScanMark> {
  if (verdict.verdict === "clean") return ok("clean");
  if (verdict.verdict === "infected") return refuse({ reason: "malware-found", signature: verdict.signature });
  if (verdict.why === "too-large") return refuse({ reason: "not-scannable" });
  return policy === "best-effort" ? ok("skipped") : refuse({ reason: "scanner-unavailable" });
}

/** How long a rescued upload waits for a scanner that gives no verdict, in milliseconds since the upload began. */
export const SCAN_PATIENCE_MS = 10 * 60_000;

/** Whether a rescued upload may stay without a verdict until the next try; afterwards it is given up. */
export function mayWaitForScan(createdAt: number, now: number): boolean {
  return now - createdAt < SCAN_PATIENCE_MS;
}
