/** SQL of categories and responses, and of what agents marked; the index of words is written with each text. */
import type { Category, ResponseContent } from "../../src/core/library.ts";
import { indexText, languageMarks } from "../../src/core/library-words.ts";
import { MAX_RECENT } from "../../src/protocol/wire.ts";

/** What agents mark responses for. */
export type MarkList = "favourites" | "recent";

/** A response as stored, without its files. */
export interface StoredResponse extends ResponseContent {
  readonly responseId: string;
  readonly version: number;
  readonly updatedAt: number;
}

/** Columns of a response. */
export interface ResponseRow extends Record<string, SqlStorageValue> {
  row_id: number;
  response_id: string;
  category_id: string | null;
  title: string;
  shortcut: string | null;
  version: number;
  updated_at: number;
  body: string;
}

/** Rows of texts. Every method is synchronous; callers hold the transaction. */
export class ResponseRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Every category, by name. */
  categories(): Category[] {
    return this.#sql
      .exec<{ category_id: string; parent_id: string | null; name: string }>(
        "SELECT category_id, parent_id, name FROM categories ORDER BY name COLLATE NOCASE, category_id",
      )
      .toArray()
      .map((row) => ({
        categoryId: row.category_id,
        name: row.name,
        ...(row.parent_id === null ? {} : { parentId: row.parent_id }),
      }));
  }

  /** Writes a category, new or not. */
  putCategory({ categoryId, parentId, name }: Category): void {
    this.#sql.exec(
      `INSERT INTO categories (category_id, parent_id, name) VALUES (?, ?, ?)
       ON CONFLICT (category_id) DO UPDATE SET parent_id = excluded.parent_id, name = excluded.name`,
      categoryId,
      parentId ?? null,
      name,
    );
  }

  /** Removes a category. */
  removeCategory(categoryId: string): void {
    this.#sql.exec("DELETE FROM categories WHERE category_id = ?", categoryId);
  }

  /** How many responses lie in a category, or how many there are. */
  count(categoryId?: string): number {
    const where = categoryId === undefined ? "" : " WHERE category_id = ?";
    const values = categoryId === undefined ? [] : [categoryId];
    return this.#sql.exec<{ total: number }>(`SELECT count(*) AS total FROM responses${where}`, ...values).one().total;
  }

  /** One response; undefined where it is not known. */
  response(responseId: string): StoredResponse | undefined {
    const row = this.#row(responseId);
    return row === undefined ? undefined : toResponse(row);
  }

  /** Responses after one in the order of their ids, which editing does not change. */
  after(responseId: string, limit: number): StoredResponse[] {
    return this.#sql
      .exec<ResponseRow>(
        "SELECT * FROM responses WHERE response_id > ? ORDER BY response_id LIMIT ?",
        responseId,
        limit,
      )
      .toArray()
      .map(toResponse);
  }

  /** Writes a response's texts, new or not, and the words it is found by. */
  putResponse(responseId: string, content: ResponseContent, version: number, now: number): void {
    const { title, language, text, translations, categoryId, shortcut } = content;
    const { row_id: rowId } = this.#sql
      .exec<{ row_id: number }>(
        `INSERT INTO responses (response_id, category_id, title, shortcut, languages, version, updated_at, body)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (response_id) DO UPDATE SET category_id = excluded.category_id, title = excluded.title,
           shortcut = excluded.shortcut, languages = excluded.languages, version = excluded.version,
           updated_at = excluded.updated_at, body = excluded.body
         RETURNING row_id`,
        responseId,
        categoryId ?? null,
        title,
        shortcut ?? null,
        languageMarks([language, ...Object.keys(translations)]),
        version,
        now,
        JSON.stringify({ language, text, translations }),
      )
      .one();
    this.#sql.exec("DELETE FROM words WHERE rowid = ?", rowId);
    this.#sql.exec(
      "INSERT INTO words (rowid, shortcut, title, text) VALUES (?, ?, ?, ?)",
      rowId,
      indexText(shortcut ?? ""),
      indexText(title),
      indexText([text, ...Object.values(translations)].join("\n")),
    );
  }

  /** Notes that something of a response other than its texts has changed. */
  touch(responseId: string, now: number): void {
    this.#sql.exec("UPDATE responses SET version = version + 1, updated_at = ? WHERE response_id = ?", now, responseId);
  }

  /** Removes a response with its words and marks. */
  removeResponse(responseId: string): void {
    const row = this.#row(responseId);
    if (row === undefined) return;
    this.#sql.exec("DELETE FROM words WHERE rowid = ?", row.row_id);
    this.#sql.exec("DELETE FROM marks WHERE response_id = ?", responseId);
    this.#sql.exec("DELETE FROM responses WHERE row_id = ?", row.row_id);
  }

  /** Whether an agent has marked a response. */
  isMarked(agentId: string, list: MarkList, responseId: string): boolean {
    const query = "SELECT 1 FROM marks WHERE agent_id = ? AND list = ? AND response_id = ?";
    return this.#sql.exec(query, agentId, list, responseId).toArray().length > 0;
  }

  /** How many responses an agent has marked. */
  countMarks(agentId: string, list: MarkList): number {
    const query = "SELECT count(*) AS total FROM marks WHERE agent_id = ? AND list = ?";
    return this.#sql.exec<{ total: number }>(query, agentId, list).one().total;
  }

  /** Marks a response; one that is marked already becomes the newest. Of what was sent only the newest stay. */
  mark(agentId: string, list: MarkList, responseId: string, now: number): void {
    this.#sql.exec(
      `INSERT INTO marks (agent_id, list, response_id, at) VALUES (?, ?, ?, ?)
       ON CONFLICT (agent_id, list, response_id) DO UPDATE SET at = excluded.at`,
      agentId,
      list,
      responseId,
      now,
    );
    if (list !== "recent") return;
    this.#sql.exec(
      `DELETE FROM marks WHERE agent_id = ?1 AND list = ?2 AND response_id NOT IN
         (SELECT response_id FROM marks WHERE agent_id = ?1 AND list = ?2 ORDER BY at DESC, response_id LIMIT ?3)`,
      agentId,
      list,
      MAX_RECENT,
    );
  }

  /** Takes a mark away. */
  unmark(agentId: string, list: MarkList, responseId: string): void {
    this.#sql.exec("DELETE FROM marks WHERE agent_id = ? AND list = ? AND response_id = ?", agentId, list, responseId);
  }

  #row(responseId: string): ResponseRow | undefined {
    return this.#sql.exec<ResponseRow>("SELECT * FROM responses WHERE response_id = ?", responseId).toArray()[0];
  }
}

/** A row as the core knows it. */
export function toResponse(row: ResponseRow): StoredResponse {
  const body = JSON.parse(row.body) as Pick<ResponseContent, "language" | "text" | "translations">;
  return {
    responseId: row.response_id,
    title: row.title,
    ...body,
    ...(row.category_id === null ? {} : { categoryId: row.category_id }),
    ...(row.shortcut === null ? {} : { shortcut: row.shortcut }),
    version: row.version,
    updatedAt: row.updated_at,
  };
}
