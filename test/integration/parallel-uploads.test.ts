/** Two hundred requests at once at the edge of each limit: exactly the limit passes, and the quota tells what is there. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { UploadedFileSchema } from "../../src/protocol/files.ts";
import { type Problem, ProblemSchema } from "../../src/protocol/problem.ts";
import type { AnswerOf, ApiClient, Outcome } from "../support/node/api-client.ts";
import { eventsOf, openChat, openSession, stateOf, textOf } from "../support/node/chats.ts";
import { useServer } from "../support/node/server.ts";
import { SlowUpload } from "../support/node/slow-upload.ts";
import { FORM_HEADERS, formPieces, type Sending, sendStream } from "../support/node/stream-upload.ts";

const REQUESTS = 200;
/** Buffers for files of unknown size that one isolate lends; one more upload is told to come back. */
const BUFFERS = 8;
const FILE_BYTES = 4000;

type UploadedFile = AnswerOf<"uploadFile">;
type Uploaded = { readonly file: UploadedFile } | { readonly problem: Problem };

const server = useServer({
  bindings: {
    SERVICE_FEW_FILES: { "upload-max-files": 17, "transcript-email": "never" },
    SERVICE_SMALL_TOTAL: {
      "upload-max-files": 1000,
      "upload-max-total-size": 25 * FILE_BYTES,
      "transcript-email": "never",
    },
    SERVICE_FEW_DOWNLOADS: { "download-attempts": 20, "transcript-email": "never" },
    SERVICE_FORMS: {
      "upload-max-files": 100,
      "upload-max-file-size": "1MiB",
      "upload-max-total-size": "50MiB",
      "transcript-email": "never",
    },
  },
});

const digestOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Text that no other upload has. */
function contentOf(index: number): Uint8Array<ArrayBuffer> {
  const bytes = textOf(FILE_BYTES);
  bytes.set(new TextEncoder().encode(`file ${index}\n`));
  return bytes;
}

function all<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => make(index)));
}

function sorted(outcomes: readonly Uploaded[]) {
  const passed = outcomes.flatMap((outcome) => ("file" in outcome ? [outcome.file] : []));
  const problems = outcomes.flatMap((outcome) => ("problem" in outcome ? [outcome.problem] : []));
  return { passed, problems };
}

/** Quota, transcript and stored bytes all tell of exactly these files. */
async function expectOnly(customer: ApiClient, agent: ApiClient, files: readonly UploadedFile[]): Promise<void> {
  const { used } = await stateOf(customer);
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  expect(used).toEqual({ files: files.length, bytes, downloads: 0 });
  const events = await eventsOf(agent);
  const announced = events.flatMap((event) =>
    event.type === "FileUploaded" ? [[event.position, event.file.fileId]] : [],
  );
  const told = files.map(({ position, fileId }) => [position, fileId]);
  expect(announced).toEqual(told.sort(([a = 0], [b = 0]) => Number(a) - Number(b)));
  for (const { fileId, sha256 } of files) {
    expect(digestOf(await agent.must("downloadFile", { params: { fileId } }))).toBe(sha256);
  }
}

async function sendOne(who: ApiClient, sending: Omit<Sending, "url">, name?: string): Promise<Uploaded> {
  const url = who.address("uploadFile", name === undefined ? {} : { query: { name } });
  const headers = { Authorization: `Bearer ${who.token}`, ...sending.headers };
  const { status, body } = await sendStream({ url, headers, pieces: sending.pieces });
  const json: unknown = JSON.parse(body);
  return status === 201 ? { file: UploadedFileSchema.parse(json) } : { problem: ProblemSchema.parse(json) };
}

function sendRaw(who: ApiClient, index: number, { extension = "txt", headers = {} } = {}): Promise<Uploaded> {
  const content = contentOf(index);
  const sized = { ...headers, "Content-Length": String(content.length) };
  return sendOne(who, { headers: sized, pieces: [content] }, `${index}.${extension}`);
}

function sendForm(who: ApiClient, index: number): Promise<Uploaded> {
  return sendOne(who, { headers: FORM_HEADERS, pieces: formPieces(`${index}.txt`, [contentOf(index)]) });
}

test("of two hundred uploads exactly the number of files passes", async () => {
  const { customer, agent } = await openChat(server, "few-files");
  const { passed, problems } = sorted(await all(REQUESTS, (index) => sendRaw(customer, index)));
  expect(passed).toHaveLength(17);
  for (const problem of problems) expect(problem).toMatchObject({ status: 409, code: "too-many-files", limit: 17 });
  expect(new Set(passed.map(({ sha256 }) => sha256)).size).toBe(17);
  await expectOnly(customer, agent, passed);
});

