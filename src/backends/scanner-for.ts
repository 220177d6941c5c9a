/** The scanner that the configuration names, in the form in which everybody uses it: tried, and with so many scans at once. */
import { type Config, configFor } from "../config.ts";
import { createClamd } from "./clamd.ts";
import { createClamdHttp } from "./clamd-http.ts";
import { dialTcp } from "./clamd-tcp.ts";
import { logFailure } from "./log.ts";
import type { Scanner } from "./scanner.ts";
import { probed } from "./scanner-probe.ts";
import { queued } from "./scanner-queue.ts";

type ScannerConfig = NonNullable<Config["scanner"]>;

/** Until a scanner is reached, answers a ping, or takes the next piece, in milliseconds; half of the whole time where that is short. */
const STALL_MS = 15_000;

const known = new WeakMap<ScannerConfig, Scanner>();

/**
 * The scanner of this deployment; undefined where none is set up, or where nothing is served because the configuration is
 * wrong. The same one for all calls with the same `env`, which the platform gives to every request of an isolate: its queue and
 * what a probe has found hold for the isolate. It keeps nothing of a request.
 */
export function scannerFor(env: object): Scanner | undefined {
  const result = configFor(env);
  const config = result.ok ? result.config.scanner : undefined;
  if (config === undefined) return undefined;
  const scanner = known.get(config) ?? createScanner(config);
  known.set(config, scanner);
  return scanner;
}

/** A scan with the probes before it takes three times the configured time at the very most. */
function createScanner(config: ScannerConfig): Scanner {
  const bounds = { atOnce: config.maxAtOnce, deadline: config.queueDeadline, longest: 3 * config.timeout + STALL_MS };
  return queued(createTransport(config), bounds);
}

function createTransport({ address, maxFileSize, timeout }: ScannerConfig): Scanner {
  const patience = { stall: Math.min(STALL_MS, timeout / 2), total: timeout };
  const unusable = (failure: string) => logFailure("scanner-unusable", failure);
  if (address.transport === "http") {
    const { url, secret } = address;
    return createClamdHttp({ url, secret, maxFileSize, patience, onSecretRefused: () => unusable("secret-refused") });
  }
  const clamd = createClamd({ dial: dialTcp(address.host, address.port), maxFileSize, patience });
  return probed(clamd, { now: () => Date.now(), report: unusable });
}
