/** What is found in a library: in any script, by the beginning of words, and by nothing that could be syntax. */
import { beforeAll, describe, expect, it } from "vitest";
import { pass, stopClock } from "../../../support/chats.ts";
import { accepted, reasonOf, SECOND } from "../../../support/core-fixtures.ts";
import { AGENT, TestLibrary } from "../../../support/libraries.ts";

beforeAll(stopClock);

async function shelf(): Promise<TestLibrary> {
  const library = new TestLibrary();
  await library.add("Refund", { text: "We refund the whole amount within ten days.", shortcut: "rf" });
  await library.add("Greeting", { text: "Hello, how can I help?", translations: { de: "Grüße aus Köln" } });
  await library.add("Retoure", { text: "Die Rückgabe ist kostenlos.", language: "de-AT" });
  await library.add("返品", { text: "返品は三十日以内に承ります。", language: "ja" });
  await library.add("Возврат", { text: "Мы вернём деньги за десять дней.", language: "ru" });
  await library.add("Hoàn tiền", { text: "Chúng tôi hoàn tiền.", language: "vi" });
  await library.add("החזר", { text: "אנו מחזירים את הכסף", language: "he" });
  await library.add("वापसी", { text: "हम पैसे वापस करते हैं", language: "hi" });
  return library;
}

describe("words", () => {
  let library: TestLibrary;
  beforeAll(async () => {
    library = await shelf();
  });

  it.each([
    ["refund", ["Refund"]],
    ["REFUN", ["Refund"]],
    ["amou whole", ["Refund"]],
    ["refund hello", []],
    ["ruck", ["Retoure"]],
    ["grusse koln", ["Greeting"]],
    ["GRÜSSE", ["Greeting"]],
    ["返品", ["返品"]],
    ["三十日", ["返品"]],
    ["十三", []],
    ["вернем", ["Возврат"]],
    ["деньг", ["Возврат"]],
    ["hoan tien", ["Hoàn tiền"]],
    ["מחזירים", ["החזר"]],
    ["पैसे", ["वापसी"]],
    ["wapas", []],
  ])("%j find %j", async (words, titles) => {
    expect(await library.find(words)).toEqual(titles);
  });

  it.each([
    '"*(',
    '"',
    "*",
    "(",
    "NEAR(",
    "AND",
    "OR NOT",
    "title:refund",
    "^refund",
    "-refund",
    "refund*",
    '"refund" OR "hello"',
    "{title text}: x",
    "a\0b",
    "\ud800x",
    "'; DROP TABLE responses; --",
    `${'"x'.repeat(90)}`,
    "\u0301",
    "𐌰𐌱",
    "{{customer.nickname}}",
  ])("%j are words like others, and no fault", async (words) => {
    const found = await library.find(words);
    expect(["Refund", undefined]).toContain(found[0]);
    expect(await library.find(undefined)).toHaveLength(8);
  });

  it("that nothing can be found by find nothing, rather than everything", async () => {
    for (const words of ["***", '"', "", " "]) expect(await library.find(words)).toEqual([]);
  });

  it("are found where the text says them after an edit, and not where it said them before", async () => {
    const edited = new TestLibrary();
    await edited.add("One", { text: "before" });
    const content = { title: "One", language: "en", text: "after", translations: {} };
    accepted(await edited.port.saveResponse({ responseId: "One", content, mode: "replace" }));
    expect([await edited.find("before"), await edited.find("after")]).toEqual([[], ["One"]]);
    accepted(await edited.port.deleteResponse("One"));
    expect(await edited.find("after")).toEqual([]);
  });

  it("find a shortcut first, then titles, then texts", async () => {
    const ordered = new TestLibrary();
    await ordered.add("In the text", { text: "a word about hi and more" });
    await ordered.add("Hi in the title");
    await ordered.add("By shortcut", { shortcut: "hi" });
    await ordered.add("Hi hi hi hi", { text: "hi hi hi hi hi" });
    const found = await ordered.find("HI");
    expect(found[0]).toBe("By shortcut");
    expect(found.at(-1)).toBe("In the text");
  });
});

