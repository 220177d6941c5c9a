/** Runs the mail transports inside workerd for tests in Node, with the test CA trusted and mails of the binding caught. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { bundleWorker } from "./bundle-worker.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
const CA = join(ROOT, "test/support/tls/ca.pem");

/** A mail to send. Without `url` it goes to the `send_email` binding. Times in milliseconds. */
export interface MailOrder {
  url?: string;
  from?: string;
  to?: string;
  raw: Uint8Array | string;
  deadline?: number;
  abortAfter?: number;
}

/** The mailer's answer as it came over HTTP. */
export interface MailAnswer {
  ok: boolean;
  reply?: string;
  permanent?: boolean;
  reason?: string;
  detail?: string;
}

/** The transports in workerd. */
export interface MailerRuntime {
  send(order: MailOrder): Promise<MailAnswer>;
  /** The next mail that the local `send_email` binding stored, in order. */
  nextBindingMail(): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Bundles the test worker with wrangler and starts it. Must run before anything else imports miniflare. */
export async function startMailerRuntime(): Promise<MailerRuntime> {
  // miniflare reads this once, on import, and hands it to workerd as trusted certificates beside the usual ones.
  process.env.NODE_EXTRA_CA_CERTS = CA;
  const { Miniflare, Log, LogLevel, convertV4MiniflareOptions } = await import("miniflare");
  const stored = new Queue<string>();
  class MailLog extends Log {
    override logWithLevel(_level: number, message: string): void {
      const path = /^Email: (.+)$/m.exec(message)?.[1];
      if (path !== undefined) stored.push(path);
    }
  }
  const options = convertV4MiniflareOptions({
    name: "mailer-test",
    compatibilityDate: "2026-10-20",
    cf: false,
    email: { send_email: [{ name: "EMAIL" }] },
    modules: [{ type: "ESModule", path: "index.js", contents: await bundleWorker("mailer-worker") }],
  });
  const miniflare = new Miniflare({ ...options, log: new MailLog(LogLevel.INFO), logRequests: false });
  await miniflare.ready;
  return {
    async send({ from = "chat@example.com", to = "customer@example.com", raw, ...rest }) {
      const body = JSON.stringify({ from, to, raw: Buffer.from(raw).toString("base64"), ...rest });
      const response = await miniflare.dispatchFetch("http://mailer/", { method: "POST", body });
      const text = await response.text();
      if (!response.ok) throw new Error(`the mailer threw: ${text}`);
      return JSON.parse(text) as MailAnswer;
    },
    nextBindingMail: async () => readFile(await stored.next()),
    close: () => miniflare.dispose(),
  };
}

/** What comes in one by one and is waited for one by one. */
export class Queue<T> {
  #items: T[] = [];
  #waiting: ((item: T) => void)[] = [];

  push(item: T): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#items.push(item);
    else waiting(item);
  }

  next(): Promise<T> {
    const item = this.#items.shift();
    return item === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(item);
  }
}
