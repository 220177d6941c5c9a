/** The malware scanner: the table `[vars.SCANNER]` and, for one behind the gateway, the secret `SCANNER_SECRET`. */
import * as z from "zod";
import { type OptionName, readOption } from "../protocol/options.ts";
import { isLoopbackHost } from "../protocol/origins.ts";
import { count, duration, size } from "../protocol/quantities.ts";
import { scannerSecret } from "../protocol/secrets.ts";
import { type Report, readTable, reportIssues, type Variables } from "./values.ts";

/** Where the scanner is: a clamd to dial, or our gateway in front of one. */
export type ScannerAddress =
  | { readonly transport: "tcp"; readonly host: string; readonly port: number }
  /** `url` has no slash at its end; `secret` is what the gateway wants to see. */
  | { readonly transport: "http"; readonly url: string; readonly secret: string };

/** The scanner and how it is used. Holds a secret: never log it. */
export interface ScannerConfig {
  readonly address: ScannerAddress;
  /** Largest file that it takes, in bytes: clamd's `StreamMaxLength`. */
  readonly maxFileSize: number;
  /** Scans at once, of each isolate. */
  readonly maxAtOnce: number;
  /** How long a file may wait for its turn, in milliseconds. */
  readonly queueDeadline: number;
  /** How long one scan may take after that, in milliseconds. */
  readonly timeout: number;
}

/** The port that clamd's documentation names. */
const CLAMD_PORT = 3310;
const MAX_URL = 255;
const URL_EXPECTED =
  "tcp://host:3310, or https://host/path of the scan gateway (http only for loopback), without user, query and fragment";

function readAddress(text: string): URL | undefined {
  const url = URL.parse(text);
  if (url === null || text.length > MAX_URL || /[^\x21-\x7e]|[?#]/.test(text)) return undefined;
  if (url.hostname === "" || url.username !== "" || url.password !== "" || url.port === "0") return undefined;
  if (url.protocol === "tcp:") return /^\/?$/.test(url.pathname) ? url : undefined;
  const secure = url.protocol === "https:" || (url.protocol === "http:" && isLoopbackHost(url.hostname));
  return secure ? url : undefined;
}

const address = z.string({ error: URL_EXPECTED }).transform((text, context): URL => {
  const url = readAddress(text);
  if (url !== undefined) return url;
  context.addIssue({ code: "custom", message: URL_EXPECTED });
  return z.NEVER;
});

const SETTINGS = {
  url: address,
  "max-file-size": size(1, 4e9, ", from 1 to 4GB").prefault("100MiB"),
  "max-at-once": count(1, 100).prefault(4),
  "queue-deadline": duration(0, 600).prefault(15),
  timeout: duration(1, 600).prefault(120),
} as const;

/** Names of the scanner's settings, in the order of the documents. */
export const SCANNER_SETTINGS: readonly string[] = Object.keys(SETTINGS);

/** The table as operators write it. */
export const scannerTable = z.strictObject(SETTINGS);

/** The scanner; undefined, and everything wrong reported, unless all of it is right. */
export function readScanner(env: Variables, report: Report): ScannerConfig | undefined {
  const table = readTable(env, "SCANNER", "settings", report);
  if (table === undefined) return undefined;
  const parsed = scannerTable.safeParse(table, { reportInput: true });
  if (!parsed.success) {
    reportIssues("SCANNER", parsed.error, SCANNER_SETTINGS, "a setting", report);
    return undefined;
  }
  const { url } = parsed.data;
  const at = url.protocol === "tcp:" ? tcpAddress(url) : httpAddress(url, env, report);
  if (at === undefined) return undefined;
  return {
    address: at,
    maxFileSize: parsed.data["max-file-size"],
    maxAtOnce: parsed.data["max-at-once"],
    queueDeadline: parsed.data["queue-deadline"],
    timeout: parsed.data.timeout,
  };
}

function tcpAddress({ hostname, port }: URL): ScannerAddress {
  return { transport: "tcp", host: hostname, port: port === "" ? CLAMD_PORT : Number(port) };
}

function httpAddress(url: URL, env: Variables, report: Report): ScannerAddress | undefined {
  const secret = scannerSecret.safeParse(env.SCANNER_SECRET ?? "");
  if (secret.success) return { transport: "http", url: url.href.replace(/\/+$/, ""), secret: secret.data };
  report("SCANNER_SECRET", secret.error.issues[0]?.message ?? "another value");
  return undefined;
}

/** A scan needs a scanner, and one that takes the largest file there may be: else that file is sent in vain. */
export function checkScan(
  table: Variables,
  env: Variables,
  scanner: ScannerConfig | undefined,
  report: (name: OptionName, expected: string) => void,
): void {
  const scan = readOption(table, "scan") ?? "off";
  if (scan === "off") return;
  if (env.SCANNER === undefined) report("scan", "off, or a scanner in [vars.SCANNER]");
  if (scanner === undefined) return;
  for (const name of ["upload-max-file-size", "agent-max-file-size"] as const) {
    if ((readOption(table, name) ?? 0) <= scanner.maxFileSize) continue;
    report(name, `at most max-file-size of [vars.SCANNER] (${scanner.maxFileSize} bytes), since files are scanned`);
  }
}
