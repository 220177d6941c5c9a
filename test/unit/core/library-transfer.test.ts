/** Import and export: the same again changes nothing, and files that are not there are named. */
import { describe, expect, it } from "vitest";
import {
  categoryStep,
  countSteps,
  missingFiles,
  parentsFirst,
  responseStep,
} from "../../../src/core/library-transfer.ts";

const CONTENT = { title: "Hello", language: "en", text: "Hi", translations: { de: "Hallo", fr: "Salut" } };

describe("an import", () => {
  it("leaves alone what is the same, whatever the order of its translations", () => {
    expect(responseStep(undefined, CONTENT)).toBe("created");
    expect(responseStep(CONTENT, { ...CONTENT, translations: { fr: "Salut", de: "Hallo" } })).toBe("unchanged");
    for (const other of [{ title: "x" }, { text: "x" }, { translations: {} }, { categoryId: "c" }, { shortcut: "s" }])
      expect(responseStep(CONTENT, { ...CONTENT, ...other })).toBe("updated");
    const category = { categoryId: "c", name: "C" };
    expect(categoryStep(undefined, category)).toBe("created");
    expect(categoryStep(category, { ...category })).toBe("unchanged");
    expect(categoryStep(category, { ...category, parentId: "p" })).toBe("updated");
    expect(countSteps(["created", "updated", "created"])).toEqual({ created: 2, updated: 1, unchanged: 0 });
  });

  it("names the files whose digest is not there, whatever they are called", () => {
    const file = { name: "a.pdf", size: 1, type: "application/pdf", sha256: "aa" };
    const present = [{ ...file, documentId: "d", name: "renamed.pdf" }];
    expect(missingFiles(present, [file])).toEqual([]);
    expect(missingFiles(present, [{ ...file, sha256: "bb" }])).toEqual([{ ...file, sha256: "bb" }]);
  });

  it("takes parents before what lies in them, and ends where they go in a circle", () => {
    const of = (categoryId: string, parentId?: string) => ({
      categoryId,
      name: categoryId,
      ...(parentId === undefined ? {} : { parentId }),
    });
    const ids = (categories: readonly { categoryId: string }[]) => categories.map(({ categoryId }) => categoryId);
    expect(ids(parentsFirst([of("c", "b"), of("b", "a"), of("a"), of("z", "elsewhere")]))).toEqual([
      "a",
      "z",
      "b",
      "c",
    ]);
    expect(ids(parentsFirst([of("a", "b"), of("b", "a"), of("c")]))).toEqual(["c", "a", "b"]);
  });
});
