/** Requests as no page and no `fetch` would send them: paths that nobody tidied, and any host's name. */
import { once } from "node:events";
import { request } from "node:http";
import { connect, type Socket } from "node:net";

/** The status for a path exactly as it is written; `Host` may be any. */
export function statusOf(
  url: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  method = "GET",
  body = "",
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const { hostname, port } = new URL(url);
  const asked = request({ hostname, port, path, method, headers }, (answer) => {
    answer.resume();
    resolve(answer.statusCode ?? 0);
  });
  asked.on("error", reject).end(body);
  return promise;
}

/** What came back on a raw connection: the status line's number, and the body as bytes of Latin-1. */
export interface RawAnswer {
  readonly status: number;
  readonly body: string;
}

/** A connection on which a test writes HTTP by hand, right or wrong, and says when to stop. */
export class RawConnection {
  readonly #socket: Socket;
  #received = "";
  /** Resolves when the other side has closed the connection or cut it off. */
  readonly closed: Promise<void>;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    this.#socket.setEncoding("latin1").on("data", (text: string) => {
      this.#received += text;
    });
    // A server that has answered may cut off who goes on writing: that is an end like any other.
    this.#socket.on("error", () => {});
    this.closed = new Promise((resolve) => {
      for (const event of ["end", "close"] as const) this.#socket.once(event, () => resolve());
    });
  }

  /** Sends bytes; resolves with false where nobody takes them any more. */
  write(bytes: string | Uint8Array): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.#socket.destroyed) resolve(false);
      else this.#socket.write(bytes, (error) => resolve(!error));
    });
  }

  /** The first whole answer; fails where the connection ends without one. */
  async answer(): Promise<RawAnswer> {
    for (;;) {
      const [head = "", ...rest] = this.#received.split("\r\n\r\n");
      const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? Number.NaN);
      const body = rest.join("\r\n\r\n");
      if (rest.length > 0 && body.length >= length) {
        return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]), body: body.slice(0, length) };
      }
      if (this.#socket.readableEnded || this.#socket.destroyed) throw new Error("the connection ended unanswered");
      await Promise.race([once(this.#socket, "data"), this.closed]);
    }
  }

  /** Says that nothing more comes, and still listens. */
  finish(): void {
    this.#socket.end();
  }

  /** Goes away. */
  leave(): void {
    this.#socket.destroy();
  }
}
