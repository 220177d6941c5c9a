/** Dials clamd with Node's sockets, for the gateway. */
import { once } from "node:events";
import { connect } from "node:net";
import type { Dial } from "../../backends/clamd.ts";
import type { ClamdAddress } from "./settings.ts";

/** A connection by TCP or to a socket of this machine. */
export function dialNode(to: ClamdAddress): Dial {
  return async (stop) => {
    stop.throwIfAborted();
    const socket = connect(to);
    // Errors are told by the reads and writes that they end.
    socket.on("error", () => {});
    stop.addEventListener("abort", () => socket.destroy());
    await once(socket, "connect");
    const pieces: AsyncIterator<Buffer> = socket.iterator({ destroyOnReturn: false });
    return {
      async read() {
        const { done, value } = await pieces.next();
        return done ? undefined : value;
      },
      write: (bytes) =>
        new Promise((resolve, reject) => {
          socket.write(bytes, (error) => (error ? reject(error) : resolve()));
        }),
    };
  };
}
