/** A network between a client and a server that starts again on other ports: one address, which can be cut and joined. */
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll } from "vitest";

/** The network while it is there. */
export interface Network {
  /** Where clients reach the server, whatever port it has now. */
  readonly url: string;
  /** Ends every connection, and takes no other until `join`. */
  cut(): void;
  join(): void;
  /** From now on passes requests but no sockets, as some proxies do. */
  refuseSockets(): void;
}

/** Lays a network to a server for the tests of a file. */
export function useNetwork(server: () => { readonly url: string }): () => Network {
  const open = new Set<Socket>();
  let whole = true;
  let sockets = true;
  let listening: Server | undefined;
  const cut = () => {
    whole = false;
    for (const socket of open) socket.destroy();
  };
  beforeAll(async () => {
    listening = createServer((near) => {
      if (!whole) return void near.destroy();
      near.prependOnceListener("data", (head) => {
        if (!sockets && /^upgrade: websocket/im.test(head.toString("latin1"))) near.destroy();
      });
      const far = connect(Number(new URL(server().url).port), "127.0.0.1");
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        open.add(one);
        one.on("close", () => {
          open.delete(one);
          // What is still on its way to the other side arrives.
          other.end();
        });
        one.on("error", () => {});
        one.pipe(other);
      }
    });
    await new Promise<void>((resolve) => listening?.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => {
    cut();
    listening?.close();
  });
  return () => {
    const address = listening?.address();
    if (address === null || typeof address !== "object") throw new Error("the network is there inside tests only");
    return {
      url: `http://127.0.0.1:${address.port}`,
      cut,
      join() {
        whole = true;
      },
      refuseSockets() {
        sockets = false;
        for (const socket of open) socket.destroy();
      },
    };
  };
}
