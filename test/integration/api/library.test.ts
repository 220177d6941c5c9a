/** Standard responses over the running server: written, found, with files as people send them, and carried elsewhere. */
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { MAX_IMPORT_BYTES, PRIVILEGES } from "../../../src/protocol/wire.ts";
import { ApiClient, type Asking } from "../../support/node/api-client.ts";
import { agentToken, formWith, sample, textOf } from "../../support/node/chats.ts";
import { PROJECT } from "../../support/node/command.ts";
import { statusOf } from "../../support/node/raw-request.ts";
import { useServer } from "../../support/node/server.ts";

const server = useServer();
const service = "customer-support";
const ALLOWED = "jpg jpeg png gif webp heic pdf txt csv doc docx xls xlsx ppt pptx zip".split(" ");
const isAllowed = (name: string) => ALLOWED.includes(name.split(".").at(-1) ?? "");
const NAMES = (await readdir(join(PROJECT, "test/support/files"))).filter((name) => !name.startsWith("."));
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const TEXT = { title: "Greeting", language: "en", text: "Hello {{customer.nickname}}" };

let editor: ApiClient;
let agent: ApiClient;

const client = (token: string) => new ApiClient(() => server().url, "", token);
const create = (more: object = {}) =>
  editor.must("createStandardResponse", { params: { service }, json: { ...TEXT, ...more } });
const of = (responseId: string, more: Asking = {}): Asking => ({
  params: { service, responseId },
  query: { service },
  ...more,
});
const view = (responseId: string) => agent.must("getStandardResponse", of(responseId));
const found = async (query: Record<string, string>, who = agent) =>
  (await who.must("searchStandardResponses", { query: { service, ...query } })).responses.map(({ title }) => title);
const send = (responseId: string, name: string, body: NonNullable<Asking["body"]>) =>
  editor.must("uploadLibraryFile", of(responseId, { query: { name }, body }));

beforeAll(async () => {
  editor = client(await agentToken(server, ["library:edit"], "Editor"));
  agent = client(await agentToken(server, ["chat:take"], "Agent"));
});

