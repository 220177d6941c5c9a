/**
 * Ties the life of workerd to ours. miniflare ends it when it is stopped in an orderly way; after SIGKILL or a crash workerd
 * would go on, keep the port, and write to a storage that the next server opens too.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Set-up for one runtime process: `environment` goes to miniflare, `guard` is called when it is ready. */
export interface RuntimeProcess {
  readonly environment: Readonly<Record<string, string>>;
  /** Starts the guard. @returns the process id of workerd; undefined on Windows, where none is started. */
  guard(): Promise<number | undefined>;
  /** Ends the guard; to be called before the runtime is stopped in an orderly way. */
  release(): Promise<void>;
}

const WORKERD_PATH = "MINIFLARE_WORKERD_PATH";

/** Prepares one runtime process. Call it before `new Miniflare`. */
export async function prepareRuntime(): Promise<RuntimeProcess> {
  if (process.platform === "win32") return unguarded;
  // miniflare reads it whenever it starts a runtime; a path that somebody else gave is respected.
  const given = process.env[WORKERD_PATH];
  const wrapper = fileURLToPath(new URL("workerd.sh", import.meta.url));
  if (given !== undefined && given !== wrapper) return unguarded;
  process.env[WORKERD_PATH] = wrapper;
  const directory = await mkdtemp(join(tmpdir(), "satchel-runtime-"));
  const pidFile = join(directory, "pid");
  let guard: ChildProcess | undefined;
  return {
    environment: { SATCHEL_WORKERD: workerdPath(), SATCHEL_PID_FILE: pidFile },
    async guard() {
      const pid = Number((await readFile(pidFile, "utf8")).trim());
      guard = startGuard(pid, directory);
      return pid;
    },
    async release() {
      guard?.kill("SIGKILL");
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const unguarded: RuntimeProcess = { environment: {}, guard: async () => undefined, release: async () => undefined };

/** Waits at a pipe that nobody writes to. It ends with our process, however that dies, and then workerd is killed. */
function startGuard(pid: number, directory: string): ChildProcess {
  const script = 'read -r _; kill -9 "$1"; rm -rf "$2"';
  const guard = spawn("/bin/sh", ["-c", script, "sh", String(pid), directory], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard.unref();
  // A pipe that Node made is a socket, which can be told not to keep the process alive.
  if (guard.stdin !== null && "unref" in guard.stdin && typeof guard.stdin.unref === "function") guard.stdin.unref();
  return guard;
}

function workerdPath(): string {
  const requireFrom = createRequire(createRequire(import.meta.url).resolve("miniflare"));
  const exported: unknown = requireFrom("workerd");
  if (typeof exported === "object" && exported !== null && "default" in exported) return String(exported.default);
  throw new Error("the package workerd does not tell where its program lies");
}
