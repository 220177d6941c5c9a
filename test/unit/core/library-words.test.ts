/** Searches: whatever is typed becomes quoted words, or nothing at all. */
import { describe, expect, it } from "vitest";
import { indexText, languageMark, languageMarks, searchQuery } from "../../../src/core/library-words.ts";

it.each([
  ["refund", '"refund"*'],
  ["  two   words ", '"two"* "words"*'],
  ['say "hello', '"say"* """hello"*'],
  ["a-b c:d", '"a-b"* "c:d"*'],
  ["NEAR(a b) OR NOT c*", '"NEAR(a"* "b)"* "OR"* "NOT"* "c*"*'],
  ["a\0b", '"a"* "b"*'],
  ["Grüße", '"Grüsse"*'],
  ["返品", '"返  品"*'],
])("%j is the query %j", (typed, query) => {
  expect(searchQuery(typed)).toBe(query);
});

it.each(["", "   ", '"*(', "*", "- + ^ :", "\0", "\ud800"])("%j finds nothing", (typed) => {
  expect(searchQuery(typed)).toBeUndefined();
});

it("has at most sixteen words of two hundred characters", () => {
  expect(searchQuery("w ".repeat(50))?.split(" ")).toHaveLength(16);
  expect(searchQuery("w".repeat(500))).toBe(`"${"w".repeat(200)}"*`);
});

it("takes each character for a word where a script has no blanks", () => {
  expect(indexText("返品を abc").split(/\s+/).filter(Boolean)).toEqual(["返", "品", "を", "abc"]);
  expect(indexText("A\u0308rger")).toBe("Ärger");
});

describe("a language", () => {
  it("is found by its tag or the beginning of it", () => {
    const marks = languageMarks(["en", "de-AT"]);
    for (const tag of ["en", "EN", "de", "de-at"]) expect(marks).toContain(languageMark(tag));
    for (const tag of ["e", "d", "at", "de-CH", "en-GB"]) expect(marks).not.toContain(languageMark(tag));
  });
});
