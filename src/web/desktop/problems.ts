/** What did not work, in words: the server's codes stand beside the words for them. */
import type { Problem } from "../../protocol/problem.ts";
import { extensionOf } from "../client/file-check.ts";
import { listText, sizeText } from "../view/format.ts";
import type { FileFault } from "../view/outgoing.ts";
import type { Speech, Word } from "./scene.ts";

/** Why something was refused. */
export function problemText(problem: Problem, speech: Speech): string {
  const { code, limit, title } = problem;
  const values = { limit: limit ?? "", code, title };
  return speech.say(wordFor(code, speech), values);
}

/** Why a file was not sent. */
export function fileFaultText(fault: FileFault, file: File, speech: Speech): string {
  const { language, say } = speech;
  const limit = "limit" in fault && fault.limit !== undefined ? sizeText(fault.limit, language) : "";
  const allowed = ("allowed" in fault && fault.allowed) || [];
  const upper = allowed.map((type) => type.toUpperCase());
  const types = listText(upper, language);
  const type = extensionOf(file.name).toUpperCase();
  return say(wordFor(fault.code, speech), { limit, types, type, code: fault.code });
}

function wordFor(code: string, { words }: Speech): Word {
  return Object.keys(words).find((key): key is Word => key === code) ?? "fault";
}
