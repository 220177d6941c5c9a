/** SHA-256 of a stream: the platform's own where there is one, and a buffering fall-back for other runtimes. */
import { toHex } from "../protocol/encoding.ts";

/** A running SHA-256. */
export interface Digest {
  /** Takes the next piece; resolves when more may come. */
  write(piece: Uint8Array): Promise<void>;
  /** Ends it: lower-case hex. */
  finish(): Promise<string>;
}

/** Starts a digest. Outside workerd, where no incremental digest is standard, the pieces are held until the end. */
export function sha256(): Digest {
  return "DigestStream" in crypto ? streaming() : buffering();
}

function streaming(): Digest {
  const stream = new crypto.DigestStream("SHA-256");
  const writer = stream.getWriter();
  stream.digest.catch(() => {});
  return {
    write: (piece) => writer.write(piece),
    async finish() {
      await writer.close();
      return toHex(new Uint8Array(await stream.digest));
    },
  };
}

function buffering(): Digest {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  return {
    async write(piece) {
      pieces.push(new Uint8Array(piece));
    },
    async finish() {
      const bytes = await new Blob(pieces).arrayBuffer();
      return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
    },
  };
}
