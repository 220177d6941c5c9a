/** Uploads of any size whose bytes are made while they are sent, with back-pressure, so that the sender's memory stays small. */
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { textOf } from "./chats.ts";

const PIECE = textOf(1024 * 1024);
const BOUNDARY = "----satchel";

/** What `formPieces` needs beside an address. */
export const FORM_HEADERS = { "Content-Type": `multipart/form-data; boundary=${BOUNDARY}` };

/** A request to send: where, with which headers, and the bytes. */
export interface Sending {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly pieces: Iterable<Uint8Array>;
}

/** A raw body of `size` bytes of text, with its length. */
export function rawBody(url: URL, headers: Readonly<Record<string, string>>, size: number): Sending {
  return { url, headers: { ...headers, "Content-Length": String(size) }, pieces: textPieces(size) };
}

/** A form with one file of `size` bytes of text, whose length the server is not told. */
export function formBody(url: URL, headers: Readonly<Record<string, string>>, name: string, size: number): Sending {
  return { url, headers: { ...headers, ...FORM_HEADERS }, pieces: formPieces(name, textPieces(size)) };
}

/** A form with one file: the head, the file's own pieces, the end. */
export function* formPieces(name: string, content: Iterable<Uint8Array>): Generator<Uint8Array> {
  yield Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\n`);
  yield* content;
  yield Buffer.from(`\r\n--${BOUNDARY}--\r\n`);
}

/**
 * Sends it on a connection of its own: a server that refuses early closes the connection, and no other request shall find
 * a closed one. What was answered counts, also where the server did not read everything. @returns status and body.
 */
export async function sendStream({ url, headers, pieces }: Sending): Promise<{ status: number; body: string }> {
  const outgoing = request(url, { method: "POST", headers, agent: false });
  const answered = answerOf(outgoing);
  const source = Readable.from(pieces, { objectMode: false, highWaterMark: PIECE.length });
  pipeline(source, outgoing).catch(() => {});
  const answer = await answered;
  return { status: answer.statusCode ?? 0, body: await text(answer) };
}

function answerOf(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once("response", resolve);
    outgoing.once("error", reject);
  });
}

function* textPieces(size: number): Generator<Uint8Array> {
  for (let at = 0; at < size; at += PIECE.length) yield PIECE.subarray(0, size - at);
}
