/** Where things lie in the project, for the commands; and how they end. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder, absolute. */
export const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

/** What `npm run build` makes, and what start, demo and integration tests run. */
export const WORKER_DIRECTORY = join(PROJECT, "dist/worker");

/** What pages load, as `[assets]` of wrangler.toml names it. */
export const ASSETS_DIRECTORY = join(PROJECT, "dist/assets");

/** A failure that the person at the terminal can mend: its message is all they need to see. */
export class CommandError extends Error {}

/** What a call of the system failed for, as `ENOENT`; undefined where that is not what failed. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Runs a command's main function; what it throws becomes one message and exit code 1. */
export async function runCommand(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof CommandError ? `error: ${error.message}` : error);
    process.exit(1);
  }
}
