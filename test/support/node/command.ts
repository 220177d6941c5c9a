/** Runs one of the project's commands as a process of its own, as a person at a terminal would. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const PROJECT = fileURLToPath(new URL("../../../", import.meta.url).href);

/** A command that runs. */
export interface Command {
  readonly pid: number;
  /** Resolves with the first match in all that was printed so far or will be; throws when the command ends without. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  /** Exit code, or the signal's name, with everything that was printed. */
  readonly ended: Promise<{ readonly code: number | string; readonly output: string }>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts `src/cli/<name>.ts` with the Node that runs the tests. */
export function runCommand(name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Command {
  const flags = ["--experimental-strip-types", "--no-warnings"];
  const child = spawn(process.execPath, [...flags, join(PROJECT, `src/cli/${name}.ts`), ...args], {
    cwd: PROJECT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      for (const listener of listeners) listener();
    });
  }
  const ended = new Promise<{ code: number | string; output: string }>((resolve) => {
    child.on("close", (code, signal) => resolve({ code: code ?? signal ?? "unknown", output }));
  });
  const printed = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(output);
        if (match !== null) resolve(match);
      };
      listeners.add(look);
      look();
      void ended.then(() => reject(new Error(`ended without printing ${pattern}: ${output}`)));
    });
  return { pid: child.pid ?? -1, printed, ended, kill: (signal) => void child.kill(signal) };
}
