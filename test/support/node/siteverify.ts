/** A stand-in of Turnstile's siteverify on loopback: tokens are good once, but for a repeat with the same idempotency key. */
import { createServer } from "node:http";
import { text } from "node:stream/consumers";

/** What the next tokens are answered with, beside being fresh: as usual, of other pages, or not at all. */
export type Vouching = "usual" | "foreign" | "other-action" | "wrong-secret" | "silence" | "garbage" | "broken";

/** The service. */
export class Siteverify {
  readonly secret = `0x4AAAAAAA${"s".repeat(30)}`;
  manner: Vouching = "usual";
  /** How often it was asked. */
  asked = 0;
  readonly #spent = new Map<string, string | null>();
  readonly #server = createServer(async (request, response) => {
    this.asked += 1;
    const sent = new URLSearchParams(await text(request));
    if (this.manner === "silence") return request.socket.destroy();
    if (this.manner === "broken") return response.writeHead(502).end("<html>");
    if (this.manner === "garbage") return response.end("[]");
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(this.#judge(sent)));
  });
  #port = 0;

  /** Starts one; only tokens that begin with `good` are of a person. */
  static async start(): Promise<Siteverify> {
    const service = new Siteverify();
    await new Promise<void>((resolve) => service.#server.listen(0, "127.0.0.1", resolve));
    const address = service.#server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    service.#port = address.port;
    return service;
  }

  /** Variables and secrets of a server that asks here. */
  get bindings() {
    return { TURNSTILE_SECRET: this.secret, TURNSTILE_URL: `http://127.0.0.1:${this.#port}/siteverify` };
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #judge(sent: URLSearchParams): object {
    const refuse = (code: string) => ({ success: false, "error-codes": [code] });
    if (sent.get("secret") !== this.secret || this.manner === "wrong-secret") return refuse("invalid-input-secret");
    const token = sent.get("response") ?? "";
    if (!token.startsWith("good")) return refuse("invalid-input-response");
    const key = sent.get("idempotency_key");
    if (this.#spent.has(token) && (key === null || this.#spent.get(token) !== key))
      return refuse("timeout-or-duplicate");
    this.#spent.set(token, key);
    const hostname = this.manner === "foreign" ? "shop.evil.example" : "127.0.0.1";
    return { success: true, hostname, action: this.manner === "other-action" ? "login" : "satchel", "error-codes": [] };
  }
}
