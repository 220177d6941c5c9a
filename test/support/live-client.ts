/** A client of a session's socket inside workerd: frames are queued as they come and awaited, never slept for. */
import type { SessionPort } from "../../durable/kit/objects.ts";
import type { Principal } from "../../src/core/principal.ts";
import { type ClientFrame, type ServerFrame, ServerFrameSchema } from "../../src/protocol/frames.ts";

/** The server's side closed the socket, or answered the close. */
export interface Closed {
  readonly type: "closed";
  readonly code: number;
}

/** Frames of the server, each checked against its schema, and at last the close. */
export class LiveClient {
  readonly #socket: WebSocket;
  readonly #queue: (ServerFrame | Closed)[] = [];
  #wake: () => void = () => {};

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.accept();
    socket.addEventListener("message", ({ data }) => this.#push(ServerFrameSchema.parse(JSON.parse(String(data)))));
    socket.addEventListener("close", ({ code }) => this.#push({ type: "closed", code }));
  }

  /** The next frame, or the close. */
  async next(): Promise<ServerFrame | Closed> {
    for (;;) {
      const frame = this.#queue.shift();
      if (frame !== undefined) return frame;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next frame of a type; frames of other types before it are dropped. */
  async nextOf<T extends (ServerFrame | Closed)["type"]>(type: T): Promise<Extract<ServerFrame | Closed, { type: T }>> {
    for (;;) {
      const frame = await this.next();
      if (frame.type === type) return frame as Extract<ServerFrame | Closed, { type: T }>;
      if (frame.type === "closed") throw new Error(`closed with ${frame.code} while waiting for ${type}`);
    }
  }

  /** What has come and was not awaited yet. */
  get waiting(): readonly (ServerFrame | Closed)[] {
    return this.#queue;
  }

  send(frame: ClientFrame): void {
    this.#socket.send(JSON.stringify(frame));
  }

  /** Sends a message and waits for its acknowledgement; answers its position. */
  async say(text: string, clientId: string = crypto.randomUUID()): Promise<number> {
    this.send({ type: "message", text, clientId });
    return (await this.nextOf("ack")).position;
  }

  /** Closes from the client's side, and waits until the server has answered. */
  async close(): Promise<void> {
    this.#socket.close(1000, "bye");
    await this.nextOf("closed");
  }

  #push(frame: ServerFrame | Closed): void {
    this.#queue.push(frame);
    this.#wake();
  }
}

/** Opens a live socket of this principal, without saying hello. */
export async function connect(port: SessionPort, principal: Principal): Promise<LiveClient> {
  const answer = await port.connect(principal, { kind: "live", after: 0, protocol: "satchel.v1" });
  if (answer.webSocket === null) throw new Error(`no socket but status ${answer.status}`);
  return new LiveClient(answer.webSocket);
}

/** Opens a live socket and says hello; answers the client and the first page. */
export async function greet(port: SessionPort, principal: Principal, position = 0) {
  const client = await connect(port, principal);
  client.send({ type: "hello", position });
  const welcome = await client.nextOf("welcome");
  return { client, welcome, page: await client.nextOf("events") };
}
