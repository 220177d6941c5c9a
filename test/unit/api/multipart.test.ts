/** What the multipart parser promises to the doors: parts, names, bounds, refusals, and how it gives a body back. */

import { describe, expect, it } from "vitest";
import type { MultipartLimits, Part } from "../../../src/api/multipart.ts";
import { parseMultipart } from "../../../src/api/multipart.ts";
import type { MultipartReason } from "../../../src/api/multipart-error.ts";
import { MultipartError } from "../../../src/api/multipart-error.ts";
import { bytesOf, encodeMultipart, joined, singly, streamOf } from "../../support/multipart-bodies.ts";

const type = "multipart/form-data; boundary=b";
/** More than anybody may say that nobody asked for. */
const LARGE = "x".repeat(64 * 1024 + 1);

function parse(
  body: string | Uint8Array,
  contentType: string | null = type,
  limits: Partial<MultipartLimits> = {},
): AsyncGenerator<Part, void, undefined> {
  return parseMultipart(streamOf([bytesOf(body)]), contentType, limits);
}

async function texts(parts: AsyncIterable<Part>): Promise<[string, string][]> {
  const all: [string, string][] = [];
  for await (const part of parts) all.push([part.fileName ?? part.name, await part.text()]);
  return all;
}

/** Reads everything by streaming; the refusal, or undefined. Any other error fails the test. */
async function refusal(parts: AsyncIterable<Part>): Promise<[MultipartReason, string | undefined] | undefined> {
  try {
    for await (const part of parts) for await (const _ of part.body);
  } catch (error) {
    if (error instanceof MultipartError) return [error.reason, error.field];
    throw error;
  }
  return undefined;
}

/** A body of one empty part with this header line. */
function withHeader(line: string): string {
  return `--b\r\n${line}\r\n\r\n\r\n--b--`;
}

async function onlyPart(parts: AsyncIterable<Part>): Promise<Part | undefined> {
  for await (const part of parts) return part;
  return undefined;
}

function fileNamed(parameter: string): Promise<Part | undefined> {
  return onlyPart(parse(withHeader(`Content-Disposition: form-data; name="file"; ${parameter}`)));
}

describe("a multipart body", () => {
  it("gives each part's name, file name, content type and content, in order", async () => {
    const parts = [
      { name: "file", fileName: "a.txt", contentType: "text/plain; charset=utf-8", content: "first\r\nsecond" },
      { name: "userId", content: "né" },
      { name: "userId", content: "" },
    ];
    const seen: object[] = [];
    for await (const part of parse(encodeMultipart("b", parts))) {
      const { name, fileName, contentType } = part;
      seen.push({ name, fileName, contentType, content: await part.text() });
    }
    expect(seen).toEqual(parts);
  });

  it("lets a file be streamed before the credentials behind it have been sent", async () => {
    const body = new TransformStream<Uint8Array, Uint8Array>();
    const writer = body.writable.getWriter();
    const parts = parseMultipart(body.readable, type);
    const send = (text: string) => void writer.write(bytesOf(text));
    send('--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\none');
    const file = (await parts.next()).value;
    const pieces = file?.body[Symbol.asyncIterator]();
    expect(await pieces?.next()).toEqual({ done: false, value: bytesOf("one") });
    send("two\r\n--b\r\n");
    expect(await pieces?.next()).toEqual({ done: false, value: bytesOf("two") });
    expect((await pieces?.next())?.done).toBe(true);
    send('Content-Disposition: form-data; name="secureKey"\r\n\r\nkey\r\n--b--');
    void writer.close();
    const key = (await parts.next()).value;
    expect([key?.name, await key?.text()]).toEqual(["secureKey", "key"]);
    expect((await parts.next()).done).toBe(true);
  });

  it("passes over what the caller does not read of a part", async () => {
    const body = encodeMultipart("b", [
      { name: "x", fileName: "x", content: "a".repeat(1000) },
      { name: "y", fileName: "y", content: "b".repeat(1000) },
      { name: "z", content: "end" },
    ]);
    const seen: string[] = [];
    for await (const part of parseMultipart(streamOf(singly(body)), type)) {
      if (part.name === "y") for await (const _ of part.body) break;
      seen.push(part.name === "z" ? await part.text() : part.name);
    }
    expect(seen).toEqual(["x", "y", "end"]);
  });

  it.each([
    ["no line end after the last boundary", '--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n--b--'],
    [
      "text around it",
      'hello\r\n\r\n--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n--b--\r\nbye\r\n--b\r\n',
    ],
    ["blanks behind boundaries", '--b \t\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n--b-- \r\n'],
    ["other cases and spacing", "--b\r\ncontent-disposition:FORM-DATA ;NAME=x ;\r\nX-Other: y\r\n\r\n1\r\n--b--"],
  ])("may have %s", async (_, body) => {
    expect(await texts(parse(body))).toEqual([["x", "1"]]);
  });

  it("may have no parts, and parts whose headers end at the boundary", async () => {
    expect(await texts(parse("--b--\r\n"))).toEqual([]);
    expect(await texts(parse('--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n--b--'))).toEqual([["x", ""]]);
  });

  it("gives a long text that came in single bytes", async () => {
    const content = "é0123456789".repeat(200);
    const body = streamOf(singly(encodeMultipart("b", [{ name: "x", content }])));
    expect(await texts(parseMultipart(body, type))).toEqual([["x", content]]);
  });

  it("keeps a byte order mark, and everything that only looks like a boundary", async () => {
    const content = "\uFEFF\r\n-\r\n--\r\n\r\r\n--a\n--b\r--b \r\n\r";
    expect(await texts(parse(encodeMultipart("b", [{ name: "x", content }])))).toEqual([["x", content]]);
  });
});

