/** Nicknames hold nothing that nobody sees, and a name that somebody else wrote becomes one. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NicknameSchema } from "../../../src/protocol/chat.ts";
import { nicknameFrom } from "../../../src/protocol/nicknames.ts";

describe("a nickname", () => {
  it.each([
    ["a zero-width space", "Ada\u200b"],
    ["a zero-width space before it", "\u200bAda"],
    ["a word joiner", "A\u2060da"],
    ["a byte order mark inside", "A\ufeffda"],
    ["a joiner between letters that need none", "A\u200dda"],
    ["a non-joiner between letters that need none", "A\u200cda"],
    ["a joiner at the end", "علی\u200d"],
    ["a joiner after an emoji and before nothing", "👩\u200d"],
    ["a left-to-right mark", "Ada\u200e"],
    ["a right-to-left mark", "Ada\u200f"],
    ["an Arabic letter mark", "Ada\u061c"],
    ["a right-to-left override", "Ada\u202e"],
    ["an isolate", "\u2066Ada\u2069"],
    ["a soft hyphen", "A\u00adda"],
    ["letters of a tag", "Ada\u{e0041}"],
    ["a variation selector after a letter", "A\ufe0fda"],
    ["a Hangul filler", "Ada\u3164"],
    ["nothing but zero-width spaces", "\u200b\u200b"],
    ["nothing but direction marks", "\u200e\u200f"],
    ["nothing but the empty Braille pattern", "\u2800"],
    ["nothing at all", ""],
    ["nothing but blanks", " \t "],
  ])("with %s is refused, with one reason", (_what, name) => {
    const { success, error } = NicknameSchema.safeParse(name);
    expect([success, error?.issues.length]).toEqual([false, 1]);
  });

  it.each([
    "Ada",
    "Ada Lovelace",
    "O’Brien-Müller",
    "علی‌رضا", // a non-joiner between Arabic letters
    "क्‍ष", // a joiner between Indic ones
    "דוד",
    "王小明",
    "葛\u{e0100}城",
    "👩‍💻 Ada",
    "👩🏽‍🚒",
    "🏳️‍🌈",
    "❤️",
    "⠓⠊",
  ])("such as %s is taken as it is", (name) => {
    expect(NicknameSchema.parse(name)).toBe(name);
  });
});

describe("the name that an identity provider gives", () => {
  it.each([
    ["Grace Hopper", "Grace Hopper"],
    ["  Grace\n\tHopper ", "Grace Hopper"],
    ["Gr\u200bace\u202e", "Grace"],
    ["علی‌رضا", "علی‌رضا"],
    ["x".repeat(1000), "x".repeat(128)],
    [`${"x".repeat(127)}👩`, "x".repeat(127)],
    [`${"x".repeat(125)}👩\u200d💻`, `${"x".repeat(125)}👩`],
    ["\u200b\u202e", "Agent"],
    ["\u2800", "Agent"],
    ["", "Agent"],
    [undefined, "Agent"],
    [42, "Agent"],
    [["Grace"], "Agent"],
    [{ toString: "Grace" }, "Agent"],
  ])("%j becomes the nickname %j", (given, nickname) => {
    expect(nicknameFrom(given, "Agent")).toBe(nickname);
  });

  it("is always a nickname, whatever it was", () => {
    const names = fc.string({ unit: "binary", maxLength: 200 });
    const property = fc.property(names, (name) => NicknameSchema.safeParse(nicknameFrom(name, "Agent")).success);
    expect(() => fc.assert(property, { numRuns: 300 })).not.toThrow();
  });
});
