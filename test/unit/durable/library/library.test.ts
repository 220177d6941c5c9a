/** Editing of a library: versions, categories, import and export; nothing of it is lost when the object is evicted. */
import { beforeAll, describe, expect, it } from "vitest";
import type { LibraryExport } from "../../../../src/core/library-transfer.ts";
import { stopClock } from "../../../support/chats.ts";
import { accepted, reasonOf } from "../../../support/core-fixtures.ts";
import { AGENT, TestLibrary } from "../../../support/libraries.ts";

beforeAll(stopClock);

const CONTENT = { title: "Hello", language: "en", text: "Hi {{customer.nickname}}", translations: { de: "Hallo" } };
const replace = (library: TestLibrary, more: object, from?: number) =>
  library.port.saveResponse({
    responseId: "r",
    content: { ...CONTENT, ...more },
    mode: "replace",
    ...(from === undefined ? {} : { from }),
  });

describe("a response", () => {
  it("is as it was written, also after an eviction", async () => {
    const library = new TestLibrary();
    accepted(await library.port.saveCategory({ categoryId: "c", name: "C" }, "create"));
    const content = { ...CONTENT, categoryId: "c", shortcut: "hi" };
    const saved = accepted(await library.port.saveResponse({ responseId: "r", content, mode: "create" }));
    expect(saved).toEqual({ ...content, responseId: "r", version: 1, updatedAt: Date.now(), files: [] });
    await library.evict();
    expect(accepted(await library.port.response(AGENT, "r"))).toEqual({ ...saved, favourite: false });
    expect(await library.find("hi")).toEqual(["Hello"]);
  });

  it("created twice under one id is one response, as it was created first", async () => {
    const library = new TestLibrary();
    await library.add("First", {}, "r");
    await library.add("Second", {}, "r");
    expect(accepted(await library.port.response(AGENT, "r"))).toMatchObject({ title: "First", version: 1 });
  });

  it("that was changed meanwhile is neither replaced nor removed by an edit of an older version", async () => {
    const library = new TestLibrary();
    await library.add("Hello", {}, "r");
    expect(accepted(await replace(library, { text: "two" }, 1)).version).toBe(2);
    expect(reasonOf(await replace(library, { text: "also two" }, 1))).toBe("version-conflict");
    expect(reasonOf(await library.port.deleteResponse("r", 1))).toBe("version-conflict");
    expect(accepted(await library.port.response(AGENT, "r")).text).toBe("two");
    accepted(await replace(library, { text: "three" }));
    accepted(await library.port.deleteResponse("r", 3));
    expect(reasonOf(await library.port.response(AGENT, "r"))).toBe("unknown-response");
    expect(reasonOf(await replace(library, {}))).toBe("unknown-response");
    expect(reasonOf(await library.port.deleteResponse("r"))).toBe("unknown-response");
  });

  it("lies in a category that is there", async () => {
    const library = new TestLibrary();
    await library.add("Hello", {}, "r");
    expect(reasonOf(await replace(library, { categoryId: "nowhere" }))).toBe("unknown-category");
  });
});

describe("a category", () => {
  it("is renamed and moved, and goes when nothing lies in it", async () => {
    const library = new TestLibrary();
    const { port } = library;
    accepted(await port.saveCategory({ categoryId: "b", name: "Bills" }, "create"));
    accepted(await port.saveCategory({ categoryId: "a", name: "account" }, "create"));
    accepted(await port.saveCategory({ categoryId: "b", name: "Bills", parentId: "a" }, "replace"));
    expect(await port.categories()).toEqual([
      { categoryId: "a", name: "account" },
      { categoryId: "b", name: "Bills", parentId: "a" },
    ]);
    expect(reasonOf(await port.saveCategory({ categoryId: "x", name: "X" }, "replace"))).toBe("unknown-category");
    await library.add("Hello", { categoryId: "b" });
    expect(reasonOf(await port.deleteCategory("b"))).toBe("category-in-use");
    expect(reasonOf(await port.deleteCategory("a"))).toBe("category-in-use");
    accepted(await port.deleteResponse("Hello"));
    accepted(await port.deleteCategory("b"));
    accepted(await port.deleteCategory("a"));
    expect(reasonOf(await port.deleteCategory("a"))).toBe("unknown-category");
  });
});

