/** The invariants of design section 5 under random interleavings of commands, workers, alarms, evictions and faults. */
import * as fc from "fast-check";
import { test } from "vitest";
import { type Step, steps } from "../../support/model-actions.ts";
import { SessionModel } from "../../support/session-model.ts";

/** Many runs of one seed, so that a failure is the same everywhere, and some of sequences that nobody has seen before. */
const RUNS = [{ numRuns: 1000, seed: 20_260_314 }, { numRuns: 500 }];
/** Milliseconds: many times what the runs take, for a machine that is busy with other things. */
const TIMEOUT = 60_000;

test.each(RUNS)(
  "every invariant holds after every step, at rest, a day later and after the erasure (%o)",
  async (runs) => {
    const everyInvariantHolds = fc.asyncProperty(steps, async (sequence: Step[]) => {
      const model = new SessionModel();
      // The model throws where an invariant does not hold.
      for (const { which, action } of sequence) await model.act(which, action);
      await model.comeToRest();
    });
    await fc.assert(everyInvariantHolds, runs);
  },
  TIMEOUT,
);