test("of two hundred uploads exactly the total size passes", async () => {
  const { customer, agent } = await openChat(server, "small-total");
  const { passed, problems } = sorted(await all(REQUESTS, (index) => sendRaw(customer, index)));
  expect(passed).toHaveLength(25);
  for (const problem of problems) expect(problem).toMatchObject({ status: 413, code: "total-too-large", left: 0 });
  await expectOnly(customer, agent, passed);
});

test("of two hundred uploads half of which are no text, those that are rejected take nothing from the others", async () => {
  const { customer, agent } = await openChat(server, "small-total");
  const { passed, problems } = sorted(
    await all(REQUESTS, (index) => sendRaw(customer, index, { extension: index % 2 === 0 ? "txt" : "png" })),
  );
  const codes = new Set(problems.map(({ code }) => code));
  expect(codes).toContain("type-mismatch");
  expect([...codes].filter((code) => code !== "total-too-large" && code !== "type-mismatch")).toEqual([]);
  await expectOnly(customer, agent, passed);
  const again = sorted(await all(REQUESTS, (index) => sendRaw(customer, REQUESTS + index))).passed;
  expect(passed.length + again.length).toBe(25);
});

test("the same upload two hundred times with one Idempotency-Key is one file", async () => {
  const { customer, agent } = await openChat(server, "few-files");
  const headers = { "Idempotency-Key": "the-same" };
  const { passed, problems } = sorted(await all(REQUESTS, () => sendRaw(customer, 0, { headers })));
  // Each repeat takes the upload over; past a bound it is told so, and the one that stores goes on.
  for (const { code } of problems) expect(["upload-superseded", "upload-expired", "too-many-uploads"]).toContain(code);
  expect(new Set(passed.map(({ fileId }) => fileId)).size).toBe(1);
  await expectOnly(customer, agent, passed.slice(0, 1));
});

test("of two hundred downloads and tickets exactly the number of attempts passes", async () => {
  const { customer, agent } = await openChat(server, "few-downloads");
  const files = await all(REQUESTS, (index) => sendRaw(agent, index));
  const ids = sorted(files).passed.map(({ fileId }) => fileId);
  expect(ids).toHaveLength(REQUESTS);
  const outcomes = await all(REQUESTS, (index): Promise<Outcome<unknown>> => {
    const params = { fileId: ids[index] ?? "" };
    return index % 2 === 0 ? customer.ask("downloadFile", { params }) : customer.ask("createTicket", { params });
  });
  expect(outcomes.filter(({ ok }) => ok)).toHaveLength(20);
  for (const outcome of outcomes) {
    if (!outcome.ok) expect(outcome.problem).toMatchObject({ status: 429, code: "no-downloads-left", limit: 20 });
  }
  expect((await stateOf(customer)).used.downloads).toBe(20);
});

describe("uploads in forms", () => {
  test("are stored, or told to come back, when two hundred come at once", async () => {
    const { customer, agent } = await openChat(server, "forms");
    const { passed, problems } = sorted(await all(REQUESTS, (index) => sendForm(customer, index)));
    expect(passed.length).toBeGreaterThanOrEqual(1);
    for (const { code } of problems) expect(["busy", "too-many-files"]).toContain(code);
    await expectOnly(customer, agent, passed);
  });

  test("find a buffer for eight at once; the ninth is told to come back, and the eight finish", async () => {
    const { customer } = await openSession(server, "forms");
    const content = contentOf(0);
    const [head = new Uint8Array(), body = content, end = new Uint8Array()] = formPieces("slow.txt", [content]);
    const slow = Array.from({ length: BUFFERS }, () => new SlowUpload(customer, "", "unknown", FORM_HEADERS));
    await Promise.all(slow.map((upload) => upload.write(head)));
    await expect.poll(async () => (await stateOf(customer)).used.files, { timeout: 20_000 }).toBe(BUFFERS);
    const ninth = new SlowUpload(customer, "", "unknown", FORM_HEADERS);
    await ninth.write(head);
    expect(await ninth.problem()).toMatchObject({ status: 503, code: "busy" });
    expect(Number((await ninth.answer).headers["retry-after"])).toBeGreaterThan(0);
    ninth.leave();
    expect((await stateOf(customer)).used.files).toBe(BUFFERS);
    await Promise.all(slow.map((upload) => upload.write(body)));
    for (const upload of slow) upload.finish(end);
    const answers = await Promise.all(slow.map(({ answer }) => answer));
    expect(answers).toEqual(
      slow.map(() =>
        expect.objectContaining({ status: 201, body: expect.objectContaining({ sha256: digestOf(content) }) }),
      ),
    );
    expect(await sendForm(customer, 9)).toHaveProperty("file");
    expect((await stateOf(customer)).used).toEqual({ files: 9, bytes: 9 * FILE_BYTES, downloads: 0 });
  });
});
