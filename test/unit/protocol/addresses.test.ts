/** Which mail addresses are taken, which are refused, and that nothing accepted can end a header or hold two recipients. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { isPlainAddress } from "../../../src/backends/mail-envelope.ts";
import { parseAddress } from "../../../src/protocol/addresses.ts";

test.each([
  ["a@b.example", "", "a@b.example"],
  ["  First.Last+tag@Example.COM ", "", "First.Last+tag@example.com"],
  ["<a@b.example>", "", "a@b.example"],
  ["Max Mustermann <max@b.example>", "Max Mustermann", "max@b.example"],
  ['"Example, Inc. (\\"Support\\")" <a@b.example>', 'Example, Inc. ("Support")', "a@b.example"],
  ["Example, Inc. <a@b.example>", "Example, Inc.", "a@b.example"],
  ["漢字 👩‍👧 <a@b.example>", "漢字 👩‍👧", "a@b.example"],
  ["zoe@Bücher.example", "", "zoe@xn--bcher-kva.example"],
  ["a@例え.テスト", "", "a@xn--r8jz45g.xn--zckzah"],
  [`${"l".repeat(64)}@${"d".repeat(63)}.example`, "", `${"l".repeat(64)}@${"d".repeat(63)}.example`],
])("takes %s", (text, name, address) => {
  expect(parseAddress(text)).toEqual({ ok: true, name, address });
});

test.each([
  "",
  "   ",
  "a",
  "@b.example",
  "a@",
  "a@b",
  "a@localhost",
  "a@@b.example",
  "a@b@c.example",
  "a@b.example, c@d.example",
  "a@b.example <c@d.example>",
  "a b@c.example",
  ".a@b.example",
  "a..b@c.example",
  "a.@b.example",
  '"a b"@c.example',
  "(x)a@b.example",
  "a@[127.0.0.1]",
  "a@127.0.0.1",
  "a@0x7f.1",
  "a@b.example:25",
  "a@b.example/x",
  "a@b%2eexample.com",
  "a@-b.example",
  "a@b-.example",
  "a@b..example",
  "a@b.example.",
  "a@b_c.example",
  "ä@b.example",
  "a@b.example\r\nBcc: c@d.example",
  "a@b.example\n",
  "a\0@b.example",
  "Max\r\nBcc: x <a@b.example>",
  "Max \u202e <a@b.example>",
  "Max <a@b.example",
  "Max <a@b.example> <c@d.example>",
  `${"l".repeat(65)}@b.example`,
  `a@${"d".repeat(64)}.example`,
  `a@${"d.".repeat(130)}example`,
  `${"n".repeat(201)} <a@b.example>`,
  `a@b.example${" ".repeat(100_000)}`,
])("refuses %j without repeating it", (text) => {
  const parsed = parseAddress(text);
  expect(parsed.ok).toBe(false);
  if (!parsed.ok) expect(parsed.problem).toMatch(/^(?:a|an|at|one|letters,) [^\r\n]{1,80}$/);
});

test("whatever is taken is a plain ASCII address that the transports take too", () => {
  const part = fc.oneof(
    fc.string({ unit: "binary", maxLength: 8 }),
    fc.constantFrom("a", ".", "@", "<", ">", " ", "example.com"),
  );
  const texts = fc.oneof(
    fc.array(part, { maxLength: 8 }).map((parts) => parts.join("")),
    fc.emailAddress(),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const parsed = parseAddress(text);
      if (!parsed.ok) return;
      expect(parsed.address).toMatch(/^[\x21-\x7e]{3,254}$/);
      expect(isPlainAddress(parsed.address)).toBe(true);
      expect(parsed.name).not.toMatch(/[\r\n\0@]/);
      expect(parseAddress(parsed.address)).toEqual({ ok: true, name: "", address: parsed.address });
    }),
    { numRuns: 2000 },
  );
});
