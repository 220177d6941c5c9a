/** Schema of a chat session, step by step; `docs/storage.md` says what each table holds. */
import type { Migration } from "../kit/migrate.ts";

/** Append-only. */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: "session, transcript, documents, outbox, audit",
    sql: `
      CREATE TABLE session (id INTEGER PRIMARY KEY CHECK (id = 1), body TEXT NOT NULL) STRICT;
      CREATE TABLE participants (participant_id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
      CREATE TABLE documents (document_id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE effects (effect_id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE events (
        position INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        type TEXT NOT NULL,
        participant_id INTEGER NOT NULL,
        client_id TEXT,
        body TEXT NOT NULL
      ) STRICT;
      CREATE UNIQUE INDEX events_by_client ON events (participant_id, client_id) WHERE client_id IS NOT NULL;
      CREATE TABLE audit (record_id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
      CREATE TABLE mail (part INTEGER PRIMARY KEY, raw TEXT NOT NULL) STRICT;
    `,
  },
  {
    name: "erasure",
    sql: "CREATE TABLE erasure (id INTEGER PRIMARY KEY CHECK (id = 1), objects INTEGER NOT NULL) STRICT;",
  },
];
