/** Editing of texts and categories, and their import and export; the core decides, the rows are written here. */
import {
  admitResponse,
  type Category,
  checkVersion,
  leaveCategory,
  placeCategory,
  type ResponseContent,
  type ResponseEdit,
  type StandardResponse,
} from "../../src/core/library.ts";
import { fileOf } from "../../src/core/library-documents.ts";
import {
  categoryStep,
  countSteps,
  type ExportedResponse,
  type ImportReport,
  type ImportStep,
  LIBRARY_FORMAT,
  type LibraryExport,
  missingFiles,
  parentsFirst,
  responseStep,
} from "../../src/core/library-transfer.ts";
import { ok, type Refusal, type Result, refuse, refuseField } from "../../src/core/refusal.ts";
import { detach, type Shelves, wholeResponse } from "./shelves.ts";

/** Most responses in one part of an export, and characters of JSON after which a part ends. */
const PART_RESPONSES = 500;
const PART_LENGTH = 500_000;

/** Creates or replaces a response; the value is the response as it stands then. */
export function saveResponse(
  shelves: Shelves,
  { responseId, content, mode, from }: ResponseEdit,
): Result<StandardResponse> {
  const { texts, now } = shelves;
  const present = texts.response(responseId);
  if (present === undefined && mode === "replace") return refuse({ reason: "unknown-response" });
  const allowed = present === undefined ? admitResponse(texts.count()) : checkVersion(present.version, from);
  if (!allowed.ok) return allowed;
  const placed = checkPlace(shelves, content);
  if (!placed.ok) return placed;
  if (present === undefined || mode === "replace")
    texts.putResponse(responseId, content, (present?.version ?? 0) + 1, now);
  const saved = wholeResponse(shelves, responseId);
  return saved === undefined ? refuse({ reason: "unknown-response" }) : ok(saved);
}

/** Removes a response; its files go too, unless a session still shows them. */
export function deleteResponse(shelves: Shelves, responseId: string, from: number | undefined): Result<undefined> {
  const { texts, files } = shelves;
  const present = texts.response(responseId);
  if (present === undefined) return refuse({ reason: "unknown-response" });
  const allowed = checkVersion(present.version, from);
  if (!allowed.ok) return allowed;
  for (const document of files.ofResponse(responseId)) detach(shelves, document);
  texts.removeResponse(responseId);
  return ok(undefined);
}

/** Creates or replaces a category. */
export function saveCategory({ texts }: Shelves, category: Category, mode: "create" | "replace"): Result<Category> {
  const categories = texts.categories();
  const present = categories.some(({ categoryId }) => categoryId === category.categoryId);
  if (!present && mode === "replace") return refuse({ reason: "unknown-category" });
  const placed = placeCategory(categories, category);
  if (!placed.ok) return placed;
  texts.putCategory(category);
  return ok(category);
}

/** Removes a category in which nothing lies. */
export function deleteCategory({ texts }: Shelves, categoryId: string): Result<undefined> {
  const allowed = leaveCategory(texts.categories(), categoryId, texts.count(categoryId));
  if (allowed.ok) texts.removeCategory(categoryId);
  return allowed;
}

/** A part of the library, beginning after a response; the categories stand in every part. */
export function exportPart({ texts, files }: Shelves, after: string): LibraryExport {
  const responses: ExportedResponse[] = [];
  let length = 0;
  const candidates = texts.after(after, PART_RESPONSES + 1);
  for (const { version: _v, updatedAt: _u, ...response } of candidates) {
    if (responses.length === PART_RESPONSES || length > PART_LENGTH) break;
    const named = files.storedOf(response.responseId).map((document) => {
      const { documentId: _own, scan: _verdict, ...file } = fileOf(document);
      return file;
    });
    responses.push({ ...response, files: named });
    length += JSON.stringify(response).length;
  }
  const last = responses.at(-1);
  const more = responses.length < candidates.length && last !== undefined;
  const part = { format: LIBRARY_FORMAT, categories: texts.categories(), responses } as const;
  return more ? { ...part, next: last.responseId } : part;
}

/** Why an import stops; thrown, so that all of it is undone. */
export class ImportRefused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.reason);
    this.refusal = refusal;
  }
}

/** Brings in categories and texts by their ids. @throws ImportRefused where one does not fit; then nothing may stay. */
export function importPart(
  shelves: Shelves,
  { categories, responses }: Pick<LibraryExport, "categories" | "responses">,
): ImportReport {
  const named: ImportReport["missingFiles"][number][] = [];
  const categorySteps = parentsFirst(categories).map((category) => importCategory(shelves, category));
  const responseSteps = responses.map(({ responseId, files, ...content }, index) => {
    const step = importResponse(shelves, responseId, content, index);
    const present = shelves.files.storedOf(responseId).map(fileOf);
    named.push(...missingFiles(present, files).map((file) => ({ responseId, ...file })));
    return step;
  });
  return { categories: countSteps(categorySteps), responses: countSteps(responseSteps), missingFiles: named };
}

function importCategory({ texts }: Shelves, category: Category): ImportStep {
  const present = texts.categories();
  const step = categoryStep(
    present.find(({ categoryId }) => categoryId === category.categoryId),
    category,
  );
  if (step === "unchanged") return step;
  const placed = placeCategory(present, category);
  if (!placed.ok) throw new ImportRefused(inCategories(placed.refusal));
  texts.putCategory(category);
  return step;
}

/** Which category is meant its id would tell, but ids of an import are the client's text. */
function inCategories(refusal: Refusal): Refusal {
  if (refusal.reason === "library-full") return refusal;
  const problem = "only categories that are there or come along, in no circle and not too deep";
  return { reason: "bad-request", fields: [{ field: "categories", problem }] };
}

function importResponse(shelves: Shelves, responseId: string, content: ResponseContent, index: number): ImportStep {
  const { texts, now } = shelves;
  const present = texts.response(responseId);
  const step = responseStep(present, content);
  if (step === "unchanged") return step;
  const room = present === undefined ? admitResponse(texts.count()) : ok(undefined);
  if (!room.ok) throw new ImportRefused(room.refusal);
  if (!checkPlace(shelves, content).ok) {
    const { refusal } = refuseField(`responses.${index}.categoryId`, "a category that is there or comes along");
    throw new ImportRefused(refusal);
  }
  texts.putResponse(responseId, content, (present?.version ?? 0) + 1, now);
  return step;
}

function checkPlace({ texts }: Shelves, { categoryId }: ResponseContent): Result<undefined> {
  const known = categoryId === undefined || texts.categories().some((one) => one.categoryId === categoryId);
  return known ? ok(undefined) : refuse({ reason: "unknown-category" });
}