describe("the boundary", () => {
  const long = "0123456789'()+_,-./:=?0123456789'()+_,-./:=?0123456789'()+_,-./:=? 70.";
  it.each([
    ["Multipart/Form-Data;Boundary=b", "b"],
    [' multipart/form-data ; charset=utf-8; boundary="b" ', "b"],
    ["multipart/form-data; boundary=----WebKit/x:y=z?", "----WebKit/x:y=z?"],
    [`multipart/form-data; boundary="${long}"`, long],
  ])("is taken from %s", async (contentType, boundary) => {
    expect(await texts(parse(encodeMultipart(boundary, [{ name: "x", content: "1" }]), contentType))).toEqual([
      ["x", "1"],
    ]);
  });

  it.each<[string | null, MultipartReason]>([
    [null, "not-multipart"],
    ["multipart/mixed; boundary=b", "not-multipart"],
    ["multipart/form-data-x; boundary=b", "not-multipart"],
    ["multipart/form-data", "no-boundary"],
    ["multipart/form-data; boundary=", "no-boundary"],
    ['multipart/form-data; boundary="b', "no-boundary"],
    ['multipart/form-data; boundary="b "', "no-boundary"],
    ["multipart/form-data; boundary=b; boundary=c", "no-boundary"],
    ["multipart/form-data; boundary=bé", "no-boundary"],
    [`multipart/form-data; boundary="${long}x"`, "no-boundary"],
  ])("of %s is refused before the body is touched", async (contentType, reason) => {
    const body = streamOf([bytesOf("--b--")]);
    expect(await refusal(parseMultipart(body, contentType))).toEqual([reason, undefined]);
    expect(body.locked).toBe(false);
    expect(await new Response(body).text()).toBe("--b--");
  });

  it.each<[string, string, MultipartReason]>([
    ["another one", "--c--\r\n", "boundary-not-found"],
    ["none at all", "", "boundary-not-found"],
    ["a longer word", "--bc\r\n\r\n--b--", "bad-boundary"],
    ["half an end", "--b-\r\n\r\n--b--", "bad-boundary"],
    ["no end", '--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n--b', "truncated"],
    ["an end inside headers", '--b\r\nContent-Disposition: form-data; name="x"\r\n', "truncated"],
  ])("is refused where the body has %s", async (_, body, reason) => {
    expect(await refusal(parse(body))).toEqual([reason, undefined]);
  });

  it("is missing where there is no body", async () => {
    expect(await refusal(parseMultipart(null, type))).toEqual(["boundary-not-found", undefined]);
  });
});

describe("a file name", () => {
  it.each([
    ["is UTF-8", 'filename="é 💾.txt"', "é 💾.txt"],
    ["is unescaped as browsers escape it", 'filename="a%22b%0D%0A%20%41.txt"', 'a"b\r\n%20%41.txt'],
    ["is unescaped as older clients escape it", 'filename="a\\"b\\";c.txt"', 'a"b";c.txt'],
    ["keeps a Windows path", 'filename="\\\\host\\new\\a.txt"', "\\\\host\\new\\a.txt"],
    ["may end in a backslash", 'filename="a\\"; x="y"', "a\\"],
    ["may be empty", 'filename=""', ""],
    ["may be a bare word", "filename=a.txt", "a.txt"],
    ["wins over the forbidden filename*", "filename=\"a.txt\"; filename*=utf-8''b.txt", "a.txt"],
    ["is read from filename* where .NET hides it", "filename=\"=?utf-8?B?w6k=?=\"; filename*=utf-8''%C3%A9", "é"],
    ["is read from filename* alone", "filename*=UTF-8'en'%e2%82%ac", "€"],
  ])("%s", async (_, parameter, expected) => {
    expect((await fileNamed(parameter))?.fileName).toBe(expected);
  });

  it.each<[string, MultipartReason, string | undefined]>([
    ['filename="a"b"', "bad-header", undefined],
    ['filename="a', "bad-header", undefined],
    ["filename=a b", "bad-header", undefined],
    ['filename="a"; filename="b"', "bad-header", undefined],
    ['filename="a\0"', "bad-header", undefined],
    ['filename="a\nb"', "bad-header", undefined],
    ["filename*=latin1''a", "bad-encoding", "file"],
    ["filename*=utf-8''%ff", "bad-encoding", "file"],
  ])("written as %j is refused", async (parameter, ...expected) => {
    expect(await refusal(parse(withHeader(`Content-Disposition: form-data; name="file"; ${parameter}`)))).toEqual(
      expected,
    );
  });
});

