/** The native API as the demo needs it: answers are checked with the protocol's schemas, files are streamed both ways. */
import { createHash, randomUUID } from "node:crypto";
import { createReadStream, type ReadStream } from "node:fs";
import { type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { text } from "node:stream/consumers";
import type * as z from "zod";
import { DevAgentTokenAnswerSchema, JoinedSchema } from "../protocol/agent.ts";
import { EventPageSchema, EventSchema, OpenedSessionSchema } from "../protocol/chat.ts";
import { UploadedFileSchema } from "../protocol/files.ts";
import { type Problem, ProblemSchema } from "../protocol/problem.ts";
import type { LocalFile } from "./demo-files.ts";
import { CommandError } from "./project.ts";

/** How long bytes are held back for a refusal to come first, in milliseconds: RFC 9110 section 10.1.1 wants no endless wait. */
const EXPECTATION_MS = 2000;

/** The service said no; expected, and told to people. */
export class Refused extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.title);
    this.problem = problem;
  }
}

/** A file as it was announced, and the digest of what was sent. */
export interface SentFile {
  readonly file: z.infer<typeof UploadedFileSchema>;
  /** SHA-256 of the bytes that left this machine, lower-case hex. */
  readonly sha256: string;
}

/** Told how many bytes have moved so far. */
type Moved = (bytes: number) => void;

/** One server, no credentials. */
export class DemoServer {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** @throws CommandError when nothing answers there, or what answers does not serve. */
  async expectHealth(): Promise<void> {
    const answer = await fetch(`${this.url}/healthz`, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
    if (answer === undefined) {
      throw new CommandError(`no server answers at ${this.url}: start one with "npm start" in another terminal`);
    }
    if (!answer.ok) throw new CommandError(`what answers at ${this.url} does not serve (${answer.status})`);
    await answer.body?.cancel();
  }

  /** A new session with the customer's token. */
  async openSession(service: string, customer: object): Promise<z.infer<typeof OpenedSessionSchema>> {
    const path = `/v1/services/${encodeURIComponent(service)}/sessions`;
    return OpenedSessionSchema.parse(await this.post(path, undefined, customer));
  }

  /** A development token; only servers on loopback give them. */
  async agentToken(name: string, privileges: readonly string[]): Promise<string> {
    const answer = await this.post("/v1/dev/agent-token", undefined, { name, privileges });
    return DevAgentTokenAnswerSchema.parse(answer).token;
  }

  /** Streams a file from disk to where files are taken; nothing is held whole. Throws `Refused`. */
  async sendFile(
    path: string,
    token: string,
    file: LocalFile,
    moved: Moved,
  ): Promise<{ readonly answer: unknown; readonly sha256: string }> {
    // A server that refuses early may close while bytes are still on their way, and the refusal is lost with the connection.
    // The same key makes the second try the same upload; it waits for the server's word before a byte leaves.
    const key = { Authorization: `Bearer ${token}`, "Idempotency-Key": randomUUID() };
    try {
      return await this.#upload(path, file, moved, key);
    } catch (error) {
      if (!isLostConnection(error)) throw error;
      return this.#upload(path, file, moved, { ...key, Expect: "100-continue" });
    }
  }

  async #upload(path: string, file: LocalFile, moved: Moved, headers: OutgoingHttpHeaders) {
    const digest = createHash("sha256");
    const url = new URL(this.url + path);
    url.searchParams.set("name", file.name);
    const fixed = { "Content-Type": "application/octet-stream", "Content-Length": file.size };
    const send = url.protocol === "https:" ? requestHttps : requestHttp;
    let total = 0;
    const request = send(url, { method: "POST", headers: { ...fixed, ...headers } });
    const answer = await answerTo(request, file.path, (piece) => {
      digest.update(piece);
      total += piece.length;
      moved(total);
    });
    const content = await text(answer);
    if (answer.statusCode !== 201) throw refused(answer.statusCode ?? 0, content);
    return { answer: JSON.parse(content) as unknown, sha256: digest.digest("hex") };
  }

  /** The JSON of an answer. Throws `Refused`. */
  get(path: string, token: string): Promise<unknown> {
    return this.#ask("GET", path, token);
  }

  /** Deletes. Throws `Refused`. */
  async delete(path: string, token: string): Promise<void> {
    await this.#ask("DELETE", path, token);
  }

