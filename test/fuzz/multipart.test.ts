/** Multipart bodies, mutated and cut anywhere: the streaming parser and a simple one agree, and nothing escapes its bounds. */
import fc from "fast-check";
import { expect } from "vitest";
import { defaultMultipartLimits, type MultipartLimits, type Part, parseMultipart } from "../../src/api/multipart.ts";
import { MultipartError } from "../../src/api/multipart-error.ts";
import { parseBoundary } from "../../src/api/multipart-headers.ts";
import { fuzz } from "../support/fuzz.ts";
import { cutAt, encodeMultipart, streamOf } from "../support/multipart-bodies.ts";
import { type ReadBody, type ReadPart, readWhole } from "../support/multipart-reference.ts";
import { mutatedBytes, mutatedText, toBinary } from "../support/mutations.ts";

const BOUNDARY = "-b-";
const TYPE = `multipart/form-data; boundary=${BOUNDARY}`;
const DISPOSITION = "\r\nContent-Disposition: form-data; name=";

const bodies = mutatedBytes(
  [
    encodeMultipart(BOUNDARY, [{ name: "x", content: "1" }]),
    encodeMultipart(BOUNDARY, [
      { name: "file", fileName: "a.txt", contentType: "text/plain", content: "first\r\n--second\r\n-" },
      { name: "userId", content: "né" },
      { name: "secureKey", content: "" },
    ]),
    encodeMultipart(BOUNDARY, [
      { name: "big", fileName: '"Ä".bin', content: `\r\n--${BOUNDARY.slice(0, 2)}`.repeat(60) },
      { name: "big", fileName: "", content: "\r".repeat(300) },
    ]),
  ],
  [
    `--${BOUNDARY}`,
    `\r\n--${BOUNDARY}`,
    `\r\n--${BOUNDARY}\r\n`,
    `\r\n--${BOUNDARY}--`,
    `\r\n--${BOUNDARY}${DISPOSITION}x\r\n\r\n`,
    `\r\n--${BOUNDARY}${DISPOSITION}f; filename=f\r\n\r\n`,
    `\r\n--${BOUNDARY.slice(0, 1)}`,
    "\r\n\r\n",
    "\r\r\n",
    "; filename*=utf-8''%e2%82%ac",
    "; filename*=utf-8''%e2",
    '; filename="=?utf-8?B?eA==?="',
    '\\"',
    "%22",
    "\r\nContent-Transfer-Encoding: base64",
    "\r\nContent-Type: text/html",
    "\xff",
  ],
);
const cuts = fc.array(fc.nat(2000), { maxLength: 12 });

type ReadOne = (part: Part, index: number) => Promise<string>;

const streamed: ReadOne = async (part) => {
  let content = "";
  for await (const bytes of part.body) content += toBinary(bytes);
  return content;
};

/** Reads a part in one of the ways that doors read parts: as text, as a stream, or not at all. */
const anyWay: ReadOne = async (part, index) => {
  if (index % 3 === 1) return part.text(60);
  return index % 3 === 2 ? "passed over" : streamed(part, index);
};

async function read(
  pieces: readonly Uint8Array[],
  limits: Partial<MultipartLimits>,
  readOne: ReadOne,
): Promise<ReadBody> {
  const parts: ReadPart[] = [];
  let unfinished: ReadPart | undefined;
  const body = streamOf(pieces);
  try {
    for await (const part of parseMultipart(body, TYPE, limits)) {
      // A part is whole when the next one or the end has come.
      if (unfinished !== undefined) parts.push(unfinished);
      const { name, fileName, contentType } = part;
      const content = await readOne(part, parts.length);
      unfinished = {
        name,
        ...(fileName === undefined ? {} : { fileName }),
        ...(contentType === undefined ? {} : { contentType }),
        content,
      };
    }
    if (unfinished !== undefined) parts.push(unfinished);
    return { parts, end: "whole" };
  } catch (error) {
    if (!(error instanceof MultipartError)) throw error;
    return { parts, end: error.reason };
  } finally {
    expect(body.locked).toBe(false);
  }
}

const BOUNDLESS: MultipartLimits = {
  maxParts: 1e6,
  maxHeaderBytes: 1e5,
  maxHeaderCount: 1000,
  maxFieldBytes: 1e6,
  maxFieldsTotalBytes: 1e6,
  maxAroundBytes: 1e6,
};

fuzz(
  "a body cut anywhere has the parts that a simple reader of the whole finds",
  fc.tuple(bodies, cuts),
  async ([bytes, places]) => {
    const found = await read(cutAt(bytes, places), BOUNDLESS, streamed);
    const expected = readWhole(bytes, BOUNDARY);
    // The last part before a refusal may or may not have been whole: the streaming reader has not seen what comes behind it.
    expect(found.end).toBe(expected.end);
    expect(found.parts).toEqual(
      expected.end === "whole" ? expected.parts : expected.parts.slice(0, found.parts.length),
    );
    expect(found.parts.length).toBeGreaterThanOrEqual(expected.parts.length - 1);
  },
);

const TIGHT: MultipartLimits = {
  maxParts: 4,
  maxHeaderBytes: 150,
  maxHeaderCount: 3,
  maxFieldBytes: 100,
  maxFieldsTotalBytes: 150,
  maxAroundBytes: 60,
};

/** Which of two bounds on fields is met first depends on the pieces; that one is met does not. */
function withoutOrder({ parts, end }: ReadBody): object {
  return { parts, end: end === "fields-too-large" ? "field-too-large" : end };
}

fuzz(
  "a body within tight bounds, read in any way, means the same however it is cut",
  fc.tuple(bodies, cuts),
  async ([bytes, places]) => {
    const whole = await read([bytes], TIGHT, anyWay);
    expect(withoutOrder(await read(cutAt(bytes, places), TIGHT, anyWay))).toEqual(
      expect.objectContaining(withoutOrder(whole)),
    );
    expect(whole.parts.length).toBeLessThanOrEqual(TIGHT.maxParts);
    const fields = whole.parts.filter(({ fileName }) => fileName === undefined).map(({ content }) => content.length);
    expect(Math.max(0, ...fields)).toBeLessThanOrEqual(TIGHT.maxFieldBytes);
  },
);

const contentTypes = mutatedText(
  [TYPE, 'multipart/form-data; charset=utf-8; boundary="a b"', "Multipart/Form-Data;boundary=x/y:z=?"],
  [";", "=", '"', '\\"', "boundary=", "%22", " ", "\t", "multipart/form-data", '""'],
);

fuzz("a content type has a boundary that RFC 2046 allows, or none", contentTypes, (text) => {
  try {
    const boundary = parseBoundary(text);
    expect(boundary).toMatch(/^[0-9A-Za-z'()+_,\-./:=? ]{1,70}$/);
    expect(parseBoundary(`multipart/form-data; boundary="${boundary}"`)).toBe(boundary);
  } catch (error) {
    if (!(error instanceof MultipartError)) throw error;
    expect(["not-multipart", "no-boundary"]).toContain(error.reason);
  }
});

fuzz("a body gives no more text than the usual bounds allow", bodies, async (bytes) => {
  const { parts } = await read([bytes], {}, (part) => part.text());
  const total = parts.reduce((sum, { content }) => sum + content.length, 0);
  expect(total).toBeLessThanOrEqual(defaultMultipartLimits.maxFieldsTotalBytes);
});