describe("a header", () => {
  const good = 'Content-Disposition: form-data; name="x"';
  it.each<[string, string, MultipartReason]>([
    ["missing", "X-Other: y", "bad-header"],
    ["empty", "", "bad-header"],
    ["of another kind", 'Content-Disposition: attachment; name="x"', "bad-header"],
    ["without a name", "Content-Disposition: form-data", "bad-header"],
    ["without a colon", `${good}\r\nnonsense`, "bad-header"],
    ["with a blank before the colon", `${good}\r\nX-Other : y`, "bad-header"],
    ["folded", 'Content-Disposition: form-data;\r\n name="x"', "bad-header"],
    ["with a lone carriage return", `${good}\r`, "bad-header"],
    ["given twice", `${good}\r\n${good}`, "bad-header"],
    ["promising base64", `${good}\r\nContent-Transfer-Encoding: base64`, "bad-encoding"],
  ])("%s is refused", async (_, line, reason) => {
    expect((await refusal(parse(withHeader(line))))?.[0]).toBe(reason);
  });

  it("that is not UTF-8 is refused", async () => {
    const body = joined(['--b\r\nContent-Disposition: form-data; name="', Uint8Array.of(0xe9), '"\r\n\r\n1\r\n--b--']);
    expect(await refusal(parse(body))).toEqual(["bad-encoding", undefined]);
  });
});

describe("a bound", () => {
  const fields = encodeMultipart("b", [
    { name: "one", content: "12345" },
    { name: "two", content: "12345" },
    { name: "file", fileName: "f", contentType: "text/plain", content: "1234567890" },
  ]);
  it.each<[Partial<MultipartLimits>, MultipartReason, string | undefined]>([
    [{ maxParts: 2 }, "too-many-parts", undefined],
    [{ maxHeaderCount: 1 }, "too-many-headers", undefined],
    [{ maxHeaderBytes: 80 }, "header-too-large", undefined],
    [{ maxFieldBytes: 4 }, "field-too-large", "one"],
    [{ maxFieldsTotalBytes: 9 }, "fields-too-large", "two"],
  ])("of %j is kept, whether parts are read or passed over", async (limits, ...expected) => {
    expect(await refusal(parse(fields, type, limits))).toEqual(expected);
    const passing = parse(fields, type, limits);
    await expect(async () => {
      for await (const _ of passing);
    }).rejects.toMatchObject({ reason: expected[0] });
  });

  it("is reached without a refusal, and does not concern a file's content", async () => {
    const limits = { maxParts: 3, maxHeaderCount: 2, maxFieldBytes: 5, maxFieldsTotalBytes: 10 };
    expect(await refusal(parse(fields, type, limits))).toBeUndefined();
  });

  it("may be made smaller for one text, and holds for a file read as text", async () => {
    const first = (await parse(fields).next()).value;
    await expect(first?.text(4)).rejects.toMatchObject({ reason: "field-too-large", field: "one" });
    const bounded = (await parse(fields, type, { maxFieldBytes: 4 }).next()).value;
    await expect(bounded?.text(1000)).rejects.toMatchObject({ reason: "field-too-large", field: "one" });
    await expect(texts(parse(fields, type, { maxFieldBytes: 9 }))).rejects.toMatchObject({ field: "file" });
  });

  it("stops a header of a megabyte at its first bytes", async () => {
    let asked = 0;
    function* endless(): Generator<Uint8Array> {
      yield bytesOf("--b\r\nX-Long: ");
      for (; asked < 1024; asked++) yield new Uint8Array(1024).fill(97);
    }
    expect(await refusal(parseMultipart(streamOf(endless()), type))).toEqual(["header-too-large", undefined]);
    expect(asked).toBeLessThanOrEqual(9);
  });

  it.each<[string, string, MultipartReason, string | undefined]>([
    ["before the first boundary", `${LARGE}\r\n--b--`, "boundary-not-found", undefined],
    ["behind the last", `--b--\r\n${LARGE}`, "epilogue-too-large", undefined],
    [
      "in a file that nobody asked for",
      `--b\r\nContent-Disposition: form-data; name="other"; filename="o"\r\n\r\n${LARGE}\r\n--b--`,
      "field-too-large",
      "other",
    ],
  ])("stops what is read %s and thrown away", async (_where, body, reason, field) => {
    const read = async () => {
      for await (const _part of parse(body));
    };
    await expect(read()).rejects.toMatchObject({ reason, field });
  });
});
