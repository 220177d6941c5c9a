/** The last check of envelope and message. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { checkMail, isPlainAddress } from "../../../src/backends/mail-envelope.ts";

test.each([
  "a@example.com",
  "a.b+c_d-e@mail.example.co.uk",
  "o'brien!#$%&*/=?^`{|}~@example.com",
  "jürgen@example.com",
  "用户@例子.广告",
  `${"a".repeat(64)}@example.com`,
])("takes the plain address %s", (address) => {
  expect(isPlainAddress(address)).toBe(true);
});

test.each([
  ".a@example.com",
  "a..b@example.com",
  "a.@example.com",
  "a@b@example.com",
  "a@example..com",
  "a@-example.com",
  "a@example-.com",
  "a@exa_mple.com",
  "a@example.com.",
  "a@com",
  "a\u0085@example.com",
  "a\u2028@example.com",
  "a\u00ad@example.com",
  "a\u00a0b@example.com",
  `${"ü".repeat(33)}@example.com`,
  `a@${"b".repeat(64)}.com`,
  `a@${"b.".repeat(130)}com`,
])("refuses the address %j", (address) => {
  expect(isPlainAddress(address)).toBe(false);
});

test("passes no address that holds a character with which a command or a parameter could begin", () => {
  const piece = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("\r\n", "\n", ">", "<", " ", "\0", ",", '"', "\u2029"),
  );
  const address = fc.array(piece, { maxLength: 4 }).map((pieces) => `a${pieces.join("")}@example.com`);
  fc.assert(
    fc.property(address, (text) => {
      if (isPlainAddress(text)) expect(text).not.toMatch(/[\p{C}\p{Z}<>,;:()[\]"\\]/u);
    }),
  );
});

test("passes the bytes on as they are and says whether some are beyond ASCII", () => {
  const raw = new TextEncoder().encode("Subject: ü\r\n\r\nx");
  const checked = checkMail({ from: "a@example.com", to: "b@example.com", raw });
  expect(checked).toMatchObject({ ok: true, mail: { eightBit: true } });
  expect(checked.ok && checked.mail.bytes).toBe(raw);
  expect(checkMail({ from: "a@example.com", to: "b@example.com", raw: "Subject: x\r\n\r\n" })).toMatchObject({
    mail: { eightBit: false },
  });
});

test("passes a message exactly when it consists of lines of at most 998 bytes that end with CRLF", () => {
  const piece = fc.oneof(fc.constantFrom("\r\n", "\r", "\n", "\0", ".", "x".repeat(997)), fc.string());
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1 }), (pieces) => {
      const raw = pieces.join("");
      const lines = raw.split("\r\n");
      const lengths = lines.map((line) => new TextEncoder().encode(line).length);
      const lawful = raw !== "" && !/[\r\n\0]/.test(lines.join("")) && Math.max(...lengths) <= 998;
      expect(checkMail({ from: "a@example.com", to: "b@example.com", raw }).ok).toBe(lawful);
    }),
  );
});
