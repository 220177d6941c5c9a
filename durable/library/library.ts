/** The standard responses of one service: stores what the core decides, finds, and keeps files while somebody needs them. */
import { DurableObject } from "cloudflare:workers";
import { logFailure, logFault } from "../../src/backends/log.ts";
import type { AttemptRef, StoredFile } from "../../src/core/attempts.ts";
import type { Download, DownloadConditions } from "../../src/core/downloads.ts";
import { inspectionOf } from "../../src/core/inspection.ts";
import {
  type AddedFile,
  type AgentResponse,
  admitFavourite,
  type Category,
  type LibraryPage,
  type LibrarySearch,
  previewOf,
  type ResponseEdit,
  type StandardResponse,
  type TakenResponse,
  textIn,
} from "../../src/core/library.ts";
import {
  afterEffect,
  type FileWish,
  fileOf,
  isStoring,
  type LibraryDocument,
  type LibraryEnding,
  type LibraryLimits,
  type LibraryObject,
  type LibraryPlace,
  type LibraryReservation,
} from "../../src/core/library-documents.ts";
import type { ImportReport, LibraryExport } from "../../src/core/library-transfer.ts";
import { ALARM_AGAIN_MS, EFFECTS_PER_ALARM } from "../../src/core/outbox.ts";
import { ok, type Result, refuse } from "../../src/core/refusal.ts";
import { mayWaitForScan } from "../../src/core/scan.ts";
import { randomId } from "../../src/protocol/encoding.ts";
import { guarded, tryEffect } from "../kit/effect-try.ts";
import { hasSchema, migrate } from "../kit/migrate.ts";
import { documentStore, type LibraryPort } from "../kit/objects.ts";
import { DocumentRows } from "./document-rows.ts";
import * as edits from "./edits.ts";
import { type LibraryEffectPorts, performEffect } from "./effects.ts";
import * as files from "./files.ts";
import { MIGRATIONS } from "./migrations.ts";
import { ResponseRows } from "./response-rows.ts";
import { searchResponses } from "./search.ts";
import { agentsResponse, type Shelves } from "./shelves.ts";

/** Responses in one answer. */
const PAGE = 50;
const UNKNOWN = refuse({ reason: "unknown-response" });

/** Durable Object of one service's library, named by the service. Reading one that was never written to writes nothing. */
export class Library extends DurableObject<Env> implements LibraryPort {
  #current = false;

