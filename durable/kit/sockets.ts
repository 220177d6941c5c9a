/** Sockets of an object: who is connected, kept in attachments so that hibernation loses nothing. */
import { isExpired, type Principal, tokenEnd } from "../../src/core/principal.ts";
import { CLOSE } from "../../src/protocol/wire.ts";
import { PRINCIPAL_HEADER } from "./objects.ts";

/** What every accepted socket carries; at most 16 KiB serialised, so identity and state only. */
export interface Carried {
  readonly principal: Principal;
}

/** What a session's socket carries. */
export interface Attachment extends Carried {
  /** `live` is the native protocol; `poll` waits for one answer and is closed with it. */
  readonly kind: "live" | "poll";
  readonly reader: "customer" | "agent";
  /** True once the client said hello for the first time. */
  readonly welcomed: boolean;
  /** True once the client has every event so far, and is told what comes next as it happens. */
  readonly greeted: boolean;
  /** When it was opened, in milliseconds since the epoch. */
  readonly openedAt: number;
  /** A poll: the position after which events are news. */
  readonly after?: number;
}

const NOT_SENDABLE: readonly number[] = [1005, 1006, 1015];
const MAX_REASON_BYTES = 123;

/** The attachment of a socket this object accepted; what it is, is what the object itself put there. */
export function attachmentOf<A extends Carried = Attachment>(socket: WebSocket): A {
  return socket.deserializeAttachment() as A;
}

/** Who asks for a socket: the edge has verified them, and nothing from outside reaches an object with this header. */
export function readPrincipal<P extends Principal = Principal>({ headers }: Request): P {
  return JSON.parse(decodeURIComponent(headers.get(PRINCIPAL_HEADER) ?? "null")) as P;
}

/** Accepts a socket that hibernates, with what it carries; `protocol` is the one that is answered, if any. */
export function acceptSocket(
  ctx: DurableObjectState,
  carried: Carried,
  protocol: string | null,
): { readonly socket: WebSocket; readonly answer: Response } {
  const { 0: client, 1: socket } = new WebSocketPair();
  ctx.acceptWebSocket(socket);
  socket.serializeAttachment(carried);
  const headers: HeadersInit = protocol === null ? {} : { "Sec-WebSocket-Protocol": protocol };
  return { socket, answer: new Response(null, { status: 101, webSocket: client, headers }) };
}

/** Sockets that are neither closed nor closing. */
export function openSockets(ctx: DurableObjectState): WebSocket[] {
  return ctx.getWebSockets().filter(({ readyState }) => readyState === WebSocket.OPEN);
}

/** Closes the sockets whose token has ended, and answers them. */
export function closeExpired(ctx: DurableObjectState, now: number): WebSocket[] {
  const expired = openSockets(ctx).filter((socket) => isExpired(attachmentOf<Carried>(socket).principal, now));
  for (const socket of expired) tryClose(socket, CLOSE.unauthorized, "token expired");
  return expired;
}

/** When the first token of an open socket ends, in milliseconds since the epoch; undefined where none does. */
export function firstTokenEnd(ctx: DurableObjectState): number | undefined {
  const ends = openSockets(ctx).flatMap((socket) => tokenEnd(attachmentOf<Carried>(socket).principal) ?? []);
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/** Sends, unless the socket is gone: `getWebSockets` may hold closing and dead ones. */
export function trySend(socket: WebSocket, text: string): void {
  if (socket.readyState !== WebSocket.OPEN) return;
  try {
    socket.send(text);
  } catch {
    // The close handler of this socket does what is left to do.
  }
}

/** Closes, with a code that may be sent and a reason of at most 123 bytes (RFC 6455 section 5.5). */
export function tryClose(socket: WebSocket, code: number, reason: string): void {
  const fitting = new TextEncoder().encode(reason).length <= MAX_REASON_BYTES ? reason : "";
  try {
    socket.close(NOT_SENDABLE.includes(code) ? 1000 : code, fitting);
  } catch {
    // Closed already.
  }
}

/**
 * True while the socket shows signs of life: open, and where its client ever pinged, pinged within `quietMs`. The
 * platform answers pings and keeps their times without waking the object.
 */
export function isAlive(ctx: DurableObjectState, socket: WebSocket, now: number, quietMs: number): boolean {
  if (socket.readyState !== WebSocket.OPEN) return false;
  const pinged = ctx.getWebSocketAutoResponseTimestamp(socket);
  return pinged === null || now - pinged.getTime() <= quietMs;
}

/** Closes every socket of an object. */
export function closeAll(ctx: DurableObjectState, code: number = CLOSE.unknownSession, reason = "erased"): void {
  for (const socket of ctx.getWebSockets()) tryClose(socket, code, reason);
}
