/** Bytes in memory as type detection sees a stored object. */
import { HEAD_BYTES, TAIL_BYTES, type TypeSource } from "../../src/backends/file-type.ts";

/** How often and how much was read in ranges. */
export interface Reads {
  count: number;
  bytes: number;
}

/** The bytes as a stored object whose ranged reads are counted in `reads`. */
export function stored(bytes: Uint8Array, reads: Reads = { count: 0, bytes: 0 }): TypeSource {
  return {
    head: bytes.slice(0, HEAD_BYTES),
    tail: bytes.slice(Math.max(0, bytes.length - TAIL_BYTES)),
    size: bytes.length,
    readAt: (offset, length) => {
      reads.count += 1;
      reads.bytes += length;
      return Promise.resolve(bytes.slice(offset, offset + length));
    },
  };
}
