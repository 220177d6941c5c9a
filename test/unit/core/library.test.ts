/** Standard responses: which text is sent, how categories stay a tree, and what is refused where there is no room. */
import { describe, expect, it } from "vitest";
import {
  admitName,
  admitResponse,
  type Category,
  checkVersion,
  leaveCategory,
  placeCategory,
  previewOf,
  textIn,
} from "../../../src/core/library.ts";
import { MAX_CATEGORY_DEPTH, MAX_RESPONSE_FILES, MAX_SERVICE_CATEGORIES } from "../../../src/protocol/wire.ts";
import { accepted, reasonOf } from "../../support/core-fixtures.ts";

const GREETING = { language: "en", text: "Hello", translations: { "de-AT": "Servus", de: "Hallo", "pt-BR": "Olá" } };

describe("the text of a response", () => {
  it.each([
    [undefined, "Hello"],
    ["en-GB", "Hello"],
    ["de", "Hallo"],
    ["DE-at", "Servus"],
    ["de-CH", "Servus"],
    ["pt", "Olá"],
    ["ja", "Hello"],
  ])("for %s is %s", (wanted, text) => {
    expect(textIn(GREETING, wanted).text).toBe(text);
  });

  it("is shown by its beginning, and no character is cut in half", () => {
    expect(previewOf("short")).toBe("short");
    expect(previewOf(`${"x".repeat(199)}😀`)).toBe("x".repeat(199));
    expect(previewOf(`${"x".repeat(198)}😀y`)).toBe(`${"x".repeat(198)}😀`);
  });
});

describe("an edit", () => {
  it("is refused where it was made from another version than the one that is there", () => {
    accepted(checkVersion(3, 3));
    accepted(checkVersion(3, undefined));
    expect(reasonOf(checkVersion(3, 2))).toBe("version-conflict");
  });

  it("finds room up to the limit, and a file of the same name always", () => {
    accepted(admitResponse(4999));
    expect(reasonOf(admitResponse(5000))).toBe("library-full");
    const names = Array.from({ length: MAX_RESPONSE_FILES }, (_, index) => `${index}.pdf`);
    accepted(admitName(names, "3.pdf"));
    accepted(admitName(names.slice(1), "new.pdf"));
    expect(reasonOf(admitName(names, "new.pdf"))).toBe("library-full");
  });
});

describe("a category", () => {
  const category = (categoryId: string, parentId?: string): Category => ({
    categoryId,
    name: categoryId.toUpperCase(),
    ...(parentId === undefined ? {} : { parentId }),
  });
  const TREE = [category("a"), category("b", "a"), category("c", "b")];

  it("lies in one that is there", () => {
    accepted(placeCategory(TREE, category("d", "c")));
    accepted(placeCategory(TREE, category("c", "a")));
    expect(reasonOf(placeCategory(TREE, category("d", "nowhere")))).toBe("unknown-category");
  });

  it.each([
    ["itself", category("a", "a")],
    ["what lies in it", category("a", "c")],
  ])("never lies in %s", (_what, moved) => {
    expect(placeCategory(TREE, moved)).toMatchObject({ refusal: { fields: [{ field: "parentId" }] } });
  });

  it("lies at most so deep, also with what hangs on it", () => {
    const chain = Array.from({ length: MAX_CATEGORY_DEPTH }, (_, index) =>
      category(`n${index}`, index === 0 ? undefined : `n${index - 1}`),
    );
    expect(reasonOf(placeCategory(chain, category("deeper", `n${MAX_CATEGORY_DEPTH - 1}`)))).toBe("bad-request");
    accepted(placeCategory([...chain, category("top")], category("top")));
    expect(reasonOf(placeCategory([...chain, category("top")], category("n0", "top")))).toBe("bad-request");
  });

  it("is one of a bounded number", () => {
    const many = Array.from({ length: MAX_SERVICE_CATEGORIES }, (_, index) => category(`n${index}`));
    expect(reasonOf(placeCategory(many, category("new")))).toBe("library-full");
    accepted(placeCategory(many, { ...category("n1"), name: "Other" }));
  });

  it("goes only when nothing lies in it", () => {
    accepted(leaveCategory(TREE, "c", 0));
    expect(reasonOf(leaveCategory(TREE, "c", 1))).toBe("category-in-use");
    expect(reasonOf(leaveCategory(TREE, "b", 0))).toBe("category-in-use");
    expect(reasonOf(leaveCategory(TREE, "x", 0))).toBe("unknown-category");
  });
});
