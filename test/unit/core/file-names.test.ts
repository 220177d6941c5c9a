/** Names from strangers: what is kept, what is changed, what is refused, and that the result is safe wherever it goes. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contentDisposition } from "../../../src/api/content-disposition.ts";
import { asciiFallback, MAX_FILE_NAME_BYTES, normalizeFileName } from "../../../src/core/file-names.ts";

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

function nameOf(raw: string): string {
  const result = normalizeFileName(raw);
  if (!result.ok) throw new Error(`refused: ${result.reason}`);
  return result.name;
}

describe("names that are kept", () => {
  test.each([
    "report.pdf",
    "a.b.c",
    "setup.exe.pdf",
    "Ärger im Büro.pdf",
    "写真.jpg",
    "отчёт.docx",
    "تقرير.pdf",
    "می\u200cخواهم.pdf",
    "क्\u200dष.txt",
    "👩‍👩‍👧 ❤️‍🔥 1️⃣.png",
    "葛\u{e0100}.txt",
    "it's (1) & more, 100% #2;x=y.txt",
    "-rf.txt",
    "_CON.txt",
    "CONSOLE.txt",
    "COM10.txt",
  ])("%j stays as it is", (raw) => {
    expect(nameOf(raw)).toBe(raw);
  });
});

describe("names that are changed", () => {
  test.each([
    ["a path of Unix", "../../etc/passwd.txt", "passwd.txt"],
    ["a path of Windows", "C:\\Users\\me\\..\\photo.JPG", "photo.JPG"],
    ["mixed separators", "a/b\\c/d.txt", "d.txt"],
    ["an alternate stream", "a.txt:evil.pdf", "a.txt_evil.pdf"],
    ["decomposed accents", "U\u0308bersicht.csv", "Übersicht.csv"],
    ["a hidden character between letter and accent", "U\u200b\u0308b.csv", "Üb.csv"],
    ["CR and LF", "a\r\nSet-Cookie: x=1.txt", "a Set-Cookie_ x=1.txt"],
    ["NUL", "a.pdf\0.txt", "a.pdf.txt"],
    ["C1 and DEL", "a\u007f\u0090b.txt", "ab.txt"],
    ["a direction override", "invoice\u202efdp.exe", "invoicefdp.exe"],
    ["isolates and marks", "\u2066a\u2069\u200e\u200f\u061cb.txt", "ab.txt"],
    ["zero-width characters", "a\u200b\u2060\ufeff\u00adb.txt", "a b.txt"],
    ["joiners where nothing joins", "a\u200db\u200cc.txt", "abc.txt"],
    ["a variation selector on a letter", "a\ufe0fb.txt", "ab.txt"],
    ["hidden tags", "a\u{e0041}\u{e0042}.txt", "a.txt"],
    ["Hangul fillers", "a\u3164\uffa0b.txt", "ab.txt"],
    ["private use and non-characters", "a\ue000\u{f0000}\uffff\u{1fffe}b.txt", "ab.txt"],
    ["lone surrogates", "\udc00a\ud800b.txt", "ab.txt"],
    ["quotes and what Windows forbids", 'a"<>:|?*b.txt', "a_______b.txt"],
    ["a header parameter", 'setup.bat";x=.txt', "setup.bat_;x=.txt"],
    ["blanks of all kinds", " \u00a0 a \t \u3000\u2028 b\u2800.txt ", "a b .txt"],
    ["a far-away extension", `invoice.pdf${" ".repeat(200)}.exe`, "invoice.pdf .exe"],
    ["dots at the ends", "...a.txt. . .", "a.txt"],
    ["a device name", "con.txt", "_con.txt"],
    ["a device name with two extensions", "NUL.tar.gz", "_NUL.tar.gz"],
    ["a device name with a space", "aux .txt", "_aux .txt"],
    ["a device name with a superscript digit", "COM¹.txt", "_COM¹.txt"],
    ["a device name behind a path", "x/lpt9.txt", "_lpt9.txt"],
  ])("%s", (_what, raw, expected) => {
    expect(nameOf(raw)).toBe(expected);
  });

  test("the last extension decides, in lower case, and the name keeps its case", () => {
    expect(normalizeFileName("invoice.pdf.EXE")).toEqual({ ok: true, name: "invoice.pdf.EXE", extension: "exe" });
  });
});

describe("names that are refused", () => {
  test.each([
    ["", "empty"],
    ["....", "empty"],
    [" . ", "empty"],
    ["dir/", "empty"],
    ["\u202e\0", "empty"],
    [".htaccess", "no-extension"],
    [".pdf", "no-extension"],
    ["README", "no-extension"],
    ["a.txt.", "ok"],
    ["a.tx t", "bad-extension"],
    ["a.ｐｄｆ", "bad-extension"],
    ["a.pdf👍", "bad-extension"],
    ["a.12345678901", "bad-extension"],
    ["a.1234567890", "ok"],
    [`${"a".repeat(3996)}.txt`, "too-long"],
    [`${"a".repeat(1021)}.txt`, "too-long"],
    [`${"a".repeat(1020)}.txt`, "ok"],
  ])("%j: %s", (raw, expected) => {
    const result = normalizeFileName(raw);
    expect(result.ok ? "ok" : result.reason).toBe(expected);
  });
});

describe("names that are shortened", () => {
  test("keep their extension", () => {
    expect(nameOf(`${"a".repeat(500)}.jpeg`)).toBe(`${"a".repeat(250)}.jpeg`);
  });

  test("never end in half a family", () => {
    expect(nameOf(`${"👩‍👩‍👧".repeat(30)}.png`)).toBe(`${"👩‍👩‍👧".repeat(13)}.png`);
  });

  test("never lose the accent of their last letter", () => {
    expect(nameOf(`${"a".repeat(250)}q\u0323\u0301.txt`)).toBe(`${"a".repeat(250)}.txt`);
  });

  test("become `_` where the first letter alone is too large", () => {
    expect(nameOf(`a${"\u0301".repeat(600)}.txt`)).toBe("_.txt");
  });

  test("do not end in the space they were cut at", () => {
    expect(nameOf(`${"a".repeat(250)} ${"b".repeat(9)}.txt`)).toBe(`${"a".repeat(250)}.txt`);
  });
});

/** Strings full of what makes names dangerous, so that the rules meet each other. */
const NASTY = [
  ..."./\\:\"<>|?*%;'\r\n\0\t ",
  ..."\u00a0\u2028\u202e\u2066\u200b\u200c\u200d\u200e\ufe0f\u{e0100}\ufeff\u2800\u180b\u1820\ud800\udc00\ue000\uffff",
  ..."\u0301\u0338\u0323\u212b\u1e9b\uac00\u11a8\u0645\u06cc\u0915\u094d\u845b\u{1f469}\u{1f3fb}\u2764\u20e3#1aK\u212a",
  ...["CON", "nul", "LPT¹", ".pdf", ".EXE", "👩‍👩‍👧", "x".repeat(200), "é".repeat(120)],
];
const rawNames = fc
  .oneof(
    fc.array(fc.constantFrom(...NASTY), { maxLength: 24 }).map((parts) => parts.join("")),
    fc.string({ unit: "binary", maxLength: 300 }),
  )
  .map((stem) => `${stem}.pdf`);

