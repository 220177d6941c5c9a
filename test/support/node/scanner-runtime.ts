/** Runs the scanners inside workerd for tests in Node: a file goes in as a request's body, the verdict comes out. */
import { request } from "node:http";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { bundleWorker } from "./bundle-worker.ts";

/** A file in a few words: what it begins and ends with, and how many bytes it has; or all of it. */
export type TestFile = Uint8Array | { readonly size: number; readonly begin?: string; readonly end?: string };

/** What to scan, and with what. */
export interface ScanOrder {
  /** `[vars.SCANNER]`. */
  readonly settings: Readonly<Record<string, string | number>>;
  readonly file: TestFile;
  /** What the scanner is told of the size; else the truth. */
  readonly claimed?: number;
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
  state(settings: ScanOrder["settings"]): Promise<ScanAnswer>;
  /** What the worker logged so far. */
  log(): string;
  close(): Promise<void>;
}

/** Bundles the test worker with wrangler and starts it. */
export async function startScannerRuntime(): Promise<ScannerRuntime> {
  const { Miniflare, convertV4MiniflareOptions } = await import("miniflare");
  let logged = "";
  const options = convertV4MiniflareOptions({
    name: "scanner-test",
    compatibilityDate: "2026-10-20",
    cf: false,
    modules: [{ type: "ESModule", path: "index.js", contents: await bundleWorker("scanner-worker") }],
    handleStructuredLogs: ({ message }: { readonly message: string }) => {
      logged += `${message}\n`;
    },
  });
  const miniflare = new Miniflare({ ...options, logRequests: false });
  const url = await miniflare.ready;
  return {
    scan({ settings, file, claimed }) {
      const size = file instanceof Uint8Array ? file.byteLength : file.size;
      return send(url, { settings, size: claimed ?? size }, size, piecesOf(file));
    },
    state: (settings) => send(url, { settings, size: 0, state: true }, 0, []),
    log: () => logged,
    close: () => miniflare.dispose(),
  };
}

const PIECE = Buffer.from("Nothing to be found in this line of harmless text, 64 bytes long\n".repeat(1024));

/** The bytes of a file, never all of them in memory. */
export function* piecesOf(file: TestFile): Generator<Uint8Array> {
  if (file instanceof Uint8Array) return yield file;
  const [begin, end] = [Buffer.from(file.begin ?? ""), Buffer.from(file.end ?? "")];
  if (begin.length > 0) yield begin;
  for (let left = file.size - begin.length - end.length; left > 0; left -= PIECE.length) {
    yield PIECE.subarray(0, Math.min(left, PIECE.length));
  }
  if (end.length > 0) yield end;
}

async function send(url: URL, order: object, size: number, pieces: Iterable<Uint8Array>): Promise<ScanAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<ScanAnswer>();
  const headers = { order: JSON.stringify(order), "content-length": size };
  const sending = request(url, { method: "POST", headers }, (response) => {
    text(response).then((body) => {
      if (response.statusCode === 200) resolve(JSON.parse(body));
      else reject(new Error(`the worker answered ${response.statusCode}: ${body}`));
    }, reject);
  });
  // An answer may come before all of the file was sent, which then breaks off.
  sending.on("error", reject);
  Readable.from(pieces).pipe(sending);
  return promise;
}
