/** Makes multipart bodies for tests: a plain reference encoder, and streams that deliver bytes in chosen pieces. */

/** A part as a test writes it. */
export interface WrittenPart {
  readonly name: string;
  readonly fileName?: string | undefined;
  readonly contentType?: string | undefined;
  readonly content: Uint8Array | string;
}

const encoder = new TextEncoder();

/** Text as UTF-8; bytes as they are. */
export function bytesOf(content: Uint8Array | string): Uint8Array {
  return typeof content === "string" ? encoder.encode(content) : content;
}

/** The pieces in one. */
export function joined(pieces: readonly (Uint8Array | string)[]): Uint8Array {
  const all = pieces.map(bytesOf);
  const whole = new Uint8Array(all.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of all) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function quoted(name: string): string {
  return `"${name.replaceAll("\r", "%0D").replaceAll("\n", "%0A").replaceAll('"', "%22")}"`;
}

/** A multipart/form-data body as browsers write it (WHATWG HTML, multipart/form-data encoding algorithm). */
export function encodeMultipart(boundary: string, parts: readonly WrittenPart[]): Uint8Array {
  const pieces = parts.flatMap((part) => [
    `--${boundary}\r\nContent-Disposition: form-data; name=${quoted(part.name)}`,
    part.fileName === undefined ? "" : `; filename=${quoted(part.fileName)}`,
    part.contentType === undefined ? "" : `\r\nContent-Type: ${part.contentType}`,
    "\r\n\r\n",
    part.content,
    "\r\n",
  ]);
  return joined([...pieces, `--${boundary}--\r\n`]);
}

/** A body that gives these pieces, one for each time it is asked, and nothing ahead of that. */
export function streamOf(pieces: Iterable<Uint8Array>, onCancel: () => void = () => {}): ReadableStream<Uint8Array> {
  const rest = pieces[Symbol.iterator]();
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const { done, value } = rest.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel: onCancel,
    },
    { highWaterMark: 0 },
  );
}

/** The bytes cut at the given places; places outside and repeated ones do no harm. */
export function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const inside = places.filter((place) => place > 0 && place < bytes.length).sort((a, b) => a - b);
  const edges = [0, ...inside, bytes.length];
  return edges.slice(1).map((end, index) => bytes.subarray(edges[index], end));
}

/** One byte at a time. */
export function* singly(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at++) yield bytes.subarray(at, at + 1);
}