describe("any name at all", () => {
  test("comes out safe for headers, paths and disks, or not at all", () => {
    fc.assert(
      fc.property(rawNames, (raw) => {
        const result = normalizeFileName(raw);
        if (!result.ok) return;
        expect(result.name.isWellFormed()).toBe(true);
        expect(result.name).toBe(result.name.normalize("NFC"));
        expect(result.name).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Co}/\\:"<>|?*\u200b\u2060\ufeff\u2028\u2029]/u);
        expect(result.name).not.toMatch(/^[. ]|[. ]$| {2}/u);
        expect(result.name.endsWith(`.${result.name.slice(result.name.lastIndexOf(".") + 1)}`)).toBe(true);
        expect(result.extension).toBe("pdf");
        expect(bytesOf(result.name)).toBeLessThanOrEqual(MAX_FILE_NAME_BYTES);
      }),
      { numRuns: 3000 },
    );
  });

  test("is not changed by a second pass", () => {
    fc.assert(
      fc.property(rawNames, (raw) => {
        const once = normalizeFileName(raw);
        if (once.ok) expect(normalizeFileName(once.name)).toEqual(once);
      }),
      { numRuns: 3000 },
    );
  });
});

test("marks that change places when they are composed leave no joiner behind", () => {
  const once = nameOf("\u094d\u200c\u0338\u0323.pdf");
  expect(nameOf(once)).toBe(once);
});

test("a joiner that leans on a hidden character goes with it", () => {
  expect(nameOf("\u180b\u200d\u1820.txt")).toBe("\u1820.txt");
});

describe("the header of a download", () => {
  test("gives a plain name once", () => {
    expect(contentDisposition("report 1.pdf", "inline")).toBe('inline; filename="report 1.pdf"');
  });

  test("gives any other name in ASCII and in UTF-8", () => {
    expect(contentDisposition("Übersicht 写真.csv", "attachment")).toBe(
      "attachment; filename=\"Ubersicht __.csv\"; filename*=UTF-8''%C3%9Cbersicht%20%E5%86%99%E7%9C%9F.csv",
    );
  });

  test("does not let a percent sign be taken for an encoding, nor a semicolon for the end", () => {
    expect(contentDisposition("a%41;b.txt", "attachment")).toBe(
      "attachment; filename=a_41_b.txt; filename*=UTF-8''a%2541%3Bb.txt",
    );
  });

  test("is one line of printable ASCII for any string, normalised or not, and gives back the name", () => {
    fc.assert(
      fc.property(fc.oneof(rawNames, fc.string({ unit: "binary" })), (name) => {
        const header = contentDisposition(name, "attachment");
        expect(header).toMatch(/^attachment; filename=(?:[!-~]+|"(?:[^"\\]|\\.)*")(?:; filename\*=UTF-8''[!-~]*)?$/u);
        expect(header).toMatch(/^[ -~]*$/u);
        const encoded = /filename\*=UTF-8''(.*)$/u.exec(header)?.[1];
        expect(encoded === undefined ? asciiFallback(name) : decodeURIComponent(encoded)).toBe(name.toWellFormed());
        expect(new Headers({ "Content-Disposition": header }).get("Content-Disposition")).toBe(header);
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ["Ärger.pdf", "Arger.pdf"],
    ["a≮b.txt", "a_b.txt"],
    ["👩‍👩‍👧.png", "_.png"],
    ["한국.txt", "__.txt"],
    ['"\\;%/.txt', "_____.txt"],
  ])("falls back from %j to %j", (name, expected) => {
    expect(asciiFallback(name)).toBe(expected);
  });
});
