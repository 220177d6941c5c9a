/** Files on their way in: real samples both ways, names, contents that lie, repeats, and uploads that break off. */
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ApiClient } from "../../support/node/api-client.ts";
import {
  type Chat,
  eventsOf,
  formWith,
  openChat,
  openSession,
  sample,
  send,
  stateOf,
  textOf,
  upload,
} from "../../support/node/chats.ts";
import { PROJECT } from "../../support/node/command.ts";
import { RawConnection } from "../../support/node/raw-request.ts";
import { useServer } from "../../support/node/server.ts";
import { SlowUpload } from "../../support/node/slow-upload.ts";

const server = useServer();
const ALLOWED = "jpg jpeg png gif webp heic pdf txt csv doc docx xls xlsx ppt pptx zip".split(" ");
const isAllowed = (name: string) => ALLOWED.includes(name.split(".").at(-1) ?? "");
const NAMES = (await readdir(join(PROJECT, "test/support/files"))).filter((name) => !name.startsWith("."));
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

test("the samples cover every type that is allowed by default, and some that are not", () => {
  const extensions = new Set(NAMES.map((name) => name.split(".").at(-1) ?? ""));
  expect(ALLOWED.filter((extension) => !extensions.has(extension))).toEqual([]);
  expect(NAMES.filter((name) => !isAllowed(name)).length).toBeGreaterThan(5);
});

describe.each(["customer", "agent"] as const)("from the %s", (side) => {
  const other = { customer: "agent", agent: "customer" } as const;

  test.each(NAMES.filter(isAllowed))("%s arrives on the other side as it was sent, raw and as a form", async (name) => {
    const chat = await openChat(server);
    const bytes = await sample(name);
    const raw = await send(chat[side], name, bytes);
    const form = await chat[side].must("uploadFile", { body: formWith(name, bytes) });
    for (const file of [raw, form]) {
      expect(file).toMatchObject({ name: name.normalize("NFC"), size: bytes.length, sha256: sha256(bytes) });
      const asking = { params: { fileId: file.fileId } };
      const got = await chat[other[side]].ask("downloadFile", asking);
      if (!got.ok) throw new Error(got.problem.code);
      expect(sha256(got.value)).toBe(file.sha256);
      expect(got.headers.get("Content-Type")).toBe(file.type);
    }
    const announced = (await eventsOf(chat[other[side]])).slice(-2);
    expect(announced).toMatchObject(
      [raw, form].map(({ position, ...file }) => ({ position, type: "FileUploaded", file })),
    );
  });

  test.each(NAMES.filter((name) => !isAllowed(name)))("%s is refused with what is allowed", async (name) => {
    const { [side]: who } = await openChat(server);
    const before = await stateOf(who);
    for (const body of [await sample(name), formWith(name, await sample(name))]) {
      const query = body instanceof FormData ? {} : { name };
      const problem = await who.refused("uploadFile", { query, body });
      expect(problem).toMatchObject({ status: 415, code: "type-not-allowed", allowed: ALLOWED });
    }
    expect(await stateOf(who)).toEqual(before);
  });
});

test("a form of unknown length is held to the limits, and charged with what it has", async () => {
  const { customer } = await openSession(server);
  const chunked = (bytes: Uint8Array<ArrayBuffer>) => {
    const form = new Response(formWith("a.txt", bytes));
    const headers = { "Content-Type": form.headers.get("Content-Type") ?? "" };
    return customer.ask("uploadFile", { headers, ...(form.body === null ? {} : { body: form.body }) });
  };
  expect(await chunked(textOf(3_000_000))).toMatchObject({ problem: { code: "file-too-large", limit: 2097152 } });
  expect(await chunked(textOf(1_000_000))).toMatchObject({ value: { size: 1_000_000 } });
  expect((await stateOf(customer)).used).toEqual({ files: 1, bytes: 1_000_000, downloads: 0 });
});

test("a form far larger than a buffer arrives whole, in parts", async () => {
  const chat = await openChat(server);
  const bytes = textOf(11 * 1024 * 1024 + 17);
  const file = await chat.agent.must("uploadFile", { body: formWith("large.txt", bytes) });
  expect(file).toMatchObject({ size: bytes.length, sha256: sha256(bytes) });
  const got = await chat.customer.must("downloadFile", { params: { fileId: file.fileId } });
  expect(sha256(got)).toBe(file.sha256);
});

describe("a name", () => {
  test.each([
    ["../../etc/passwd.txt", "passwd.txt"],
    ["C:\\temp\\note.txt", "note.txt"],
    ["a\r\nSet-Cookie: x.txt", "a Set-Cookie_ x.txt"],
    ["invoice\u202etxt.pdf.txt", "invoicetxt.pdf.txt"],
    ["A\u0308rger.txt", "Ärger.txt"],
    ["CON.txt", "_CON.txt"],
    [' "quoted" <b>.TXT ', "_quoted_ _b_.TXT"],
    [`${"x".repeat(300)}.txt`, `${"x".repeat(251)}.txt`],
  ])("%j is kept as %j", async (given, kept) => {
    const { customer } = await openSession(server);
    expect(await send(customer, given, textOf(10))).toMatchObject({ name: kept });
  });

  test.each([
    ["", "a file name"],
    ["...", "a file name"],
    ["noextension", "a file name with an extension"],
    ["a.t-x", "an extension of 1 to 10 letters and digits"],
    [`${"x".repeat(1021)}.txt`, "at most 1024 characters"],
  ])("%j is refused", async (name, problem) => {
    const { customer } = await openSession(server);
    const answer = await customer.refused("uploadFile", { query: { name }, body: textOf(10) });
    expect(answer).toMatchObject({ status: 400, code: "bad-request", errors: [{ field: "name", problem }] });
  });
});

