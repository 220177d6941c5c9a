/** The few large buffers an isolate lends to uploads whose size nobody knows: memory is 128 MB for all requests together. */
import { PART_BYTES } from "../backends/documents.ts";

/** Most buffers lent at once, `PART_BYTES` each; one more upload is told to come back. */
export const MAX_PART_BUFFERS = 8;

/** Lends buffers and knows how many are out. */
export class PartBuffers {
  #lent = 0;

  /** A buffer and the way to give it back; undefined where all are lent. */
  borrow(): { readonly bytes: Uint8Array<ArrayBuffer>; readonly giveBack: () => void } | undefined {
    if (this.#lent >= MAX_PART_BUFFERS) return undefined;
    this.#lent += 1;
    let out = true;
    const giveBack = () => {
      if (out) this.#lent -= 1;
      out = false;
    };
    return { bytes: new Uint8Array(PART_BYTES), giveBack };
  }
}
