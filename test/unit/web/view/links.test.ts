/** Addresses become links, and nothing else does. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hrefOf, piecesOf } from "../../../../src/web/view/links.ts";

const linksIn = (text: string) => piecesOf(text).flatMap(({ href }) => href ?? []);

describe("in a text", () => {
  it("links stand between what is around them", () => {
    expect(piecesOf("see https://example.com/a?b=c#d or http://example.org now")).toEqual([
      { text: "see " },
      { text: "https://example.com/a?b=c#d", href: "https://example.com/a?b=c#d" },
      { text: " or " },
      { text: "http://example.org", href: "http://example.org/" },
      { text: " now" },
    ]);
  });

  it.each([
    ["(https://example.com/a)", "https://example.com/a"],
    ["https://example.com/a.", "https://example.com/a"],
    ["https://example.com/a?!", "https://example.com/a"],
    ["https://example.com/a_(b)", "https://example.com/a_(b)"],
    ["“https://example.com/a”", "https://example.com/a"],
    ["<https://example.com/a>", "https://example.com/a"],
    ["見てhttps://example.com/a。", "https://example.com/a"],
    ["HTTPS://EXAMPLE.com/A", "https://example.com/A"],
  ])("%s ends where the sentence's own signs begin", (text, href) => {
    expect(linksIn(text)).toEqual([href]);
  });

  it.each([
    "javascript:alert(1)",
    "data:text/html,x",
    "ftp://example.com",
    "example.com",
    "https://",
    "https://user:password@example.com",
    "https://bank.example@example.com/",
    "vbscript:x",
  ])("%s is no link", (text) => {
    expect(linksIn(text)).toEqual([]);
  });

  it("signs that turn its direction around end an address", () => {
    expect(linksIn("https://example.com/\u202egpj.exe")).toEqual(["https://example.com/"]);
  });

  it("no piece is lost or doubled, and each link is one that a page may have", () => {
    const word = fc.constantFrom("https://", "http://a.b/", "(", ")", ".", " ", "x", "\u202e", "@", "é", "\n");
    const texts = fc.oneof(
      fc.string(),
      fc.array(word, { maxLength: 20 }).map((words) => words.join("")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const pieces = piecesOf(text);
        expect(pieces.map((piece) => piece.text).join("")).toBe(text);
        for (const { href } of pieces) if (href !== undefined) expect(href).toMatch(/^https?:\/\//);
      }),
    );
  });
});

it("an address that ends in thousands of signs is read at once", () => {
  const text = `https://x${".".repeat(20_000)}a${")".repeat(20_000)}`;
  const began = Date.now();
  expect(linksIn(`${text} ${text}`)).toHaveLength(2);
  expect(Date.now() - began).toBeLessThan(500);
});

it("an address that an agent pushes is held to the same", () => {
  expect(hrefOf("https://example.com/a b")).toBe("https://example.com/a%20b");
  expect(hrefOf("javascript:alert(1)")).toBeUndefined();
  expect(hrefOf("/relative")).toBeUndefined();
});
