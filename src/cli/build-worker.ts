/** Builds the worker as `wrangler deploy` would, together with the local options that `wrangler.toml` asks for. */
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";
import { gzipSync } from "node:zlib";
import { ASSETS_DIRECTORY, CommandError, PROJECT, WORKER_DIRECTORY } from "./project.ts";

/** The worker as one ES module. */
export const BUNDLE = "worker.js";
/** Options for miniflare, as wrangler's helper made them out of `wrangler.toml`; no secrets. */
export const OPTIONS = "miniflare.json";
const STAMP = "build.json";

/** Everything that can change what is built. */
const INPUTS = ["src", "durable", "wrangler.toml", "tsconfig.json", "package-lock.json"];

/** A build that is there. Sizes in bytes; `fresh` is false where nothing had changed since the last one. */
export interface Build {
  readonly directory: string;
  readonly size: number;
  readonly gzipSize: number;
  readonly fresh: boolean;
}

/**
 * Makes the build in `directory`, or leaves it where it is up to date. The folder is replaced as a whole, so a server that
 * starts meanwhile finds either build complete.
 * @throws CommandError with wrangler's own message when the sources or `wrangler.toml` are wrong.
 */
export async function buildWorker(directory = WORKER_DIRECTORY): Promise<Build> {
  const fingerprint = await fingerprintOf(INPUTS);
  const known = await readStamp(directory);
  if (known?.fingerprint === fingerprint) return { ...known, directory, fresh: false };
  await mkdir(dirname(directory), { recursive: true });
  const unfinished = `${directory}.${randomBytes(6).toString("hex")}`;
  try {
    const [, options] = await Promise.all([bundle(unfinished), miniflareOptions()]);
    const code = await readFile(join(unfinished, BUNDLE));
    const stamp = { fingerprint, size: code.length, gzipSize: gzipSync(code).length };
    await writeFile(join(unfinished, OPTIONS), options);
    await writeFile(join(unfinished, STAMP), JSON.stringify(stamp));
    await replace(directory, unfinished);
    return { ...stamp, directory, fresh: true };
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** One line about a build, sizes in KiB. */
export function describeBuild(build: Build): string {
  const kib = (bytes: number) => `${(bytes / 1024).toFixed(1)} KiB`;
  const where = build.directory.replace(PROJECT, "");
  return `${build.fresh ? "built" : "up to date:"} ${where}, ${kib(build.size)}, ${kib(build.gzipSize)} gzip`;
}

/** `wrangler deploy --dry-run` writes the very files that a deployment would upload, and builds what pages load (`[build]`). */
async function bundle(directory: string): Promise<void> {
  const program = createRequire(import.meta.url).resolve("wrangler/package.json");
  const wrangler = join(dirname(program), "bin/wrangler.js");
  const args = [wrangler, "deploy", "--dry-run", "--outdir", directory, "--config", join(PROJECT, "wrangler.toml")];
  try {
    await promisify(execFile)(process.execPath, args, { cwd: PROJECT, env: { ...process.env, ...QUIET } });
  } catch (error) {
    const output =
      error instanceof Error && "stderr" in error ? stripVTControlCharacters(String(error.stderr)).trim() : "";
    throw new CommandError(`the worker could not be built\n${output === "" ? error : output}`);
  }
  const expected = new Set([BUNDLE, `${BUNDLE}.map`, "README.md"]);
  const unexpected = (await readdir(directory)).filter((name) => !expected.has(name));
  if (unexpected.length > 0) {
    throw new CommandError(`the local server runs one module only, the build has more: ${unexpected.join(", ")}`);
  }
}

/** No questions, no network: neither telemetry nor the file of `Request.cf`. */
const QUIET = { WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false", CI: "true", FORCE_COLOR: "0" };

/** The variables are those of the file alone: what `.dev.vars` holds belongs to a start, and secrets not into a build. */
async function miniflareOptions(): Promise<string> {
  Object.assign(process.env, { WRANGLER_LOG: "error", ...QUIET });
  const { unstable_getMiniflareWorkerOptions, unstable_readConfig } = await import("wrangler");
  try {
    const config = unstable_readConfig({ config: join(PROJECT, "wrangler.toml") }, { hideWarnings: true });
    const { workerOptions, externalWorkers } = unstable_getMiniflareWorkerOptions(config);
    const named = { ...workerOptions, name: config.name, bindings: config.vars };
    return JSON.stringify({ workerOptions: named, externalWorkers });
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error));
  }
}

async function replace(directory: string, by: string): Promise<void> {
  const old = `${by}.old`;
  await rename(directory, old).catch(() => undefined);
  await rename(by, directory);
  await rm(old, { recursive: true, force: true });
}

interface Stamp {
  readonly fingerprint: string;
  readonly size: number;
  readonly gzipSize: number;
}

async function readStamp(directory: string): Promise<Stamp | undefined> {
  try {
    await stat(join(directory, BUNDLE));
    await stat(join(directory, OPTIONS));
    await stat(ASSETS_DIRECTORY);
    return JSON.parse(await readFile(join(directory, STAMP), "utf8"));
  } catch {
    return undefined;
  }
}

/** A digest over names and contents of files and of all files in folders, in an order that does not depend on the disk. */
async function fingerprintOf(inputs: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const input of inputs) {
    for (const path of await filesIn(join(PROJECT, input))) {
      const content = await readFile(path);
      hash.update(`${relative(PROJECT, path)}\n${content.length}\n`).update(content);
    }
  }
  return hash.digest("hex");
}

async function filesIn(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.sort();
}