describe("what is sent", () => {
  test.each([
    ["a page as PDF", "page.pdf", "<!doctype html><script>alert(1)</script>"],
    ["a page as image", "page.png", "<html><svg onload=alert(1)>"],
    ["a program as text", "run.txt", "\u007fELF\u0002\u0001\u0001\u0000\u0000\u0000"],
    ["text as archive", "text.zip", "no archive at all"],
  ])("may not lie about what it is: %s", async (_what, name, content) => {
    const { customer } = await openSession(server);
    const before = await stateOf(customer);
    for (const asking of [{ query: { name }, body: content }, { body: formWith(name, Buffer.from(content)) }]) {
      expect(await customer.refused("uploadFile", asking)).toMatchObject({ status: 415, code: "type-mismatch" });
    }
    expect(await stateOf(customer)).toEqual(before);
  });

  test("may not be empty", async () => {
    const { customer } = await openSession(server);
    const empty = new Uint8Array(0);
    for (const asking of [{ query: { name: "a.txt" }, body: empty }, { body: formWith("a.txt", empty) }]) {
      expect(await customer.refused("uploadFile", asking)).toMatchObject({ status: 422, code: "empty-file" });
    }
    expect((await stateOf(customer)).used).toEqual({ files: 0, bytes: 0, downloads: 0 });
  });

  test("needs a length where it is raw", async () => {
    const { customer } = await openSession(server);
    const body = new Blob([textOf(10)]).stream();
    const problem = await customer.refused("uploadFile", { query: { name: "a.txt" }, body });
    expect(problem).toMatchObject({ status: 411, code: "length-required" });
  });

  test.each([
    ["no file", "--b\r\nContent-Disposition: form-data; name=text\r\n\r\nx\r\n--b--\r\n", "file"],
    ["no end", '--b\r\nContent-Disposition: form-data; name=file; filename="a.txt"\r\n\r\nx', undefined],
    ["no form", "nothing of that kind", undefined],
  ])("as a form with %s is refused, and nothing is charged", async (_what, body, field) => {
    const { customer } = await openSession(server);
    const headers = { "Content-Type": "multipart/form-data; boundary=b" };
    const problem = await customer.refused("uploadFile", { body, headers });
    expect(problem).toMatchObject({ status: 400, code: "bad-request", errors: [field === undefined ? {} : { field }] });
    expect((await stateOf(customer)).used).toMatchObject({ files: 0, bytes: 0 });
  });

  test("is refused as soon as its beginning tells, also to a sender who then sends nothing more", async () => {
    const { customer } = await openSession(server);
    const stalling = new SlowUpload(customer, "page.pdf", 1_000_000);
    await stalling.write(new TextEncoder().encode("<html>".padEnd(4096)));
    expect(await stalling.problem()).toMatchObject({ status: 415, code: "type-mismatch" });
    stalling.leave();
  });

  test("is neither stored nor charged when its sender goes away in the middle", async () => {
    const { customer } = await openSession(server);
    const before = await stateOf(customer);
    const leaving = new SlowUpload(customer, "half.txt", 1000);
    await leaving.write(textOf(500));
    await expect.poll(() => stateOf(customer)).toMatchObject({ used: { files: 1, bytes: 1000 } });
    leaving.leave();
    await expect.poll(() => stateOf(customer), { timeout: 10_000 }).toEqual(before);
  });
});

