/** JPEGs piece by piece, for tests of what is taken out of them. They hold no picture; what reads their segments cannot tell. */

/** Bytes of a text, one each. */
export const ascii = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));

export const SOI = [0xff, 0xd8];
export const EOI = [0xff, 0xd9];

/** A segment with its marker and length (ITU-T T.81 B.1.1.4). */
export function segment(marker: number, content: readonly number[]): number[] {
  const length = content.length + 2;
  return [0xff, marker, length >> 8, length & 0xff, ...content];
}

/** A scan: its header, and entropy-coded data with stuffing and a restart in it (B.1.1.5). */
export const SCAN = [...segment(0xda, [1, 1, 0, 0, 63, 0]), 0x12, 0xff, 0x00, 0x34, 0xff, 0xd3, 0x56, 0xff, 0x00];

/** Tables and frame header, which every picture has. */
export const TABLES = [...segment(0xdb, [0, 1, 2, 3]), ...segment(0xc0, [8, 0, 1, 0, 1, 1, 1, 0x11, 0])];

/** What a test looks for afterwards. */
export const PLACE = "PLACE:52.5163,13.3777";

/** An Exif segment (CIPA DC-008) with an orientation and a place. */
export function exif(orientation: number, little: boolean): number[] {
  const short = (value: number) => (little ? [value & 0xff, value >> 8] : [value >> 8, value & 0xff]);
  const long = (value: number) => (little ? [...short(value), 0, 0] : [0, 0, ...short(value)]);
  const entries = [
    [...short(0x010f), ...short(2), ...long(4), ...ascii("Cam\0")],
    [...short(0x0112), ...short(3), ...long(1), ...short(orientation), 0, 0],
    [...short(0x8825), ...short(4), ...long(1), ...long(50)],
  ];
  const tiff = [...ascii(little ? "II" : "MM"), ...short(42), ...long(8), ...short(entries.length), ...entries.flat()];
  return segment(0xe1, [...ascii("Exif\0\0"), ...tiff, ...long(0), ...ascii(PLACE)]);
}
