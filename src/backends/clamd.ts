/**
 * The protocol of clamd over any connection: commands and answers that end with NUL, a file in pieces with their length in
 * front (clamd(8), COMMANDS: `z` and `INSTREAM`). The worker and the gateway differ only in how they dial.
 */
import type { ScanVerdict } from "../core/scan.ts";
import { ByteSource } from "./byte-source.ts";
import { MAX_ANSWER_BYTES, readVerdict, readVersion } from "./clamd-answer.ts";
import { type ScanPatience, step, Unscanned, watched } from "./scan-watch.ts";
import type { ScannedFile, Scanner, ScannerState } from "./scanner.ts";

/** A connection to the daemon. What it does fails once it is closed. */
export interface Wire {
  /** The next bytes; undefined at the end. */
  read(): Promise<Uint8Array | undefined>;
  /** Resolves when there is room for more. */
  write(bytes: Uint8Array): Promise<void>;
}

/** Opens a connection, and closes it as soon as `stop` fires, whatever it is doing then. Rejects where it cannot. */
export type Dial = (stop: AbortSignal) => Promise<Wire>;

/** A daemon and how it is used. */
export interface Clamd {
  readonly dial: Dial;
  /** The daemon's `StreamMaxLength`, in bytes: a larger file is not even opened. */
  readonly maxFileSize: number;
  readonly patience: ScanPatience;
}

/** clamd as a scanner. */
export function createClamd(clamd: Clamd): Scanner {
  return {
    async scan(file, signal) {
      if (file.size > clamd.maxFileSize) return { verdict: "none", why: "too-large" };
      return watched(clamd.patience.total, signal, (stop) => scan(clamd, file, stop));
    },
    state: () => state(clamd),
  };
}

async function state(clamd: Clamd): Promise<ScannerState> {
  const stop = new AbortController();
  try {
    const version = readVersion(await ask(clamd, "VERSION", stop.signal));
    if (version === undefined) throw new Unscanned("nonsense");
    return version;
  } finally {
    stop.abort();
  }
}

/** A connection to it that is reached within the time for one step, and whose use fails as the scanner's fault. */
async function connect({ dial, patience }: Clamd, stop: AbortSignal): Promise<Wire> {
  const wire = await step(dial(stop), patience.stall);
  return {
    read: () => step(wire.read(), patience.total),
    write: (bytes) => step(wire.write(bytes), patience.stall),
  };
}

/** The answer to a command without anything more; each takes a connection, which the daemon closes after it. */
async function ask(clamd: Clamd, command: "PING" | "VERSION", stop: AbortSignal): Promise<string> {
  const wire = await connect(clamd, stop);
  await wire.write(ascii(`z${command}\0`));
  return step(readAnswer(wire), clamd.patience.stall);
}

async function scan(clamd: Clamd, file: ScannedFile, stop: AbortSignal): Promise<ScanVerdict> {
  if ((await ask(clamd, "PING", stop)) !== "PONG") throw new Unscanned("nonsense");
  const wire = await connect(clamd, stop);
  const body = await file.open();
  if (body === undefined) throw new Error("the file to be scanned is gone");
  const source = new ByteSource(body);
  // A scan that is over already hears of no abort any more.
  if (stop.aborted) source.leave(true);
  stop.addEventListener("abort", () => source.leave(true));
  const sending = { ended: false };
  const answered = readAnswer(wire);
  const sent = send(wire, source, file.size, sending).catch((error: unknown) => {
    // A daemon that closes early may have said why: its answer counts, or its silence.
    if (!(error instanceof Unscanned)) throw error;
  });
  const verdict = readVerdict(await Promise.race([answered, sent.then(() => answered)]));
  // Whoever calls a file clean before its end has not seen it.
  if (verdict.verdict === "clean" && !sending.ended) throw new Unscanned("nonsense");
  return verdict;
}

/** Sends the file piece by piece, as the daemon takes it. Fails where the file's own stream does or is not as long as it should be. */
async function send(wire: Wire, source: ByteSource, size: number, sending: { ended: boolean }): Promise<void> {
  await wire.write(ascii("zINSTREAM\0"));
  let left = size;
  for await (const piece of source.pieces()) {
    left -= piece.byteLength;
    if (left < 0) break;
    await wire.write(bigEndian(piece.byteLength));
    await wire.write(piece);
  }
  if (left !== 0) throw new Error("the file to be scanned has another size than it should");
  sending.ended = true;
  await wire.write(bigEndian(0));
}

/** One answer, without the NUL at its end: nothing may come after that. */
async function readAnswer(wire: Wire): Promise<string> {
  let answer = "";
  for (;;) {
    const bytes = await wire.read();
    if (bytes === undefined) throw new Unscanned("down");
    if (answer.length + bytes.byteLength > MAX_ANSWER_BYTES) throw new Unscanned("nonsense");
    answer += String.fromCharCode(...bytes);
    const end = answer.indexOf("\0");
    if (end >= 0 && end < answer.length - 1) throw new Unscanned("nonsense");
    if (end >= 0) return answer.slice(0, end);
  }
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function bigEndian(length: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, length);
  return bytes;
}
