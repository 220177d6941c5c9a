/**
 * A server of its own for each test file: the built worker on a free port, with fresh storage and fresh secrets. When it
 * stops, every line that it logged is looked at: the worker's own shapes, and nothing private of what the tests sent.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, onTestFailed } from "vitest";
import { OPTIONS } from "../../../src/cli/build-worker.ts";
import { newSecrets } from "../../../src/cli/dev-secrets.ts";
import { type LocalServer, type LocalServerOptions, startServer } from "../../../src/cli/local-server.ts";
import { WORKER_DIRECTORY } from "../../../src/cli/project.ts";
import { checkLog } from "./log-check.ts";
import { rememberPrivate } from "./private-values.ts";

/** What a test may change about its server. Variables come on top of those in `wrangler.toml`. */
export type TestServerOptions = Partial<
  Pick<LocalServerOptions, "bindings" | "port" | "ratelimits" | "storage" | "workerDir">
>;

/** A server under test. */
export interface TestServer extends LocalServer {
  /** Folder of the storage; gone after the last test. */
  readonly storage: string;
  /** The secrets that the worker has. */
  readonly secrets: Readonly<Record<string, string>>;
  /** What the worker has logged so far, one line each. */
  readonly log: readonly string[];
  /** Starts the server again on the same storage with the same secrets. `kill`: without any chance to finish. */
  restart(how?: "stop" | "kill"): Promise<void>;
}

/**
 * Starts a server before the tests of the file (or of the `describe`) and stops it after them. When a test fails, what the
 * worker logged during it is printed. The function it returns gives the server inside tests and hooks.
 */
export function useServer(options: TestServerOptions | (() => Promise<TestServerOptions>) = {}): () => TestServer {
  let server: TestServer | undefined;
  const running = (): TestServer => {
    if (server === undefined) throw new Error("the server runs inside tests and hooks only");
    return server;
  };
  beforeAll(async () => {
    server = await startTestServer(typeof options === "function" ? await options() : options);
  });
  beforeEach(() => {
    const from = running().log.length;
    onTestFailed(() =>
      console.error(["log of the worker during this test:", ...running().log.slice(from)].join("\n  ")),
    );
  });
  afterAll(async () => {
    if (server === undefined) return;
    try {
      await server.stop();
    } finally {
      await rm(server.storage, { recursive: true, force: true });
    }
  });
  return running;
}

/** Tests go faster than people: how fast somebody may go on is for the tests that set it. */
const UNHURRIED = {
  "max-messages-per-minute": 100_000,
  "max-uploads-per-minute": 100_000,
  "max-frames-per-minute": 100_000,
};

/** Every service's table, of `wrangler.toml` or the test's own, with room for tests. */
async function unhurried({ bindings = {}, workerDir = WORKER_DIRECTORY }: TestServerOptions) {
  const { workerOptions } = JSON.parse(await readFile(join(workerDir, OPTIONS), "utf8"));
  const tables = Object.entries<unknown>({ ...workerOptions.bindings, ...bindings });
  const services = tables.filter(([name, table]) => name.startsWith("SERVICE_") && typeof table === "object");
  return Object.fromEntries(services.map(([name, table]) => [name, { ...UNHURRIED, ...(table as object) }]));
}

/** Starts a server that the caller stops, and whose storage the caller removes. Stopping fails where the log is not clean. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const storage = options.storage ?? (await mkdtemp(join(tmpdir(), "satchel-test-")));
  const secrets = newSecrets();
  for (const secret of Object.values(secrets)) rememberPrivate(secret);
  const services = await unhurried(options);
  const log: string[] = [];
  const start = () =>
    startServer({
      port: 0,
      ...options,
      storage,
      bindings: { ...secrets, ...options.bindings, ...services },
      onLog: ({ level, message }) => log.push(`${level}: ${message}`),
    });
  let current = await start();
  return {
    storage,
    secrets,
    log,
    mailDir: current.mailDir,
    get url() {
      return current.url;
    },
    get runtimePid() {
      return current.runtimePid;
    },
    async stop() {
      await current.stop();
      checkLog(log);
    },
    async restart(how = "stop") {
      if (how === "kill" && current.runtimePid !== undefined) process.kill(current.runtimePid, "SIGKILL");
      await current.stop();
      current = await start();
    },
  };
}
