/** How large a picture says that it is, read from its header alone: nothing is ever decoded (CVE-2018-21250, CVE-2021-37865). */
import type { PictureSize } from "../core/content.ts";
import type { DetectedType } from "../core/file-types.ts";
import { type BoundedReader, hasAscii, viewOf } from "./ranged-source.ts";

/** A JPEG's segments before its frame header; a crafted one could have any number of empty ones. */
const MAX_SEGMENTS = 2000;
/** Blocks before a GIF's first frame, comments and their parts among them. */
const MAX_GIF_BLOCKS = 2000;
/** The boxes of a HEIF picture that describe it; the pixels are in another box. */
const MAX_META = 512 * 1024;

type Read = (head: Uint8Array, reader: BoundedReader) => Promise<PictureSize | undefined>;

/** The formats whose size must be known; of the others browsers show none. */
const READERS: Partial<Readonly<Record<DetectedType, Read>>> = {
  png: async (head) => at(head, 24, (view) => [view.getUint32(16), view.getUint32(20)]),
  gif: (head, reader) => gifSize(head, reader),
  bmp: async (head) => bitmapSize(head),
  webp: async (head) => webpSize(head),
  jpeg: (_head, reader) => jpegSize(reader),
  heic: (_head, reader) => heifSize(reader),
  avif: (_head, reader) => heifSize(reader),
};

/** Whether pictures of this type have a size that can be read. */
export function hasPictureSize(type: DetectedType): boolean {
  return READERS[type] !== undefined;
}

/** Width and height in pixels; undefined where it is no picture, or its header does not tell within the reader's budget. */
export async function pictureSize(
  type: DetectedType,
  head: Uint8Array,
  reader: BoundedReader,
): Promise<PictureSize | undefined> {
  const size = await READERS[type]?.(head, reader);
  return size === undefined || size.width === 0 || size.height === 0 ? undefined : size;
}

function at(
  bytes: Uint8Array,
  needed: number,
  read: (view: DataView) => readonly [number, number],
): PictureSize | undefined {
  if (bytes.length < needed) return undefined;
  const [width, height] = read(viewOf(bytes));
  return { width, height };
}

/** The screen, or the first frame where that reaches beyond it: programs make room for either (GIF89a, sections 18 and 20). */
async function gifSize(head: Uint8Array, reader: BoundedReader): Promise<PictureSize | undefined> {
  const screen = at(head, 13, (view) => [view.getUint16(6, true), view.getUint16(8, true)]);
  if (screen === undefined) return undefined;
  const packed = head[10] ?? 0;
  let offset = 13 + ((packed & 0x80) === 0 ? 0 : 3 * 2 ** ((packed & 7) + 1));
  for (let block = 0; block < MAX_GIF_BLOCKS; block += 1) {
    const bytes = await reader.read(offset, 1);
    if (bytes === null || bytes[0] === 0x3b) return screen;
    if (bytes[0] === 0x2c) {
      const frame = await reader.read(offset, 9);
      return frame === null ? screen : withFrame(screen, viewOf(frame));
    }
    // An extension: its label, then blocks that tell their length, to one of none.
    offset += bytes[0] === 0x21 ? 2 : 1;
    for (let length = 1; length !== 0; block += 1) {
      const size = await reader.read(offset, 1);
      if (size === null || block >= MAX_GIF_BLOCKS) return screen;
      length = size[0] ?? 0;
      offset += 1 + length;
    }
  }
  return screen;
}

function withFrame({ width, height }: PictureSize, frame: DataView): PictureSize {
  const right = frame.getUint16(1, true) + frame.getUint16(5, true);
  const bottom = frame.getUint16(3, true) + frame.getUint16(7, true);
  return { width: Math.max(width, right), height: Math.max(height, bottom) };
}

/** The first kind of bitmap header has 16 bits for each; a negative height means that the rows begin at the top. */
function bitmapSize(head: Uint8Array): PictureSize | undefined {
  if (head.length < 26) return undefined;
  const view = viewOf(head);
  if (view.getUint32(14, true) === 12) return { width: view.getUint16(18, true), height: view.getUint16(20, true) };
  return { width: Math.abs(view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true)) };
}

/** WebP container specification: lossy (RFC 6386 section 9.1), lossless, and extended, whose canvas bounds every frame. */
function webpSize(head: Uint8Array): PictureSize | undefined {
  if (hasAscii(head, "VP8X", 12)) return at(head, 30, (view) => [1 + int24(view, 24), 1 + int24(view, 27)]);
  if (hasAscii(head, "VP8L", 12))
    return at(head, 25, (view) => [
      1 + (view.getUint32(21, true) & 0x3fff),
      1 + ((view.getUint32(21, true) >>> 14) & 0x3fff),
    ]);
  return at(head, 30, (view) => [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff]);
}

function int24(view: DataView, offset: number): number {
  return view.getUint16(offset, true) + view.getUint8(offset + 2) * 65_536;
}

/** From segment to segment to the frame header (ITU-T T.81, B.2.2); metadata before it can be long. */
async function jpegSize(reader: BoundedReader): Promise<PictureSize | undefined> {
  let offset = 2;
  for (let segment = 0; segment < MAX_SEGMENTS; segment += 1) {
    const bytes = await reader.peek(offset, 9);
    if (bytes === null || bytes[0] !== 0xff) return undefined;
    const marker = bytes[1] ?? 0;
    const view = viewOf(bytes);
    if (isFrame(marker)) return { width: view.getUint16(7), height: view.getUint16(5) };
    // The data begins, or ends, and no frame was described.
    if (marker === 0xda || marker === 0xd9) return undefined;
    offset += marker === 0xff ? 1 : 2 + view.getUint16(2);
  }
  return undefined;
}

/** SOF0 to SOF15 but for the markers of tables that lie between. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** The largest of the image sizes (`ispe`, ISO 23008-12 section 6.5.3) that the `meta` box tells: tiles are smaller than the whole. */
async function heifSize(reader: BoundedReader): Promise<PictureSize | undefined> {
  let offset = 0;
  for (let box = 0; box < 16; box += 1) {
    const header = await reader.read(offset, 8);
    if (header === null) return undefined;
    const length = viewOf(header).getUint32(0);
    if (hasAscii(header, "meta", 4)) {
      const meta = await reader.read(offset, Math.min(length, MAX_META, reader.size - offset));
      return meta === null ? undefined : largest(meta);
    }
    if (length < 8) return undefined;
    offset += length;
  }
  return undefined;
}

function largest(meta: Uint8Array): PictureSize | undefined {
  let found: PictureSize | undefined;
  for (let offset = meta.indexOf(0x69); offset >= 0; offset = meta.indexOf(0x69, offset + 1)) {
    if (!hasAscii(meta, "ispe", offset) || offset + 16 > meta.length) continue;
    const view = viewOf(meta.subarray(offset));
    const size = { width: view.getUint32(8), height: view.getUint32(12) };
    if (found === undefined || size.width * size.height > found.width * found.height) found = size;
  }
  return found;
}
