/** What a photo tells of its place is taken out before it is sent; how it looks is not changed. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { withoutLocation } from "../../../../src/web/view/picture-metadata.ts";
import { ascii, EOI, exif, PLACE, SCAN, SOI, segment, TABLES } from "../../../support/jpegs.ts";

const fileOf = (...parts: readonly (readonly number[])[]) =>
  new File([new Uint8Array(parts.flat())], "photo.jpg", { type: "image/jpeg", lastModified: 5 });
const stripped = async (...parts: readonly (readonly number[])[]) => {
  const file = await withoutLocation(fileOf(...parts));
  return file === undefined ? undefined : [...new Uint8Array(await file.arrayBuffer())];
};
const ICC = segment(0xe2, ascii("ICC_PROFILE\0\x01\x01colours"));
const ADOBE = segment(0xee, ascii("Adobe\0\x64\0\0\0\0\x01"));
const JFIF = segment(0xe0, ascii("JFIF\0\x01\x02\0\0\x01\0\x01\0\0"));
const PICTURE = [...TABLES, ...SCAN];

/** The least Exif that turns a picture. */
const turnedBy = (orientation: number) =>
  segment(0xe1, [
    ...[...ascii("Exif\0\0MM"), 0, 42, 0, 0, 0, 8, 0, 1],
    ...[0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0],
  ]);

describe("what tells a place is taken out", () => {
  it.each([
    ["Exif, least significant byte first", exif(1, true)],
    ["Exif, most significant byte first", exif(1, false)],
    ["XMP", segment(0xe1, ascii(`http://ns.adobe.com/xap/1.0/\0<x>${PLACE}</x>`))],
    ["IPTC", segment(0xed, ascii(`Photoshop 3.0\x008BIM${PLACE}`))],
    ["an index of further pictures", segment(0xe2, ascii(`MPF\0${PLACE}`))],
    ["FlashPix", segment(0xe2, ascii(`FPXR\0${PLACE}`))],
    ["a maker's own segment", segment(0xeb, ascii(`HDR_RI${PLACE}`))],
    ["a comment", segment(0xfe, ascii(PLACE))],
  ])("%s", async (_name, told) => {
    expect(await stripped(SOI, JFIF, told, ICC, ADOBE, PICTURE, EOI)).toEqual(
      [SOI, JFIF, ICC, ADOBE, PICTURE, EOI].flat(),
    );
  });

  it("between the scans of a progressive picture too", async () => {
    const tables = segment(0xc4, [0, 1, 2]);
    const comment = segment(0xfe, ascii(PLACE));
    expect(await stripped(SOI, PICTURE, comment, tables, SCAN, exif(1, true), SCAN, EOI)).toEqual(
      [SOI, PICTURE, tables, SCAN, SCAN, EOI].flat(),
    );
  });

  it("and what follows the picture's end, such as another picture or a film", async () => {
    const another = [...SOI, ...exif(6, true), ...PICTURE, ...EOI];
    expect(await stripped(SOI, PICTURE, EOI, another, ascii(`ftypmp42${PLACE}`))).toEqual([SOI, PICTURE, EOI].flat());
  });

  it("also where fill bytes stand before a marker", async () => {
    expect(await stripped(SOI, [0xff, 0xff], exif(1, true), [0xff], PICTURE, EOI)).toEqual(
      [SOI, [0xff], PICTURE, EOI].flat(),
    );
  });

  it("of two Exif segments both", async () => {
    expect(await stripped(SOI, exif(1, true), exif(3, false), PICTURE, EOI)).toEqual(
      [SOI, turnedBy(3), PICTURE, EOI].flat(),
    );
  });
});

describe("how a picture looks stays", () => {
  it.each([2, 3, 4, 5, 6, 7, 8].flatMap((orientation) => [true, false].map((little) => ({ orientation, little }))))(
    "turned by orientation $orientation, least significant byte first: $little",
    async ({ orientation, little }) => {
      const bytes = await stripped(SOI, JFIF, exif(orientation, little), PICTURE, EOI);
      expect(bytes).toEqual([SOI, turnedBy(orientation), JFIF, PICTURE, EOI].flat());
      expect(await stripped(bytes ?? [])).toEqual(bytes);
    },
  );

  it("upright where the orientation is none of the eight, or its segment is damaged", async () => {
    expect(await stripped(SOI, exif(9, true), PICTURE, EOI)).toEqual([SOI, PICTURE, EOI].flat());
    expect(await stripped(SOI, exif(0, false), PICTURE, EOI)).toEqual([SOI, PICTURE, EOI].flat());
    const cut = segment(0xe1, exif(6, true).slice(4, 30));
    expect(await stripped(SOI, cut, PICTURE, EOI)).toEqual([SOI, PICTURE, EOI].flat());
    const astray = segment(0xe1, [...ascii("Exif\0\0II*\0"), 0xff, 0xff, 0xff, 0xff]);
    expect(await stripped(SOI, astray, PICTURE, EOI)).toEqual([SOI, PICTURE, EOI].flat());
  });
});

describe("a file", () => {
  it("keeps its name, type and time", async () => {
    const file = await withoutLocation(fileOf(SOI, exif(1, true), PICTURE, EOI));
    expect([file?.name, file?.type, file?.lastModified]).toEqual(["photo.jpg", "image/jpeg", 5]);
  });

  it("with nothing to take out is the very same", async () => {
    const bare = fileOf(SOI, JFIF, ICC, PICTURE, EOI);
    expect(await withoutLocation(bare)).toBe(bare);
  });

  it("that is no JPEG is the very same, whatever it is called", async () => {
    for (const text of ["", "\xff", "\xff\xd8", "hello", "\x89PNG\r\n\x1a\n"]) {
      const file = fileOf(ascii(text));
      expect(await withoutLocation(file)).toBe(file);
    }
  });

  it("whose picture ends without its mark loses its metadata all the same", async () => {
    expect(await stripped(SOI, exif(1, true), PICTURE)).toEqual([SOI, PICTURE].flat());
  });

  it("that ends within a segment, or has something else where one should begin, is not sent", async () => {
    expect(await stripped(SOI, exif(1, true).slice(0, -1))).toBeUndefined();
    expect(await stripped(SOI, [0xff, 0xe1])).toBeUndefined();
    expect(await stripped(SOI, [0xff, 0xe1, 0])).toBeUndefined();
    expect(await stripped(SOI, [0xff])).toBeUndefined();
    expect(await stripped(SOI, TABLES, [0x00], exif(1, true))).toBeUndefined();
    expect(await stripped(SOI, [0xff, 0x00, 1, 2])).toBeUndefined();
  });

  it("of any bytes never comes with a place in it, and is never waited for without end", async () => {
    const piece = fc.oneof(
      fc.constantFrom(JFIF, ICC, TABLES, SCAN, EOI, SOI, [0xff], segment(0xfe, ascii(PLACE))),
      fc.integer({ min: 1, max: 8 }).map((orientation) => exif(orientation, true)),
      fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 6 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        const file = fileOf(SOI, [0xff], ...pieces);
        const sent = await withoutLocation(file);
        if (sent === undefined || sent === file) return;
        expect(sent.size).toBeLessThan(file.size + turnedBy(2).length);
        const again = await withoutLocation(sent);
        expect(await again?.text()).toBe(await sent.text());
      }),
    );
  });
});
