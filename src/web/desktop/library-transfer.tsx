/** A library as a file: saved, and brought in again, also into another service. */
import { useState } from "preact/hooks";
import type { WireImportReport } from "../../protocol/library.ts";
import type { Problem } from "../../protocol/problem.ts";
import { problemHere } from "../client/api.ts";
import type { LibraryClient } from "../client/library.ts";
import { saveFile } from "../view/save.ts";
import { problemText } from "./problems.ts";
import type { Scene } from "./scene.ts";
import { Button } from "./tool.tsx";

/** So many responses go in one import: each part stays far below what the server takes. */
const PART = 100;

/** Two buttons, and what came of them. */
export function LibraryTransfer(
  props: Scene & { readonly library: LibraryClient; readonly service: string; onChanged(): void },
) {
  const { library, service, onChanged, say } = props;
  const [problem, setProblem] = useState<Problem>();
  const [report, setReport] = useState<string>();
  const [busy, setBusy] = useState(false);
  const save = async () => {
    setBusy(true);
    const exported = await library.export();
    setBusy(false);
    setProblem(exported.ok ? undefined : exported.problem);
    if (!exported.ok) return;
    const text = JSON.stringify(exported.value, undefined, 2);
    saveFile(new Blob([text], { type: "application/json" }), `${service}-standard-responses.json`);
  };
  const load = async (file: File) => {
    setBusy(true);
    setReport(undefined);
    const done = await bringIn(library, await file.text());
    setBusy(false);
    setProblem(done.problem);
    const { created, updated, unchanged, missing } = done;
    setReport(say("imported", { created, updated, unchanged, missing }));
    onChanged();
  };
  return (
    <>
      <Button disabled={busy} onClick={() => void save()}>
        {say("export")}
      </Button>
      <label class="pick">
        {say("import")}
        <input
          type="file"
          accept="application/json,.json"
          onChange={({ currentTarget }) => {
            const [file] = currentTarget.files ?? [];
            if (file !== undefined) void load(file);
            currentTarget.value = "";
          }}
        />
      </label>
      <p class={problem === undefined ? "hint" : "fault"} role="status">
        {problem === undefined ? (report ?? "") : problemText(problem, props)}
      </p>
    </>
  );
}

/** In parts, the categories with the first: what was brought in stays where a later part is refused. */
async function bringIn(library: LibraryClient, text: string) {
  const sum = { created: 0, updated: 0, unchanged: 0, missing: 0 };
  const whole = readLibrary(text);
  if (whole === undefined) return { ...sum, problem: problemHere("not-a-library") };
  const { responses, categories, ...rest } = whole;
  for (let from = 0; from === 0 || from < responses.length; from += PART) {
    const part = { ...rest, categories: from === 0 ? categories : [], responses: responses.slice(from, from + PART) };
    const done = await library.import(part);
    if (!done.ok) return { ...sum, problem: done.problem };
    add(sum, done.value);
  }
  return { ...sum, problem: undefined };
}

function add(sum: { created: number; updated: number; unchanged: number; missing: number }, report: WireImportReport) {
  sum.created += report.responses.created;
  sum.updated += report.responses.updated;
  sum.unchanged += report.responses.unchanged;
  sum.missing += report.missingFiles.length;
}

function readLibrary(text: string): { responses: unknown[]; categories: unknown[] } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("responses" in value) || !("categories" in value))
      return undefined;
    const { responses, categories } = value;
    return Array.isArray(responses) && Array.isArray(categories) ? { ...value, responses, categories } : undefined;
  } catch {
    return undefined;
  }
}