describe("a response", () => {
  test("is written, found, read, written anew and deleted", async () => {
    const category = await editor.must("createStandardResponseCategory", {
      params: { service },
      json: { name: "Bills" },
    });
    const { categoryId } = category;
    const created = await create({
      title: "Rückerstattung",
      shortcut: "rueck",
      categoryId,
      translations: { de: "Wir erstatten" },
    });
    const { responseId } = created;
    for (const query of [{ q: "ruckers" }, { q: "RUECK" }, { q: "erstatt" }, { category: categoryId }])
      expect(await found({ ...query })).toEqual(["Rückerstattung"]);
    expect(await view(responseId)).toEqual({ ...created, favourite: false });
    const json = { ...TEXT, title: "Refund", version: 1 };
    expect(await editor.must("replaceStandardResponse", of(responseId, { json }))).toMatchObject({
      version: 2,
      translations: {},
    });
    const again = await editor.refused("replaceStandardResponse", of(responseId, { json }));
    expect(again).toMatchObject({ status: 409, code: "version-conflict" });
    const query = { version: "1" };
    expect(await editor.refused("deleteStandardResponse", of(responseId, { query }))).toMatchObject({ status: 409 });
    await editor.must("deleteStandardResponse", of(responseId));
    expect(await agent.refused("getStandardResponse", of(responseId))).toMatchObject({
      status: 404,
      code: "unknown-response",
    });
    await editor.must("deleteStandardResponseCategory", { params: { service, categoryId } });
  });

  test.each([
    [{ text: "Hi {{customer.email}}" }, "text"],
    [{ text: "Hi {{customer.nickname" }, "text"],
    [{ translations: { de: "{{x}}" } }, "translations.de"],
    [{ text: "" }, "text"],
    [{ text: "x".repeat(4097) }, "text"],
    [{ title: "" }, "title"],
    [{ title: "a\u202eb" }, "title"],
    [{ language: "no language" }, "language"],
    [{ translations: { "no language": "x" } }, "translations"],
    [{ shortcut: "two words" }, "shortcut"],
    [{ categoryId: "../x" }, "categoryId"],
    [{ color: "red" }, "color"],
  ])("%j is refused with the field named", async (more, field) => {
    const problem = await editor.refused("createStandardResponse", { params: { service }, json: { ...TEXT, ...more } });
    expect(problem).toMatchObject({ status: 400, code: "bad-request", errors: [{ field }] });
  });

  test.each(['"*(', "NEAR(", "'; DROP TABLE responses", "*", "{{service}}", "\u0000", "AND OR NOT"])(
    "is looked for by %j without a fault",
    async (q) => {
      expect(Array.isArray(await found({ q }))).toBe(true);
    },
  );

  test("is an agent's own favourite", async () => {
    const other = client(await agentToken(server, ["chat:take"], "Other"));
    const { responseId } = await create({ title: "Favoured" });
    await agent.must("addFavourite", of(responseId));
    await agent.must("addFavourite", of(responseId));
    expect(await found({ list: "favourites" })).toEqual(["Favoured"]);
    expect(await found({ list: "favourites" }, other)).toEqual([]);
    expect(await found({ list: "recent" })).toEqual([]);
    await agent.must("removeFavourite", of(responseId));
    expect(await found({ list: "favourites" })).toEqual([]);
  });

  test("is one service's own", async () => {
    await create({ title: "Supportonly" });
    expect(await found({ q: "supportonly" })).toEqual(["Supportonly"]);
    const sales = client(await agentToken(server, { sales: PRIVILEGES }, "Sales"));
    expect(await found({ q: "supportonly", service: "sales" }, sales)).toEqual([]);
    expect(await sales.refused("searchStandardResponses", { query: { service } })).toMatchObject({ status: 403 });
    expect(await sales.refused("createStandardResponse", { params: { service }, json: TEXT })).toMatchObject({
      status: 403,
    });
    // The path's service counts, whatever the query says.
    const asking = { params: { service }, query: { service: "sales" }, json: TEXT };
    expect(await sales.refused("createStandardResponse", asking)).toMatchObject({
      status: 403,
      code: "missing-privilege",
    });
  });

  test("comes in pages", async () => {
    const responses = Array.from({ length: 60 }, (_, index) => ({
      responseId: `page-${index}`,
      ...TEXT,
      title: `Paged ${index}`,
    }));
    const json = { format: "satchel-standard-responses", categories: [], responses };
    await editor.must("importLibrary", { params: { service }, json });
    const first = await agent.must("searchStandardResponses", { query: { service, q: "paged" } });
    expect(first.responses).toHaveLength(50);
    const second = await agent.must("searchStandardResponses", {
      query: { service, q: "paged", cursor: first.cursor ?? "" },
    });
    expect(second.cursor).toBeUndefined();
    const ids = [...first.responses, ...second.responses].map(({ responseId }) => responseId);
    expect(new Set(ids).size).toBe(60);
  });
});

