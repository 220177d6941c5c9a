/** Standard responses: texts and files that agents send again and again, in categories; one library for each service. */
import {
  MAX_CATEGORY_DEPTH,
  MAX_FAVOURITES,
  MAX_RESPONSE_FILES,
  MAX_SERVICE_CATEGORIES,
  MAX_SERVICE_RESPONSES,
} from "../protocol/wire.ts";
import { ok, type Result, refuse, refuseField } from "./refusal.ts";
import type { ScanMark } from "./scan.ts";

/** A category; it lies in another one, or at the top. */
export interface Category {
  readonly categoryId: string;
  readonly name: string;
  readonly parentId?: string;
}

/** What an editor writes of a response. Texts hold variables as `{{customer.nickname}}`. */
export interface ResponseContent {
  readonly title: string;
  /** BCP 47 tag of `text`. */
  readonly language: string;
  readonly text: string;
  /** The same in other languages, by their tags. */
  readonly translations: Readonly<Record<string, string>>;
  readonly categoryId?: string;
  /** A word that finds exactly this response. */
  readonly shortcut?: string;
}

/** A file of a response, once it is stored and judged. */
export interface LibraryFile {
  readonly documentId: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** MIME type of the detected content. */
  readonly type: string;
  /** Lower-case hex. */
  readonly sha256: string;
  /** What the malware scan said; absent where the service did not scan. */
  readonly scan?: ScanMark;
}

/** A response with everything that belongs to it. */
export interface StandardResponse extends ResponseContent {
  readonly responseId: string;
  readonly files: readonly LibraryFile[];
  /** Grows with each change of text or files; an edit may name the one it was made from. */
  readonly version: number;
  readonly updatedAt: number;
}

/** A response as lists tell it. */
export interface ResponseSummary extends Omit<StandardResponse, "text" | "translations" | "updatedAt"> {
  /** The beginning of the text in the language that was asked for. */
  readonly preview: string;
  readonly favourite: boolean;
}

/** What an agent looks for; without words all responses, by title. */
export interface LibrarySearch {
  readonly words?: string;
  /** A category and all that lies in it. */
  readonly categoryId?: string;
  readonly language?: string;
  readonly list?: "favourites" | "recent";
  /** Responses to leave out from the beginning. */
  readonly offset: number;
}

/** A page of what was found; `next` is the offset of the next one. */
export interface LibraryPage {
  readonly responses: readonly ResponseSummary[];
  readonly next?: number;
}

/** A file that a session may announce: its bytes lie at `key`, in the library's own bucket. */
export interface TakenFile extends LibraryFile {
  readonly key: string;
  readonly extension: string;
}

/** A response as a session gets it: the text still holds its variables. */
export interface TakenResponse {
  readonly title: string;
  readonly language: string;
  readonly text: string;
  readonly files: readonly TakenFile[];
}

/** A response as an agent sees it. */
export interface AgentResponse extends StandardResponse {
  readonly favourite: boolean;
}

/** An edit of a response. `create` with an id that is there already changes nothing: it was this edit, sent again. */
export interface ResponseEdit {
  readonly responseId: string;
  readonly content: ResponseContent;
  readonly mode: "create" | "replace";
  /** The version that the edit was made from; absent where the editor does not care. */
  readonly from?: number;
}

/** A file that has just become part of a response. */
export interface AddedFile {
  readonly file: LibraryFile;
  /** Of the response. */
  readonly version: number;
}

/** Characters of a text that lists show. */
const PREVIEW = 200;

/**
 * The text in the language nearest to the one asked for: the same tag, else the same first part of it (`de` for `de-AT`),
 * else the response's own.
 */
export function textIn(
  { language, text, translations }: Pick<ResponseContent, "language" | "text" | "translations">,
  wanted: string | undefined,
): { readonly language: string; readonly text: string } {
  const own = { language, text };
  if (wanted === undefined) return own;
  const all = [own, ...Object.entries(translations).map(([tag, words]) => ({ language: tag, text: words }))];
  const asked = wanted.toLowerCase();
  const primary = (tag: string) => tag.toLowerCase().split("-", 1)[0];
  return (
    all.find((one) => one.language.toLowerCase() === asked) ??
    all.find((one) => primary(one.language) === primary(asked)) ??
    own
  );
}

/** The beginning of a text, without half a character at its end. */
export function previewOf(text: string): string {
  const cut = text.slice(0, PREVIEW);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}

/** Whether an edit made from version `from` may replace version `current`; one that names none always may. */
export function checkVersion(current: number, from: number | undefined): Result<undefined> {
  return from === undefined || from === current ? ok(undefined) : refuse({ reason: "version-conflict" });
}

/** Whether one more response fits into the library. */
export function admitResponse(count: number): Result<undefined> {
  const limit = MAX_SERVICE_RESPONSES;
  return count < limit ? ok(undefined) : refuse({ reason: "library-full", limit });
}

/** Whether one more favourite fits to an agent's. */
export function admitFavourite(count: number): Result<undefined> {
  const limit = MAX_FAVOURITES;
  return count < limit ? ok(undefined) : refuse({ reason: "library-full", limit });
}

/** Whether one more file fits to a response that has these names already; a file of the same name replaces it. */
export function admitName(names: readonly string[], name: string): Result<undefined> {
  const limit = MAX_RESPONSE_FILES;
  const others = new Set(names.filter((one) => one !== name));
  return others.size < limit ? ok(undefined) : refuse({ reason: "library-full", limit });
}

/** Whether the tree of categories stays one with this category in it: known parent, no circle, bounded in number and depth. */
export function placeCategory(categories: readonly Category[], category: Category): Result<undefined> {
  const { categoryId, parentId } = category;
  const parents = new Map(categories.map((one) => [one.categoryId, one.parentId]));
  const limit = MAX_SERVICE_CATEGORIES;
  if (!parents.has(categoryId) && parents.size >= limit) return refuse({ reason: "library-full", limit });
  if (parentId !== undefined && !parents.has(parentId)) return refuse({ reason: "unknown-category" });
  parents.set(categoryId, parentId);
  const tooDeep = [...parents.keys()].some((one) => depthOf(parents, one) > MAX_CATEGORY_DEPTH);
  if (!tooDeep) return ok(undefined);
  return refuseField("parentId", `a category outside of this one, at most ${MAX_CATEGORY_DEPTH} levels deep`);
}

/** Levels from the top, counted until it is clear that there are too many: a circle has no top. */
function depthOf(parents: ReadonlyMap<string, string | undefined>, categoryId: string): number {
  let depth = 0;
  for (let at: string | undefined = categoryId; at !== undefined && depth <= MAX_CATEGORY_DEPTH; at = parents.get(at))
    depth += 1;
  return depth;
}

/** Whether a category may go: nothing lies in it. */
export function leaveCategory(
  categories: readonly Category[],
  categoryId: string,
  responses: number,
): Result<undefined> {
  if (!categories.some((one) => one.categoryId === categoryId)) return refuse({ reason: "unknown-category" });
  const inside = responses > 0 || categories.some(({ parentId }) => parentId === categoryId);
  return inside ? refuse({ reason: "category-in-use" }) : ok(undefined);
}
