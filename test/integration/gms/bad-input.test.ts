/** Requests that no widget sends: the documented answer, nothing stored, nothing charged, and the server goes on. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { textOf } from "../../support/node/chats.ts";
import { refused } from "../../support/node/gms-answers.ts";
import { GmsClient } from "../../support/node/gms-client.ts";
import { useServer } from "../../support/node/server.ts";
import { SlowRequest } from "../../support/node/slow-upload.ts";
import { storedBytes } from "../../support/node/stored-files.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const BOUNDARY = "xxxx";
const FORM = { "Content-Type": `multipart/form-data; boundary=${BOUNDARY}` };
const URL_ENCODED = { "Content-Type": "application/x-www-form-urlencoded" };
const server = useServer();
let client: GmsClient;

beforeEach(async () => {
  client = new GmsClient(server);
  await client.start();
});

afterEach(async () => {
  await expect.poll(() => storedBytes(server().storage), { timeout: 15_000 }).toBe(0);
  const { limits, position } = await client.native.must("getSession");
  expect({ used: limits.used, position }).toEqual({ used: { files: 0, bytes: 0, downloads: 0 }, position: 1 });
});

const part = (name: string, content: string) =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${content}\r\n`;
const filePart = (content: string, header = 'name="file"; filename="a.txt"') =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; ${header}\r\n\r\n${content}\r\n`;
const END = `--${BOUNDARY}--\r\n`;
const WRONG = { http: 400, statusCode: 2, chatEnded: false, code: 1000 };

/** The credentials as parts of a form. */
function keys(): string {
  const { userId, secureKey, alias } = client.credentials;
  return part("userId", userId) + part("secureKey", secureKey) + part("alias", alias);
}

describe.each(["file", "send"])("a form for %s is refused", (operation) => {
  test.each<[string, () => string, string]>([
    ["that is empty", () => "", "body: multipart/form-data: boundary-not-found"],
    [
      "with another boundary",
      () => `${keys()}${END}`.replaceAll(BOUNDARY, "yyyy"),
      "body: multipart/form-data: boundary",
    ],
    [
      "that breaks off",
      () => `${keys()}${part("message", "hello")}`.slice(0, -20),
      "body: multipart/form-data: truncated",
    ],
    [
      "with a part without a name",
      () => filePart("a", 'filename="a.txt"') + keys() + END,
      "body: multipart/form-data: bad",
    ],
    [
      "with a field without a name",
      () => `${filePart("a", "x=y")}${keys()}${END}`,
      "body: multipart/form-data: bad-header",
    ],
    ["with ten thousand parts", () => part("a", "b").repeat(10_000) + END, "body: multipart/form-data: too-many-parts"],
    [
      "with a header of a megabyte",
      () => filePart("a", `name="x"; filename="${"x".repeat(MIB)}"`) + END,
      "body: multipart/form-data: header-too-large",
    ],
    [
      "with a field of a megabyte",
      () => part("message", "x".repeat(MIB)) + END,
      "message: multipart/form-data: field-",
    ],
    [
      "with a field in base64",
      () =>
        `--${BOUNDARY}\r\nContent-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==\r\n${END}`,
      "a: multipart/form-data: bad-encoding",
    ],
  ])("%s", async (_what, body, advice) => {
    const seen = refused(await client.post(operation, body(), FORM));
    expect(seen).toMatchObject({ ...WRONG, chatId: client.credentials.chatId });
    expect(seen.advice.startsWith(advice), seen.advice).toBe(true);
  });
});

