/** Whether a service takes a content: by the table of types, and by its options. */
import { describe, expect, test } from "vitest";
import { admitContent, type Content, type ContentPolicy } from "../../../src/core/content.ts";
import type { DetectedType } from "../../../src/core/file-types.ts";
import { accepted, reasonOf } from "../../support/core-fixtures.ts";

const STRICT: ContentPolicy = { encryptedFiles: "refuse", macroFiles: "refuse", pictureMaxPixels: 1_000_000 };
const LENIENT: ContentPolicy = { ...STRICT, encryptedFiles: "accept", macroFiles: "accept" };
const content = (type: DetectedType, more: Partial<Content> = {}): Content => ({
  type,
  encrypted: false,
  macros: false,
  ...more,
});
const told = (extension: string, seen: Content, policy = STRICT) => reasonOf(admitContent(extension, seen, policy));

describe("a content", () => {
  test("is served as its extension says, where the two agree", () => {
    expect(accepted(admitContent("pdf", content("pdf"), STRICT))).toBe("application/pdf");
    expect(told("pdf", content("html"))).toBe("type-mismatch");
  });

  test.each([
    ["pdf", "pdf"],
    ["zip", "zip"],
    ["doc", "doc"],
    ["xlsx", "encrypted-office"],
  ] as const)("with a password is taken by option alone: %s", (extension, type) => {
    const locked = content(type, { encrypted: true });
    expect(told(extension, locked)).toBe("file-encrypted");
    expect(told(extension, locked, LENIENT)).toBe("accepted");
  });

  test.each([
    ["doc", "doc"],
    ["zip", "macro-office"],
  ] as const)("with macros is taken by option alone: %s", (extension, type) => {
    const programmed = content(type, { macros: true });
    expect(told(extension, programmed)).toBe("file-has-macros");
    expect(told(extension, programmed, LENIENT)).toBe("accepted");
  });

  test.each(["docx", "xlsx", "pptx"])("with macros is never a %s, whose name says that it has none", (extension) => {
    expect(told(extension, content("macro-office", { macros: true }), LENIENT)).toBe("file-has-macros");
  });

  test("is no other kind of document for being locked", () => {
    for (const extension of ["pdf", "doc", "zip", "odt"])
      expect(told(extension, content("encrypted-office", { encrypted: true }), LENIENT)).toBe("type-mismatch");
  });
});

describe("a picture", () => {
  test("may have as many pixels as the option says, and not one more", () => {
    expect(told("png", content("png", { picture: { width: 1000, height: 1000 } }))).toBe("accepted");
    const refused = admitContent("png", content("png", { picture: { width: 1_000_001, height: 1 } }), STRICT);
    expect(refused).toEqual({ ok: false, refusal: { reason: "picture-too-large", limit: 1_000_000 } });
  });

  test("whose size cannot be read is none", () => {
    expect(told("jpg", content("jpeg", { picture: "unreadable" }))).toBe("type-mismatch");
  });
});
