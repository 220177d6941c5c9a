/** Runs the scanners inside workerd for tests in Node: a file goes in, the verdict comes out. */

import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { prepareRuntime } from "../../../src/cli/runtime-process.ts";
import { bundleWorker } from "./bundle-worker.ts";
import { checkLog } from "./log-check.ts";

/** `[vars.SCANNER]`. */
export type Settings = Readonly<Record<string, string | number>>;

/** A file in a few words, or all of it. */
export type TestFile = Uint8Array | DescribedFile;

interface DescribedFile {
  readonly size: number;
  readonly begin?: string;
  readonly end?: string;
  /** Is waited for in the middle of the file. */
  readonly meanwhile?: () => Promise<void>;
}

/** What to scan, and with what. */
export interface ScanOrder {
  readonly settings: Settings;
  readonly file: TestFile;
  /** What the scanner is told of the size; else the truth. */
  readonly claimed?: number;
  /** The file is gone when it is opened. */
  readonly gone?: boolean;
}

/** What became of it. */
export interface ScanAnswer {
  readonly verdict?: { readonly verdict: string; readonly why?: string; readonly signature?: string };
  /** Message of what it failed with. */
  readonly fault?: string;
  /** Whether the file was opened at all. */
  readonly opened?: boolean;
  readonly state?: { readonly version: string; readonly signaturesAt?: number };
}

/** The scanners in workerd. */
export interface ScannerRuntime {
  scan(order: ScanOrder): Promise<ScanAnswer>;
  state(settings: Settings): Promise<ScanAnswer>;
  /** Process id of workerd. */
  pid(): number;
  /** What the worker logged so far. */
  log(): string;
  close(): Promise<void>;
}

/** Bundles the test worker with wrangler and starts it. */
export async function startScannerRuntime(): Promise<ScannerRuntime> {
  const { Miniflare, convertV4MiniflareOptions } = await import("miniflare");
  const folder = await mkdtemp(join(tmpdir(), "satchel-scanner-"));
  const guarded = await prepareRuntime(folder);
  let logged = "";
  const options = convertV4MiniflareOptions({
    name: "scanner-test",
    compatibilityDate: "2026-10-20",
    cf: false,
    unsafeRuntimeEnv: { ...guarded.environment },
    modules: [{ type: "ESModule", path: "index.js", contents: await bundleWorker("scanner-worker") }],
    handleStructuredLogs: ({ message }: { readonly message: string }) => {
      logged += `${message}\n`;
    },
  });
  const miniflare = new Miniflare({ ...options, logRequests: false });
  const url = await miniflare.ready;
  const files = new FileServer();
  await files.listen();
  const send = async (order: object): Promise<ScanAnswer> => {
    const response = await fetch(url, { method: "POST", body: JSON.stringify(order) });
    const body = await response.text();
    if (!response.ok) throw new Error(`the worker answered ${response.status}: ${body}`);
    return JSON.parse(body);
  };
  return {
    scan: ({ settings, file, claimed, gone }) =>
      send({ settings, size: claimed ?? sizeOf(file), ...(gone ? {} : { url: files.offer(file) }) }),
    state: (settings) => send({ settings, size: 0, state: true }),
    pid: () => guarded.pid() ?? 0,
    log: () => logged,
    async close() {
      files.close();
      await miniflare.dispose();
      await rm(folder, { recursive: true, force: true });
      const lines = logged.split("\n").filter((line) => line !== "");
      checkLog(lines.map((line) => `log: ${line}`));
    },
  };
}

const PIECE = Buffer.from("Nothing to be found in this line of harmless text, 64 bytes long\n".repeat(1024));

/** The bytes of a file, never all of them in memory. */
export async function* piecesOf(file: TestFile): AsyncGenerator<Uint8Array, void> {
  if (file instanceof Uint8Array) return yield file;
  const [begin, end] = [Buffer.from(file.begin ?? ""), Buffer.from(file.end ?? "")];
  if (begin.length > 0) yield begin;
  const between = file.size - begin.length - end.length;
  let { meanwhile } = file;
  for (let left = between; left > 0; left -= PIECE.length) {
    if (left < between / 2) {
      await meanwhile?.();
      meanwhile = undefined;
    }
    yield PIECE.subarray(0, Math.min(left, PIECE.length));
  }
  if (end.length > 0) yield end;
}

/** Gives files to the worker as a store would: each when it is asked for, at the pace at which it is read. */
class FileServer {
  readonly #files = new Map<string, TestFile>();
  readonly #server = createServer((request, response) => {
    const file = this.#files.get(request.url ?? "") ?? new Uint8Array();
    response.writeHead(200, { "content-length": sizeOf(file) });
    pipeline(Readable.from(piecesOf(file)), response).catch(() => {});
  });

  async listen(): Promise<void> {
    await once(this.#server.listen(0, "127.0.0.1"), "listening");
  }

  /** Where the worker gets this file. */
  offer(file: TestFile): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    const path = `/${this.#files.size}`;
    this.#files.set(path, file);
    return `http://127.0.0.1:${address.port}${path}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

function sizeOf(file: TestFile): number {
  return file instanceof Uint8Array ? file.byteLength : file.size;
}
