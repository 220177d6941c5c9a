/** Names, addresses and a mail server's replies, mutated: what comes out is safe where it goes, and a second time changes nothing. */
import fc from "fast-check";
import { expect } from "vitest";
import { explainSmtpError, withoutPrivateData } from "../../src/backends/smtp-replies.ts";
import { asciiFallback, MAX_FILE_NAME_BYTES, normalizeFileName } from "../../src/core/file-names.ts";
import { MAX_ADDRESS, MAX_DISPLAY_NAME, parseAddress } from "../../src/protocol/addresses.ts";
import { fuzz } from "../support/fuzz.ts";
import { mutatedText } from "../support/mutations.ts";

const utf8 = new TextEncoder();

const fileNames = fc.oneof(
  mutatedText(
    [
      "invoice.pdf",
      "C:\\fakepath\\Ärger im Büro.pdf",
      "../../etc/passwd.txt",
      "con.txt",
      `${"a\u0301".repeat(300)}.docx`,
      "写真 👩‍👩‍👧.jpeg",
    ],
    [
      "/",
      "\\",
      "..",
      ".",
      " .",
      "\u202e",
      "\u200d",
      "\u2800",
      "\ufeff",
      "COM¹",
      "nul",
      "<>",
      '"',
      "%00",
      "\u0344",
      "\u1161",
      "\u{e0041}",
    ],
  ),
  fc.string({ unit: "binary", maxLength: 1100 }),
);

fuzz("a file name is safe for every disk, header and page, or refused", fileNames, (raw) => {
  const found = normalizeFileName(raw);
  if (!found.ok) return;
  const { name, extension } = found;
  expect(name).not.toMatch(/[\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029\ufeff<>:"/\\|?*]/u);
  expect(name).not.toMatch(/^[. ]|[. ]$/u);
  expect(name.normalize("NFC")).toBe(name);
  expect(utf8.encode(name).length).toBeLessThanOrEqual(MAX_FILE_NAME_BYTES);
  expect(name.slice(name.lastIndexOf(".") + 1).toLowerCase()).toBe(extension);
  expect(normalizeFileName(name)).toEqual(found);
  expect(asciiFallback(name)).toMatch(/^[ !#-$&-.0-:<-[\]-~]*$/);
});

const addresses = mutatedText(
  [
    "ada@example.com",
    '"Lovelace, \\"Ada\\"" <ada.l+x@mail.example.com>',
    "Ädä <ada@bücher.example>",
    `${"a".repeat(64)}@${"b".repeat(63)}.example`,
  ],
  [
    "@",
    "<",
    ">",
    '"',
    "\\",
    ",",
    ";",
    "\r\nBcc: ",
    " ",
    "..",
    ".",
    "[127.0.0.1]",
    "127.0.0.1",
    "xn--",
    "ß",
    "%",
    ":",
    "(x)",
    "\u3002",
    "\u00ad",
  ],
);

fuzz("a mail address is one ASCII mailbox that begins no other header, or refused", addresses, (text) => {
  const found = parseAddress(text);
  if (!found.ok) return expect(found.problem).not.toMatch(/ada|bücher/iu);
  expect(found.address).toMatch(/^[\x21-\x7e]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+$/);
  expect(found.address).not.toMatch(/[<>,;:"\\()[\]\s]/);
  expect(found.address.length).toBeLessThanOrEqual(MAX_ADDRESS);
  expect(found.name).not.toMatch(/[\p{Cc}\p{Cs}@]/u);
  expect(found.name.length).toBeLessThanOrEqual(MAX_DISPLAY_NAME);
  expect(parseAddress(found.address)).toEqual({ ok: true, name: "", address: found.address });
});

const replies = fc.record({
  code: fc.constantFrom("EAUTH", "EENVELOPE", "EMESSAGE", "ETIMEDOUT", "ESOCKET", ""),
  command: fc.constantFrom("MAIL FROM", "RCPT TO", "DATA", "EHLO", "AUTH PLAIN", ""),
  response: mutatedText(
    [
      "550 5.1.1 <ada@example.com>: user unknown",
      "552-5.3.4 too large\r\n552 5.3.4 end",
      "421 4.7.0 try later",
      "250 2.0.0 ok",
    ],
    ["5.3.4", "552", "535 5.7.8", "-", " ", "@", "ada@example.com", "999"],
  ),
});

fuzz(
  "whatever a mail server replies is a reason for now or for good, with nobody's address in it",
  replies,
  (reply) => {
    const failure = explainSmtpError(Object.assign(new Error(reply.response), reply));
    if (failure.ok) throw new Error("a failure was taken for a success");
    expect(failure.reason).toMatch(/^[a-z-]+$/);
    expect(failure.detail).not.toContain("@");
    if (failure.permanent) expect(reply.response.startsWith("5") || reply.code === "EMESSAGE").toBe(true);
    expect(withoutPrivateData(reply.response)).toMatch(/^[\x20-\x7e…]{0,200}$/);
    expect(withoutPrivateData(reply.response)).not.toContain("@");
  },
);
