/**
 * The built worker on a local port: miniflare's own API on direct sockets, with bindings and dates out of `wrangler.toml`,
 * storage on disk and mails as files. Used by `npm start`, the demo and the integration tests.
 */
import { access, constants, mkdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  convertV4MiniflareOptions,
  Log,
  LogLevel,
  Miniflare,
  Response,
  type V4MiniflareOptions,
  type V4WorkerOptions,
} from "miniflare";
import { BUNDLE, OPTIONS } from "./build-worker.ts";
import { storeMail } from "./mailbox.ts";
import { ASSETS_DIRECTORY, CommandError, systemCode, WORKER_DIRECTORY } from "./project.ts";
import { prepareRuntime } from "./runtime-process.ts";
import { lockStorage } from "./storage-lock.ts";

/** One line that the worker or the runtime logged. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
}

/** How to run a server. */
export interface LocalServerOptions {
  /** Port on 127.0.0.1; 0 takes a free one. */
  readonly port: number;
  /** Folder for objects and files, made if missing; kept when the server stops. One server at a time may use it. */
  readonly storage: string;
  /** Folder for mails; `mail` in the storage folder when absent. */
  readonly mailDir?: string;
  /** Variables and secrets on top of those in `wrangler.toml`. Nothing else is read: no `.dev.vars`, no environment. */
  readonly bindings?: NonNullable<V4WorkerOptions["bindings"]>;
  /** Requests a minute that counters of `wrangler.toml` allow, in place of what stands there; by the names of their bindings. */
  readonly ratelimits?: Readonly<Record<string, number>>;
  /** What `buildWorker` made; `dist/worker` when absent. */
  readonly workerDir?: string;
  /** Gets each line that the worker logs. */
  readonly onLog?: (line: LogLine) => void;
  /** Gets the path of each mail once it is on disk. */
  readonly onMail?: (path: string) => void;
}

/** A server that runs. */
export interface LocalServer {
  /** Such as `http://127.0.0.1:8787`, without a slash at the end. */
  readonly url: string;
  /** Where mails end up as `.eml`, byte for byte as the worker sent them. */
  readonly mailDir: string;
  /** Process id of the workerd that runs now, to measure or to kill; undefined on Windows. */
  readonly runtimePid: number | undefined;
  /** Ends the server and frees port and storage. Requests in flight are cut off. May be called twice. */
  stop(): Promise<void>;
}

const MAIL_CATCHER = "satchel-mail-catcher";
/** Beside the worker, which asks it: in front of it, as miniflare would put it, each request takes two more steps, and bodies too. */
const ASSETS_WORKER = "satchel-assets";

/**
 * Starts a server; resolves when it takes requests. What an object or R2 has acknowledged survives `stop`, and the death of
 * this process or of workerd.
 * @throws CommandError when the port is taken, the storage in use, or nothing is built.
 */
