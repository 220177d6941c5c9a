/** Takes out of a JPEG what tells where it was taken, before it is sent. */

/** Markers (ITU-T T.81, table B.1). */
const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const APP0 = 0xe0;
const APP1 = 0xe1;
const APP2 = 0xe2;
const APP14 = 0xee;
const APP15 = 0xef;
const COM = 0xfe;
/** What an Exif segment begins with: "Exif". */
const EXIF = 0x45786966;

/**
 * The same picture without its metadata: Exif and XMP (APP1), IPTC (APP13), comments, and whatever follows the picture's end, where
 * motion photos and multi-picture files (CIPA DC-007) keep further pictures with an Exif of their own. How the picture is turned
 * (Exif orientation, CIPA DC-008 4.6.4) and its colours (ICC profile, Adobe's APP14) stay.
 * What is no JPEG, or has nothing to take out, is given back as it is. Undefined: a JPEG that cannot be read, and is better not sent.
 */
export async function withoutLocation(file: File): Promise<File | undefined> {
  const head = new Uint8Array(await file.slice(0, 3).arrayBuffer());
  if (head[0] !== 0xff || head[1] !== SOI || head[2] !== 0xff) return file;
  try {
    return stripped(file, new Uint8Array(await file.arrayBuffer()));
  } catch {
    // It ends within a segment, or cannot be read at all.
    return undefined;
  }
}

/** Throws where the file ends too early; undefined where it is no JPEG after all. */
function stripped(file: File, bytes: Uint8Array<ArrayBuffer>): File | undefined {
  const view = new DataView(bytes.buffer);
  const kept = [bytes.subarray(0, 2)];
  let size = 2;
  let turned = 1;
  let at = 2;
  for (let marker = 0; marker !== EOI && at < bytes.length; ) {
    const from = at;
    // Any number of fill bytes may stand before a marker (T.81 B.1.1.2).
    while (bytes[at] === 0xff) at += 1;
    if (at === from) return undefined;
    marker = view.getUint8(at);
    at += 1;
    const content = at + 2;
    if (!standsAlone(marker)) at += view.getUint16(at);
    if (marker === 0 || at > bytes.length) return undefined;
    if (marker === APP1 && turned === 1) turned = orientationIn(new DataView(bytes.buffer, content, at - content));
    while (marker === SOS && at < bytes.length && !endsScan(bytes[at], bytes[at + 1])) at += 1;
    if (!isKept(marker, bytes.subarray(content, at))) continue;
    kept.push(bytes.subarray(from, at));
    size += at - from;
  }
  if (size === bytes.length) return file;
  if (turned !== 1) kept.splice(1, 0, exifOf(turned));
  return new File(kept, file.name, file);
}

/** Markers without a length (T.81 B.1.1.4): the picture's ends, restarts and TEM. */
function standsAlone(marker: number): boolean {
  return marker === 0x01 || (marker >= 0xd0 && marker <= EOI);
}

/** Entropy-coded data ends at a marker that is neither stuffing nor a restart (T.81 B.1.1.5). */
function endsScan(first = 0, second = 0): boolean {
  return first === 0xff && second !== 0 && second !== 0xff && (second < 0xd0 || second > 0xd7);
}

function isKept(marker: number, segment: Uint8Array): boolean {
  if (marker === APP2) return String.fromCharCode(...segment.subarray(0, 11)) === "ICC_PROFILE";
  return marker !== COM && (marker <= APP0 || marker === APP14 || marker > APP15);
}

/** The orientation that an Exif segment tells, 1 to 8; 1 where it tells none. */
function orientationIn(exif: DataView): number {
  try {
    if (exif.getUint32(0) !== EXIF) return 1;
    const little = exif.getUint16(6) === 0x4949;
    let entry = exif.getUint32(10, little) + 8;
    for (let left = exif.getUint16(entry - 2, little); left > 0; left -= 1) {
      const turned = exif.getUint16(entry + 8, little);
      if (exif.getUint16(entry, little) === 0x0112 && turned <= 8) return turned || 1;
      entry += 12;
    }
  } catch {
    // It ends where it says that more follows.
  }
  return 1;
}

/** The least Exif there can be: one directory with the orientation. */
function exifOf(turned: number): Uint8Array<ArrayBuffer> {
  const tiff = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, turned, 0, 0, 0, 0, 0, 0];
  const content = [0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff];
  return new Uint8Array([0xff, APP1, 0, content.length + 2, ...content]);
}
