/** A socket of the API that notices when it is dead, whatever the browser thinks. */
import { PING, PING_INTERVAL_MS, PONG, SUBPROTOCOL, TOKEN_SUBPROTOCOL_PREFIX } from "../../protocol/wire.ts";
import type { Api } from "./api.ts";

/** Who is told what a socket does. */
export interface SocketListener {
  readonly opened?: () => void;
  /** A frame came; pongs are not told. */
  said(text: string): void;
  /** It is over, once: the server closed it, it broke (1006), or nothing was heard from one ping to the next (1006). */
  closed(code: number): void;
}

/** One socket. */
export interface LiveSocket {
  isOpen(): boolean;
  send(text: string): void;
  /** Ends it; nothing more is told. */
  close(): void;
}

/** Opens one. The token goes in a subprotocol; where there is none the browser's cookie speaks. */
export function openSocket({ baseUrl, token }: Api, path: string, listener: SocketListener): LiveSocket {
  const protocols = token === undefined ? [SUBPROTOCOL] : [SUBPROTOCOL, TOKEN_SUBPROTOCOL_PREFIX + token];
  const socket = new WebSocket(baseUrl.replace(/^http/, "ws") + path, protocols);
  let heard = true;
  const isOpen = () => socket.readyState === WebSocket.OPEN;
  const close = () => {
    socket.onmessage = socket.onclose = null;
    clearInterval(pings);
    socket.close(1000);
  };
  const end = (code: number) => {
    close();
    listener.closed(code);
  };
  const pings = setInterval(() => {
    if (!heard) return end(1006);
    heard = false;
    if (isOpen()) socket.send(PING);
  }, PING_INTERVAL_MS);
  socket.onopen = listener.opened ?? null;
  socket.onclose = ({ code }) => end(code);
  socket.onmessage = ({ data }) => {
    heard = true;
    if (data !== PONG) listener.said(data);
  };
  return { isOpen, close, send: (text) => socket.send(text) };
}
