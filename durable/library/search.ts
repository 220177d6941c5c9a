/** The one query that finds responses: by words, category, language, and what an agent marked. */
import type { LibrarySearch } from "../../src/core/library.ts";
import { languageMark, searchQuery } from "../../src/core/library-words.ts";
import { type ResponseRow, type StoredResponse, toResponse } from "./response-rows.ts";

/** A response that was found, and whether the agent has it among the favourites. */
export interface Found {
  readonly response: StoredResponse;
  readonly favourite: boolean;
}

/** A query with the values of its parameters, in their order. */
interface Clause {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** Weights of shortcut, title and text in the order of what words found. */
const RANK = "bm25(words, 8, 4, 1)";

/** Finds up to `limit` responses for an agent; words that can be found nowhere find nothing. */
export function searchResponses(sql: SqlStorage, agentId: string, search: LibrarySearch, limit: number): Found[] {
  const { words, list, offset } = search;
  const query = words === undefined ? undefined : searchQuery(words);
  if (words !== undefined && query === undefined) return [];
  const clauses = conditions(agentId, search, query);
  const where = clauses.length === 0 ? "" : `WHERE ${clauses.map((one) => one.sql).join(" AND ")}`;
  const order = orderOf(words, list);
  const rows = sql.exec<ResponseRow & { favourite: number }>(
    `SELECT r.*, EXISTS (
       SELECT 1 FROM marks WHERE agent_id = ? AND list = 'favourites' AND response_id = r.response_id
     ) AS favourite
     FROM responses r
     ${query === undefined ? "" : "JOIN words ON words.rowid = r.row_id"}
     ${list === undefined ? "" : "JOIN marks m ON m.response_id = r.response_id"}
     ${where} ORDER BY ${order.sql} LIMIT ? OFFSET ?`,
    agentId,
    ...clauses.flatMap((one) => one.values),
    ...order.values,
    limit,
    offset,
  );
  return rows.toArray().map((row) => ({ response: toResponse(row), favourite: row.favourite === 1 }));
}

function conditions(agentId: string, search: LibrarySearch, query: string | undefined): Clause[] {
  const { list, categoryId, language } = search;
  const clauses: Clause[] = [];
  if (query !== undefined) clauses.push({ sql: "words MATCH ?", values: [query] });
  if (list !== undefined) clauses.push({ sql: "m.agent_id = ? AND m.list = ?", values: [agentId, list] });
  if (categoryId !== undefined) {
    const inside = `WITH RECURSIVE inside (id) AS (
      VALUES (?) UNION SELECT c.category_id FROM categories c JOIN inside ON c.parent_id = inside.id
    ) SELECT id FROM inside`;
    clauses.push({ sql: `r.category_id IN (${inside})`, values: [categoryId] });
  }
  if (language !== undefined) clauses.push({ sql: "instr(r.languages, ?) > 0", values: [languageMark(language)] });
  return clauses;
}

/** A shortcut that was typed comes first, then what fits best; without words what was marked last, or the title. */
function orderOf(words: string | undefined, list: LibrarySearch["list"]): Clause {
  if (words !== undefined)
    return { sql: `r.shortcut = ? COLLATE NOCASE IS 1 DESC, ${RANK}, r.row_id`, values: [words.trim()] };
  if (list === "recent") return { sql: "m.at DESC, r.row_id", values: [] };
  return { sql: "r.title COLLATE NOCASE, r.row_id", values: [] };
}
