/** A queueing client of the `satchel.v1` socket: frames are awaited one after another, never slept for. */
import { request } from "node:http";
import { type ClientFrame, type ServerFrame, ServerFrameSchema } from "../../../src/protocol/frames.ts";
import type { Problem } from "../../../src/protocol/problem.ts";
import { SUBPROTOCOL, TOKEN_SUBPROTOCOL_PREFIX } from "../../../src/protocol/wire.ts";
import { type ApiClient, readProblem } from "./api-client.ts";

/** A frame of one type. */
export type FrameOf<T extends ServerFrame["type"]> = Extract<ServerFrame, { type: T }>;

/** How a socket ended. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** One open socket. Every frame the server sends is parsed by the protocol's schema. */
export class SocketClient {
  readonly #socket: WebSocket;
  readonly #arrived: string[] = [];
  readonly #waiting: { resolve(text: string): void; reject(error: Error): void }[] = [];
  /** Resolves when the socket is closed by either side. */
  readonly closed: Promise<Closed>;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const first = this.#waiting.shift();
      if (first === undefined) this.#arrived.push(String(data));
      else first.resolve(String(data));
    });
    this.closed = new Promise((resolve) => {
      socket.addEventListener("close", ({ code, reason }) => {
        for (const { reject } of this.#waiting.splice(0)) reject(new Error(`closed with ${code} ${reason}`));
        resolve({ code, reason });
      });
    });
  }

  /** The subprotocol that the server chose. */
  get protocol(): string {
    return this.#socket.protocol;
  }

  /** Sends a frame. */
  send(frame: ClientFrame): void {
    this.sendText(JSON.stringify(frame));
  }

  /** Sends anything. */
  sendText(text: string | Uint8Array<ArrayBuffer>): void {
    this.#socket.send(text);
  }

  /** The next text that arrives, whatever it is. */
  nextText(): Promise<string> {
    const arrived = this.#arrived.shift();
    if (arrived !== undefined) return Promise.resolve(arrived);
    if (this.#socket.readyState === WebSocket.CLOSED) return Promise.reject(new Error("the socket is closed"));
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** The next frame, which must be of this type. */
  async next<T extends ServerFrame["type"]>(type: T): Promise<FrameOf<T>> {
    const frame = ServerFrameSchema.parse(JSON.parse(await this.nextText()));
    if (!isOf(frame, type)) throw new Error(`expected ${type}, got ${JSON.stringify(frame)}`);
    return frame;
  }

  /** Says hello and takes welcome and the first page of events. */
  async hello(position = 0): Promise<{ welcome: FrameOf<"welcome">; page: FrameOf<"events"> }> {
    this.send({ type: "hello", position });
    return { welcome: await this.next("welcome"), page: await this.next("events") };
  }

  /** Closes and waits for the other side. */
  async close(): Promise<Closed> {
    this.#socket.close(1000);
    return this.closed;
  }
}

function isOf<T extends ServerFrame["type"]>(frame: ServerFrame, type: T): frame is FrameOf<T> {
  return frame.type === type;
}

/** Opens a socket with the client's token as second subprotocol. Fails where the server does not upgrade. */
export async function openSocket(who: ApiClient): Promise<SocketClient> {
  const url = who.address("openSocket");
  url.protocol = "ws:";
  const socket = new WebSocket(url, [SUBPROTOCOL, `${TOKEN_SUBPROTOCOL_PREFIX}${who.token}`]);
  const client = new SocketClient(socket);
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => reject(new Error("the server did not open the socket")));
  });
  return client;
}

/** Opens a socket and says hello. */
export async function openLive(who: ApiClient, position?: number): Promise<SocketClient> {
  const socket = await openSocket(who);
  await socket.hello(position);
  return socket;
}

/** Asks for a socket in a way that must be refused; undefined where it was opened. */
export async function upgradeRefusal(
  who: ApiClient,
  headers: Readonly<Record<string, string>> = {},
): Promise<Problem | undefined> {
  const token = who.token === undefined ? "" : `, ${TOKEN_SUBPROTOCOL_PREFIX}${who.token}`;
  const asked = request(who.address("openSocket"), {
    headers: {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Protocol": `${SUBPROTOCOL}${token}`,
      ...headers,
    },
  });
  const { promise, resolve, reject } = Promise.withResolvers<Problem | undefined>();
  asked.on("error", reject);
  asked.on("upgrade", (_answer, socket) => {
    socket.destroy();
    resolve(undefined);
  });
  asked.on("response", async (answer) => {
    const pieces: Buffer[] = [];
    for await (const piece of answer) pieces.push(piece);
    const fields = Object.entries(answer.headers).map(([key, value]): [string, string] => [key, String(value)]);
    const response = new Response(Buffer.concat(pieces), { status: answer.statusCode ?? 0, headers: fields });
    readProblem(response).then(resolve, reject);
  });
  asked.end();
  return promise;
}
