/**
 * Tries a clamd before it is believed. It calls a file that exceeds its own limits clean unless `AlertExceedsMax` is on, and
 * one without signatures calls everything clean: both would let malware through in silence, so a scanner that fails
 * here gives no verdict at all.
 */
import type { ScanVerdict } from "../core/scan.ts";
import { Unscanned } from "./scan-watch.ts";
import type { ScannedFile, Scanner } from "./scanner.ts";

/** What may be wrong with a scanner that answers: a stable code for the log. */
export type ProbeFailure =
  /** It calls a file clean that it did not look at to its end: `AlertExceedsMax yes` is missing, or `MaxRecursion` above 100. */
  | "limits-are-silent"
  /** It does not know the EICAR test file, which every set of signatures does. */
  | "finds-nothing";

/** What a probe needs of its surroundings. */
export interface ProbeSurroundings {
  now(): number;
  /** Told of each probe that finds the scanner unusable. */
  report(failure: ProbeFailure): void;
}

/** How long a probe's result holds, in milliseconds: its settings change with a restart, which closes connections too. */
const GOOD_FOR_MS = 10 * 60_000;
const BAD_FOR_MS = 10_000;
/** gzips in each other: more than the highest sensible `MaxRecursion`, whose default is 17. About 3 KB in the end. */
const NESTED = 120;

const UNUSABLE: ScanVerdict = { verdict: "none", why: "down" };

/**
 * The scanner, probed at the first scan, every ten minutes, and again after it gave no verdict. While a probe finds it unusable
 * every scan is `down`; the probe's own failure to reach it is the scan's.
 */
export function probed(scanner: Scanner, { now, report }: ProbeSurroundings): Scanner {
  // Each scan probes for itself where none has yet: nothing of one request may wait for another's promise.
  let known = { result: UNUSABLE, until: 0 };
  async function usable(signal: AbortSignal | undefined): Promise<ScanVerdict> {
    if (known.until > now()) return known.result;
    const found = await probe(scanner, signal);
    if (typeof found === "object" && found.verdict === "none") return found;
    if (typeof found === "string") report(found);
    known =
      typeof found === "string"
        ? { result: UNUSABLE, until: now() + BAD_FOR_MS }
        : { result: found, until: now() + GOOD_FOR_MS };
    return known.result;
  }
  return {
    async scan(file, signal) {
      const before = await usable(signal);
      if (before.verdict !== "clean") return before;
      const verdict = await scanner.scan(file, signal);
      if (verdict.verdict === "none" && verdict.why !== "too-large") known = { result: UNUSABLE, until: 0 };
      return verdict;
    },
    async state() {
      const before = await usable(undefined);
      if (before.verdict === "none") throw new Unscanned(before.why);
      return scanner.state();
    },
  };
}

/** `clean` where the scanner is usable, what is wrong with it, or why there is no telling. */
async function probe(scanner: Scanner, signal: AbortSignal | undefined): Promise<ScanVerdict | ProbeFailure> {
  const eicar = await scanner.scan(inMemory(eicarBytes()), signal);
  if (eicar.verdict === "none") return eicar;
  if (eicar.verdict === "clean") return "finds-nothing";
  const nested = await scanner.scan(inMemory(await nestedBytes()), signal);
  if (nested.verdict !== "none") return "limits-are-silent";
  return nested.why === "too-large" ? { verdict: "clean" } : nested;
}

function inMemory(bytes: Uint8Array): ScannedFile {
  return { size: bytes.byteLength, open: async () => new Response(bytes).body ?? undefined };
}

/** The harmless file that every scanner finds (eicar.org); in two parts here, so that none finds this one. */
function eicarBytes(): Uint8Array {
  const text = ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-", "STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].join("");
  return new TextEncoder().encode(text);
}

/** Nested deeper than a scanner looks, and new each time: clamd remembers what it once called clean. */
async function nestedBytes(): Promise<Uint8Array> {
  let bytes = new Uint8Array(16);
  crypto.getRandomValues(bytes);
  for (let depth = 0; depth < NESTED; depth++) {
    const zipped = new Response(bytes).body?.pipeThrough(new CompressionStream("gzip"));
    bytes = new Uint8Array(await new Response(zipped ?? null).arrayBuffer());
  }
  return bytes;
}
