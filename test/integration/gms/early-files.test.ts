/** Files that come before anybody has said whose they are: they take nothing, and leave nothing when nobody claims them. */
import { beforeEach, describe, expect, test } from "vitest";
import { bytesOf, encodeMultipart } from "../../support/multipart-bodies.ts";
import { eventsOf, textOf } from "../../support/node/chats.ts";
import { GmsClient, type GmsCredentials } from "../../support/node/gms-client.ts";
import { useServer } from "../../support/node/server.ts";
import { SlowRequest } from "../../support/node/slow-upload.ts";
import { storedBytes } from "../../support/node/stored-files.ts";

const MIB = 1024 * 1024;
const BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW";
const FORM = { "Content-Type": `multipart/form-data; boundary=${BOUNDARY}` };
const quiet = { "transcript-email": "never" };
const server = useServer({
  bindings: { SERVICE_LARGE: { ...quiet, "upload-max-file-size": "20MiB", "upload-max-total-size": "20MiB" } },
});
let client: GmsClient;
let lying = 0;

beforeEach(async () => {
  lying = await storedBytes(server().storage);
  client = new GmsClient(server, "large");
  await client.start();
});

/** The head of a form's file part, as Chrome writes it. */
const head = (name: string) =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: text/plain\r\n\r\n`;

/** What stands behind the file's bytes: the credentials, and the end. */
function tail(fields: Partial<GmsCredentials>): Uint8Array {
  const parts = Object.entries(fields).map(([name, content]) => ({ name, content }));
  return bytesOf(`\r\n${new TextDecoder().decode(encodeMultipart(BOUNDARY, parts))}`);
}

/** A form whose file has begun: its head, and so many bytes. */
async function begun(bytes: number, name = "a.txt"): Promise<SlowRequest> {
  const slow = new SlowRequest(client.address("file"), FORM);
  await slow.write(head(name));
  if (bytes > 0) await slow.write(textOf(bytes));
  return slow;
}

/** Forms whose files are being stored by now: each has had its first part of 5 MiB put down, of the six that came. */
async function held(count: number): Promise<readonly SlowRequest[]> {
  const slow = await Promise.all(Array.from({ length: count }, (_, index) => begun(6 * MIB, `${index}.txt`)));
  await expect.poll(() => storedBytes(server().storage), { timeout: 6000 }).toBe(lying + count * 5 * MIB);
  return slow;
}

/** Nothing was charged, nothing said, and nothing lies in the store. */
async function expectNothing(): Promise<void> {
  await expect.poll(() => storedBytes(server().storage), { timeout: 15_000 }).toBe(lying);
  const { limits, position, phase } = await client.native.must("getSession");
  expect({ used: limits.used, position, phase }).toEqual({
    used: { files: 0, bytes: 0, downloads: 0 },
    position: 1,
    phase: "open",
  });
}

const DEAD = { statusCode: 2, chatEnded: true, errors: [{ code: 249 }] };
const INCOMPLETE = { statusCode: 2, chatEnded: false, errors: [{ code: 1000 }] };

describe("nothing is left of a file", () => {
  test.each<[string, () => Partial<GmsCredentials>, number, object]>([
    ["whose key is wrong", () => ({ ...client.credentials, secureKey: "0123456789abcdef" }), 200, DEAD],
    ["whose userId is another's", () => ({ ...client.credentials, userId: "0000000000000002" }), 200, DEAD],
    ["whose key is empty", () => ({ ...client.credentials, secureKey: "" }), 400, { errors: [{ code: 100 }] }],
    ["whose form ends without a key", () => ({ alias: "1" }), 400, { errors: [{ code: 100, advice: "secureKey" }] }],
    ["whose form ends behind it", () => ({}), 400, { errors: [{ code: 100, advice: "secureKey" }] }],
  ])("%s, small or of several parts", async (_what, fields, status, body) => {
    for (const bytes of [1000, 11 * MIB]) {
      const slow = await begun(bytes);
      slow.finish(tail(fields()));
      expect(await slow.answer).toMatchObject({ status, body });
      await expectNothing();
    }
  });

  test("whose key is another session's", async () => {
    const other = new GmsClient(server, "large");
    await other.start();
    const slow = await begun(1000);
    slow.finish(tail({ ...client.credentials, secureKey: other.credentials.secureKey }));
    expect(await slow.answer).toMatchObject({ status: 200, body: DEAD });
    await expectNothing();
    expect(await other.limits()).toMatchObject({ "used-upload-max-files": "0" });
  });

  test("whose form breaks off in it, or behind it", async () => {
    for (const bytes of [1000, 6 * MIB]) {
      for (const end of ["", `\r\n--${BOUNDARY}\r\nContent-Disposition: form-data; name="secureKey"\r\n\r\nabc`]) {
        const slow = await begun(bytes);
        slow.finish(end);
        expect(await slow.answer).toMatchObject({ status: 400, body: INCOMPLETE });
        await expectNothing();
      }
    }
  });

  test("whose sender goes away in the middle of it", async () => {
    const [slow] = await held(1);
    slow?.leave();
    await expectNothing();
  });

  test("whose sender goes away before the key", async () => {
    const [slow] = await held(1);
    await slow?.write(`\r\n--${BOUNDARY}\r\nContent-Disposition: form-data; name="userId"\r\n\r\n`);
    slow?.leave();
    await expectNothing();
  });
});

test("a chat that ends while such a file is on its way waits for it: it arrives, and is the last thing said", async () => {
  const [slow] = await held(1);
  expect(await client.must("disconnect")).toMatchObject({ chatEnded: true });
  expect(await client.native.must("getSession")).toMatchObject({ phase: "closing" });
  expect(await client.refused("send", { message: "wait" })).toMatchObject({ code: 249, chatEnded: true });
  slow?.finish(tail(client.credentials));
  expect(await slow?.answer).toMatchObject({ status: 200, body: { statusCode: 0 } });
  expect((await client.poll()).map(({ type }) => type)).toEqual(["FileUploaded", "ParticipantLeft"]);
  expect(client.ended).toBe(true);
});

test("a chat that ends while such a file is on its way ends when its sender has gone, and nothing is left", async () => {
  const [slow] = await held(1);
  await client.must("disconnect");
  slow?.leave();
  await expect.poll(() => storedBytes(server().storage), { timeout: 15_000 }).toBe(lying);
  expect((await client.poll()).map(({ type }) => type)).toEqual(["ParticipantLeft"]);
  expect(client.ended).toBe(true);
});

test("credentials that come late are as good as others, however slowly the form is sent", async () => {
  const slow = await begun(0);
  for (const piece of [textOf(1000), tail(client.credentials).subarray(0, 20)]) await slow.write(piece);
  const used = async () => (await client.limits())["used-upload-max-files"];
  expect(await used()).toBe("0");
  slow.finish(tail(client.credentials).subarray(20));
  expect(await slow.answer).toMatchObject({ status: 200, body: { statusCode: 0, userData: { "file-id": /./ } } });
  expect(await used()).toBe("1");
});

test("a file before its credentials takes no quota until it is claimed, and is then held to what is left", async () => {
  const { native } = client;
  const slow = await begun(5 * MIB);
  expect((await client.limits())["used-upload-max-total-size"]).toBe("0");
  await native.must("uploadFile", { query: { name: "b.txt" }, body: textOf(16 * MIB) });
  slow.finish(tail(client.credentials));
  const errors = [{ code: 202, advice: String(20 * MIB) }];
  expect(await slow.answer).toMatchObject({ status: 400, body: { statusCode: 2, chatEnded: false, errors } });
  const files = (await eventsOf(native)).filter(({ type }) => type === "FileUploaded");
  expect(files).toMatchObject([{ file: { name: "b.txt" } }]);
  await expect.poll(() => storedBytes(server().storage), { timeout: 15_000 }).toBe(lying + 16 * MIB);
  expect((await client.limits())["used-upload-max-files"]).toBe("1");
});

test("two at a time may wait for their credentials; one more is told to wait, whoever sends it", async () => {
  const slow = await held(2);
  const third = await client.upload("3.txt", textOf(10));
  expect(third).toMatchObject({ ok: false, refused: { http: 400, code: 1023, chatEnded: false } });
  expect((await client.uploadAfter("4.txt", textOf(10))).ok).toBe(true);
  for (const one of slow) one.finish(tail(client.credentials));
  for (const one of slow) expect(await one.answer).toMatchObject({ status: 200 });
  expect(await client.limits()).toMatchObject({ "used-upload-max-files": "3" });
});

test("nothing is taken from somebody who knows a chat's id alone, where no file is left to send", async () => {
  for (const name of ["1.txt", "2.txt", "3.txt"]) await client.send(name, textOf(10));
  const before = await storedBytes(server().storage);
  const slow = await begun(1000);
  slow.finish("");
  expect(await slow.answer).toMatchObject({ status: 400, body: { errors: [{ code: 201, advice: "3" }] } });
  expect(await storedBytes(server().storage)).toBe(before);
});
