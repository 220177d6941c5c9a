/** `npm run scan-gateway`: stands in front of a clamd, so that a deployed worker can reach it. */
import { parseArgs } from "node:util";
import { createClamd } from "../../backends/clamd.ts";
import { probed } from "../../backends/scanner-probe.ts";
import { CommandError, runCommand } from "../project.ts";
import { dialNode } from "./dial.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import { FLAGS, type GatewaySettings, readSettings } from "./settings.ts";

const USAGE = `usage: SCANNER_SECRET=... npm run scan-gateway -- [options]
  --listen          address for requests (else SCAN_GATEWAY_LISTEN, else 127.0.0.1:3311)
  --clamd           tcp://host:port or unix:/path of clamd (else SCAN_GATEWAY_CLAMD, else tcp://127.0.0.1:3310)
  --max-file-size   clamd's StreamMaxLength (else SCAN_GATEWAY_MAX_FILE_SIZE, else 100MiB)
  --max-at-once     scans at once (else SCAN_GATEWAY_MAX_AT_ONCE, else 8)
  --queue-deadline  how long a file may wait for its turn (else SCAN_GATEWAY_QUEUE_DEADLINE, else 10)
  --timeout         how long one scan may take (else SCAN_GATEWAY_TIMEOUT, else 110)
The secret is what the worker has as SCANNER_SECRET: at least 32 characters.`;

/** Until clamd is reached, answers a ping, or takes the next piece, in milliseconds. */
const STALL_MS = 10_000;
const DEADLINES = { headers: 10_000, silence: 15_000, stop: 30_000 } as const;

async function main(): Promise<void> {
  const settings = settingsOrHelp();
  if (settings === undefined) return console.log(USAGE);
  const gateway = await start(settings);
  const { host, port } = gateway;
  console.log(`the scan gateway is at http://${host.includes(":") ? `[${host}]` : host}:${port}`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void gateway.stop());
}

function settingsOrHelp(): GatewaySettings | undefined {
  try {
    const { values } = parseArgs({ options: { ...FLAGS, help: { type: "boolean", short: "h" } } });
    const { help, ...flags } = values;
    if (help) return undefined;
    return readSettings(flags, process.env);
  } catch (error) {
    throw new CommandError(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  }
}

async function start(settings: GatewaySettings): Promise<Gateway> {
  const { clamd, maxFileSize, timeout, listen } = settings;
  const patience = { stall: STALL_MS, total: timeout };
  const scanner = probed(createClamd({ dial: dialNode(clamd), maxFileSize, patience }), {
    now: () => Date.now(),
    report: (failure) => console.error(JSON.stringify({ event: "scanner-unusable", failure })),
  });
  try {
    return await startGateway({ ...settings, scanner, deadlines: { ...DEADLINES, request: timeout } });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw new CommandError(`cannot listen at ${listen.host}:${listen.port} (${code})`);
  }
}

await runCommand(main);
