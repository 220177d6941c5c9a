/** SQL of a library's files: their documents, and which sessions still show them. */
import { RETIRED_MS } from "../../src/core/documents.ts";
import { isStored, type LibraryDocument, type StoredDocument } from "../../src/core/library-documents.ts";

/** Rows of files. Every method is synchronous; callers hold the transaction. */
export class DocumentRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** One document; undefined where it is not known, or forgotten. */
  document(documentId: string): LibraryDocument | undefined {
    return this.#documents("SELECT body FROM documents WHERE document_id = ?", documentId)[0];
  }

  /** Documents of a response, those under way too. */
  ofResponse(responseId: string): LibraryDocument[] {
    return this.#documents("SELECT body FROM documents WHERE response_id = ?", responseId);
  }

  /** Documents of a response that may be served, oldest first. */
  storedOf(responseId: string): StoredDocument[] {
    const stored = this.ofResponse(responseId).filter(isStored);
    return stored.sort((a, b) => a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1));
  }

  /** Documents that may be served, by their ids, beginning after one; those that no response has any more too. */
  storedAfter(documentId: string, limit: number): StoredDocument[] {
    const query = `SELECT body FROM documents WHERE document_id > ? AND body ->> '$.phase.state' = 'available'
      ORDER BY document_id LIMIT ?`;
    return this.#documents(query, documentId, limit).filter(isStored);
  }

  /** Sessions that refer to a document, by their ids. */
  usersOf(documentId: string): string[] {
    const query = "SELECT session_id FROM uses WHERE document_id = ? ORDER BY session_id";
    return this.#sql
      .exec<{ session_id: string }>(query, documentId)
      .toArray()
      .map(({ session_id }) => session_id);
  }

  /** Writes a document, new or not. */
  put(document: LibraryDocument): void {
    this.#sql.exec(
      `INSERT INTO documents (document_id, response_id, due_at, body) VALUES (?, ?, ?, ?)
       ON CONFLICT (document_id) DO UPDATE SET response_id = excluded.response_id, due_at = excluded.due_at,
         body = excluded.body`,
      document.documentId,
      document.responseId ?? null,
      document.effect?.dueAt ?? null,
      JSON.stringify(document),
    );
  }

  /** Forgets a document whose object is gone. */
  remove(documentId: string): void {
    this.#sql.exec("DELETE FROM documents WHERE document_id = ?", documentId);
    this.#sql.exec("DELETE FROM uses WHERE document_id = ?", documentId);
  }

  /** Documents whose effect is due, longest overdue first. */
  due(now: number, limit: number): LibraryDocument[] {
    return this.#documents("SELECT body FROM documents WHERE due_at <= ? ORDER BY due_at LIMIT ?", now, limit);
  }

  /** When something is to be done next, in milliseconds since the epoch. */
  nextDue(): number | undefined {
    const query = `SELECT (SELECT min(due_at) FROM documents WHERE due_at IS NOT NULL) AS due,
      (SELECT min(at) FROM dropped) AS dropped`;
    const { due, dropped } = this.#sql.exec<{ due: number | null; dropped: number | null }>(query).one();
    const times = [due, dropped === null ? null : dropped + RETIRED_MS].filter((time) => time !== null);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Whether a session refers to a document. */
  isUsed(documentId: string): boolean {
    return this.#sql.exec("SELECT 1 FROM uses WHERE document_id = ? LIMIT 1", documentId).toArray().length > 0;
  }

  /** Records that a session refers to a document; a repeat changes nothing. */
  use(documentId: string, sessionId: string): void {
    const query = "INSERT INTO uses (document_id, session_id) VALUES (?, ?) ON CONFLICT DO NOTHING";
    this.#sql.exec(query, documentId, sessionId);
  }

  /** Forgets all that a session refers to, and remembers for a day that it is gone. The value is what it referred to. */
  drop(sessionId: string, now: number): LibraryDocument[] {
    const used = this.#documents(
      "SELECT body FROM documents WHERE document_id IN (SELECT document_id FROM uses WHERE session_id = ?)",
      sessionId,
    );
    this.#sql.exec("DELETE FROM uses WHERE session_id = ?", sessionId);
    this.#sql.exec("INSERT INTO dropped (session_id, at) VALUES (?, ?) ON CONFLICT DO NOTHING", sessionId, now);
    return used;
  }

  /** Whether a session was erased within the last day: what asks for it now is late. */
  isDropped(sessionId: string): boolean {
    return this.#sql.exec("SELECT 1 FROM dropped WHERE session_id = ?", sessionId).toArray().length > 0;
  }

  /** Forgets sessions that were erased a day ago. */
  forgetDropped(now: number): void {
    this.#sql.exec("DELETE FROM dropped WHERE at <= ?", now - RETIRED_MS);
  }

  #documents(query: string, ...values: readonly (string | number)[]): LibraryDocument[] {
    return this.#sql
      .exec<{ body: string }>(query, ...values)
      .toArray()
      .map(({ body }) => JSON.parse(body) as LibraryDocument);
  }
}
