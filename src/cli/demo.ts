/** `npm run demo -- FILE...`: the main job on real files, against a server that runs. */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type ChatOutcome, type DemoSettings, runChat } from "./demo-chat.ts";
import { DemoServer, Refused } from "./demo-client.ts";
import { collectFiles, type LocalFile } from "./demo-files.ts";
import { refusalText } from "./demo-screen.ts";
import { CommandError, PROJECT, runCommand } from "./project.ts";

const USAGE = `usage: npm run demo -- [--url URL] [--service NAME] [--mail DIR] [--standard-response] FILE...
  FILE       files to send, or folders of files
  --standard-response
             the agent sends the first file as a standard response too; without FILE two samples are sent
  --url      server, started before with "npm start" (else http://127.0.0.1:8787)
  --service  chat service (else customer-support)
  --mail     folder where the server puts mails (else .satchel/mail)`;

const PRIVILEGES = ["chat:take", "chat:transfer-file-from-file-system", "chat:save-files"];
/** What sending from the library needs beside, and writing to it before. */
const LIBRARY_PRIVILEGES = ["chat:transfer-file-from-standard-response", "library:edit"];
const SAMPLES = ["Ärger im Büro.pdf", "photo.jpeg"].map((name) => join(PROJECT, "test/support/files", name));

async function main(): Promise<void> {
  const { values, positionals } = parseCommandLine();
  if (values.help) return console.log(USAGE);
  const standardResponse = values["standard-response"] ?? false;
  const paths = positionals.length === 0 && standardResponse ? SAMPLES : positionals;
  if (paths.length === 0) throw new CommandError(`which files?\n${USAGE}`);
  const url = values.url ?? "http://127.0.0.1:8787";
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) throw new CommandError(`${url} is no URL`);
  const files = await collectFiles(paths);
  const server = new DemoServer(new URL(url).origin);
  await server.expectHealth();
  const mailDir = resolve(values.mail ?? join(PROJECT, ".satchel/mail"));
  const settings = { server, service: values.service ?? "customer-support", mailDir, standardResponse };
  const privileges = [...PRIVILEGES, ...(standardResponse ? LIBRARY_PRIVILEGES : [])];
  try {
    await run({ ...settings, agentToken: await server.agentToken("Demo Agent", privileges) }, files);
  } catch (error) {
    throw error instanceof Refused ? new CommandError(refusalText(error.problem)) : error;
  }
}

function parseCommandLine() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        url: { type: "string" },
        service: { type: "string" },
        mail: { type: "string" },
        "standard-response": { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new CommandError(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  }
}

/** Chat after chat, since a session takes only so many files; each ends with its mail. */
async function run(settings: DemoSettings, files: readonly LocalFile[]): Promise<void> {
  const outcomes: ChatOutcome[] = [];
  for (let left = files; left.length > 0; ) {
    console.log(`chat ${outcomes.length + 1} at ${settings.server.url} with ${settings.service}`);
    const outcome = await runChat(settings, left);
    outcomes.push(outcome);
    left = outcome.left;
  }
  const faults = outcomes.flatMap((outcome) => outcome.faults);
  const verified = outcomes.reduce((sum, outcome) => sum + outcome.verified, 0);
  const refused = outcomes.reduce((sum, outcome) => sum + outcome.refused, 0);
  console.log(
    `${count(verified, "transfer")} with the same SHA-256 at both ends, ${refused} refused, ${count(outcomes.length, "chat")}`,
  );
  if (faults.length > 0) throw new CommandError(faults.join("\n  "));
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? "" : "s"}`;
}

await runCommand(main);
