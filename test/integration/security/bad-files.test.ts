/** Files that lie, break off or are not there, and forms that are broken in every way: refused by name, nothing charged. */
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Problem, ProblemSchema } from "../../../src/protocol/problem.ts";
import type { ApiClient, Asking } from "../../support/node/api-client.ts";
import { eventsOf, formWith, openSession, sample, send, stateOf, textOf } from "../../support/node/chats.ts";
import { RawConnection } from "../../support/node/raw-request.ts";
import { useServer } from "../../support/node/server.ts";

const server = useServer();
const MIB = 1024 * 1024;
let customer: ApiClient;
let before: unknown;
const whole = async () => [await stateOf(customer), await eventsOf(customer)];

beforeAll(async () => {
  ({ customer } = await openSession(server));
  before = await whole();
});
/** Where the sender went away, the session learns of it a moment later. */
afterEach(async () => expect.poll(whole, { timeout: 10_000 }).toEqual(before));

/** The same file raw and as a form. */
const bothWays = (name: string, bytes: Uint8Array<ArrayBuffer>): readonly Asking[] => [
  { query: { name }, body: bytes },
  { body: formWith(name, bytes) },
];
const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, "latin1"));

describe("a file is refused, raw and as a form:", () => {
  const PAGE = "<!doctype html><html><script>alert(document.domain)</script></html>";
  const cases: readonly [string, string, Uint8Array<ArrayBuffer>, object][] = [
    ["empty", "a.txt", bytesOf(""), { status: 422, code: "empty-file" }],
    ["a page as PDF", "a.pdf", bytesOf(PAGE), { status: 415, code: "type-mismatch" }],
    ["a page behind a PDF's first line", "a.png", bytesOf(`%PDF-1.7\n${PAGE}`), { status: 415, code: "type-mismatch" }],
    [
      "a drawing that runs scripts",
      "a.svg",
      bytesOf("<svg onload=alert(1)/>"),
      { status: 415, code: "type-not-allowed" },
    ],
    ["the same as image", "a.png", bytesOf("<svg onload=alert(1)/>"), { status: 415, code: "type-mismatch" }],
    ["a page by its last extension", "a.pdf.html", bytesOf(PAGE), { status: 415, code: "type-not-allowed" }],
    ["a page by all but its last", "a.html.pdf", bytesOf(PAGE), { status: 415, code: "type-mismatch" }],
    ["a program", "a.exe", bytesOf("MZ\u0090\0\u0003\0"), { status: 415, code: "type-not-allowed" }],
    ["a program as picture", "a.exe.jpg", bytesOf("MZ\u0090\0\u0003\0"), { status: 415, code: "type-mismatch" }],
    ["a shortcut", "a.pdf.lnk", bytesOf("L\0\0\0"), { status: 415, code: "type-not-allowed" }],
    [
      "one of a type in capitals that is not allowed",
      "A.HTML",
      bytesOf(PAGE),
      { status: 415, code: "type-not-allowed" },
    ],
    ["one of a part of an allowed type", "a.p", bytesOf("p"), { status: 415, code: "type-not-allowed" }],
    ["one of two allowed types at once", "a.pdf txt", bytesOf("p"), { status: 400, code: "bad-request" }],
    ["over the file limit", "a.txt", textOf(2 * MIB + 1), { status: 413, code: "file-too-large", limit: 2 * MIB }],
    ["far over it", "a.txt", textOf(7 * MIB), { status: 413, code: "file-too-large", limit: 2 * MIB }],
  ];
  test.each(cases)("%s", async (_what, name, bytes, expected) => {
    for (const asking of bothWays(name, bytes)) {
      const problem = await customer.refused("uploadFile", asking).catch(brokenOff);
      if (problem !== "broken off") expect(problem).toMatchObject(expected);
      else expect(bytes.length).toBeGreaterThan(4 * MIB);
    }
  });

  const names = ["", " ", "...", "noextension", "a.", "a.t-x", "a.längere", "a.12345678901", `${"x".repeat(4000)}.txt`];
  test.each([...names, "\u202e", "C:\\", "/", ".txt/"])("named %j, by its field", async (name) => {
    const [raw, form] = bothWays(name, bytesOf("a text"));
    for (const [asking, field] of [
      [raw, "name"],
      [form, "file"],
    ] as const) {
      const { errors, ...rest } = await customer.refused("uploadFile", asking ?? {});
      expect(rest).toMatchObject({ status: 400, code: "bad-request" });
      expect(errors).toEqual([{ field, problem: expect.stringMatching(/.{4}/) }]);
    }
  });
});

/** Who sends megabytes to a server that has refused them may be cut off before they read why; nothing else may fail so. */
function brokenOff(error: unknown): "broken off" {
  if (
    error instanceof TypeError &&
    /EPIPE|ECONNRESET|UND_ERR_SOCKET/.test(String(Reflect.get(error.cause ?? {}, "code")))
  )
    return "broken off";
  throw error;
}

