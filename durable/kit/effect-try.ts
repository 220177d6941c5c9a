/** One try of an effect, for every outbox: bounded in time, and every fault an outcome. */
import { EFFECT_TIMEOUT_MS, type EffectOutcome } from "../../src/core/outbox.ts";

/** Runs an effect within its time; the signal tells it that nobody waits any more. Never throws. */
export async function tryEffect(perform: (signal: AbortSignal) => Promise<EffectOutcome>): Promise<EffectOutcome> {
  const abort = new AbortController();
  const { promise: late, resolve } = Promise.withResolvers<EffectOutcome>();
  const timer = setTimeout(() => {
    abort.abort();
    resolve({ outcome: "later", failure: "timed-out" });
  }, EFFECT_TIMEOUT_MS);
  // The name of an error class is all that is kept: messages of other systems may hold private things.
  const failed = (error: unknown): EffectOutcome => ({
    outcome: "later",
    failure: error instanceof Error ? error.name : "fault",
  });
  try {
    return await Promise.race([perform(abort.signal).catch(failed), late]);
  } finally {
    clearTimeout(timer);
  }
}
