/** Frames of a session's sockets: read one at a time, answered on the spot where they are wrong. */
import type { Named } from "../../src/core/chat.ts";
import { toProblem } from "../../src/core/problem.ts";
import type { Refusal } from "../../src/core/refusal.ts";
import { type ClientFrame, ClientFrameSchema, type ServerFrame } from "../../src/protocol/frames.ts";
import { CLOSE, MAX_FRAME_LENGTH } from "../../src/protocol/wire.ts";
import { tryClose, trySend } from "../kit/sockets.ts";

/** Commands that may come over a socket. */
export type SocketCommand = Named<"SendMessage"> | Named<"SetTyping"> | Named<"MarkRead">;

/** Sends a frame, unless the socket is gone. */
export function send(socket: WebSocket, frame: ServerFrame): void {
  trySend(socket, JSON.stringify(frame));
}

/** Answers a frame that was refused. */
export function refused(socket: WebSocket, refusal: Refusal, clientId: { clientId?: string }): void {
  send(socket, { type: "refused", ...clientId, problem: toProblem(refusal) });
}

/** A frame, or undefined after the client was told what is wrong with it. */
export function parseFrame(socket: WebSocket, data: string | ArrayBuffer): ClientFrame | undefined {
  if (typeof data !== "string") {
    tryClose(socket, CLOSE.badFrame, "frames are JSON text");
    return undefined;
  }
  if (data.length > MAX_FRAME_LENGTH) {
    tryClose(socket, CLOSE.tooLarge, "the frame is too large");
    return undefined;
  }
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch {
    tryClose(socket, CLOSE.badFrame, "frames are JSON text");
    return undefined;
  }
  const parsed = ClientFrameSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map(({ path, message }) => ({
    field: path.join(".") || "frame",
    problem: message,
  }));
  const { clientId } = (typeof json === "object" && json !== null ? json : {}) as { clientId?: unknown };
  refused(socket, { reason: "bad-request", fields }, typeof clientId === "string" ? { clientId } : {});
  return undefined;
}

/** The command that a frame asks for. */
export function toCommand(frame: Exclude<ClientFrame, { type: "hello" }>): SocketCommand {
  switch (frame.type) {
    case "message": {
      const { text, clientId, messageType, visibility = "all" } = frame;
      return { type: "SendMessage", text, clientId, visibility, ...(messageType === undefined ? {} : { messageType }) };
    }
    case "typing": {
      const { typing, preview } = frame;
      return { type: "SetTyping", typing, ...(preview === undefined ? {} : { preview }) };
    }
    case "read":
      return { type: "MarkRead", position: frame.position };
  }
}