describe("files", () => {
  test.each(NAMES.filter(isAllowed))("%s is stored as it was sent, raw and as a form", async (name) => {
    const { responseId } = await create();
    const bytes = await sample(name);
    const raw = await send(responseId, name, bytes);
    const form = await editor.must("uploadLibraryFile", of(responseId, { body: formWith(name, bytes) }));
    expect(form).toMatchObject({
      name: name.normalize("NFC"),
      size: bytes.length,
      sha256: sha256(bytes),
      type: raw.type,
    });
    // The second replaced the first, which nobody had got.
    expect((await view(responseId)).files.map(({ documentId }) => documentId)).toEqual([form.documentId]);
    const params = { responseId, documentId: form.documentId };
    const got = await agent.ask("downloadLibraryFile", { params, query: { service } });
    if (!got.ok) throw new Error(got.problem.code);
    expect(sha256(got.value)).toBe(form.sha256);
    expect(got.headers.get("Content-Type")).toBe(form.type);
    const gone = { params: { responseId, documentId: raw.documentId }, query: { service } };
    expect(await agent.refused("downloadLibraryFile", gone)).toMatchObject({ status: 404, code: "unknown-file" });
  });

  test.each(NAMES.filter((name) => !isAllowed(name)))("%s is refused with what is allowed", async (name) => {
    const { responseId } = await create();
    for (const body of [await sample(name), formWith(name, await sample(name))]) {
      const query: Record<string, string> = body instanceof FormData ? {} : { name };
      const problem = await editor.refused("uploadLibraryFile", of(responseId, { query, body }));
      expect(problem).toMatchObject({ status: 415, code: "type-not-allowed", allowed: ALLOWED });
    }
    expect((await view(responseId)).files).toEqual([]);
  });

  test("that lie about what they are, are empty, too large, or half are refused, and leave nothing", async () => {
    const { responseId } = await create();
    const refused = async (name: string, body: NonNullable<Asking["body"]>) =>
      (await editor.refused("uploadLibraryFile", of(responseId, { query: { name }, body }))).code;
    expect(await refused("a.pdf", "<html>")).toBe("type-mismatch");
    expect(await refused("a.txt", "")).toBe("empty-file");
    expect(await refused("a.txt", textOf(26 * 1024 * 1024 + 1))).toBe("file-too-large");
    expect(await refused("a.txt", new Blob(["x"]).stream())).toBe("length-required");
    expect(await refused("noextension", "x")).toBe("bad-request");
    expect(
      await editor.refused("uploadLibraryFile", of("nothing", { query: { name: "a.txt" }, body: "x" })),
    ).toMatchObject({ status: 404 });
    expect((await view(responseId)).files).toEqual([]);
  });

  test("are at most ten", async () => {
    const { responseId } = await create();
    for (let index = 0; index < 10; index += 1) await send(responseId, `${index}.txt`, textOf(10));
    const more = of(responseId, { query: { name: "more.txt" }, body: textOf(10) });
    expect(await editor.refused("uploadLibraryFile", more)).toMatchObject({
      status: 409,
      code: "library-full",
      limit: 10,
    });
    await send(responseId, "3.txt", textOf(20));
    expect((await view(responseId)).files).toHaveLength(10);
  });

  test("are fetched in part, looked at by HEAD, and not sent again to who has them", async () => {
    const { responseId } = await create();
    const bytes = textOf(1000);
    const { documentId, sha256: digest } = await send(responseId, "a.txt", bytes);
    const asking = { params: { responseId, documentId }, query: { service } };
    const part = await agent.ask("downloadLibraryFile", { ...asking, headers: { Range: "bytes=10-19" } });
    expect([part.status, part.headers.get("Content-Range")]).toEqual([206, "bytes 10-19/1000"]);
    expect(
      (await agent.ask("downloadLibraryFile", { ...asking, headers: { "If-None-Match": `"${digest}"` } })).status,
    ).toBe(304);
    expect(await agent.refused("downloadLibraryFile", { ...asking, headers: { Range: "bytes=5000-" } })).toMatchObject({
      status: 416,
    });
    const headers = { Authorization: `Bearer ${agent.token}` };
    const head = await fetch(agent.address("downloadLibraryFile", asking), { method: "HEAD", headers });
    expect([head.status, head.headers.get("Content-Length")]).toEqual([200, "1000"]);
    expect(head.headers.get("Content-Security-Policy")).toBe("sandbox; default-src 'none'");
    expect(head.headers.get("Content-Disposition")).toBe("attachment; filename=a.txt");
  });

  test("are taken away", async () => {
    const { responseId } = await create();
    const { documentId } = await send(responseId, "a.txt", textOf(10));
    const asking = { params: { service, responseId, documentId } };
    await editor.must("deleteLibraryFile", asking);
    expect(await editor.refused("deleteLibraryFile", asking)).toMatchObject({ status: 404, code: "unknown-file" });
    expect((await view(responseId)).files).toEqual([]);
  });
});

