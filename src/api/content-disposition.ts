/** Builds the Content-Disposition header, so that a file's name can neither leave its parameter nor arrive garbled. */
import { create } from "content-disposition";
import { asciiFallback } from "../core/file-names.ts";

/**
 * The header's value per RFC 6266 and RFC 8187: `filename` in printable ASCII and, where that is not the whole name,
 * `filename*` in UTF-8. Safe for any string: lone surrogates are replaced, everything outside of ASCII is percent-encoded.
 */
export function contentDisposition(name: string, type: "attachment" | "inline"): string {
  return create(name.toWellFormed(), { type, fallback: asciiFallback(name) });
}
