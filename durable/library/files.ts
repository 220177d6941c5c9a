/** Files of a library from reservation to purge, and what sessions take; the core decides, the rows are written here. */
import type { AttemptRef, StoredFile } from "../../src/core/attempts.ts";
import type { Download, DownloadConditions } from "../../src/core/downloads.ts";
import { type AddedFile, type TakenResponse, textIn } from "../../src/core/library.ts";
import {
  committed,
  type FileWish,
  fileOf,
  gone,
  isStored,
  isUnused,
  type LibraryDocument,
  type LibraryEnding,
  type LibraryLimits,
  type LibraryObject,
  type LibraryPlace,
  type LibraryReservation,
  openFile,
  renewed,
  reserveFile,
  resumed,
  storing,
} from "../../src/core/library-documents.ts";
import { ok, type Result, refuse } from "../../src/core/refusal.ts";
import { detach, type Shelves } from "./shelves.ts";

/** Holds a place for a file; its row is there before any byte. */
export function reserve(
  shelves: Shelves,
  place: LibraryPlace,
  responseId: string,
  wish: FileWish,
  limits: LibraryLimits,
): Result<LibraryReservation> {
  const { texts, files } = shelves;
  if (texts.response(responseId) === undefined) return refuse({ reason: "unknown-response" });
  const reserved = reserveFile(place, responseId, files.ofResponse(responseId), wish, limits, shelves);
  if (!reserved.ok) return reserved;
  files.put(reserved.value.document);
  return ok(reserved.value.reservation);
}

/** Bytes move: the lease runs anew. */
export function renew({ files, now }: Shelves, { documentId }: AttemptRef): Result<undefined> {
  const found = storing(files.document(documentId), now, { late: false });
  if (!found.ok) return found;
  files.put(renewed(found.value, now));
  return ok(undefined);
}

/** A rescue begins where the lease ran out. */
export function resume({ files, now }: Shelves, { documentId }: AttemptRef): Result<undefined> {
  const found = storing(files.document(documentId), now, { late: true });
  if (!found.ok) return found;
  const document = resumed(found.value, now);
  if (!document.ok) return document;
  files.put(document.value);
  return ok(undefined);
}

/** Keeps the id of a multipart upload before any part is sent. */
export function attachMultipart(
  { files, now }: Shelves,
  { documentId }: AttemptRef,
  multipartId: string,
): Result<undefined> {
  const found = storing(files.document(documentId), now, { late: false });
  if (!found.ok) return found;
  files.put({ ...found.value, multipartId });
  return ok(undefined);
}

/** Makes a stored and judged file part of its response, in the place of one that had its name. A repeat changes nothing. */
export function commit(shelves: Shelves, { documentId, ...file }: AttemptRef & StoredFile): Result<AddedFile> {
  const { texts, files, now } = shelves;
  const known = files.document(documentId);
  const done = known === undefined ? undefined : added(shelves, known);
  if (done !== undefined) return ok(done);
  const found = storing(known, now, { late: true });
  if (!found.ok) return found;
  const document = committed(found.value, file, now);
  if (!document.ok) return document;
  const { responseId = "", name } = document.value;
  const others = files.storedOf(responseId).filter((one) => one.name === name);
  files.put(document.value);
  for (const replaced of others) detach(shelves, replaced);
  texts.touch(responseId, now);
  const result = added(shelves, document.value);
  return result === undefined ? refuse({ reason: "upload-expired" }) : ok(result);
}

function added({ texts }: Shelves, document: LibraryDocument): AddedFile | undefined {
  const response = document.responseId === undefined ? undefined : texts.response(document.responseId);
  if (response === undefined || !isStored(document)) return undefined;
  return { file: fileOf(document), version: response.version };
}

/** Gives an upload up; one that has ended meanwhile stays as it is. */
export function release(
  { files, now, newId }: Shelves,
  { documentId }: AttemptRef,
  { reason, object }: LibraryEnding,
): Result<undefined> {
  const found = storing(files.document(documentId), now, { late: true });
  if (found.ok) files.put(gone(found.value, reason, object, now, newId));
  return ok(undefined);
}

/** Takes a file from its response; its bytes go, unless a session still shows them. */
export function removeFile(shelves: Shelves, responseId: string, documentId: string): Result<undefined> {
  const found = storedIn(shelves, responseId, documentId);
  if (!found.ok) return found;
  detach(shelves, found.value);
  shelves.texts.touch(responseId, shelves.now);
  return ok(undefined);
}

/** A part of what is stored, for a later scan. */
export function stored({ files }: Shelves, after: string, limit: number): LibraryObject[] {
  return files.storedAfter(after, limit).map(({ documentId, key, phase: { size } }) => ({ documentId, key, size }));
}

/**
 * Takes a file in which malware was found from its response, so that no session gets it any more; the value is the sessions
 * that show it. They withdraw it first, then `purge` removes its bytes: what dies in between is found again.
 */
export function quarantine(shelves: Shelves, documentId: string): string[] {
  const { files, texts, now } = shelves;
  const document = files.document(documentId);
  if (document === undefined || !isStored(document)) return [];
  if (document.responseId !== undefined) texts.touch(document.responseId, now);
  const { responseId: _left, ...rest } = document;
  files.put(rest);
  return files.usersOf(documentId);
}

/** Removes the bytes of a file in which malware was found, and that no session shows any more. A repeat changes nothing. */
export function purge({ files, now, newId }: Shelves, documentId: string): void {
  const document = files.document(documentId);
  if (document !== undefined && isStored(document)) files.put(gone(document, "malware-found", "stored", now, newId));
}

/** Where the bytes of a response's file lie, and which of them to send. */
export function open(
  shelves: Shelves,
  responseId: string,
  documentId: string,
  conditions: DownloadConditions,
): Result<Download> {
  const found = storedIn(shelves, responseId, documentId);
  return found.ok ? openFile(found.value, conditions) : found;
}

function storedIn({ texts, files }: Shelves, responseId: string, documentId: string) {
  if (texts.response(responseId) === undefined) return refuse({ reason: "unknown-response" });
  const document = files.storedOf(responseId).find((one) => one.documentId === documentId);
  return document === undefined ? refuse({ reason: "unknown-file" }) : ok(document);
}

/** A response for a session, which refers to its files from now on. A repeat changes nothing. */
export function take(
  { texts, files, now }: Shelves,
  sessionId: string,
  responseId: string,
  language: string | undefined,
  agentId: string | undefined,
): Result<TakenResponse> {
  // Its references would never be taken away again.
  if (files.isDropped(sessionId)) return refuse({ reason: "unknown-session" });
  const response = texts.response(responseId);
  if (response === undefined) return refuse({ reason: "unknown-response" });
  const documents = files.storedOf(responseId);
  for (const { documentId } of documents) files.use(documentId, sessionId);
  if (agentId !== undefined) texts.mark(agentId, "recent", responseId, now);
  const taken = documents.map((document) => {
    const { key, extension } = document;
    return { ...fileOf(document), key, extension };
  });
  return ok({ title: response.title, ...textIn(response, language), files: taken });
}

/** A session is erased: what only it still showed goes. A repeat changes nothing. */
export function drop({ files, now, newId }: Shelves, sessionId: string): void {
  for (const document of files.drop(sessionId, now)) {
    const inUse = files.isUsed(document.documentId);
    if (isUnused(document, inUse)) files.put(gone(document, "unused", "stored", now, newId));
  }
}
