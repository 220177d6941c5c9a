/** Scanning of what is stored, before anybody may open it: read back from the store at full speed, under a lease that runs anew. */
import { afterAtMost } from "../backends/deadline.ts";
import type { ScannedFile, Scanner } from "../backends/scanner.ts";
import type { Inspection } from "../core/inspection.ts";
import { ok, type Result } from "../core/refusal.ts";
import { admitScanned, type ScanMark, type ScanVerdict } from "../core/scan.ts";

/** A lease of 60 seconds is renewed when a third of it has passed, in milliseconds. */
export const RENEW_MS = 20_000;

const NO_SCANNER: ScanVerdict = { verdict: "none", why: "down" };

/**
 * Scans a stored file where its service wants that; the value is how to mark it. `renew` is called while the scanner takes
 * its time; where it refuses the scan is ended, since somebody else has the upload now. Rejects where the store fails.
 */
export async function scanStored(
  scanner: Scanner | undefined,
  { scan }: Inspection,
  file: ScannedFile,
  renew: () => Promise<Result<undefined>>,
): Promise<Result<{ readonly scan?: ScanMark }>> {
  if (scan === "off") return ok({});
  const verdict = scanner === undefined ? ok(NO_SCANNER) : await verdictOf(scanner, file, renew);
  if (!verdict.ok) return verdict;
  const admitted = admitScanned(scan, verdict.value);
  return admitted.ok ? ok({ scan: admitted.value }) : admitted;
}

async function verdictOf(
  scanner: Scanner,
  file: ScannedFile,
  renew: () => Promise<Result<undefined>>,
): Promise<Result<ScanVerdict>> {
  const ended = new AbortController();
  const scanning = scanner.scan(file, ended.signal);
  for (;;) {
    const verdict = await afterAtMost(scanning, RENEW_MS);
    if (verdict !== undefined) return ok(verdict);
    const renewed = await renew();
    if (renewed.ok) continue;
    ended.abort();
    await scanning.catch(() => {});
    return renewed;
  }
}
