/**
 * Fuzzes every parser for so many seconds: `node test/run-fuzz.ts [seconds] [seed] [vitest's arguments]`. The seed is printed;
 * given again it makes the same inputs in the same order. A parser that hangs says nothing any more, and fails that way.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";

/** Without an argument: minutes for each parser, for somebody who has them. */
const DEFAULT_SECONDS = 300;
/** What start, shrinking of a fault and the end may take beside the fuzzing itself, in seconds. */
const SPARE_SECONDS = 120;

/** An argument that is a whole number above 0, or `otherwise` where it is absent. */
function wholeNumber(text: string | undefined, otherwise: number, name: string): number {
  if (text === undefined) return otherwise;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  console.error(`${name} must be a whole number above 0: npm run fuzz -- [seconds] [seed] [files]`);
  process.exit(2);
}

/** Runs vitest as a process group of its own, so that a runtime that hangs can be ended with it. @returns its exit code. */
function run(seconds: number, seed: number, rest: readonly string[]): Promise<number> {
  const program = join(import.meta.dirname, "../node_modules/vitest/vitest.mjs");
  const child = spawn(process.execPath, [program, "run", "--config", "test/vitest.fuzz.config.ts", ...rest], {
    cwd: join(import.meta.dirname, ".."),
    env: { ...process.env, FUZZ_SECONDS: `${seconds}`, FUZZ_SEED: `${seed}` },
    stdio: ["ignore", "pipe", "pipe"],
    detached: process.platform !== "win32",
  });
  const end = (signal: NodeJS.Signals) => {
    if (child.pid !== undefined && child.exitCode === null)
      process.kill(process.platform === "win32" ? child.pid : -child.pid, signal);
  };
  const hang = () => {
    console.error(
      `FAILED: nothing was heard for ${seconds + SPARE_SECONDS} seconds: the last one that began hangs (seed ${seed})`,
    );
    end("SIGKILL");
  };
  let silence = setTimeout(hang, (seconds + SPARE_SECONDS) * 1000);
  const heard = (to: NodeJS.WriteStream) => (text: Buffer) => {
    to.write(text);
    clearTimeout(silence);
    silence = setTimeout(hang, (seconds + SPARE_SECONDS) * 1000);
  };
  child.stdout.on("data", heard(process.stdout));
  child.stderr.on("data", heard(process.stderr));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => end(signal));
  return new Promise((resolve) => {
    child.on("error", () => resolve(1));
    child.on("close", (code) => {
      clearTimeout(silence);
      resolve(code ?? 1);
    });
  });
}

const [secondsText, seedText, ...rest] = process.argv.slice(2);
const seconds = wholeNumber(secondsText, DEFAULT_SECONDS, "seconds");
const seed = wholeNumber(seedText, 1 + Math.floor(Math.random() * 999_999_999), "seed");
console.log(`fuzzing each parser for ${seconds} seconds; the seed is ${seed}`);
process.exitCode = await run(seconds, seed, rest);
if (process.exitCode !== 0) console.error(`to repeat it: npm run fuzz -- ${seconds} ${seed} [file]`);
