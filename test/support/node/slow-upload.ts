/** An upload whose bytes a test sends by hand: to stall, to go away, or to go on when something else has happened. */
import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { type Problem, ProblemSchema } from "../../../src/protocol/problem.ts";
import type { ApiClient } from "./api-client.ts";

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

/** A request in flight. */
export class SlowRequest {
  readonly #request: ClientRequest;
  /** Status, headers and the body's JSON; rejects when the connection ends without an answer. */
  readonly answer: Promise<Answer>;

  /** Sends the headers of a POST; no byte of the body yet. */
  constructor(url: URL, headers: Readonly<Record<string, string | number>>) {
    // A connection of its own: a server that refuses early closes it, and no other request shall find a closed one.
    this.#request = request(url, { method: "POST", headers, agent: false });
    this.answer = readAnswer(this.#request);
    // Tests that go away do not ask for the answer.
    this.answer.catch(() => {});
    this.#request.flushHeaders();
  }

  /** Sends bytes; resolves when they have left. */
  write(bytes: Uint8Array | string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#request.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Sends the last bytes. */
  finish(bytes: Uint8Array | string): void {
    this.#request.end(bytes);
  }

  /** Goes away without a word, as a phone in a tunnel does. */
  leave(): void {
    this.#request.destroy();
  }
}

/** An upload in flight. */
export class SlowUpload extends SlowRequest {
  /** Sends the headers of an upload of `size` bytes, or of nobody knows how many; no byte of the body yet. */
  constructor(who: ApiClient, name: string, size: number | "unknown", headers: Readonly<Record<string, string>> = {}) {
    const length: Record<string, number> = size === "unknown" ? {} : { "Content-Length": size };
    const url = who.address("uploadFile", { query: { name } });
    super(url, { Authorization: `Bearer ${who.token}`, ...length, ...headers });
  }

  /** The problem that the answer must be. */
  async problem(): Promise<Problem> {
    return ProblemSchema.parse((await this.answer).body);
  }
}

async function readAnswer(sent: ClientRequest): Promise<Answer> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once("response", resolve);
    sent.on("error", reject);
  });
  const content = await text(answer);
  const { statusCode = 0, headers } = answer;
  return { status: statusCode, headers, body: content === "" ? undefined : JSON.parse(content) };
}