describe("import and export", () => {
  const exported = async (where: string) => {
    const parts = [];
    for (let cursor: string | undefined = ""; cursor !== undefined; ) {
      const query: Record<string, string> = cursor === "" ? {} : { cursor };
      const part = await editor.must("exportLibrary", { params: { service: where }, query });
      parts.push(part);
      cursor = part.cursor;
    }
    return parts;
  };

  test("carry a library into another service, where only the bytes of files are missing, and twice changes nothing", async () => {
    const { categoryId } = await editor.must("createStandardResponseCategory", {
      params: { service },
      json: { name: "Moved" },
    });
    const { responseId } = await create({
      title: "Traveller",
      categoryId,
      shortcut: "trav",
      translations: { de: "Reisender" },
    });
    const file = await send(responseId, "a.txt", textOf(100));
    const parts = await exported(service);
    const import_ = (json: unknown) => editor.must("importLibrary", { params: { service: "sales" }, json });
    const missing = [];
    for (const part of parts) missing.push(...(await import_(part)).missingFiles);
    expect(missing).toContainEqual({ responseId, name: "a.txt", size: 100, type: "text/plain", sha256: file.sha256 });
    for (const part of parts) {
      const { categories, responses } = await import_(part);
      expect([categories.created, categories.updated, responses.created, responses.updated]).toEqual([0, 0, 0, 0]);
    }
    expect(await found({ service: "sales", q: "reisender" })).toEqual(["Traveller"]);
    const texts = (all: typeof parts) =>
      all.flatMap(({ responses }) => responses.map(({ files: _f, ...text }) => text));
    expect(texts(await exported("sales"))).toEqual(texts(parts));
    const there = { params: { service: "sales", responseId }, query: { name: "a.txt" }, body: textOf(100) };
    await editor.must("uploadLibraryFile", there);
    for (const part of parts)
      expect((await import_(part)).missingFiles.map((one) => one.responseId)).not.toContain(responseId);
  });

  test.each([
    [{}, "format"],
    [{ categories: [{ categoryId: "a", name: "A", parentId: "nowhere" }] }, "categories"],
    [
      {
        responses: [
          { responseId: "a", ...TEXT },
          { responseId: "b", ...TEXT, text: "{{x}}" },
        ],
      },
      "responses.1.text",
    ],
    [{ responses: [{ responseId: "a", ...TEXT, categoryId: "nowhere" }] }, "responses.0.categoryId"],
    [{ responses: [{ responseId: "a b", ...TEXT }] }, "responses.0.responseId"],
  ])("of %j are refused as a whole with the field named", async (more, field) => {
    const whole = field === "format" ? { categories: [], responses: [] } : { format: "satchel-standard-responses" };
    const json = { categories: [], responses: [], ...whole, ...more };
    const problem = await editor.refused("importLibrary", { params: { service }, json });
    expect(problem).toMatchObject({ status: 400, code: "bad-request", errors: [{ field }] });
    expect(await agent.refused("getStandardResponse", of("a"))).toMatchObject({ status: 404 });
  });

  test("are bounded in size", async () => {
    const responses = Array.from({ length: 40 }, (_, index) => ({
      responseId: `long-${index}`,
      ...TEXT,
      text: "x".repeat(4000),
    }));
    const json = { format: "satchel-standard-responses", categories: [], responses };
    await editor.must("importLibrary", { params: { service }, json });
    const path = editor.address("importLibrary", { params: { service } }).pathname;
    const headers = { Authorization: `Bearer ${editor.token}`, "Content-Type": "application/json" };
    const size = { "Content-Length": String(MAX_IMPORT_BYTES + 1) };
    // Refused by what it announces: not one byte is sent.
    expect(await statusOf(server().url, path, { ...headers, ...size }, "POST")).toBe(413);
  });
});

test("everything is there after the server was killed", async () => {
  const { responseId } = await create({ title: "Lasting" });
  const { documentId } = await send(responseId, "a.txt", textOf(100));
  await server().restart("kill");
  expect(await found({ q: "lasting" })).toEqual(["Lasting"]);
  const got = await agent.must("downloadLibraryFile", { params: { responseId, documentId }, query: { service } });
  expect(got).toHaveLength(100);
});
