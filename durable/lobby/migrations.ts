/** Schema of a Lobby, step by step; `docs/storage.md` says what each table holds. */
import type { Migration } from "../kit/migrate.ts";

/** Append-only. */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: "sessions, agents, lobby",
    sql: `
      CREATE TABLE sessions (session_id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE agents (agent_id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE lobby (id INTEGER PRIMARY KEY CHECK (id = 1), body TEXT NOT NULL) STRICT;
    `,
  },
];
