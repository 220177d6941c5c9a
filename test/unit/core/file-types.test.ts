/** The table of extensions: what may be configured, what never, and that name and content must agree. */
import { describe, expect, test } from "vitest";
import {
  acceptedDetection,
  acceptedDetections,
  isForbiddenExtension,
  isInlineImage,
  isKnownExtension,
  KNOWN_EXTENSIONS,
  mayDeclare,
} from "../../../src/core/file-types.ts";

const DEFAULTS = "jpg jpeg png gif webp heic pdf txt csv doc docx xls xlsx ppt pptx zip".split(" ");

describe("the table of file types", () => {
  test("knows every default extension", () => {
    expect(DEFAULTS.filter((extension) => !isKnownExtension(extension))).toEqual([]);
  });

  test("has no extension that is forbidden", () => {
    expect(KNOWN_EXTENSIONS.filter(isForbiddenExtension)).toEqual([]);
  });

  test("accepts no unknown content and no Java or Android package anywhere, and a locked one for documents alone", () => {
    for (const extension of KNOWN_EXTENSIONS) {
      for (const detected of ["unknown", "java-archive", "android-package"] as const) {
        expect(acceptedDetection(extension, detected)).toEqual({ ok: false, reason: "content-differs" });
      }
    }
  });

  test("knows a locked package as what each kind of document can be", () => {
    const locked = KNOWN_EXTENSIONS.filter((extension) => acceptedDetection(extension, "encrypted-office").ok);
    expect(locked).toEqual(["docx", "xlsx", "pptx"]);
  });

  test("never serves a type that a browser runs", () => {
    for (const extension of KNOWN_EXTENSIONS) {
      for (const detected of acceptedDetections(extension)) {
        const verdict = acceptedDetection(extension, detected);
        expect(verdict.ok && /html|svg|xml$|script/u.test(verdict.mimeType.replace("openxmlformats", ""))).toBe(false);
      }
    }
  });

  test("shows only raster images inline", () => {
    const inline = KNOWN_EXTENSIONS.filter((extension) =>
      acceptedDetections(extension).some((detected) => {
        const verdict = acceptedDetection(extension, detected);
        return verdict.ok && verdict.inlineImage;
      }),
    );
    expect([...inline].sort()).toEqual(["avif", "bmp", "gif", "jpeg", "jpg", "png", "webp"]);
  });

  test.each("svg html htm xhtml xml js mjs exe bat cmd com scr msi ps1 vbs jar hta lnk sh php docm".split(" "))(
    "never allows %s",
    (extension) => {
      expect(isForbiddenExtension(extension)).toBe(true);
      expect(acceptedDetection(extension, "text")).toEqual({ ok: false, reason: "forbidden-extension" });
    },
  );

  test("tells by the served MIME type what a viewer may show", () => {
    expect(["image/png", "image/jpeg", "image/webp"].every(isInlineImage)).toBe(true);
    expect(["image/heic", "image/svg+xml", "application/pdf", "text/plain", ""].some(isInlineImage)).toBe(false);
  });

  test.each(["", "xyz", "PDF", "constructor", "__proto__", "toString"])("does not know %j", (extension) => {
    expect(isKnownExtension(extension)).toBe(false);
    expect(acceptedDetection(extension, "pdf")).toEqual({ ok: false, reason: "unknown-extension" });
  });
});

describe("an extension and its content", () => {
  test.each([
    ["jpg", "jpeg", "image/jpeg"],
    ["pdf", "pdf", "application/pdf"],
    ["docx", "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"],
    ["zip", "docx", "application/zip"],
    ["txt", "html", "text/plain"],
    ["csv", "text", "text/csv"],
  ] as const)("%s with %s is served as %s", (extension, detected, mimeType) => {
    expect(acceptedDetection(extension, detected)).toMatchObject({ ok: true, mimeType });
  });

  test.each([
    ["pdf", "html"],
    ["docx", "zip"],
    ["docx", "macro-office"],
    ["docx", "doc"],
    ["doc", "docx"],
    ["doc", "encrypted-office"],
    ["jpg", "png"],
    ["zip", "java-archive"],
    ["json", "html"],
    ["txt", "pdf"],
  ] as const)("%s with %s is refused", (extension, detected) => {
    expect(acceptedDetection(extension, detected)).toEqual({ ok: false, reason: "content-differs" });
  });
});

describe("the type that a sender declares", () => {
  test.each([
    ["pdf", "application/pdf"],
    ["pdf", "application/pdf; charset=binary"],
    ["PDF".toLowerCase(), " Application/PDF "],
    ["csv", "application/vnd.ms-excel"],
    ["zip", "application/x-zip-compressed"],
    ["jpg", "image/pjpeg"],
    ["heic", "image/heif"],
    ["docx", "application/octet-stream"],
    ["docx", ""],
    ["docx", undefined],
    ["png", "application/x-www-form-urlencoded"],
    ["png", "nonsense"],
  ])("%s may be %j", (extension, declared) => {
    expect(mayDeclare(extension, declared)).toBe(true);
  });

  test.each([
    ["pdf", "text/html"],
    ["txt", "text/html; charset=utf-8"],
    ["png", "image/svg+xml"],
    ["png", "image/jpeg"],
    ["pdf", "application/zip"],
    ["docx", "application/msword"],
    ["txt", "TEXT/JAVASCRIPT"],
    ["jpg", "application/pdf"],
  ])("%s may not be %j", (extension, declared) => {
    expect(mayDeclare(extension, declared)).toBe(false);
  });

  test.each(DEFAULTS)("%s may be what it is served as", (extension) => {
    for (const detected of acceptedDetections(extension)) {
      const verdict = acceptedDetection(extension, detected);
      expect(verdict.ok && mayDeclare(extension, verdict.mimeType)).toBe(true);
    }
  });
});
