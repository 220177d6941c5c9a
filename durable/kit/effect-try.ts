/** One try of an effect, for every outbox: bounded in time, and every fault an outcome. */
import { EFFECT_TIMEOUT_MS, type EffectOutcome } from "../../src/core/outbox.ts";

/** Calls `ring` after so many milliseconds, unless the function it answers is called before. */
export type Timer = (milliseconds: number, ring: () => void) => () => void;

const platformTimer: Timer = (milliseconds, ring) => {
  const timer = setTimeout(ring, milliseconds);
  return () => clearTimeout(timer);
};

/** Runs an effect within its time; the signal tells it that nobody waits any more. Never throws. */
export async function tryEffect(
  perform: (signal: AbortSignal) => Promise<EffectOutcome>,
  timer = platformTimer,
): Promise<EffectOutcome> {
  const abort = new AbortController();
  const { promise: late, resolve } = Promise.withResolvers<EffectOutcome>();
  const stop = timer(EFFECT_TIMEOUT_MS, () => {
    abort.abort();
    resolve({ outcome: "later", failure: "timed-out" });
  });
  // The name of an error class is all that is kept: messages of other systems may hold private things.
  const failed = (error: unknown): EffectOutcome => ({
    outcome: "later",
    failure: error instanceof Error ? error.name : "fault",
  });
  try {
    return await Promise.race([perform(abort.signal).catch(failed), late]);
  } finally {
    stop();
  }
}

/** The same calls for as long as the signal has not come; afterwards each fails. */
export function guarded<T extends object>(target: T, signal: AbortSignal): T {
  return new Proxy(target, {
    get(real, name) {
      const own: unknown = Reflect.get(real, name);
      if (typeof own !== "function") return own;
      return (...args: unknown[]): unknown => {
        signal.throwIfAborted();
        return Reflect.apply(own, real, args);
      };
    },
  });
}
