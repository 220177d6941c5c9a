/** The gateway's server: a body comes in, goes on to clamd as it comes, and the verdict goes back. It holds no file. */
import { createHash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Unscanned } from "../../backends/scan-watch.ts";
import type { Scanner } from "../../backends/scanner.ts";
import { queued } from "../../backends/scanner-queue.ts";
import { GATEWAY_PATHS } from "../../protocol/scan-gateway.ts";
import { bodyOf } from "./request-body.ts";

/** How long whom is waited for, in milliseconds. */
export interface GatewayDeadlines {
  /** For the head of a request. */
  readonly headers: number;
  /** For all of a request, its body included. */
  readonly request: number;
  /** For the next piece of a body. */
  readonly silence: number;
  /** For scans in flight, when the gateway is to stop. */
  readonly stop: number;
}

/** What a gateway is made of. Sizes in bytes, times in milliseconds. */
export interface GatewayOptions {
  readonly listen: { readonly host: string; readonly port: number };
  readonly secret: string;
  readonly scanner: Scanner;
  readonly maxFileSize: number;
  readonly maxAtOnce: number;
  readonly queueDeadline: number;
  readonly deadlines: GatewayDeadlines;
}

/** A gateway that runs. */
export interface Gateway {
  readonly host: string;
  readonly port: number;
  /** Takes no more requests, lets the scans in flight end as far as there is time, and then ends. */
  stop(): Promise<void>;
}

/** Connections at once: each scan has one, and some may wait for their turn, ask for the state, or idle. */
const MAX_CONNECTIONS = 256;
/** Most that is read on of a body whose answer was given early, in milliseconds: a closed connection would take the answer with it. */
const LINGER_MS = 2000;

/** Starts one; resolves when it takes requests, rejects with the system's error where it cannot. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { listen, deadlines } = options;
  const longest = 3 * deadlines.request;
  const scanner = queued(options.scanner, { atOnce: options.maxAtOnce, deadline: options.queueDeadline, longest });
  const server = createServer({
    headersTimeout: Math.min(deadlines.headers, deadlines.request),
    requestTimeout: deadlines.request,
    connectionsCheckingInterval: Math.min(1000, deadlines.headers),
    maxHeaderSize: 8192,
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on("request", (request, response) => {
    // Else a connection whose last answer was given while we stop would idle on.
    response.on("close", () => {
      if (!server.listening) server.closeIdleConnections();
    });
    answer({ ...options, scanner }, request, response).catch(() => response.destroy());
  });
  server.listen(listen.port, listen.host);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening");
  return { host: address.address, port: address.port, stop: () => stop(server, deadlines.stop) };
}

async function stop(server: Server, deadline: number): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), deadline);
  await closed;
  clearTimeout(timer);
}

async function answer(options: GatewayOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = "", url = "" } = request;
  const [path] = url.split("?");
  if (path === GATEWAY_PATHS.health) return send(request, response, 200, { status: "ok" });
  const wanted = path === GATEWAY_PATHS.scan ? "POST" : path === GATEWAY_PATHS.state ? "GET" : undefined;
  if (wanted === undefined) return send(request, response, 404, { error: "not found" });
  if (!isSecret(request.headers.authorization, options.secret)) {
    response.setHeader("WWW-Authenticate", "Bearer");
    return send(request, response, 401, { error: "the secret is missing or wrong" });
  }
  if (method !== wanted) {
    response.setHeader("Allow", wanted);
    return send(request, response, 405, { error: `only ${wanted}` });
  }
  return wanted === "GET" ? tellState(options, request, response) : scan(options, request, response);
}

/** Compared as digests in constant time, so that neither content nor length of the secret can be measured. */
function isSecret(header: string | undefined, secret: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(header ?? ""), digest(`Bearer ${secret}`));
}

async function tellState({ scanner }: GatewayOptions, request: IncomingMessage, response: ServerResponse) {
  try {
    const { version, signaturesAt } = await scanner.state();
    const at = signaturesAt === undefined ? null : new Date(signaturesAt).toISOString();
    send(request, response, 200, { version, signaturesAt: at });
  } catch (error) {
    send(request, response, 503, { verdict: "none", why: error instanceof Unscanned ? error.why : "down" });
  }
}

async function scan(options: GatewayOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const length = request.headers["content-length"];
  // Node has checked that it is a number, and that the body is as long.
  if (length === undefined) return send(request, response, 411, { error: "Content-Length is needed" });
  const size = Number(length);
  if (size > options.maxFileSize) return send(request, response, 413, { verdict: "none", why: "too-large" });
  const left = new AbortController();
  // Nobody waits for the verdict any more: clamd need not go on.
  response.on("close", () => left.abort());
  const open = async () => bodyOf(request, options.deadlines.silence);
  const verdict = await options.scanner.scan({ size, open }, left.signal);
  if (verdict.verdict !== "none") return send(request, response, 200, verdict);
  response.setHeader("Retry-After", "10");
  send(request, response, verdict.why === "too-large" ? 413 : 503, verdict);
}

/** Answers, and reads on for a moment where the body has not come yet. */
function send(request: IncomingMessage, response: ServerResponse, status: number, body: object): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) });
  response.end(text);
  if (request.complete) return;
  request.resume();
  const timer = setTimeout(() => request.destroy(), LINGER_MS);
  request.on("close", () => clearTimeout(timer));
}
