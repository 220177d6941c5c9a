/**
 * Runs npm scripts one after another and stops at the first that fails; scripts with a comma between them run side by side
 * and print only when they fail. The last line says how it ended: `node test/run-steps.ts check:lint,check:types build`.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";

interface Outcome {
  readonly step: string;
  readonly ok: boolean;
  readonly output: string;
  readonly seconds: string;
}

/** Runs one npm script; `visible` lets it write to the terminal itself. */
function runStep(step: string, visible: boolean): Promise<Outcome> {
  const started = performance.now();
  // npm tells its scripts which npm runs them, and with which file; the scripts get Node out of node_modules/.bin.
  const npm = process.env.npm_execpath;
  const [program, args] = npm === undefined ? ["npm", []] : [process.env.npm_node_execpath ?? process.execPath, [npm]];
  const child = spawn(program, [...args, "run", "--silent", step], { stdio: visible ? "inherit" : "pipe" });
  let output = "";
  child.stdout?.on("data", (text) => (output += text));
  child.stderr?.on("data", (text) => (output += text));
  return new Promise((resolve) => {
    const end = (ok: boolean) =>
      resolve({ step, ok, output, seconds: ((performance.now() - started) / 1000).toFixed(1) });
    child.on("error", (error) => {
      output += error.message;
      end(false);
    });
    child.on("close", (code) => end(code === 0));
  });
}

/** Runs all of them, as many at once as there are processors. @returns those that failed. */
async function runTogether(steps: readonly string[]): Promise<string[]> {
  const waiting = [...steps];
  const failed: string[] = [];
  const work = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const outcome = await runStep(step, steps.length === 1);
      if (!outcome.ok) console.error(`${outcome.output.trimEnd()}\n`);
      console.log(`${outcome.ok ? "ok    " : "FAILED"} ${step} (${outcome.seconds} s)`);
      if (!outcome.ok) failed.push(step);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return failed;
}

async function main(groups: readonly string[]): Promise<void> {
  for (const group of groups) {
    const failed = await runTogether(group.split(","));
    if (failed.length === 0) continue;
    console.error(`FAILED: ${failed.map((step) => `npm run ${step}`).join(", ")}`);
    process.exit(1);
  }
  console.log(`all passed: ${groups.join(", ").replaceAll(",", ", ").replaceAll("  ", " ")}`);
}

await main(process.argv.slice(2));
