/**
 * The protocol of clamd over any connection: commands and answers that end with NUL, a file in pieces with their length in
 * front (clamd(8), COMMANDS: `z` and `INSTREAM`). The worker and the gateway differ only in how they dial.
 */
import type { ScanVerdict } from "../core/scan.ts";
import type { ByteSource } from "./byte-source.ts";
import { MAX_ANSWER_BYTES, readVerdict, readVersion } from "./clamd-answer.ts";
import { exactly, openSource, type Sending, sendForAnswer } from "./scan-sending.ts";
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
  const source = await openSource(file, stop);
  const sending: Sending = { ended: false };
  const answered = readAnswer(wire).then(readVerdict);
  try {
    return await sendForAnswer(answered, send(wire, source, file.size, sending), sending, clamd.patience.stall);
  } catch (error) {
    const brokeOff = error instanceof Unscanned && error.why === "down";
    if (brokeOff && (await isTooLarge(clamd, file.size, stop))) return { verdict: "none", why: "too-large" };
    throw error;
  }
}

/**
 * Whether the daemon refuses a file of this size. It closes on one that grows over its limit, and a connection that is closed
 * with bytes unread is reset, whereby its answer may be lost (RFC 1122 section 4.2.2.13). So it is asked once more, with the
 * whole length and no byte: it refuses that at once, and says nothing otherwise.
 */
async function isTooLarge(clamd: Clamd, size: number, stop: AbortSignal): Promise<boolean> {
  try {
    const wire = await connect(clamd, stop);
    await wire.write(ascii("zINSTREAM\0"));
    await wire.write(bigEndian(size));
    const verdict = readVerdict(await step(readAnswer(wire), clamd.patience.stall / 10));
    return verdict.verdict === "none" && verdict.why === "too-large";
  } catch {
    return false;
  }
}

/** Sends the file piece by piece, as the daemon takes it. */
async function send(wire: Wire, source: ByteSource, size: number, sending: Sending): Promise<void> {
  await wire.write(ascii("zINSTREAM\0"));
  for await (const piece of exactly(source, size)) {
    await wire.write(bigEndian(piece.byteLength));
    await wire.write(piece);
  }
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
