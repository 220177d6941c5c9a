/** An upload whose bytes a test sends by hand: to stall, to go away, or to go on when something else has happened. */
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { type Problem, ProblemSchema } from "../../../src/protocol/problem.ts";
import type { ApiClient } from "./api-client.ts";

/** An upload in flight. */
export class SlowUpload {
  readonly #request: ClientRequest;
  /** Status with the body's JSON; rejects when the connection ends without an answer. */
  readonly answer: Promise<{ readonly status: number; readonly body: unknown }>;

  /** Sends the headers of a raw upload of `size` bytes; no byte of the body yet. */
  constructor(who: ApiClient, name: string, size: number, headers: Readonly<Record<string, string>> = {}) {
    this.#request = request(who.address("uploadFile", { query: { name } }), {
      method: "POST",
      headers: { Authorization: `Bearer ${who.token}`, "Content-Length": size, ...headers },
    });
    this.answer = readAnswer(this.#request);
    // Tests that go away do not ask for the answer.
    this.answer.catch(() => {});
    this.#request.flushHeaders();
  }

  /** Sends bytes; resolves when they have left. */
  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#request.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Sends the last bytes. */
  finish(bytes: Uint8Array): void {
    this.#request.end(bytes);
  }

  /** Goes away without a word, as a phone in a tunnel does. */
  leave(): void {
    this.#request.destroy();
  }

  /** The problem that the answer must be. */
  async problem(): Promise<Problem> {
    return ProblemSchema.parse((await this.answer).body);
  }
}

async function readAnswer(sent: ClientRequest): Promise<{ status: number; body: unknown }> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once("response", resolve);
    sent.on("error", reject);
  });
  const content = await text(answer);
  return { status: answer.statusCode ?? 0, body: content === "" ? undefined : JSON.parse(content) };
}
