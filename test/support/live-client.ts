/** Clients of sockets inside workerd, a session's and an agent's: frames are queued as they come and awaited, never slept for. */
import type { SessionPort } from "../../durable/kit/objects.ts";
import type { Principal } from "../../src/core/principal.ts";
import { type ClientFrame, type ServerFrame, ServerFrameSchema } from "../../src/protocol/frames.ts";

/** The server's side closed the socket, or answered the close. */
export interface Closed {
  readonly type: "closed";
  readonly code: number;
}

/** Frames of the server, each checked against its schema, and at last the close. */
export class FrameQueue<F extends { readonly type: string }> {
  readonly #socket: WebSocket;
  readonly #queue: (F | Closed)[] = [];
  #wake: () => void = () => {};

  constructor(socket: WebSocket, parse: (json: unknown) => F) {
    this.#socket = socket;
    socket.accept();
    socket.addEventListener("message", ({ data }) => this.#push(parse(JSON.parse(String(data)))));
    socket.addEventListener("close", ({ code }) => this.#push({ type: "closed", code }));
  }

  /** The next frame, or the close. */
  async next(): Promise<F | Closed> {
    for (;;) {
      const frame = this.#queue.shift();
      if (frame !== undefined) return frame;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next frame of a type; frames of other types before it are dropped. */
  async nextOf<T extends (F | Closed)["type"]>(type: T): Promise<Extract<F | Closed, { type: T }>> {
    for (;;) {
      const frame = await this.next();
      if (frame.type === type) return frame as Extract<F | Closed, { type: T }>;
      if (frame.type === "closed") throw new Error(`closed while waiting for ${type}: ${JSON.stringify(frame)}`);
    }
  }

  /** What has come and was not awaited yet. */
  get waiting(): readonly (F | Closed)[] {
    return this.#queue;
  }

  sendText(text: string): void {
    this.#socket.send(text);
  }

  /** Closes from the client's side, and waits until the server has answered. */
  async close(): Promise<void> {
    this.#socket.close(1000, "bye");
    await this.nextOf("closed");
  }

  #push(frame: F | Closed): void {
    this.#queue.push(frame);
    this.#wake();
  }
}

/** A socket of a session. */
export class LiveClient extends FrameQueue<ServerFrame> {
  send(frame: ClientFrame): void {
    this.sendText(JSON.stringify(frame));
  }

  /** Sends a message and waits for its acknowledgement; answers its position. */
  async say(text: string, clientId: string = crypto.randomUUID()): Promise<number> {
    this.send({ type: "message", text, clientId });
    return (await this.nextOf("ack")).position;
  }
}

/** Opens a live socket of this principal, without saying hello. */
export async function connect(port: SessionPort, principal: Principal): Promise<LiveClient> {
  const answer = await port.connect(principal, { kind: "live", after: 0, protocol: "satchel.v1" });
  if (answer.webSocket === null) throw new Error(`no socket but status ${answer.status}`);
  return new LiveClient(answer.webSocket, (json) => ServerFrameSchema.parse(json));
}

/** Opens a live socket and says hello; answers the client and the first page. */
export async function greet(port: SessionPort, principal: Principal, position = 0) {
  const client = await connect(port, principal);
  client.send({ type: "hello", position });
  const welcome = await client.nextOf("welcome");
  return { client, welcome, page: await client.nextOf("events") };
}
