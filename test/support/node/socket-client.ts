/** Queueing clients of the `satchel.v1` sockets, a session's and an agent's: frames are awaited one after another, never slept for. */
import { request } from "node:http";
import { type ClientFrame, type ServerFrame, ServerFrameSchema } from "../../../src/protocol/frames.ts";
import { type LobbyFrame, LobbyFrameSchema } from "../../../src/protocol/lobby.ts";
import type { Problem } from "../../../src/protocol/problem.ts";
import { SUBPROTOCOL, TOKEN_SUBPROTOCOL_PREFIX } from "../../../src/protocol/wire.ts";
import { type ApiClient, type Asking, readProblem } from "./api-client.ts";

/** A frame of one type. */
export type FrameOf<T extends ServerFrame["type"]> = Extract<ServerFrame, { type: T }>;

/** Operations that open a socket. */
export type SocketName = "openSocket" | "openServiceSocket";

/** How a socket ended. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** One open socket. Every frame the server sends is parsed by the protocol's schema. */
export class FrameSocket<F extends { readonly type: string }> {
  readonly #socket: WebSocket;
  readonly #parse: (json: unknown) => F;
  readonly #arrived: string[] = [];
  readonly #waiting: { resolve(text: string): void; reject(error: Error): void }[] = [];
  /** Resolves when the socket is closed by either side. */
  readonly closed: Promise<Closed>;

  constructor(socket: WebSocket, parse: (json: unknown) => F) {
    this.#socket = socket;
    this.#parse = parse;
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
  async next<T extends F["type"]>(type: T): Promise<Extract<F, { type: T }>> {
    for (;;) {
      const frame = this.#parse(JSON.parse(await this.nextText()));
      if (isOf(frame, type)) return frame;
      if (!this.isAside(frame)) throw new Error(`expected ${type}, got ${JSON.stringify(frame)}`);
    }
  }

  /** Whether a frame may come between any others, and is passed over where another is awaited. */
  protected isAside(_frame: F): boolean {
    return false;
  }

  /** The next frame of this type that satisfies the condition; others before it are passed over. */
  async nextOf<T extends F["type"]>(
    type: T,
    wanted: (frame: Extract<F, { type: T }>) => boolean = () => true,
  ): Promise<Extract<F, { type: T }>> {
    for (;;) {
      const frame = this.#parse(JSON.parse(await this.nextText()));
      if (isOf(frame, type) && wanted(frame)) return frame;
    }
  }

  /** Closes and waits for the other side. */
  async close(): Promise<Closed> {
    this.#socket.close(1000);
    return this.closed;
  }
}

function isOf<F extends { readonly type: string }, T extends F["type"]>(
  frame: F,
  type: T,
): frame is Extract<F, { type: T }> {
  return frame.type === type;
}

/** A socket of a session. */
export class SocketClient extends FrameSocket<ServerFrame> {
  /** Sends a frame. */
  send(frame: ClientFrame): void {
    this.sendText(JSON.stringify(frame));
  }

  /** The place in the queue is told whenever it changes. */
  protected override isAside({ type }: ServerFrame): boolean {
    return type === "queue";
  }

  /** Says hello and takes welcome and the first page of events. */
  async hello(position = 0): Promise<{ welcome: FrameOf<"welcome">; page: FrameOf<"events"> }> {
    this.send({ type: "hello", position });
    return { welcome: await this.next("welcome"), page: await this.next("events") };
  }
}

/** Opens a session's socket with the client's token as second subprotocol. Fails where the server does not upgrade. */
export function openSocket(who: ApiClient): Promise<SocketClient> {
  const parse = (json: unknown) => ServerFrameSchema.parse(json);
  return opened(who, who.address("openSocket"), (socket) => new SocketClient(socket, parse));
}

/** Opens an agent's socket to the queue of a service in the same way. */
export function openServiceSocket(who: ApiClient, service: string): Promise<FrameSocket<LobbyFrame>> {
  const url = who.address("openServiceSocket", { params: { service } });
  const parse = (json: unknown) => LobbyFrameSchema.parse(json);
  return opened(who, url, (socket) => new FrameSocket<LobbyFrame>(socket, parse));
}

async function opened<C>(who: ApiClient, url: URL, listen: (socket: WebSocket) => C): Promise<C> {
  url.protocol = "ws:";
  const socket = new WebSocket(url, [SUBPROTOCOL, `${TOKEN_SUBPROTOCOL_PREFIX}${who.token}`]);
  const client = listen(socket);
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
  name: SocketName = "openSocket",
  asking: Asking = {},
): Promise<Problem | undefined> {
  const token = who.token === undefined ? "" : `, ${TOKEN_SUBPROTOCOL_PREFIX}${who.token}`;
  const asked = request(who.address(name, asking), {
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
