/** What every step of a library works on: its rows, the time, and fresh ids. */
import type { AgentResponse, StandardResponse } from "../../src/core/library.ts";
import { detached, fileOf, type LibraryDocument } from "../../src/core/library-documents.ts";
import type { DocumentRows } from "./document-rows.ts";
import type { ResponseRows } from "./response-rows.ts";

/** The rows of one library, within one transaction. */
export interface Shelves {
  readonly texts: ResponseRows;
  readonly files: DocumentRows;
  readonly now: number;
  readonly newId: () => string;
}

/** A response with its files; undefined where it is not known. */
export function wholeResponse({ texts, files }: Shelves, responseId: string): StandardResponse | undefined {
  const response = texts.response(responseId);
  return response === undefined ? undefined : { ...response, files: files.storedOf(responseId).map(fileOf) };
}

/** The same as one agent sees it. */
export function agentsResponse(shelves: Shelves, responseId: string, agentId: string): AgentResponse | undefined {
  const response = wholeResponse(shelves, responseId);
  if (response === undefined) return undefined;
  return { ...response, favourite: shelves.texts.isMarked(agentId, "favourites", responseId) };
}

/** Takes a document from its response: it goes, unless a session still shows it. */
export function detach({ files, now, newId }: Shelves, document: LibraryDocument): void {
  files.put(detached(document, files.isUsed(document.documentId), now, newId));
}
