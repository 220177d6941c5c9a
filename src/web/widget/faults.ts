/** What went wrong, in words, with the limit that was met. */
import type { WireLimits } from "../../protocol/chat.ts";
import type { Problem } from "../../protocol/problem.ts";
import { extensionOf } from "../client/file-check.ts";
import { listText, sizeText } from "../view/format.ts";
import type { FileFault } from "../view/outgoing.ts";
import type { Speech, Word } from "./scene.ts";

/** Why a file was not sent. */
export function fileFaultText(fault: FileFault, file: File, limits: WireLimits | undefined, speech: Speech): string {
  const { language } = speech;
  const bytes = (size: number | undefined) => sizeText(size ?? 0, language);
  const limit = "limit" in fault ? fault.limit : undefined;
  const files = limits?.uploadMaxFiles ?? 0;
  const values = {
    type: extensionOf(file.name).toUpperCase(),
    types: typesText(("allowed" in fault ? fault.allowed : limits?.uploadFileTypes) ?? [], language),
    limit: fault.code === "too-many-files" ? (limit ?? files) : bytes(limit),
    files,
    left: fault.code === "total-too-large" ? bytes("left" in fault ? fault.left : 0) : filesLeft(limits),
  };
  return speech.say(wordsFor(fault.code, speech), values);
}

/** Why anything else did not work. */
export function problemText({ code, limit }: Problem, speech: Speech): string {
  return speech.say(wordsFor(code, speech), limit === undefined ? {} : { limit });
}

/** File types as people name them. */
export function typesText(types: readonly string[], language: string): string {
  return listText(
    types.map((type) => type.toUpperCase()),
    language,
  );
}

/** How many files may still be sent. */
export function filesLeft(limits: WireLimits | undefined): number {
  return limits === undefined ? 0 : Math.max(0, limits.uploadMaxFiles - limits.used.files);
}

/** Words stand under the codes that they are for; codes without any get the general ones. */
function wordsFor(code: string, { words }: Speech): Word {
  if (code === "file-deleted") return "unknown-file";
  return Object.keys(words).find((key): key is Word => key === code) ?? "fault";
}
