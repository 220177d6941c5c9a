/** A real clamd on a free loopback port, with signatures of its own: the EICAR test file, and nothing else. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** The harmless test file that every scanner finds (eicar.org); in two parts, so that none finds this one. */
export const EICAR = ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-", "STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].join("");
/** What this clamd calls it: it marks signatures that are not from its makers. */
export const EICAR_SIGNATURE = "Eicar-Test-Signature.UNOFFICIAL";

/** The program; undefined where there is none. */
const PROGRAM = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"]
  .map((folder) => join(folder, "clamd"))
  .find((path) => existsSync(path));

/**
 * Why tests with clamd are left out here, to stand in their names; empty where they run. With `CI=true` they always run, and
 * fail without it.
 */
export const NO_CLAMD =
  PROGRAM === undefined && process.env.CI !== "true"
    ? " (left out: there is no clamd here; Debian has it in clamav-daemon)"
    : "";

// Names of tests that do not run are not printed.
if (NO_CLAMD !== "") console.warn(`tests with a real clamd${NO_CLAMD}`);

/** Lines of clamd.conf as the README wants them. */
const SETTINGS = { StreamMaxLength: "100M", MaxFileSize: "100M", MaxScanSize: "400M", AlertExceedsMax: "yes" };

/** A daemon that runs. */
export interface TestClamd {
  readonly port: number;
  /** For `[vars.SCANNER]`. */
  readonly url: string;
  /** Lets it take connections and say nothing, until `resume`. */
  suspend(): void;
  /** Goes on where it was suspended. */
  resume(): void;
  /** Ends it at once, in the middle of whatever it does. */
  kill(): Promise<void>;
  /** Ends it and removes its folder; fine after `kill`. */
  stop(): Promise<void>;
}

/** Runs it for as long as we hold the other end of its input: a test that dies leaves none behind. */
const GUARDED = 'exec 3<&0; "$0" -c "$1" & p=$!; echo "PID $p"; { cat <&3; kill -9 $p; } >/dev/null 2>&1 & wait $p';

/** The signature of the EICAR file anywhere in a file, as a line of an `.ndb`. */
const SIGNATURE = `Eicar-Test-Signature:0:*:${Buffer.from(EICAR).toString("hex")}`;

/** Starts one, within a second; `settings` go over those of the README. Without `given` the port is a free one. */
export async function startClamd(
  settings: Readonly<Record<string, string>> = {},
  given?: number,
  signature = SIGNATURE,
): Promise<TestClamd> {
  if (PROGRAM === undefined) throw new Error("there is no clamd: install Debian's clamav-daemon");
  const folder = await mkdtemp(join(tmpdir(), "satchel-clamd-"));
  const port = given ?? (await freePort());
  const own = { TCPSocket: String(port), TCPAddr: "127.0.0.1", Foreground: "yes", LogVerbose: "yes" };
  const folders = { DatabaseDirectory: folder, TemporaryDirectory: folder, PidFile: join(folder, "clamd.pid") };
  const lines = Object.entries({ ...SETTINGS, ...settings, ...own, ...folders }).map(
    ([name, value]) => `${name} ${value}`,
  );
  await writeFile(join(folder, "clamd.conf"), `${lines.join("\n")}\n`);
  await writeFile(join(folder, "own.ndb"), `${signature}\n`);
  const child = spawn("/bin/sh", ["-c", GUARDED, PROGRAM, join(folder, "clamd.conf")], { stdio: "pipe" });
  const exited = once(child, "exit");
  const pid = await listening(child);
  const kill = async (signal: "SIGKILL" | "SIGTERM") => {
    if (child.exitCode === null) process.kill(pid, signal);
    await exited;
  };
  return {
    port,
    url: `tcp://127.0.0.1:${port}`,
    suspend: () => void process.kill(pid, "SIGSTOP"),
    resume: () => void process.kill(pid, "SIGCONT"),
    kill: () => kill("SIGKILL"),
    async stop() {
      await kill("SIGTERM");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A port that nobody has at this moment: clamd takes no 0. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Its process id, once it says that it takes commands; fails with what it said where it ends instead. */
async function listening(child: ChildProcess): Promise<number> {
  let said = "";
  return new Promise((resolve, reject) => {
    const hear = (bytes: Buffer) => {
      said += bytes.toString("latin1");
      const pid = /^PID (\d+)$/m.exec(said)?.[1];
      if (pid !== undefined && /^Listening daemon/m.test(said)) resolve(Number(pid));
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`clamd ended with ${code}:\n${said}`)));
  });
}
