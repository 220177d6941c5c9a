/**
 * Ties the life of workerd to ours and to its storage. miniflare ends it when it is stopped in an orderly way, and starts
 * another where it crashed; each of them is guarded, and whoever takes over a storage ends the one that was left there.
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { CommandError } from "./project.ts";

/** The runtime of one server. */
export interface RuntimeProcess {
  /** Goes to miniflare, which hands it to every runtime it starts. */
  readonly environment: Readonly<Record<string, string>>;
  /** Process id of the workerd that runs now; undefined on Windows, and where none has been started. */
  readonly pid: () => number | undefined;
  /** To be called when the runtime was stopped in an orderly way. */
  forget(): Promise<void>;
}

const WORKERD_PATH = "MINIFLARE_WORKERD_PATH";
/** A killed process is gone at once, unless the machine is in trouble. */
const MOST_WAITS = 100;
const WAIT_MS = 50;

/**
 * Prepares the runtime of a storage folder whose lock we hold, and ends the one that a killed server left behind. Call it
 * before `new Miniflare`.
 * @throws CommandError when that one cannot be ended.
 */
export async function prepareRuntime(storage: string): Promise<RuntimeProcess> {
  if (process.platform === "win32") return unguarded;
  // miniflare reads it whenever it starts a runtime; a path that somebody else gave is respected.
  const given = process.env[WORKERD_PATH];
  const wrapper = fileURLToPath(new URL("workerd.sh", import.meta.url));
  if (given !== undefined && given !== wrapper) return unguarded;
  process.env[WORKERD_PATH] = wrapper;
  const pidFile = join(storage, "runtime.pid");
  const left = readPid(pidFile);
  if (left !== undefined) await endRuntime(left);
  return {
    environment: { SATCHEL_WORKERD: workerdPath(), SATCHEL_PID_FILE: pidFile },
    pid: () => readPid(pidFile),
    forget: () => rm(pidFile, { force: true }),
  };
}

const unguarded: RuntimeProcess = { environment: {}, pid: () => undefined, forget: async () => undefined };

function readPid(pidFile: string): number | undefined {
  try {
    const pid = Number(readFileSync(pidFile, "utf8").trim());
    return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

async function endRuntime(pid: number): Promise<void> {
  for (let count = 0; count < MOST_WAITS; count += 1) {
    if (!(await isWorkerd(pid))) return;
    process.kill(pid, "SIGKILL");
    await wait(WAIT_MS);
  }
  throw new CommandError(`process ${pid} of an earlier server still uses the storage and cannot be ended`);
}

/** The id may have gone to another program since. Not everywhere on Linux there is a `ps`. */
async function isWorkerd(pid: number): Promise<boolean> {
  try {
    if (process.platform === "linux") return (await readFile(`/proc/${pid}/cmdline`, "utf8")).includes("workerd");
    return (await promisify(execFile)("ps", ["-o", "command=", "-p", `${pid}`])).stdout.includes("workerd");
  } catch {
    return false; // There is no such process.
  }
}

function workerdPath(): string {
  const requireFrom = createRequire(createRequire(import.meta.url).resolve("miniflare"));
  const exported: unknown = requireFrom("workerd");
  if (typeof exported === "object" && exported !== null && "default" in exported) return String(exported.default);
  throw new Error("the package workerd does not tell where its program lies");
}
