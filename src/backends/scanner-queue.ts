/** Lets a scanner do only so many scans at once: what comes more waits for its turn, and not for ever. */
import type { ScanVerdict } from "../core/scan.ts";
import type { Scanner } from "./scanner.ts";

/** Bounds of the queue. Times in milliseconds. */
export interface QueueBounds {
  readonly atOnce: number;
  /** How long a scan may wait for its turn before its verdict is `busy`. */
  readonly deadline: number;
  /** After so long a turn counts as given back, whatever became of it: no scan takes longer. */
  readonly longest: number;
}

/** Time, for tests. */
export interface QueueClock {
  now(): number;
  pause(milliseconds: number): Promise<void>;
}

/** How often a waiting scan looks whether it is its turn, in milliseconds. */
const LOOK_MS = 50;
/** Whoever has not looked for so long, in milliseconds, has gone: its request was ended. */
const GONE_MS = 1000;

const BUSY: ScanVerdict = { verdict: "none", why: "busy" };

const CLOCK: QueueClock = {
  now: () => Date.now(),
  pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

/** A scan that waits, and when it last looked. */
interface Ticket {
  seen: number;
}

/**
 * Who scans and who waits, first come first served. The platform can end a request at any point, with all its timers and
 * without a word, and nothing of one request may wait for another's promise; so nobody is called: who waits looks now and then, who
 * does not look any more is passed over, and a turn that was never given back runs out.
 */
class Turns {
  readonly #bounds: QueueBounds;
  readonly #clock: QueueClock;
  #waiting: Ticket[] = [];
  /** When each turn that was taken runs out. */
  #taken: { readonly until: number }[] = [];

  constructor(bounds: QueueBounds, clock: QueueClock) {
    this.#bounds = bounds;
    this.#clock = clock;
  }

  /** Gives the turn back; undefined where it did not come in time. Rejects with the signal's reason once that fires. */
  async take(signal: AbortSignal | undefined): Promise<(() => void) | undefined> {
    const ticket: Ticket = { seen: this.#clock.now() };
    const last = ticket.seen + this.#bounds.deadline;
    this.#waiting.push(ticket);
    try {
      for (;;) {
        signal?.throwIfAborted();
        ticket.seen = this.#clock.now();
        if (this.#isNext(ticket)) return this.#begin();
        const left = last - ticket.seen;
        if (left <= 0) return undefined;
        await this.#clock.pause(Math.min(LOOK_MS, left));
      }
    } finally {
      this.#waiting = this.#waiting.filter((other) => other !== ticket);
    }
  }

  /** Whether there are more free turns than scans before this one. */
  #isNext(ticket: Ticket): boolean {
    const { seen } = ticket;
    this.#taken = this.#taken.filter(({ until }) => until > seen);
    this.#waiting = this.#waiting.filter((other) => seen - other.seen < GONE_MS);
    return this.#waiting.indexOf(ticket) < this.#bounds.atOnce - this.#taken.length;
  }

  #begin(): () => void {
    const turn = { until: this.#clock.now() + this.#bounds.longest };
    this.#taken.push(turn);
    return () => {
      this.#taken = this.#taken.filter((other) => other !== turn);
    };
  }
}

/** The scanner with at most so many scans at once; a file that waited too long is not even opened. */
export function queued(scanner: Scanner, bounds: QueueBounds, clock: QueueClock = CLOCK): Scanner {
  const turns = new Turns(bounds, clock);
  return {
    async scan(file, signal) {
      const giveBack = await turns.take(signal);
      if (giveBack === undefined) return BUSY;
      try {
        return await scanner.scan(file, signal);
      } finally {
        giveBack();
      }
    },
    state: () => scanner.state(),
  };
}
