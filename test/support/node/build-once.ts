/** Builds the worker before the first integration test, so that all of them run the same one. */
import { buildWorker } from "../../../src/cli/build-worker.ts";

export default async function setup(): Promise<void> {
  await buildWorker();
}
