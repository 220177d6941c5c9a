/** What clamd's answers mean, read strictly: whatever is not exactly one of them is no verdict (clamd(8), COMMANDS). */
import type { ScanVerdict } from "../core/scan.ts";
import type { ScannerState } from "./scanner.ts";

/** Longest answer that is read, in bytes: a name of a signature, and a little around it. */
export const MAX_ANSWER_BYTES = 1024;

const TOO_LARGE: ScanVerdict = { verdict: "none", why: "too-large" };
/** What clamd with `AlertExceedsMax` says of a file that it did not look at to its end (clamd.conf(5)). */
const LIMITS_EXCEEDED = /^Heuristics\.Limits\.Exceeded\b/;
/** `ClamAV 1.4.3/27450/Sun Nov 24 09:26:12 2024`; only the first part where there is no official set of signatures. */
const VERSION = /^(ClamAV [\x21-\x2e\x30-\x7e]{1,60})(?:\/(\d{1,10})\/([\x20-\x7e]{1,40}))?$/;
/** As ctime(3) writes it: in the daemon's own time zone, which it does not tell. */
const MADE_AT = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d:\d\d:\d\d) (\d{4})$/;

/** Reads the answer to `INSTREAM`, without its final NUL. */
export function readVerdict(answer: string): ScanVerdict {
  if (answer === "stream: OK") return { verdict: "clean" };
  const name = /^stream: (.+) FOUND$/.exec(answer)?.[1];
  if (name !== undefined) {
    return LIMITS_EXCEEDED.test(name) ? TOO_LARGE : { verdict: "infected", signature: signatureName(name) };
  }
  if (/^(?:stream: )?INSTREAM size limit exceeded\. ERROR$/.test(answer)) return TOO_LARGE;
  if (/^(?:stream: )?COMMAND READ TIMED OUT ERROR$/.test(answer)) return { verdict: "none", why: "slow" };
  return { verdict: "none", why: / ERROR$/.test(answer) ? "down" : "nonsense" };
}

/**
 * Reads the answer to `VERSION`; undefined where it is none. The time is read as UTC: it may be off by the time zone of
 * the daemon.
 */
export function readVersion(answer: string): ScannerState | undefined {
  const [, version, , madeAt] = VERSION.exec(answer) ?? [];
  if (version === undefined) return undefined;
  const [, month, day, time, year] = MADE_AT.exec(madeAt ?? "") ?? [];
  const at = Date.parse(`${day} ${month} ${year} ${time} UTC`);
  return { version, signaturesAt: Number.isNaN(at) ? undefined : at };
}

/** A scanner's name for a signature as it may be shown and stored: printable ASCII, at most 200 characters, never empty. */
export function signatureName(name: string): string {
  const printable = name.replace(/[^\x20-\x7e]/g, "?").trim();
  return printable === "" ? "unnamed" : printable.slice(0, 200);
}