describe("filters", () => {
  it("are languages, by tag or its beginning, translations too", async () => {
    const library = await shelf();
    expect(await library.find(undefined, { language: "de" })).toEqual(["Greeting", "Retoure"]);
    expect(await library.find(undefined, { language: "de-AT" })).toEqual(["Retoure"]);
    expect(await library.find(undefined, { language: "fr" })).toEqual([]);
    const { responses } = await library.search({ words: "hello", language: "de" });
    expect(responses).toMatchObject([{ preview: "Grüße aus Köln", language: "en" }]);
  });

  it("are a category and all that lies in it", async () => {
    const library = new TestLibrary();
    for (const [categoryId, parentId] of [["a"], ["b", "a"], ["c"]] as const) {
      const category = { categoryId, name: categoryId, ...(parentId === undefined ? {} : { parentId }) };
      accepted(await library.port.saveCategory(category, "create"));
    }
    await library.add("In A", { categoryId: "a" });
    await library.add("In B", { categoryId: "b" });
    await library.add("In C", { categoryId: "c" });
    await library.add("Nowhere");
    expect(await library.find(undefined, { categoryId: "a" })).toEqual(["In A", "In B"]);
    expect(await library.find("in", { categoryId: "b" })).toEqual(["In B"]);
    expect(await library.find(undefined, { categoryId: "x" })).toEqual([]);
  });

  it("are an agent's own favourites and what they sent last", async () => {
    const library = new TestLibrary();
    for (const title of ["One", "Two", "Three"]) await library.add(title);
    accepted(await library.port.setFavourite(AGENT, "Two", true));
    accepted(await library.port.setFavourite(AGENT, "Two", true));
    accepted(await library.port.setFavourite("agent-bert", "One", true));
    expect(await library.find(undefined, { list: "favourites" })).toEqual(["Two"]);
    expect((await library.search({})).responses.filter(({ favourite }) => favourite)).toMatchObject([{ title: "Two" }]);
    for (const title of ["One", "Three", "One"]) {
      accepted(await library.port.takeForSession("session-1", title, undefined, AGENT));
      pass(SECOND);
    }
    expect(await library.find(undefined, { list: "recent" })).toEqual(["One", "Three"]);
    accepted(await library.port.setFavourite(AGENT, "Two", false));
    expect(await library.find(undefined, { list: "favourites" })).toEqual([]);
    expect(reasonOf(await library.port.setFavourite(AGENT, "Four", true))).toBe("unknown-response");
    accepted(await library.port.deleteResponse("One"));
    expect(await library.find(undefined, { list: "recent" })).toEqual(["Three"]);
  });

  it("keep two hundred favourites and the fifty that were sent last", async () => {
    const library = new TestLibrary();
    const titles = Array.from({ length: 201 }, (_, index) => `R${index}`);
    const responses = titles.map((title) => ({
      ...{ responseId: title, title, language: "en", text: "x", translations: {}, files: [] },
    }));
    accepted(await library.port.importPart({ categories: [], responses }));
    for (const title of titles.slice(0, 200)) accepted(await library.port.setFavourite(AGENT, title, true));
    expect(await library.port.setFavourite(AGENT, "R200", true)).toMatchObject({
      refusal: { reason: "library-full", limit: 200 },
    });
    accepted(await library.port.setFavourite(AGENT, "R3", true));
    for (const title of titles.slice(0, 51)) {
      pass(SECOND);
      accepted(await library.port.takeForSession("session-1", title, undefined, AGENT));
    }
    const rows = await library.rows("SELECT response_id FROM marks WHERE list = 'recent'");
    expect(rows).toHaveLength(50);
    expect(rows.map(({ response_id: id }) => id)).not.toContain("R0");
  });
});

it("answers come in pages that follow each other without a gap", async () => {
  const library = new TestLibrary();
  const titles = Array.from({ length: 120 }, (_, index) => `Title ${String(index).padStart(3, "0")}`);
  const responses = titles.map((title, index) => ({
    ...{ responseId: `r${index}`, title, language: "en", text: "same words", translations: {}, files: [] },
  }));
  accepted(await library.port.importPart({ categories: [], responses }));
  for (const words of [undefined, "same"]) {
    const seen = [];
    for (let offset: number | undefined = 0; offset !== undefined; ) {
      const page = await library.search({ ...(words === undefined ? {} : { words }), offset });
      seen.push(...page.responses.map(({ title }) => title));
      offset = page.next;
    }
    expect([...new Set(seen)].sort()).toEqual(titles);
    expect(seen).toHaveLength(120);
  }
});

it("reading a library that was never written to finds nothing and writes nothing", async () => {
  const library = new TestLibrary();
  expect(await library.search({ words: "x" })).toEqual({ responses: [] });
  expect(await library.port.categories()).toEqual([]);
  expect(reasonOf(await library.port.response(AGENT, "x"))).toBe("unknown-response");
  expect(await library.port.exportPart("")).toMatchObject({ responses: [] });
  expect(await library.port.isReferenced("x")).toBe(false);
  expect(await library.rows("SELECT name FROM sqlite_master WHERE substr(name, 1, 4) <> '_cf_'")).toEqual([]);
});
