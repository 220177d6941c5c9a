/** The gateway's settings, from flags and the environment; every wrong one is named, and the secret never shown. */
import * as z from "zod";
import { count, duration, size } from "../../protocol/quantities.ts";
import { scannerSecret } from "../../protocol/secrets.ts";

/** What may stand in the command line; the secret may not, since others on the machine can read that. */
export const FLAGS = {
  listen: { type: "string" },
  clamd: { type: "string" },
  "max-file-size": { type: "string" },
  "max-at-once": { type: "string" },
  "queue-deadline": { type: "string" },
  timeout: { type: "string" },
} as const;

type FlagName = keyof typeof FLAGS;

/** Where clamd listens: by TCP, or at a socket of this machine. */
export type ClamdAddress = { readonly host: string; readonly port: number } | { readonly path: string };

/** Sizes in bytes, times in milliseconds. */
export interface GatewaySettings {
  readonly listen: { readonly host: string; readonly port: number };
  readonly clamd: ClamdAddress;
  readonly secret: string;
  readonly maxFileSize: number;
  readonly maxAtOnce: number;
  readonly queueDeadline: number;
  readonly timeout: number;
}

const LISTEN_EXPECTED = "an address and a port such as 127.0.0.1:3311 or [::1]:3311";
const CLAMD_EXPECTED = "tcp://host:port, or unix:/path of clamd's socket";

/** A transform that answers undefined for what is wrong. */
function text<T>(read: (text: string) => T | undefined, expected: string) {
  return z.string().transform((value, context): T => {
    const found = read(value);
    if (found !== undefined) return found;
    context.addIssue({ code: "custom", message: expected });
    return z.NEVER;
  });
}

function readListen(value: string): GatewaySettings["listen"] | undefined {
  const [, ipv6, name, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(value) ?? [];
  const host = ipv6 ?? name;
  return host === undefined || Number(port) > 65_535 ? undefined : { host, port: Number(port) };
}

function readClamd(value: string): ClamdAddress | undefined {
  if (value.startsWith("unix:/")) return { path: value.slice("unix:".length) };
  const at = value.startsWith("tcp://") ? readListen(value.slice("tcp://".length).replace(/\/$/, "")) : undefined;
  return at === undefined || at.port === 0 ? undefined : at;
}

const SCHEMA = z.object({
  listen: text(readListen, LISTEN_EXPECTED).prefault("127.0.0.1:3311"),
  clamd: text(readClamd, CLAMD_EXPECTED).prefault("tcp://127.0.0.1:3310"),
  secret: scannerSecret,
  "max-file-size": size(1, 4e9, ", from 1 to 4GB").prefault("100MiB"),
  "max-at-once": count(1, 1000).prefault(8),
  "queue-deadline": duration(0, 600).prefault(10),
  timeout: duration(1, 600).prefault(110),
});

/**
 * The settings of a gateway: a flag wins over its variable.
 * @throws Error that names every wrong one.
 */
export function readSettings(
  flags: Readonly<Partial<Record<FlagName, string>>>,
  env: Readonly<Record<string, string | undefined>>,
): GatewaySettings {
  const given: Record<string, string | undefined> = { secret: env.SCANNER_SECRET ?? "" };
  for (const name of Object.keys(FLAGS)) given[name] = flags[name as FlagName] ?? (env[variableOf(name)] || undefined);
  const parsed = SCHEMA.safeParse(given);
  if (!parsed.success) throw new Error(parsed.error.issues.map(describe).join("\n"));
  const { listen, clamd, secret, timeout } = parsed.data;
  return {
    listen,
    clamd,
    secret,
    maxFileSize: parsed.data["max-file-size"],
    maxAtOnce: parsed.data["max-at-once"],
    queueDeadline: parsed.data["queue-deadline"],
    timeout,
  };
}

/** `SCAN_GATEWAY_MAX_AT_ONCE` for `max-at-once`. */
function variableOf(name: string): string {
  return `SCAN_GATEWAY_${name.toUpperCase().replaceAll("-", "_")}`;
}

function describe({ path, message }: { readonly path: readonly PropertyKey[]; readonly message: string }): string {
  const name = String(path[0]);
  return name === "secret"
    ? `SCANNER_SECRET: expected ${message}`
    : `--${name} or ${variableOf(name)}: expected ${message}`;
}
