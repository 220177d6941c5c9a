/** clamd behind our scan gateway: the usual form in production, since a deployed worker reaches no private address by TCP. */
import type { ScanVerdict } from "../core/scan.ts";
import { GATEWAY_PATHS, gatewayState, gatewayVerdict, MAX_GATEWAY_ANSWER } from "../protocol/scan-gateway.ts";
import { ByteSource } from "./byte-source.ts";
import { exactly, openSource, type Sending, sendForAnswer } from "./scan-sending.ts";
import { type ScanPatience, step, Unscanned, watched } from "./scan-watch.ts";
import type { ScannedFile, Scanner, ScannerState } from "./scanner.ts";

/** A gateway and how it is used. */
export interface Gateway {
  /** Without a slash at its end. */
  readonly url: string;
  readonly secret: string;
  /** Bytes; a larger file is not even opened. */
  readonly maxFileSize: number;
  readonly patience: ScanPatience;
  /** Told where the gateway does not take the secret. */
  readonly onSecretRefused: () => void;
}

/** The gateway as a scanner. It probes its clamd itself. */
export function createClamdHttp(gateway: Gateway): Scanner {
  return {
    async scan(file, signal) {
      if (file.size > gateway.maxFileSize) return { verdict: "none", why: "too-large" };
      return watched(gateway.patience.total, signal, (stop) => scan(gateway, file, stop));
    },
    async state() {
      const stop = new AbortController();
      try {
        return await state(gateway, stop.signal);
      } finally {
        stop.abort();
      }
    },
  };
}

async function state(gateway: Gateway, stop: AbortSignal): Promise<ScannerState> {
  const answer = await step(ask(gateway, GATEWAY_PATHS.state, {}, stop), gateway.patience.stall);
  const read = gatewayState.safeParse(answer.json);
  if (answer.status !== 200 || !read.success) throw new Unscanned(whyNot(gateway, answer));
  const { version, signaturesAt } = read.data;
  return { version, signaturesAt: signaturesAt === null ? undefined : Date.parse(signaturesAt) };
}

async function scan(gateway: Gateway, file: ScannedFile, stop: AbortSignal): Promise<ScanVerdict> {
  await state(gateway, stop);
  const source = await openSource(file, stop);
  // Of a known length: the gateway wants to hear it before the first byte.
  const { readable, writable } = new FixedLengthStream(file.size);
  const answered = verdict(gateway, readable, stop);
  const sending: Sending = { ended: false };
  return sendForAnswer(answered, send(gateway, source, file.size, writable, sending), sending, gateway.patience.stall);
}

async function verdict(gateway: Gateway, body: ReadableStream<Uint8Array>, stop: AbortSignal): Promise<ScanVerdict> {
  const asked = ask(gateway, GATEWAY_PATHS.scan, { method: "POST", body }, stop);
  const answer = await step(asked, gateway.patience.total);
  const read = gatewayVerdict.safeParse(answer.json);
  if (answer.status === 200 && read.success && read.data.verdict !== "none") return read.data;
  throw new Unscanned(whyNot(gateway, answer));
}

async function send(
  { patience }: Gateway,
  source: ByteSource,
  size: number,
  to: WritableStream<Uint8Array>,
  sending: Sending,
): Promise<void> {
  const writer = to.getWriter();
  writer.closed.catch(() => {});
  try {
    for await (const piece of exactly(source, size)) await step(writer.write(piece), patience.stall);
  } catch (error) {
    // Else the request would wait for the rest.
    writer.abort(error).catch(() => {});
    throw error;
  }
  sending.ended = true;
  await step(writer.close(), patience.stall);
}

/** An answer, whoever gave it; `json` is undefined where it is something else, or too long. */
interface Answer {
  readonly status: number;
  readonly json: unknown;
}

async function ask({ url, secret }: Gateway, path: string, init: RequestInit, stop: AbortSignal): Promise<Answer> {
  const headers = { Authorization: `Bearer ${secret}`, Accept: "application/json" };
  const response = await fetch(`${url}${path}`, { ...init, headers, redirect: "manual", signal: stop });
  return { status: response.status, json: await readJson(response.body) };
}

async function readJson(body: ReadableStream<Uint8Array> | null): Promise<unknown> {
  if (body === null) return undefined;
  const source = new ByteSource(body);
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of source.pieces()) {
    text += decoder.decode(piece, { stream: true });
    if (text.length <= MAX_GATEWAY_ANSWER) continue;
    source.leave(true);
    return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Why there is no verdict in an answer: in the gateway's own words, or by the status of whatever stands before it. */
function whyNot({ onSecretRefused }: Gateway, { status, json }: Answer) {
  if (status === 413) return "too-large";
  if (status === 401 || status === 403) {
    onSecretRefused();
    return "down";
  }
  if (status === 429) return "busy";
  if (status < 500) return "nonsense";
  const read = gatewayVerdict.safeParse(json);
  return read.success && read.data.verdict === "none" ? read.data.why : "down";
}
