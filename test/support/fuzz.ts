/** Bounded fuzzing of one parser inside workerd: fast-check makes and shrinks the inputs, `test/run-fuzz.ts` gives time and seed. */
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { expect, test } from "vitest";

const { FUZZ_SECONDS, FUZZ_SEED } = env as unknown as Readonly<Record<"FUZZ_SECONDS" | "FUZZ_SEED", string>>;

/** The runtime's clock may stand still between two turns of its event loop, and a fault is to be heard of: so often we let it turn. */
const INPUTS_PER_TURN = 50;
/** An input of some kilobytes that takes longer, in milliseconds, is a way to keep us busy. Much for a laden machine. */
const SLOW_MS = 5000;

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/**
 * A test that gives inputs to `check` until the time is over. `check` throws, or rejects, where an invariant does not hold;
 * then the test fails with the seed and the smallest such input.
 */
export function fuzz<T>(name: string, inputs: fc.Arbitrary<T>, check: (input: T) => void | Promise<void>): void {
  test(name, async () => {
    console.log(`fuzzing: ${name}`);
    await turn();
    let tried = 0;
    const property = fc.asyncProperty(inputs, async (input) => {
      tried += 1;
      if (tried % INPUTS_PER_TURN === 0) await turn();
      const began = performance.now();
      await check(input);
      expect(performance.now() - began, "milliseconds for one input").toBeLessThan(SLOW_MS);
    });
    const seconds = Number(FUZZ_SECONDS);
    await fc.assert(property, {
      seed: Number(FUZZ_SEED),
      numRuns: Number.MAX_SAFE_INTEGER,
      interruptAfterTimeLimit: seconds * 1000,
      timeout: 4 * SLOW_MS,
    });
    console.log(`fuzzed: ${name}: ${tried} inputs`);
  });
}
