/** How a file gets to a scanner, whatever carries it: opened once, exactly as long as it should be, and no longer than it is wanted. */
import type { ScanVerdict } from "../core/scan.ts";
import { ByteSource } from "./byte-source.ts";
import { step, Unscanned } from "./scan-watch.ts";
import type { ScannedFile } from "./scanner.ts";

/** What has happened to a file on its way. */
export interface Sending {
  /** Whether all of it has left, but for the last word. */
  ended: boolean;
}

/** Opens a file, and lets go of it once `stop` fires. Fails where it is gone. */
export async function openSource(file: ScannedFile, stop: AbortSignal): Promise<ByteSource> {
  const body = await file.open();
  if (body === undefined) throw new Error("the file to be scanned is gone");
  const source = new ByteSource(body);
  stop.addEventListener("abort", () => source.leave(true));
  // A scan that is over already hears of no abort any more.
  if (stop.aborted) source.leave(true);
  return source;
}

/** The pieces of a file; fails where it is longer or shorter than `size` bytes, before or in place of its last piece. */
export async function* exactly(source: ByteSource, size: number): AsyncGenerator<Uint8Array, undefined> {
  let left = size;
  for await (const piece of source.pieces()) {
    left -= piece.byteLength;
    if (left < 0) break;
    yield piece;
  }
  if (left !== 0) throw new Error("the file to be scanned has another size than it should");
}

/**
 * The scanner's verdict of a file that is being sent, as soon as that is there: whoever knows enough need not hear all of it,
 * unless it is to call it clean. Where sending broke off the answer is waited for `stall` milliseconds more. Fails with what
 * the file's stream fails with.
 */
export async function sendForAnswer(
  answered: Promise<ScanVerdict>,
  sent: Promise<void>,
  sending: Sending,
  stall: number,
): Promise<ScanVerdict> {
  const afterwards = sent.then(
    () => answered,
    (error: unknown) => {
      if (!(error instanceof Unscanned) || error.why === "slow") throw error;
      // A scanner that stops listening may have said why: its answer counts, or its silence.
      return step(answered, stall);
    },
  );
  const verdict = await Promise.race([answered, afterwards]);
  if (verdict.verdict === "clean" && !sending.ended) throw new Unscanned("nonsense");
  return verdict;
}
