/** Sockets of an object: who is connected, kept in attachments so that hibernation loses nothing. */
import type { Principal } from "../../src/core/principal.ts";
import { CLOSE } from "../../src/protocol/wire.ts";

/** What an accepted socket carries; at most 16 KiB serialised, so identity and state only. */
export interface Attachment {
  /** `live` is the native protocol; `poll` waits for one answer and is closed with it. */
  readonly kind: "live" | "poll";
  readonly principal: Principal;
  readonly reader: "customer" | "agent";
  /** True once the client said hello for the first time. */
  readonly welcomed: boolean;
  /** True once the client has every event so far, and is told what comes next as it happens. */
  readonly greeted: boolean;
  /** A poll: the position after which events are news. */
  readonly after?: number;
}

const NOT_SENDABLE: readonly number[] = [1005, 1006, 1015];
const MAX_REASON_BYTES = 123;

/** The attachment of a socket this object accepted. */
export function attachmentOf(socket: WebSocket): Attachment {
  return socket.deserializeAttachment() as Attachment;
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