describe("a file is refused", () => {
  test.each<[string, string, number, string]>([
    ["in a form that breaks off in it", filePart("abc").slice(0, -2), 1000, "body: multipart/form-data: truncated"],
    ["under an empty name", filePart("abc", 'name="file"; filename=""') + END, 1000, "file: a file name"],
    [
      "under a name of thousands",
      filePart("a", `name="file"; filename="${"x".repeat(2000)}.txt"`),
      1000,
      "file: at most",
    ],
    ["under another name than file", filePart("abc", 'name="attachment"; filename="a.txt"') + END, 100, "file"],
    ["as a field without a file name", part("file", "abc") + END, 100, "file"],
  ])("%s", async (_what, body, code, advice) => {
    for (const whole of [body, keys() + body]) {
      expect(refused(await client.post("file", whole, FORM))).toMatchObject({
        ...WRONG,
        code,
        advice: expect.stringContaining(advice),
      });
    }
  });

  test("that is url-encoded", async () => {
    const outcome = await client.ask("file", { file: "abc" }, "application/x-www-form-urlencoded");
    expect(refused(outcome)).toMatchObject(WRONG);
  });

  test("that promises a gibibyte, before more than a little of it has come", async () => {
    const slow = new SlowRequest(client.address("file"), { ...FORM, "Content-Length": GIB });
    await slow.write(filePart("").slice(0, -2));
    for (let sent = 0; sent < 2; sent += 1) await slow.write(textOf(MIB)).catch(() => {});
    const errors = [{ code: 202, advice: "2097152" }];
    expect(await slow.answer).toMatchObject({ status: 400, body: { statusCode: 2, chatEnded: false, errors } });
    slow.leave();
  });

  test("whose credentials are wrong, before more than a little of it has come", async () => {
    const slow = new SlowRequest(client.address("file"), { ...FORM, "Content-Length": GIB });
    await slow.write(part("secureKey", "wrong") + filePart("").slice(0, -2));
    for (let sent = 0; sent < 2; sent += 1) await slow.write(textOf(MIB)).catch(() => {});
    expect(await slow.answer).toMatchObject({ status: 200, body: { chatEnded: true, errors: [{ code: 249 }] } });
    slow.leave();
  });
});

test("a gibibyte that is promised and never sent holds up nobody, and nothing is left when its sender has gone", async () => {
  const waiting = Array.from({ length: 12 }, (_, index) => {
    const headers = { ...(index % 2 === 0 ? FORM : URL_ENCODED), "Content-Length": GIB };
    return new SlowRequest(client.address(index % 3 === 0 ? "send" : "file"), headers);
  });
  const other = new GmsClient(server);
  await other.start();
  const fileId = await other.send("a.txt", textOf(100));
  await other.must(`file/${fileId}/delete`);
  for (const one of waiting) one.leave();
  expect((await client.must("refresh")).chatEnded).toBe(false);
});

describe("a body that is no form is refused", () => {
  test("where it has another type, or none that is known", async () => {
    for (const type of ["application/json", "text/plain", "multipart/mixed; boundary=xxxx", "x"]) {
      const outcome = await client.post("send", JSON.stringify({ message: "x" }), { "Content-Type": type });
      expect(refused(outcome)).toMatchObject({ http: 400, statusCode: 2, chatEnded: false, code: 1003 });
    }
  });

  test("where it names no boundary", async () => {
    for (const type of [
      "multipart/form-data",
      'multipart/form-data; boundary=""',
      "multipart/form-data; boundary=a;boundary=b",
    ]) {
      const seen = refused(await client.post("send", part("message", "x") + END, { "Content-Type": type }));
      expect(seen).toMatchObject({ ...WRONG, advice: "body: multipart/form-data: no-boundary" });
    }
  });

  test("where it is larger than any form without a file", async () => {
    const seen = refused(await client.post("send", `message=${"x".repeat(300 * 1024)}`, URL_ENCODED));
    expect(seen).toMatchObject({ http: 400, statusCode: 2, code: 1001, advice: String(256 * 1024) });
  });

  test("where it is not UTF-8", async () => {
    const seen = refused(await client.post("send", new Uint8Array([0x6d, 0x3d, 0xff]), URL_ENCODED));
    expect(seen).toMatchObject({ ...WRONG, advice: "body: UTF-8" });
  });
});

test("an empty body, with a type or without one, asks for nothing and lacks the key", async () => {
  for (const headers of [URL_ENCODED, {}])
    expect(refused(await client.post("refresh", null, headers))).toMatchObject({
      http: 400,
      code: 100,
      advice: "secureKey",
    });
});
