/** The queue before a scanner: how many scan at once, who is next, and that nobody who has gone holds it up. */
import { beforeEach, describe, expect, test } from "vitest";
import type { ScannedFile, Scanner } from "../../../src/backends/scanner.ts";
import { queued } from "../../../src/backends/scanner-queue.ts";
import type { ScanVerdict } from "../../../src/core/scan.ts";

const CLEAN: ScanVerdict = { verdict: "clean" };
const BUSY: ScanVerdict = { verdict: "none", why: "busy" };

/** Time that passes when a test says so. */
class Clock {
  #now = 0;
  #waiting: { at: number; wake: () => void }[] = [];
  now = () => this.#now;
  pause = (milliseconds: number) =>
    new Promise<void>((wake) => this.#waiting.push({ at: this.#now + milliseconds, wake }));

  /** Whoever waits now is never woken again, as in a request that the platform has ended. */
  forgetWaiting(): void {
    this.#waiting = [];
  }

  async pass(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (; this.#now < end; this.#now += 10) {
      const due = this.#waiting.filter(({ at }) => at <= this.#now);
      this.#waiting = this.#waiting.filter(({ at }) => at > this.#now);
      for (const { wake } of due) wake();
      await settled();
    }
  }
}

/** Until all that can go on has done so. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

let clock: Clock;
/** Sizes of the files that the scanner has begun, in order, and how to end each. */
let begun: number[];
let end: Map<number, (verdict: ScanVerdict | Error) => void>;
let scanner: Scanner;

const file = (size: number): ScannedFile => ({ size, open: async () => undefined });
const queue = (atOnce: number, deadline = 1000) => queued(scanner, { atOnce, deadline, longest: 60_000 }, clock);

beforeEach(() => {
  clock = new Clock();
  begun = [];
  end = new Map();
  scanner = {
    scan({ size }) {
      begun.push(size);
      return new Promise((resolve, reject) =>
        end.set(size, (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome))),
      );
    },
    state: () => Promise.resolve({ version: "ClamAV 1.4.3", signaturesAt: 7 }),
  };
});

describe("a scanner with a queue", () => {
  test("scans so many files at once, and the others in the order in which they came", async () => {
    const scans = queue(2);
    const verdicts = [1, 2, 3, 4].map((size) => scans.scan(file(size)));
    await settled();
    expect(begun).toEqual([1, 2]);
    end.get(2)?.(CLEAN);
    await clock.pass(100);
    expect(begun).toEqual([1, 2, 3]);
    end.get(1)?.(CLEAN);
    await clock.pass(100);
    expect(begun).toEqual([1, 2, 3, 4]);
    end.get(3)?.(CLEAN);
    end.get(4)?.({ verdict: "infected", signature: "x" });
    expect(await Promise.all(verdicts)).toEqual([CLEAN, CLEAN, CLEAN, { verdict: "infected", signature: "x" }]);
  });

  test("is busy for a file that has waited until the deadline, which is never opened", async () => {
    const scans = queue(1);
    void scans.scan(file(1));
    const late = scans.scan(file(2));
    await clock.pass(1100);
    expect(await late).toEqual(BUSY);
    end.get(1)?.(CLEAN);
    await clock.pass(100);
    expect(begun).toEqual([1]);
  });

  test("is busy at once where nothing may wait", async () => {
    const scans = queue(1, 0);
    void scans.scan(file(1));
    await settled();
    expect(await scans.scan(file(2))).toEqual(BUSY);
  });

  test("gives a turn back that ended with a fault", async () => {
    const scans = queue(1);
    const failed = scans.scan(file(1));
    const next = scans.scan(file(2));
    await settled();
    end.get(1)?.(new Error("store down"));
    await expect(failed).rejects.toThrow("store down");
    await clock.pass(100);
    end.get(2)?.(CLEAN);
    expect(await next).toEqual(CLEAN);
  });

  test("lets nobody overtake whoever waits", async () => {
    const scans = queue(1);
    void scans.scan(file(1));
    void scans.scan(file(2));
    await settled();
    end.get(1)?.(CLEAN);
    await settled();
    // The turn is free, and the second has not looked yet.
    void scans.scan(file(3));
    await settled();
    expect(begun).toEqual([1]);
    await clock.pass(100);
    expect(begun).toEqual([1, 2]);
  });

  test("passes over who waited and was ended without a word", async () => {
    const scans = queue(1, 30_000);
    void scans.scan(file(1));
    void scans.scan(file(2));
    await settled();
    clock.forgetWaiting();
    void scans.scan(file(3));
    end.get(1)?.(CLEAN);
    await clock.pass(1200);
    expect(begun).toEqual([1, 3]);
  });

  test("takes a turn back from who scanned and was ended without a word, after the longest scan", async () => {
    const scans = queue(1, 120_000);
    void scans.scan(file(1));
    void scans.scan(file(2));
    await clock.pass(59_000);
    expect(begun).toEqual([1]);
    await clock.pass(2000);
    expect(begun).toEqual([1, 2]);
  });

  test("lets go of a file that nobody waits for any more", async () => {
    const scans = queue(1, 30_000);
    void scans.scan(file(1));
    const leaving = new AbortController();
    const left = scans.scan(file(2), leaving.signal);
    left.catch(() => {});
    await settled();
    leaving.abort(new Error("has left"));
    await clock.pass(100);
    await expect(left).rejects.toThrow("has left");
    const next = scans.scan(file(3));
    end.get(1)?.(CLEAN);
    await clock.pass(100);
    end.get(3)?.(CLEAN);
    expect(await next).toEqual(CLEAN);
  });

  test("tells of the scanner's state without a turn", async () => {
    const scans = queue(1);
    void scans.scan(file(1));
    expect(await scans.state()).toEqual({ version: "ClamAV 1.4.3", signaturesAt: 7 });
  });
});