  /** Finds responses for an agent. */
  async search(agentId: string, search: LibrarySearch): Promise<LibraryPage> {
    return this.#read({ responses: [] }, (shelves) => {
      const found = searchResponses(this.ctx.storage.sql, agentId, search, PAGE + 1);
      const responses = found.slice(0, PAGE).map(({ response, favourite }) => {
        const { translations: _t, updatedAt: _u, text: _x, ...rest } = response;
        const preview = previewOf(textIn(response, search.language).text);
        return { ...rest, preview, favourite, files: shelves.files.storedOf(response.responseId).map(fileOf) };
      });
      return found.length > PAGE ? { responses, next: search.offset + PAGE } : { responses };
    });
  }

  /** One response as an agent sees it. */
  async response(agentId: string, responseId: string): Promise<Result<AgentResponse>> {
    return this.#read<Result<AgentResponse>>(UNKNOWN, (shelves) => {
      const response = agentsResponse(shelves, responseId, agentId);
      return response === undefined ? UNKNOWN : ok(response);
    });
  }

  /** Every category, by name. */
  async categories(): Promise<Category[]> {
    return this.#read<Category[]>([], ({ texts }) => texts.categories());
  }

  /** Adds a response to an agent's favourites, or takes it away. */
  async setFavourite(agentId: string, responseId: string, favourite: boolean): Promise<Result<undefined>> {
    return this.#write(({ texts, now }) => {
      if (texts.response(responseId) === undefined) return UNKNOWN;
      const marked = texts.isMarked(agentId, "favourites", responseId);
      const room = !favourite || marked ? ok(undefined) : admitFavourite(texts.countMarks(agentId, "favourites"));
      if (!room.ok) return room;
      if (favourite) texts.mark(agentId, "favourites", responseId, now);
      else texts.unmark(agentId, "favourites", responseId);
      return room;
    });
  }

  /** Creates or replaces a response. */
  async saveResponse(edit: ResponseEdit): Promise<Result<StandardResponse>> {
    return this.#write((shelves) => edits.saveResponse(shelves, edit));
  }

  /** Removes a response and, unless a session shows them, its files. */
  async deleteResponse(responseId: string, from?: number): Promise<Result<undefined>> {
    return this.#write((shelves) => edits.deleteResponse(shelves, responseId, from));
  }

  /** Creates or replaces a category. */
  async saveCategory(category: Category, mode: "create" | "replace"): Promise<Result<Category>> {
    return this.#write((shelves) => edits.saveCategory(shelves, category, mode));
  }

  /** Removes a category in which nothing lies. */
  async deleteCategory(categoryId: string): Promise<Result<undefined>> {
    return this.#write((shelves) => edits.deleteCategory(shelves, categoryId));
  }

  /** A part of the library, beginning after a response. */
  async exportPart(after: string): Promise<LibraryExport> {
    const nothing: LibraryExport = { format: "satchel-standard-responses", categories: [], responses: [] };
    return this.#read(nothing, (shelves) => edits.exportPart(shelves, after));
  }

  /** Brings in categories and texts by their ids: all or nothing. */
  async importPart(part: Pick<LibraryExport, "categories" | "responses">): Promise<Result<ImportReport>> {
    try {
      return await this.#write((shelves) => ok(edits.importPart(shelves, part)));
    } catch (error) {
      if (error instanceof edits.ImportRefused) return refuse(error.refusal);
      throw error;
    }
  }

  /** Holds a place for a file of a response. */
  async reserveFile(
    place: LibraryPlace,
    responseId: string,
    wish: FileWish,
    limits: LibraryLimits,
  ): Promise<Result<LibraryReservation>> {
    return this.#write((shelves) => files.reserve(shelves, place, responseId, wish, limits));
  }

  /** Says that bytes move. */
  async renewFile(ref: AttemptRef): Promise<Result<undefined>> {
    return this.#write((shelves) => files.renew(shelves, ref));
  }

  /** Says that a rescue works on the upload now. */
  async resumeFile(ref: AttemptRef): Promise<Result<undefined>> {
    return this.#write((shelves) => files.resume(shelves, ref));
  }

  /** Keeps the id of a multipart upload. */
  async attachMultipart(ref: AttemptRef, multipartId: string): Promise<Result<undefined>> {
    return this.#write((shelves) => files.attachMultipart(shelves, ref, multipartId));
  }

  /** Makes a stored and judged file part of its response. */
  async commitFile(file: AttemptRef & StoredFile): Promise<Result<AddedFile>> {
    return this.#write((shelves) => files.commit(shelves, file));
  }

  /** Gives an upload up. */
  async releaseFile(ref: AttemptRef, ending: LibraryEnding): Promise<Result<undefined>> {
    return this.#write((shelves) => files.release(shelves, ref, ending));
  }

  /** Takes a file from its response. */
  async deleteFile(responseId: string, documentId: string): Promise<Result<undefined>> {
    return this.#write((shelves) => files.removeFile(shelves, responseId, documentId));
  }

  /** A part of what is stored, beginning after a document. */
  async storedFiles(after: string, limit: number): Promise<LibraryObject[]> {
    return this.#read<LibraryObject[]>([], (shelves) => files.stored(shelves, after, limit));
  }

  /** Takes a file with malware from its response; tells which sessions show it. */
  async quarantineFile(documentId: string): Promise<string[]> {
    return this.#write((shelves) => files.quarantine(shelves, documentId));
  }

  /** Removes the bytes of a file with malware. */
  async purgeFile(documentId: string): Promise<void> {
    await this.#write((shelves) => files.purge(shelves, documentId));
  }

  /** Where the bytes of a response's file lie, and which of them to send. */
  async openFile(responseId: string, documentId: string, conditions: DownloadConditions): Promise<Result<Download>> {
    return this.#read<Result<Download>>(UNKNOWN, (shelves) => files.open(shelves, responseId, documentId, conditions));
  }

  /** A response for a session, recorded before the session announces it. */
  async takeForSession(
    sessionId: string,
    responseId: string,
    language?: string,
    agentId?: string,
  ): Promise<Result<TakenResponse>> {
    return this.#write((shelves) => files.take(shelves, sessionId, responseId, language, agentId));
  }

  /** A session is erased: it refers to nothing any more. */
  async dropSession(sessionId: string): Promise<void> {
    await this.#write((shelves) => files.drop(shelves, sessionId));
  }

  /** Whether a session refers to a document. */
  async isReferenced(documentId: string): Promise<boolean> {
    return this.#read(false, (shelves) => shelves.files.isUsed(documentId));
  }

  /** A few effects that are due; then the alarm is set for what is next. */
  override async alarm(): Promise<void> {
    try {
      if (!this.#open()) return;
      const shelves = this.#shelves();
      shelves.files.forgetDropped(shelves.now);
      await Promise.all(shelves.files.due(shelves.now, EFFECTS_PER_ALARM).map((document) => this.#run(document)));
      await this.#arm();
    } catch (error) {
      // The platform drops an alarm that keeps failing, so it never sees a failure: we ring again ourselves.
      logFault("alarm-failed", error);
      await this.ctx.storage.setAlarm(Date.now() + ALARM_AGAIN_MS);
    }
  }

  async #run(document: LibraryDocument): Promise<void> {
    const { effect, documentId } = document;
    if (effect === undefined) return;
    const outcome = await tryEffect((signal) => performEffect(document, effect, this.#outside(document, signal)));
    if (outcome.outcome !== "done") logFailure("effect-failed", outcome.failure, { effect: effect.kind });
    const { files: rows, now, newId } = this.#shelves();
    const present = rows.document(documentId);
    if (present === undefined) return;
    const next = afterEffect(present, effect, outcome, now, newId);
    if (next === undefined) rows.remove(documentId);
    else rows.put(next);
  }

  /** What an effect reaches while it has time; afterwards each call fails. */
  #outside({ jurisdiction, documentId }: LibraryDocument, signal: AbortSignal): LibraryEffectPorts {
    const ref = { documentId, attempt: 1 };
    const place = { service: this.ctx.id.name ?? "", jurisdiction };
    const ports: LibraryEffectPorts = {
      documents: guarded(documentStore(this.env, jurisdiction), signal),
      expire: () => void files.release(this.#shelves(), ref, { reason: "expired", object: "sealed" }),
      rescue: ({ key, extension, inspection = inspectionOf({}), createdAt }) => {
        const patient = mayWaitForScan(createdAt, Date.now());
        const upload = { ...place, ...ref, key, extension, inspection, patient };
        return this.ctx.exports.UploadRescue.rescueLibraryFile(upload);
      },
      isOpen: () => {
        const document = this.#shelves().files.document(documentId);
        return document !== undefined && isStoring(document);
      },
    };
    return guarded(ports, signal);
  }

  #shelves(): Shelves {
    const { sql } = this.ctx.storage;
    return { texts: new ResponseRows(sql), files: new DocumentRows(sql), now: Date.now(), newId: randomId };
  }

  /** False, and nothing written, where nobody ever wrote to this library. */
  #open(): boolean {
    if (!this.#current && !hasSchema(this.ctx.storage.sql)) return false;
    this.#migrate();
    return true;
  }

  #migrate(): void {
    if (this.#current) return;
    migrate(this.ctx.storage, MIGRATIONS);
    this.#current = true;
  }

  #read<T>(empty: T, read: (shelves: Shelves) => T): T {
    return this.#open() ? read(this.#shelves()) : empty;
  }

  /** One transaction, then the alarm. */
  async #write<T>(write: (shelves: Shelves) => T): Promise<T> {
    this.#migrate();
    const value = this.ctx.storage.transactionSync(() => write(this.#shelves()));
    await this.#arm();
    return value;
  }

  /** Sets the alarm where it must ring earlier than it would. */
  async #arm(): Promise<void> {
    const due = this.#shelves().files.nextDue();
    if (due === undefined) return;
    const at = await this.ctx.storage.getAlarm();
    if (at === null || due < at) await this.ctx.storage.setAlarm(due);
  }
}