  /** Posts JSON and gives the JSON of the answer, or undefined where there is none. Throws `Refused`. */
  async post(path: string, token: string | undefined, body?: object): Promise<unknown> {
    return this.#ask("POST", path, token, body);
  }

  async #ask(method: string, path: string, token: string | undefined, body?: object): Promise<unknown> {
    const headers = {
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    };
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(this.url + path, { method, headers, ...json });
    const content = await answer.text();
    if (!answer.ok) throw refused(answer.status, content);
    return content === "" ? undefined : JSON.parse(content);
  }
}

/** A file as everybody in a session learns of it. */
type AnnouncedFile = Pick<SentFile["file"], "fileId" | "name" | "size" | "type" | "sha256">;

/** One participant in one session. */
export class DemoParticipant {
  readonly #server: DemoServer;
  readonly #path: string;
  readonly #token: string;

  constructor(server: DemoServer, sessionId: string, token: string) {
    this.#server = server;
    this.#path = `/v1/sessions/${sessionId}`;
    this.#token = token;
  }

  /** Agents only. */
  async join(): Promise<void> {
    const path = `${this.#path.replace("/v1/", "/v1/agent/")}/join`;
    JoinedSchema.parse(await this.#server.post(path, this.#token));
  }

  async say(message: string): Promise<void> {
    await this.#server.post(`${this.#path}/messages`, this.#token, { text: message });
  }

  async requestMail(): Promise<void> {
    await this.#server.post(`${this.#path}/transcript-email`, this.#token);
  }

  async end(): Promise<void> {
    await this.#server.post(`${this.#path}/end`, this.#token);
  }

  /** Streams a file from disk. Throws `Refused`. */
  async send(file: LocalFile, moved: Moved): Promise<SentFile> {
    const { answer, sha256 } = await this.#server.sendFile(`${this.#path}/files`, this.#token, file, moved);
    return { file: UploadedFileSchema.parse(answer), sha256 };
  }

  /** Agents only: sends a standard response; the files that are announced with it. Throws `Refused`. */
  async respond(responseId: string): Promise<readonly AnnouncedFile[]> {
    const path = `${this.#path.replace("/v1/", "/v1/agent/")}/standard-responses/${responseId}`;
    const { position } = EventSchema.parse(await this.#server.post(path, this.#token, {}));
    const page = await this.#server.get(`${this.#path}/events?after=${position}`, this.#token);
    const { events } = EventPageSchema.parse(page);
    return events.flatMap((event) => (event.type === "FileUploaded" ? [event.file] : []));
  }

  /** Streams a file from the server; what stays is its size and SHA-256 in hex. Throws `Refused`. */
  async fetchFile(fileId: string, moved: Moved): Promise<{ size: number; sha256: string }> {
    const headers = { Authorization: `Bearer ${this.#token}` };
    const answer = await fetch(`${this.#server.url}${this.#path}/files/${fileId}`, { headers });
    if (!answer.ok || answer.body === null) throw refused(answer.status, await answer.text());
    const digest = createHash("sha256");
    let size = 0;
    for await (const piece of answer.body) {
      digest.update(piece);
      size += piece.length;
      moved(size);
    }
    return { size, sha256: digest.digest("hex") };
  }
}

/** Sends the bytes of a file; the answer may come before the last one, and the rest then stays here. */
async function answerTo(request: ClientRequest, path: string, sent: (piece: Buffer) => void): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  let bytes: ReadStream | undefined;
  const begin = () => {
    bytes = createReadStream(path).on("error", (error) => request.destroy(error));
    bytes.on("data", (piece) => sent(Buffer.from(piece))).pipe(request);
  };
  const waiting = request.hasHeader("Expect") ? setTimeout(begin, EXPECTATION_MS) : undefined;
  if (waiting === undefined) begin();
  const stop = () => {
    clearTimeout(waiting);
    bytes?.unpipe(request);
    bytes?.destroy();
  };
  request.once("response", (answer) => {
    stop();
    resolve(answer);
  });
  // Once more after an answer, where the rest of the bytes can no longer leave.
  request.on("error", (error) => {
    stop();
    reject(error);
  });
  return promise;
}

function isLostConnection(error: unknown): boolean {
  return error instanceof Error && "code" in error && ["EPIPE", "ECONNRESET"].includes(String(error.code));
}

function refused(status: number, content: string): Error {
  try {
    return new Refused(ProblemSchema.parse(JSON.parse(content)));
  } catch {
    return new CommandError(`the server answered ${status} without saying why`);
  }
}
