/**
 * Stands in for a clamd that is unwell: it speaks the protocol and passes every probe, and does with all other files, or
 * with a ping, what a test wants. It takes what it is sent, unless it is told not to.
 */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { EICAR } from "./clamd.ts";

/** Does something to a connection at some moment of its own. */
export type Deed = (socket: Socket) => void;

/** What it does; what is absent it does as a clamd that is well would. */
export interface Behaviour {
  /** On a connection, before anything is read. */
  readonly connected?: Deed;
  /** In place of the answer to a ping. */
  readonly pinged?: Deed;
  /** When the first piece of a file has come; the rest is read on, unless the deed pauses the connection. */
  readonly begun?: Deed;
  /** In place of the answer to a file. */
  readonly scanned?: Deed;
}

/** A stand-in that listens. */
export interface StandIn {
  readonly port: number;
  /** Files that it was sent to their ends, probes aside. */
  readonly files: number;
  /** Resolves once the other side has closed every connection; rejects where it has not done so after a while. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

/** Connections that nobody needs are closed at once, and not only when something runs out or ends. */
const PATIENCE_MS = 3000;

/** Writes an answer with its NUL and ends, as clamd does. */
export function say(answer: string): Deed {
  return (socket) => socket.end(`${answer}\0`);
}

/** Does nothing, for ever. */
export const hang: Deed = () => {};
/** Ends without a word. */
export const close: Deed = (socket) => socket.end();
/** Breaks off without even that (RST). */
export const reset: Deed = (socket) => socket.resetAndDestroy();
/** Reads no more, and says nothing. */
export const stopReading: Deed = (socket) => socket.pause();

/** Starts one on a free port. */
export async function startStandIn(behaviour: Behaviour): Promise<StandIn> {
  const open = new Set<Socket>();
  const waiting = new Set<() => void>();
  let files = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.on("error", () => {});
    socket.on("end", () => socket.end());
    socket.on("close", () => {
      open.delete(socket);
      if (open.size === 0) for (const heard of waiting) heard();
    });
    behaviour.connected?.(socket);
    const conversation = new Conversation(socket, behaviour, () => {
      files += 1;
    });
    socket.on("data", (bytes: Buffer) => conversation.hear(bytes));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening");
  return {
    port: address.port,
    get files() {
      return files;
    },
    idle: () =>
      new Promise((resolve, reject) => {
        if (open.size === 0) resolve();
        waiting.add(resolve);
        setTimeout(() => reject(new Error(`${open.size} connections are still open`)), PATIENCE_MS).unref();
        // Whoever does not read does not see the end either.
        for (const socket of open) socket.resume();
      }),
    async stop() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** One connection: a command, and for `INSTREAM` the pieces after it. */
class Conversation {
  readonly #socket: Socket;
  readonly #behaviour: Behaviour;
  readonly #onFile: () => void;
  #bytes = Buffer.alloc(0);
  #streaming = false;
  /** First bytes of the file. */
  #head = "";
  /** Bytes of the piece that are still to come. */
  #left = 0;

  constructor(socket: Socket, behaviour: Behaviour, onFile: () => void) {
    this.#socket = socket;
    this.#behaviour = behaviour;
    this.#onFile = onFile;
  }

  hear(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    if (!this.#streaming) this.#command();
    if (this.#streaming) this.#pieces();
  }

  #command(): void {
    const end = this.#bytes.indexOf(0);
    if (end < 0) return;
    const command = this.#bytes.toString("latin1", 0, end);
    this.#bytes = this.#bytes.subarray(end + 1);
    if (command === "zINSTREAM") this.#streaming = true;
    else if (command === "zPING") (this.#behaviour.pinged ?? say("PONG"))(this.#socket);
    else say(command === "zVERSION" ? "ClamAV 0.0.0" : "UNKNOWN COMMAND")(this.#socket);
  }

  #pieces(): void {
    for (;;) {
      const taken = Math.min(this.#left, this.#bytes.length);
      this.#take(this.#bytes.subarray(0, taken));
      this.#bytes = this.#bytes.subarray(taken);
      this.#left -= taken;
      if (this.#left > 0 || this.#bytes.length < 4) return;
      this.#left = this.#bytes.readUInt32BE(0);
      this.#bytes = this.#bytes.subarray(4);
      if (this.#left === 0) return this.#ended();
    }
  }

  #take(bytes: Buffer): void {
    if (bytes.length === 0 || this.#head.length >= 2) return;
    this.#head += bytes.toString("latin1", 0, 16);
    if (this.#head.length >= 2 && this.#probe() === undefined) this.#behaviour.begun?.(this.#socket);
  }

  #ended(): void {
    const probe = this.#probe();
    if (probe !== undefined) return say(probe)(this.#socket);
    this.#onFile();
    (this.#behaviour.scanned ?? say("stream: OK"))(this.#socket);
  }

  /** What the two files of a probe are answered. */
  #probe(): string | undefined {
    if (EICAR.startsWith(this.#head) && this.#head !== "") return "stream: Eicar-Test-Signature FOUND";
    return this.#head.startsWith("\x1f\x8b") ? "stream: Heuristics.Limits.Exceeded.MaxRecursion FOUND" : undefined;
  }
}