describe("a raw upload", () => {
  /** Sends headers by hand, then this body. */
  async function sent(headers: string, body: string | Uint8Array): Promise<RawConnection> {
    const { pathname } = customer.address("uploadFile");
    const connection = new RawConnection(server().url);
    const head = `POST ${pathname}?name=a.txt HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${customer.token}\r\n`;
    await connection.write(`${head}${headers}\r\n\r\n`);
    await connection.write(body);
    return connection;
  }

  test.each(["", "Transfer-Encoding: chunked"])("needs a length (%j)", async (headers) => {
    const connection = await sent(headers || "X-None: 1", headers === "" ? "" : "5\r\nhello\r\n0\r\n\r\n");
    const { status, body } = await connection.answer();
    const { code } = ProblemSchema.parse(JSON.parse(body));
    // Without either header HTTP says that there is no body at all.
    expect([status, code]).toEqual([411, "length-required"]);
    connection.leave();
  });

  test.each(["-1", "abc", "1e3", "0x10", "5, 6", "99999999999999999999", "+5", ""])(
    "with Content-Length %j is refused",
    async (length) => {
      const connection = await sent(`Content-Length: ${length}`, "hello");
      connection.finish();
      const { status } = await connection.answer();
      expect([400, 411, 413]).toContain(status);
      connection.leave();
    },
  );

  test.each([
    "Content-Length: 5\r\nContent-Length: 6",
    "Content-Length: 5\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: 5",
    "Transfer-Encoding: identity\r\nContent-Length: 5",
    "Transfer-Encoding : chunked",
    "Transfer-Encoding: xchunked",
  ])("that two readers could cut differently is refused: %j", async (headers) => {
    const connection = await sent(headers, "0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    connection.finish();
    const { status } = await connection.answer();
    expect([400, 411, 501]).toContain(status);
    connection.leave();
  });

  test("that is announced with 100 MB is refused unread", async () => {
    const connection = await sent(`Content-Length: ${100 * MIB}`, "");
    const { status, body } = await connection.answer();
    expect([status, ProblemSchema.parse(JSON.parse(body)).code]).toEqual([413, "file-too-large"]);
    connection.leave();
  });

  test.each(["finish", "leave"] as const)(
    "that ends before its length (%s) is neither stored nor charged",
    async (how) => {
      const connection = await sent("Content-Length: 1000", textOf(500));
      await expect.poll(() => stateOf(customer)).toMatchObject({ used: { files: 1, bytes: 1000 } });
      connection[how]();
      await expect.poll(whole, { timeout: 10_000 }).toEqual(before);
      connection.leave();
    },
  );

  test("that is longer than its length is not taken for longer: what is left over is no file and no request", async () => {
    const other = (await openSession(server)).customer;
    const { pathname } = other.address("uploadFile");
    const connection = new RawConnection(server().url);
    const head = `POST ${pathname}?name=a.txt HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${other.token}\r\n`;
    await connection.write(`${head}Content-Length: 100\r\n\r\n`);
    await connection.write(textOf(200));
    const { status, body } = await connection.answer();
    expect([status, JSON.parse(body)]).toEqual([201, expect.objectContaining({ size: 100 })]);
    expect((await stateOf(other)).used).toMatchObject({ files: 1, bytes: 100 });
    connection.leave();
  });
});

describe("a form", () => {
  const part = (headers: string, content = "a text") => `--b\r\n${headers}\r\n\r\n${content}\r\n`;
  const file = 'Content-Disposition: form-data; name="file"; filename="a.txt"';
  const post = (body: string, type = "multipart/form-data; boundary=b"): Promise<Problem> =>
    customer.refused("uploadFile", { body: bytesOf(body), headers: { "Content-Type": type } });
  const right = `${part(file)}--b--\r\n`;

  test.each([
    ["no boundary in its type", right, "multipart/form-data", "body"],
    ["an empty boundary", right, "multipart/form-data; boundary=", "body"],
    ["a boundary longer than 70", right, `multipart/form-data; boundary=${"b".repeat(71)}`, "body"],
    ["two boundaries", right, "multipart/form-data; boundary=b; boundary=c", "body"],
    ["another boundary than its type says", right, "multipart/form-data; boundary=c", "body"],
    ["nothing in it", "", undefined, "body"],
    ["an end and no part", "--b--\r\n", undefined, "file"],
    [
      "no part of the right name",
      `${part('Content-Disposition: form-data; name="x"; filename="a.txt"')}--b--`,
      undefined,
      "file",
    ],
    ["the right name on a field", `${part('Content-Disposition: form-data; name="file"')}--b--`, undefined, "file"],
    ["a part without a name", `${part("Content-Disposition: form-data")}--b--`, undefined, "body"],
    ["a part without a disposition", `${part("Content-Type: text/plain")}--b--`, undefined, "body"],
    ["two names on a part", `${part(`${file}; filename="b.txt"`)}--b--`, undefined, "body"],
    ["two dispositions on a part", `${part(`${file}\r\n${file}`)}--b--`, undefined, "body"],
    [
      "a folded header",
      `${part(`Content-Disposition: form-data;\r\n name="file"; filename="a.txt"`)}--b--`,
      undefined,
      "body",
    ],
    ["a lone line feed in a header", `${part(`${file}\nX: y`)}--b--`, undefined, "body"],
    ["a lone carriage return in a header", `${part(`${file}\rX: y`)}--b--`, undefined, "body"],
    ["NUL in a header", `${part(`${file}\0`)}--b--`, undefined, "body"],
    [
      "a name that is not in UTF-8",
      `${part('Content-Disposition: form-data; name="file"; filename="\xff.txt"')}--b--`,
      undefined,
      "body",
    ],
    ["base64 in a part", `${part(`${file}\r\nContent-Transfer-Encoding: base64`, "aGVsbG8=")}--b--`, undefined, "file"],
    ["huge headers", `${part(`${file}\r\nX-Fill: ${"x".repeat(9000)}`)}--b--`, undefined, "body"],
    [
      "many headers",
      `${part(`${file}\r\n${Array.from({ length: 17 }, (_, one) => `X-${one}: x`).join("\r\n")}`)}--b--`,
      undefined,
      "body",
    ],
    [
      "a huge field before the file",
      `${part('Content-Disposition: form-data; name="x"', "x".repeat(65_537))}${right}`,
      undefined,
      "x",
    ],
    [
      "hundreds of fields before the file",
      `${part('Content-Disposition: form-data; name="x"').repeat(129)}${right}`,
      undefined,
      "body",
    ],
    ["an end inside its headers", `--b\r\n${file}`, undefined, "body"],
    ["an end inside the file", `--b\r\n${file}\r\n\r\na text`, undefined, "body"],
    ["an end inside the last boundary", `${part(file)}--`, undefined, "body"],
    [
      "something else behind a boundary",
      `${part('Content-Disposition: form-data; name="x"')}--bX\r\n${right}`,
      undefined,
      "body",
    ],
  ])("with %s is refused by name", async (_what, body, type, field) => {
    const problem = await post(body, type);
    expect(problem).toMatchObject({ status: 400, code: "bad-request" });
    expect(problem.errors).toEqual([{ field, problem: expect.stringMatching(/.{4}/) }]);
    expect(JSON.stringify(problem)).not.toContain("a.txt");
  });

  test("of another kind is taken for a raw body, which needs a name", async () => {
    for (const type of ["multipart/mixed; boundary=b", "application/x-www-form-urlencoded", "text/plain"]) {
      expect(await post(right, type)).toMatchObject({ status: 400, errors: [{ field: "name" }] });
    }
  });

  test.each([
    ["two files", "--b--", "file", "one file in a request"],
    ["a file, and no end", "", "body", "multipart/form-data: truncated"],
  ])("with %s is refused as a whole: nothing is announced, nothing charged", async (what, end, field, problem) => {
    const other = (await openSession(server)).customer;
    const before = await stateOf(other);
    const second = what === "two files" ? part(file, "the second") : "--b\r\n";
    const refused = await other.refused("uploadFile", {
      body: bytesOf(`${part(file, "first")}${second}${end}`),
      headers: { "Content-Type": "multipart/form-data; boundary=b" },
    });
    expect(refused).toMatchObject({ status: 400, errors: [{ field, problem }] });
    expect(await stateOf(other)).toEqual(before);
  });
});

test("a range outside of a file is refused with its size, and takes no attempt", async () => {
  const other = (await openSession(server)).customer;
  const { fileId } = await send(other, "logo.png", await sample("logo.png"));
  const { size } = await sizeOf(other, fileId);
  for (const Range of [`bytes=${size}-`, "bytes=999999999999999-", "bytes=-0", `bytes=${size}-${size + 1}`]) {
    const outcome = await other.ask("downloadFile", { params: { fileId }, headers: { Range } });
    expect(outcome).toMatchObject({ ok: false, problem: { status: 416, code: "range-not-satisfiable" } });
    expect(outcome.headers.get("Content-Range")).toBe(`bytes */${size}`);
  }
  expect((await stateOf(other)).used.downloads).toBe(0);
});

async function sizeOf(who: ApiClient, fileId: string): Promise<{ size: number }> {
  for (const event of await eventsOf(who))
    if (event.type === "FileUploaded" && event.file.fileId === fileId) return event.file;
  throw new Error("the file was not announced");
}
