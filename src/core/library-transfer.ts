/** Import and export of a library: texts and categories travel, of files only what they are; importing twice changes nothing. */
import type { Category, LibraryFile, ResponseContent } from "./library.ts";

/** Name of the form, in every export. */
export const LIBRARY_FORMAT = "satchel-standard-responses";

/** A file as an export names it: the digest finds the bytes again, wherever they are kept. */
export type ExportedFile = Omit<LibraryFile, "documentId" | "scan">;

/** A response as it travels between libraries. */
export interface ExportedResponse extends ResponseContent {
  readonly responseId: string;
  readonly files: readonly ExportedFile[];
}

/** A part of a library, whole in itself: it can be imported alone. */
export interface LibraryExport {
  readonly format: typeof LIBRARY_FORMAT;
  readonly categories: readonly Category[];
  readonly responses: readonly ExportedResponse[];
  /** Where the next part begins: the last response of this one. */
  readonly next?: string;
}

/** How many there were of one kind. */
export interface ImportCount {
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
}

/** What an import did. */
export interface ImportReport {
  readonly categories: ImportCount;
  readonly responses: ImportCount;
  /** Files that the import names and the library has not: they are to be uploaded. */
  readonly missingFiles: readonly (ExportedFile & { readonly responseId: string })[];
}

/** What an import would do to one category or response. */
export type ImportStep = keyof ImportCount;

/** Whether a category differs from the one that is there. */
export function categoryStep(present: Category | undefined, wanted: Category): ImportStep {
  if (present === undefined) return "created";
  return present.name === wanted.name && present.parentId === wanted.parentId ? "unchanged" : "updated";
}

/** Whether a response's texts differ from those that are there. */
export function responseStep(present: ResponseContent | undefined, wanted: ResponseContent): ImportStep {
  if (present === undefined) return "created";
  return contentKey(present) === contentKey(wanted) ? "unchanged" : "updated";
}

/** Files that are named and not there, by digest. */
export function missingFiles(present: readonly LibraryFile[], named: readonly ExportedFile[]): ExportedFile[] {
  const digests = new Set(present.map(({ sha256 }) => sha256));
  return named.filter(({ sha256 }) => !digests.has(sha256));
}

/** Categories in an order in which each one's parent comes before it; what hangs on itself or on nothing comes last. */
export function parentsFirst(categories: readonly Category[]): Category[] {
  const waiting = new Map(categories.map((one) => [one.categoryId, one]));
  const ordered: Category[] = [];
  for (let grown = true; grown; ) {
    grown = false;
    for (const [categoryId, category] of waiting) {
      if (category.parentId !== undefined && waiting.has(category.parentId)) continue;
      ordered.push(category);
      waiting.delete(categoryId);
      grown = true;
    }
  }
  return [...ordered, ...waiting.values()];
}

/** How many of each step there were. */
export function countSteps(steps: readonly ImportStep[]): ImportCount {
  const count = (step: ImportStep) => steps.filter((one) => one === step).length;
  return { created: count("created"), updated: count("updated"), unchanged: count("unchanged") };
}

function contentKey({ title, language, text, translations, categoryId, shortcut }: ResponseContent): string {
  const sorted = Object.entries(translations).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([title, language, text, sorted, categoryId ?? null, shortcut ?? null]);
}
