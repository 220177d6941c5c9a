/** Ends a scan that takes too long or that nobody waits for, and with it all that it holds. */
import type { NotScanned, ScanVerdict } from "../core/scan.ts";
import { TimedOut, within } from "./deadline.ts";

/** A scanner that gives no verdict, as the code of one scan throws it to itself. */
export class Unscanned extends Error {
  readonly why: NotScanned;

  constructor(why: NotScanned) {
    super(`no verdict: ${why}`);
    this.why = why;
  }
}

/** How long a scanner is waited for, in milliseconds. */
export interface ScanPatience {
  /** Without progress: until it is reached, until it answers a ping, until it takes the next piece. */
  readonly stall: number;
  /** For all of one scan, in which it may think for as long as it likes once it has the whole file. */
  readonly total: number;
}

/**
 * The verdict of `task`, or `slow` once the whole time is over, whatever the task still waits for. It is given a signal that
 * fires in every case at the end, so that it can release what it holds. Rejects with what the task fails with, unless
 * that is `Unscanned`, and with `signal`'s reason once that fires.
 */
export async function watched(
  total: number,
  signal: AbortSignal | undefined,
  task: (stop: AbortSignal) => Promise<ScanVerdict>,
): Promise<ScanVerdict> {
  signal?.throwIfAborted();
  const stop = new AbortController();
  const { promise: over, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Unscanned("slow")), total);
  const onAbort = () => reject(signal?.reason);
  signal?.addEventListener("abort", onAbort);
  try {
    return await Promise.race([over, task(stop.signal)]);
  } catch (error) {
    if (error instanceof Unscanned) return { verdict: "none", why: error.why };
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    stop.abort();
  }
}

/** A step of the scanner's own: its failure says that it is down, and a step without end that it is slow. */
export async function step<T>(waited: Promise<T>, milliseconds: number): Promise<T> {
  try {
    return await within(waited, milliseconds);
  } catch (error) {
    if (error instanceof Unscanned) throw error;
    throw new Unscanned(error instanceof TimedOut ? "slow" : "down");
  }
}