describe("an upload with Idempotency-Key", () => {
  const key = { "Idempotency-Key": "key-1" };
  const slow = (who: ApiClient) => new SlowUpload(who, "a.txt", 1000, key);
  const reserved = (chat: Chat) =>
    expect.poll(() => stateOf(chat.customer)).toMatchObject({ used: { files: 1, bytes: 1000 } });

  test("is one file, however often it is repeated", async () => {
    const { customer } = await openSession(server);
    const [first, again] = [
      await upload(customer, "a.txt", textOf(1000), key),
      await upload(customer, "a.txt", textOf(1000), key),
    ];
    expect(first).toMatchObject({ ok: true, status: 201 });
    expect(again).toMatchObject({ ok: true, status: 201, value: first.ok ? first.value : undefined });
    expect(await stateOf(customer)).toMatchObject({ used: { files: 1, bytes: 1000 }, position: 2 });
  });

  test("under another name or size is refused", async () => {
    const { customer } = await openSession(server);
    await upload(customer, "a.txt", textOf(1000), key);
    for (const [name, size] of [
      ["b.txt", 1000],
      ["a.txt", 999],
    ] as const) {
      const again = await upload(customer, name, textOf(size), key);
      expect(again).toMatchObject({ ok: false, problem: { status: 422, code: "idempotency-key-reused" } });
    }
  });

  test("is one file as a form too, and something else than a raw body", async () => {
    const { customer } = await openSession(server);
    const form = () => customer.must("uploadFile", { body: formWith("a.txt", textOf(1000)), headers: key });
    expect(await form()).toEqual(await form());
    expect(await upload(customer, "a.txt", textOf(1000), key)).toMatchObject({ problem: { status: 422 } });
    expect(await stateOf(customer)).toMatchObject({ used: { files: 1, bytes: 1000 }, position: 2 });
  });

  test("is each participant's own", async () => {
    const { customer, agent } = await openChat(server);
    const [mine, theirs] = [
      await upload(customer, "a.txt", textOf(10), key),
      await upload(agent, "b.txt", textOf(20), key),
    ];
    expect([mine.status, theirs.status]).toEqual([201, 201]);
  });

  test("is answered to a repeat once all its bytes have come, since pages see no answer before", async () => {
    const { customer } = await openChat(server);
    const bytes = textOf(2_000_000);
    const first = await customer.must("uploadFile", { query: { name: "a.txt" }, body: bytes, headers: key });
    const { pathname, search } = customer.address("uploadFile", { query: { name: "a.txt" } });
    const connection = new RawConnection(server().url);
    const credentials = `Authorization: Bearer ${customer.token}\r\nIdempotency-Key: ${key["Idempotency-Key"]}\r\n`;
    await connection.write(
      `POST ${pathname}${search} HTTP/1.1\r\nHost: 127.0.0.1\r\n${credentials}Content-Length: ${bytes.length}\r\n\r\n`,
    );
    let answered = false;
    const answer = connection.answer().finally(() => {
      answered = true;
    });
    for (let at = 0; at < bytes.length; at += 100_000) {
      expect(answered).toBe(false);
      expect(await connection.write(bytes.subarray(at, at + 100_000))).toBe(true);
      await customer.must("getLimits");
    }
    const { status, body } = await answer;
    expect([status, JSON.parse(body)]).toEqual([201, first]);
    connection.leave();
  });

  test("is taken over by its repeat while it is stuck, and charged once", async () => {
    const chat = await openChat(server);
    const stuck = slow(chat.customer);
    await stuck.write(textOf(500));
    await reserved(chat);
    const repeat = await upload(chat.customer, "a.txt", textOf(1000), key);
    expect(repeat).toMatchObject({ ok: true, value: { size: 1000 } });
    stuck.finish(textOf(1000).subarray(500));
    expect(await stuck.problem()).toMatchObject({ status: 409 });
    expect(await stateOf(chat.customer)).toMatchObject({ used: { files: 1, bytes: 1000 } });
    expect((await eventsOf(chat.agent)).filter(({ type }) => type === "FileUploaded")).toHaveLength(1);
  });

  test("is forgotten when it was refused, so that the key can be used again", async () => {
    const { customer } = await openSession(server);
    expect(await upload(customer, "a.pdf", "no pdf", key)).toMatchObject({ problem: { code: "type-mismatch" } });
    expect(await upload(customer, "a.txt", "a text", key)).toMatchObject({ ok: true, status: 201 });
  });

  test("can be cancelled by who began it, and by nobody else", async () => {
    const chat = await openChat(server);
    const stuck = slow(chat.customer);
    await stuck.write(textOf(500));
    await reserved(chat);
    const params = { key: "key-1" };
    expect(await chat.agent.refused("cancelUpload", { params })).toMatchObject({ status: 404, code: "unknown-upload" });
    await chat.customer.must("cancelUpload", { params });
    expect(await stateOf(chat.customer)).toMatchObject({ used: { files: 0, bytes: 0 }, position: 2 });
    stuck.finish(textOf(1000).subarray(500));
    expect(await stuck.problem()).toMatchObject({ status: 409, code: "upload-expired" });
    expect(await stateOf(chat.customer)).toMatchObject({ used: { files: 0, bytes: 0 }, position: 2 });
    expect(await chat.customer.refused("cancelUpload", { params })).toMatchObject({ code: "unknown-upload" });
  });

  test("cannot be cancelled once it has finished", async () => {
    const { customer } = await openSession(server);
    await upload(customer, "a.txt", textOf(10), key);
    const problem = await customer.refused("cancelUpload", { params: { key: "key-1" } });
    expect(problem).toMatchObject({ status: 409, code: "upload-finished" });
    expect((await stateOf(customer)).used.files).toBe(1);
  });

  test.each(["with space", "x".repeat(129), "ümlaut"])("%j is refused by the header's name", async (value) => {
    const { customer } = await openSession(server);
    const refused = await upload(customer, "a.txt", textOf(10), { "Idempotency-Key": value });
    const errors = [{ field: "header Idempotency-Key" }];
    expect(refused).toMatchObject({ ok: false, problem: { status: 400, errors } });
  });
});
