/** Schema of a directory, step by step; `docs/storage.md` says what each table holds. */
import type { Migration } from "../kit/migrate.ts";

/** Append-only. */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: "sessions, erasures",
    sql: `
      CREATE TABLE sessions (
        session_id TEXT PRIMARY KEY,
        version INTEGER NOT NULL,
        started_at INTEGER NOT NULL,
        ended_at INTEGER,
        email_hash TEXT,
        parked INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX sessions_by_email ON sessions (email_hash) WHERE email_hash IS NOT NULL;
      CREATE TABLE erasures (
        session_id TEXT PRIMARY KEY,
        erased_at INTEGER NOT NULL,
        keep_until INTEGER NOT NULL,
        body TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX erasures_by_time ON erasures (keep_until);
    `,
  },
];