export async function startServer(options: LocalServerOptions): Promise<LocalServer> {
  const storage = resolve(options.storage);
  const mailDir = resolve(options.mailDir ?? join(storage, "mail"));
  await makeFolder(storage);
  await makeFolder(mailDir);
  const workers = await readWorkers(options, mailDir);
  const lock = await lockStorage(storage);
  const runtime = await prepareRuntime(storage);
  const miniflare = new Miniflare({
    ...convertV4MiniflareOptions({ ...sharedOptions(options, storage, runtime.environment), workers }),
    telemetry: { enabled: false },
  });
  const stop = async () => {
    // Where the start failed it throws the same error again.
    await miniflare.dispose().catch(() => undefined);
    await runtime.forget();
    await lock.release();
  };
  try {
    const url = await miniflare.unsafeGetDirectURL(workers[0].name);
    let stopped: Promise<void> | undefined;
    return {
      url: url.origin,
      mailDir,
      get runtimePid() {
        return runtime.pid();
      },
      stop: () => (stopped ??= stop()),
    };
  } catch (error) {
    await stop();
    throw explain(error, options.port);
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await access(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw new CommandError(`${path} cannot be used as a folder (${code}); give another one with --storage`);
  }
}

/** Everything but the workers. */
function sharedOptions(options: LocalServerOptions, storage: string, environment: Readonly<Record<string, string>>) {
  return {
    cf: false,
    logRequests: false,
    resourcePersistencePath: join(storage, "data"),
    unsafeRuntimeEnv: { ...environment },
    log: new ForwardedLog((line) => options.onLog?.(line)),
    handleStructuredLogs: ({ level, message }) => options.onLog?.({ level, message }),
  } satisfies Partial<V4MiniflareOptions>;
}

/** miniflare's own words: warnings and errors only, without colours or its prefix. */
class ForwardedLog extends Log {
  readonly #forward: (line: LogLine) => void;

  constructor(forward: (line: LogLine) => void) {
    super(LogLevel.WARN);
    this.#forward = forward;
  }

  override logWithLevel(level: LogLevel, message: string): void {
    if (level <= this.level) this.#forward({ level: LogLevel[level].toLowerCase(), message });
  }
}

type NamedWorker = V4WorkerOptions & { readonly name: string };

/** The worker first, then those beside it. */
async function readWorkers(options: LocalServerOptions, mailDir: string): Promise<[NamedWorker, ...V4WorkerOptions[]]> {
  const directory = options.workerDir ?? WORKER_DIRECTORY;
  const contents = await readBuilt(join(directory, BUNDLE));
  const built: { workerOptions: V4WorkerOptions & { name: string }; externalWorkers: V4WorkerOptions[] } = JSON.parse(
    await readBuilt(join(directory, OPTIONS)),
  );
  const { email, assets, ...worker } = built.workerOptions;
  const caught = (email?.send_email ?? []).map(({ name }) => [name, { name: MAIL_CATCHER, entrypoint: "MailCatcher" }]);
  return [
    {
      ...worker,
      bindings: { ...worker.bindings, ...options.bindings },
      ratelimits: limitedTo(worker.ratelimits, options.ratelimits),
      serviceBindings: { ...worker.serviceBindings, ...Object.fromEntries(caught), ASSETS: ASSETS_WORKER },
      modules: [{ type: "ESModule", path: BUNDLE, contents }],
      unsafeDirectSockets: [{ host: "127.0.0.1", port: options.port }],
    },
    assetsWorker(assets),
    await mailCatcher(mailDir, options.onMail),
    ...built.externalWorkers,
  ];
}

function limitedTo(built: V4WorkerOptions["ratelimits"] = {}, limits: Readonly<Record<string, number>> = {}) {
  const entries = Object.entries(built).map(([name, counter]) => {
    const limit = limits[name] ?? counter.simple.limit;
    return [name, { ...counter, simple: { ...counter.simple, limit } }];
  });
  return Object.fromEntries(entries);
}

/** Files that pages load, with the platform's own rules for headers and paths; there is no code beside them. */
function assetsWorker(assets: V4WorkerOptions["assets"]): V4WorkerOptions {
  return {
    name: ASSETS_WORKER,
    compatibilityDate: "2026-10-20",
    modules: [{ type: "ESModule", path: "none.js", contents: "export default {}" }],
    assets: {
      directory: ASSETS_DIRECTORY,
      assetConfig: assets?.assetConfig ?? {},
      routerConfig: { has_user_worker: false },
    },
  };
}

async function mailCatcher(mailDir: string, onMail?: (path: string) => void): Promise<V4WorkerOptions> {
  return {
    name: MAIL_CATCHER,
    compatibilityDate: "2026-10-20",
    compatibilityFlags: ["typescript_strip_types"],
    modules: [
      {
        type: "ESModule",
        path: "mail-catcher.ts",
        contents: await readFile(new URL("mail-catcher.ts", import.meta.url), "utf8"),
      },
    ],
    serviceBindings: {
      MAILBOX: async (request) => {
        const { path } = await storeMail(mailDir, new Uint8Array(await request.arrayBuffer()));
        onMail?.(path);
        return new Response(null, { status: 204 });
      },
    },
  };
}

async function readBuilt(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    throw new CommandError(`${path} is missing: run "npm run build" first`);
  }
}

function explain(error: unknown, port: number): unknown {
  return systemCode(error) === "ERR_ADDRESS_IN_USE"
    ? new CommandError(`port ${port} on 127.0.0.1 is taken; give another one with --port`)
    : error;
}
