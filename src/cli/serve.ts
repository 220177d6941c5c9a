/** `npm start`: builds the worker if needed and serves it on this machine until it is told to stop. */
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import * as z from "zod";
import { buildWorker, describeBuild } from "./build-worker.ts";
import { loadDevVariables } from "./dev-secrets.ts";
import { type LocalServer, type LogLine, startServer } from "./local-server.ts";
import { CommandError, PROJECT, runCommand } from "./project.ts";

const USAGE = `usage: npm start -- [--port PORT] [--storage DIR] [--vars FILE]
  --port     port on 127.0.0.1 (else the environment variable PORT, else 8787; 0: any free one)
  --storage  folder for sessions, files and mails (else .satchel)
  --vars     file with the secrets, which are made if missing (else .dev.vars)`;

interface Settings {
  readonly port: number;
  readonly storage: string;
  readonly vars: string;
}

async function main(): Promise<void> {
  const settings = readSettings();
  if (settings === undefined) return console.log(USAGE);
  const { port, storage } = settings;
  const build = await buildWorker();
  if (build.fresh) console.log(describeBuild(build));
  const variables = await loadDevVariables(settings.vars);
  if (variables.made.length > 0) console.log(`made ${variables.made.join(", ")} in ${shown(settings.vars)}`);
  const mailed = (mail: string) => console.log(`mail: ${shown(mail)}`);
  const server = await startServer({ port, storage, bindings: variables.values, onLog: print, onMail: mailed });
  stopOnSignals(server);
  await expectHealth(server);
  console.log(`Satchel is at ${server.url} (storage: ${shown(storage)}, mails: ${shown(server.mailDir)})`);
  console.log(`try the chat: ${server.url}/demo/ as a customer, ${server.url}/agent/ as an agent`);
}

/** Undefined where help was asked for. */
function readSettings(): Settings | undefined {
  const { values } = parseCommandLine();
  if (values.help) return undefined;
  const text = values.port ?? (process.env.PORT || "8787");
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65535)
    throw new CommandError(`the port must be 0 to 65535, not ${text}\n${USAGE}`);
  const storage = resolve(values.storage ?? join(PROJECT, ".satchel"));
  return { port, storage, vars: resolve(values.vars ?? join(PROJECT, ".dev.vars")) };
}

function parseCommandLine() {
  try {
    return parseArgs({
      options: {
        port: { type: "string" },
        storage: { type: "string" },
        vars: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new CommandError(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  }
}

/** The worker answers nothing but problems while its configuration is wrong: better to say so now and to stop. */
async function expectHealth(server: LocalServer): Promise<void> {
  const response = await fetch(`${server.url}/healthz`, { signal: AbortSignal.timeout(10_000) });
  const text = await response.text();
  if (response.ok) return;
  await server.stop();
  throw new CommandError(`the worker does not serve (${response.status}): ${explanation(text)}`);
}

const problemDocument = z.object({
  title: z.string(),
  detail: z.string().optional(),
  errors: z.array(z.object({ field: z.string(), problem: z.string() })).default([]),
});

/** A problem document (RFC 9457) with each wrong setting on a line of its own, or any other text as it is. */
function explanation(text: string): string {
  try {
    const { title, detail, errors } = problemDocument.parse(JSON.parse(text));
    return [detail ?? title, ...errors.map(({ field, problem }) => `${field}: ${problem}`)].join("\n  ");
  } catch {
    return text;
  }
}

function print({ level, message }: LogLine): void {
  (level === "error" || level === "warn" ? console.error : console.log)(message);
}

/** miniflare ends the process on a signal before anything could be stopped in order; its handlers give way to ours. */
function stopOnSignals(server: LocalServer): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.removeAllListeners(signal);
    process.on(signal, () => void stopAndExit(server));
  }
}

async function stopAndExit(server: LocalServer): Promise<void> {
  await server.stop();
  process.exit(0);
}

function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short || ".";
}

await runCommand(main);