describe("import and export", () => {
  async function filled(): Promise<TestLibrary> {
    const library = new TestLibrary();
    accepted(await library.port.saveCategory({ categoryId: "a", name: "A" }, "create"));
    accepted(await library.port.saveCategory({ categoryId: "b", name: "B", parentId: "a" }, "create"));
    await library.add("One", { categoryId: "b", shortcut: "one", translations: { de: "Eins" } });
    await library.add("Two");
    await library.send("One");
    return library;
  }

  it("bring a library into another one, but for the bytes of its files, which are named", async () => {
    const from = await filled();
    const part = await from.port.exportPart("");
    expect(part.responses.map(({ responseId, files }) => [responseId, files.map(({ name }) => name)])).toEqual([
      ["One", ["a.txt"]],
      ["Two", []],
    ]);
    expect(part.next).toBeUndefined();
    const to = new TestLibrary();
    const report = accepted(await to.port.importPart(part));
    expect(report).toMatchObject({ categories: { created: 2 }, responses: { created: 2 } });
    expect(report.missingFiles).toMatchObject([{ responseId: "One", name: "a.txt", size: 100, type: "text/plain" }]);
    const withoutFiles = part.responses.map((response) => ({ ...response, files: [] }));
    expect(await to.port.exportPart("")).toEqual({ ...part, responses: withoutFiles });
    expect(await to.find("eins")).toEqual(["One"]);
  });

  it("change nothing when they are repeated, and files that are there stay", async () => {
    const library = await filled();
    const part = await library.port.exportPart("");
    const before = await library.rows("SELECT * FROM responses ORDER BY row_id");
    for (let times = 0; times < 2; times += 1) {
      expect(accepted(await library.port.importPart(part))).toEqual({
        categories: { created: 0, updated: 0, unchanged: 2 },
        responses: { created: 0, updated: 0, unchanged: 2 },
        missingFiles: [],
      });
    }
    expect(await library.rows("SELECT * FROM responses ORDER BY row_id")).toEqual(before);
    expect(await library.port.exportPart("")).toEqual(part);
  });

  it("are all or nothing: one response without its category stops all", async () => {
    const library = await filled();
    const response = { responseId: "new", ...CONTENT, files: [] };
    const part = { categories: [{ categoryId: "z", name: "Z" }], responses: [response, response] };
    const wrong = { ...part, responses: [response, { ...response, responseId: "other", categoryId: "nowhere" }] };
    expect(await library.port.importPart(wrong)).toMatchObject({
      refusal: { fields: [{ field: "responses.1.categoryId" }] },
    });
    expect(reasonOf(await library.port.response(AGENT, "new"))).toBe("unknown-response");
    expect(await library.port.categories()).toHaveLength(2);
    const circle = [
      { categoryId: "x", name: "X", parentId: "y" },
      { categoryId: "y", name: "Y", parentId: "x" },
    ];
    expect(await library.port.importPart({ categories: circle, responses: [] })).toMatchObject({
      refusal: { fields: [{ field: "categories" }] },
    });
    accepted(await library.port.importPart(part));
  });

  it("go in parts where there is much, each of which can be imported alone", async () => {
    const library = new TestLibrary();
    accepted(await library.port.saveCategory({ categoryId: "a", name: "A" }, "create"));
    const long = Array.from({ length: 40 }, (_, index) => ({
      ...{ responseId: `l${index}`, title: `L${index}`, language: "en", text: "x".repeat(16_000), translations: {} },
      files: [],
    }));
    const short = Array.from({ length: 700 }, (_, index) => ({
      ...{ responseId: `s${index}`, title: `S${index}`, language: "en", text: "x", translations: {}, files: [] },
    }));
    accepted(await library.port.importPart({ categories: [], responses: [...long, ...short] }));
    const copy = new TestLibrary();
    const parts: LibraryExport[] = [];
    for (let after: string | undefined = ""; after !== undefined; ) {
      const part: LibraryExport = await library.port.exportPart(after);
      parts.push(part);
      accepted(await copy.port.importPart(part));
      after = part.next;
    }
    expect(parts.length).toBeGreaterThan(2);
    for (const part of parts) expect(JSON.stringify(part).length).toBeLessThan(1_000_000);
    expect(await copy.rows("SELECT count(*) AS total FROM responses")).toEqual([{ total: 740 }]);
  });
});
