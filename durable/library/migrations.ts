/** Schema of a library, step by step; `docs/storage.md` says what each table holds. */
import type { Migration } from "../kit/migrate.ts";

/** Append-only. */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: "responses, categories, documents, uses",
    sql: `
      CREATE TABLE categories (
        category_id TEXT PRIMARY KEY,
        parent_id TEXT,
        name TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE responses (
        row_id INTEGER PRIMARY KEY,
        response_id TEXT NOT NULL UNIQUE,
        category_id TEXT,
        title TEXT NOT NULL,
        shortcut TEXT,
        languages TEXT NOT NULL,
        version INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        body TEXT NOT NULL
      ) STRICT;
      CREATE INDEX responses_by_title ON responses (title COLLATE NOCASE, row_id);
      CREATE INDEX responses_by_category ON responses (category_id);
      CREATE VIRTUAL TABLE words USING fts5 (
        shortcut, title, text,
        content = '', contentless_delete = 1, prefix = '2 3',
        tokenize = "unicode61 remove_diacritics 2"
      );
      CREATE TABLE documents (
        document_id TEXT PRIMARY KEY,
        response_id TEXT,
        due_at INTEGER,
        body TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX documents_by_response ON documents (response_id) WHERE response_id IS NOT NULL;
      CREATE INDEX documents_by_time ON documents (due_at) WHERE due_at IS NOT NULL;
      CREATE TABLE uses (
        document_id TEXT NOT NULL,
        session_id TEXT NOT NULL,
        PRIMARY KEY (document_id, session_id)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX uses_by_session ON uses (session_id);
      CREATE TABLE dropped (session_id TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      CREATE INDEX dropped_by_time ON dropped (at);
      CREATE TABLE marks (
        agent_id TEXT NOT NULL,
        list TEXT NOT NULL,
        response_id TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (agent_id, list, response_id)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX marks_by_response ON marks (response_id);
    `,
  },
];
