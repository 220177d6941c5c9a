/** clamd over TCP out of the worker: for a daemon at a public address, and on this machine. */
import { connect } from "cloudflare:sockets";
import type { Dial } from "./clamd.ts";

/**
 * Dials with the platform's sockets. In production these reach no private address and not this machine
 * (developers.cloudflare.com/workers/runtime-apis/tcp-sockets), which is what the gateway is for.
 */
export function dialTcp(host: string, port: number): Dial {
  return async (stop) => {
    stop.throwIfAborted();
    const socket = connect({ hostname: host, port });
    // Told by the reads and writes that it ends.
    socket.closed.catch(() => {});
    const reader = socket.readable.getReader();
    const writer = socket.writable.getWriter();
    // Never `writer.abort()`, after which workerd keeps the connection until the request has ended. Closing waits for a write
    // that the daemon does not take; such a connection ends with the daemon or with the request.
    stop.addEventListener("abort", () => void socket.close().catch(() => {}));
    await socket.opened;
    return {
      read: async () => (await reader.read()).value,
      write: (bytes) => writer.write(bytes),
    };
  };
}
