/** One chat of the demo: files from the customer to the agent and one back, digests compared, the end, the mail checked. */
import { relative } from "node:path";
import { type DemoParticipant, type DemoServer, DemoParticipant as Participant, Refused } from "./demo-client.ts";
import type { LocalFile } from "./demo-files.ts";
import { addResponse } from "./demo-library.ts";
import { awaitMail, type FoundMail } from "./demo-mail.ts";
import { faultsOf, type ListedFile } from "./demo-mail-check.ts";
import { nameText, progressLine, refusalText } from "./demo-screen.ts";

/** What one demo is run with. */
export interface DemoSettings {
  readonly server: DemoServer;
  readonly service: string;
  readonly agentToken: string;
  /** Whether the agent sends a file from the library of standard responses too. */
  readonly standardResponse: boolean;
  /** Folder of the server's mails. */
  readonly mailDir: string;
}

/** What came of one chat. */
export interface ChatOutcome {
  /** Files to go on with in another chat, since this one has no room left for them. */
  readonly left: readonly LocalFile[];
  /** Transfers whose digests matched at both ends. */
  readonly verified: number;
  readonly refused: number;
  /** What must not be: digests that differ, a mail that is missing or incomplete. */
  readonly faults: readonly string[];
}

/** Limits of a session that another chat has again. */
const USED_UP: readonly string[] = ["too-many-files", "total-too-large"];

/** Runs one chat with as many of the files as its limits take; at least the first one is tried. */
export async function runChat(settings: DemoSettings, files: readonly LocalFile[]): Promise<ChatOutcome> {
  const { server, service, agentToken, mailDir } = settings;
  const { sessionId, token } = await server.openSession(service, {
    nickname: "Demo Customer",
    email: "customer@example.com",
    subject: "Files to look at",
    language: "en",
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  });
  const customer = new Participant(server, sessionId, token);
  const agent = new Participant(server, sessionId, agentToken);
  await agent.join();
  await customer.say("Hello, here are my files.");
  const chat = new DemoChat(customer, agent);
  const left = await chat.sendAll(files);
  await chat.sendBack();
  if (settings.standardResponse) await chat.respond(settings);
  await agent.say("Thank you, I have them.");
  const refusal = await refusalOf(customer.requestMail());
  await customer.end();
  console.log("  the chat has ended");
  if (refusal === undefined) chat.check(await awaitMail(mailDir, sessionId), mailDir);
  else chat.faults.push(`no transcript mail: ${refusal}`);
  const { verified, refused, faults } = chat;
  return { left, verified, refused, faults };
}

async function refusalOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return refusalText(error.problem);
    throw error;
  }
}

/** Both people of one chat, and what has come of it so far. */
class DemoChat {
  readonly #customer: DemoParticipant;
  readonly #agent: DemoParticipant;
  readonly #listed: ListedFile[] = [];
  #first: LocalFile | undefined;
  verified = 0;
  refused = 0;
  readonly faults: string[] = [];

  constructor(customer: DemoParticipant, agent: DemoParticipant) {
    this.#customer = customer;
    this.#agent = agent;
  }

  /** Sends file after file; the answer is what is left once the chat's limits are used up. */
  async sendAll(files: readonly LocalFile[]): Promise<readonly LocalFile[]> {
    for (const [index, file] of files.entries()) {
      if ((await this.#transfer(file, "customer", this.#customer, this.#agent)) === "full") return files.slice(index);
    }
    return [];
  }

  /** The agent sends the first file that was taken back to the customer. */
  async sendBack(): Promise<void> {
    if (this.#first !== undefined) await this.#transfer(this.#first, "agent", this.#agent, this.#customer);
  }

  /** Puts the first file that was taken into the library, and sends it to the customer as a standard response. */
  async respond({ server, service, agentToken }: DemoSettings): Promise<void> {
    const file = this.#first;
    if (file === undefined) return;
    let line = progressLine("editor adds to the library", file.name, file.size);
    try {
      const response = await addResponse(server, service, agentToken, file, (bytes) => line.moved(bytes));
      line.done("stored");
      try {
        for (const sent of await this.#agent.respond(response.responseId)) {
          this.#listed.push(sent);
          line = progressLine("customer downloads", sent.name, sent.size);
          const got = await this.#customer.fetchFile(sent.fileId, (bytes) => line.moved(bytes));
          this.#compare(file.name, [...response.digests, sent.sha256, got.sha256], line.done);
        }
      } finally {
        await response.remove();
      }
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      line.done(`REFUSED: ${refusalText(error.problem)}`);
      this.faults.push(`the standard response was refused: ${refusalText(error.problem)}`);
    }
  }

  /** Sends one file, fetches it at the other end, and compares. `full`: tried for nothing, another chat may take it. */
  async #transfer(
    file: LocalFile,
    who: "customer" | "agent",
    sender: DemoParticipant,
    receiver: DemoParticipant,
  ): Promise<"done" | "full"> {
    const sending = progressLine(`${who} sends`, file.name, file.size);
    let line = sending;
    try {
      const sent = await sender.send(file, (bytes) => sending.moved(bytes));
      this.#first ??= file;
      this.#listed.push(sent.file);
      sending.done(`stored as ${sent.file.type}`);
      line = progressLine(`${who === "agent" ? "customer" : "agent"} downloads`, sent.file.name, sent.file.size);
      const got = await receiver.fetchFile(sent.file.fileId, (bytes) => line.moved(bytes));
      this.#compare(file.name, [sent.sha256, sent.file.sha256, got.sha256], line.done);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const full = line === sending && this.#first !== undefined && USED_UP.includes(error.problem.code);
      line.done(full && who === "customer" ? "no room left in this chat" : `REFUSED: ${refusalText(error.problem)}`);
      if (full && who === "customer") return "full";
      this.refused += 1;
    }
    return "done";
  }

  #compare(name: string, digests: readonly string[], done: (outcome: string) => void): void {
    const [sent = ""] = digests;
    const same = digests.every((digest) => digest === sent);
    done(same ? `same SHA-256 ${sent}` : `DIFFERENT SHA-256: ${digests.join(", ")}`);
    if (same) this.verified += 1;
    else this.faults.push(`${nameText(name)} arrived with other bytes`);
  }

  /** Shows the mail and looks whether it lists every file that was taken. */
  check(found: FoundMail | undefined, mailDir: string): void {
    if (found === undefined) {
      this.faults.push(`no transcript mail in ${mailDir}; where does this server put them? say it with --mail DIR`);
      return;
    }
    const { mail, path } = found;
    const text = (mail.text ?? "").trimEnd().replaceAll("\r", "").replaceAll("\n", "\n  | ");
    console.log(
      `  transcript mail: ${relative(process.cwd(), path)}\n  | Subject: ${mail.subject ?? ""}\n  |\n  | ${text}`,
    );
    this.faults.push(...faultsOf(mail, this.#listed));
  }
}
