/** All SQL of a directory. */
import type { DirectoryEntry, ErasureRecord } from "../../src/core/directory.ts";
import { hasSchema, migrate } from "../kit/migrate.ts";
import { MIGRATIONS } from "./migrations.ts";

interface SessionRow extends Record<string, SqlStorageValue> {
  session_id: string;
  version: number;
  started_at: number;
  ended_at: number | null;
  email_hash: string | null;
  parked: number;
}

/** The storage of one directory. Reading a directory that was never written to writes nothing. */
export class DirectoryStore {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
  }

  /** Makes or updates the schema. */
  migrate(): void {
    migrate(this.#storage, MIGRATIONS);
  }

  /** Keeps a report unless a newer one is there or the session was erased. */
  report(entry: DirectoryEntry): void {
    this.#sql.exec(
      `INSERT INTO sessions (session_id, version, started_at, ended_at, email_hash, parked)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM erasures WHERE session_id = ?1)
       ON CONFLICT (session_id) DO UPDATE SET version = excluded.version, ended_at = excluded.ended_at,
         email_hash = excluded.email_hash, parked = excluded.parked
       WHERE excluded.version > sessions.version`,
      entry.sessionId,
      entry.version,
      entry.startedAt,
      entry.endedAt ?? null,
      entry.emailHash ?? null,
      entry.parked ? 1 : 0,
    );
  }

  /** Replaces a session's entry by the record of its erasure; a repeat keeps the first record. */
  erase(record: ErasureRecord): void {
    const { sessionId, erasedAt, keepUntil, ...body } = record;
    this.#storage.transactionSync(() => {
      this.#sql.exec("DELETE FROM sessions WHERE session_id = ?", sessionId);
      this.#sql.exec(
        "INSERT INTO erasures (session_id, erased_at, keep_until, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        sessionId,
        erasedAt,
        keepUntil,
        JSON.stringify(body),
      );
    });
  }

  /** Entries by keyed hash of the address, or all, newest first. */
  find(emailHash: string | undefined, limit: number): DirectoryEntry[] {
    if (!hasSchema(this.#sql)) return [];
    const where = emailHash === undefined ? "" : "WHERE email_hash = ?2";
    const values = emailHash === undefined ? [limit] : [limit, emailHash];
    const query = `SELECT * FROM sessions ${where} ORDER BY started_at DESC LIMIT ?1`;
    return this.#sql
      .exec<SessionRow>(query, ...values)
      .toArray()
      .map(toEntry);
  }

  /** Ids of sessions, beginning after one, in their order. */
  sessionsAfter(sessionId: string, limit: number): string[] {
    if (!hasSchema(this.#sql)) return [];
    const query = "SELECT session_id FROM sessions WHERE session_id > ? ORDER BY session_id LIMIT ?";
    return this.#sql
      .exec<Pick<SessionRow, "session_id">>(query, sessionId, limit)
      .toArray()
      .map(({ session_id }) => session_id);
  }

  /** The record of an erased session. */
  erasure(sessionId: string): ErasureRecord | undefined {
    if (!hasSchema(this.#sql)) return undefined;
    const row = this.#sql
      .exec<{ erased_at: number; keep_until: number; body: string }>(
        "SELECT erased_at, keep_until, body FROM erasures WHERE session_id = ?",
        sessionId,
      )
      .toArray()[0];
    if (row === undefined) return undefined;
    const body = JSON.parse(row.body) as Pick<ErasureRecord, "objects" | "rows" | "audit">;
    return { sessionId, erasedAt: row.erased_at, keepUntil: row.keep_until, ...body };
  }

  /** Forgets erasure records whose time is over, and tells when the next one's is. */
  expire(now: number): number | undefined {
    if (!hasSchema(this.#sql)) return undefined;
    this.#sql.exec("DELETE FROM erasures WHERE keep_until <= ?", now);
    return (
      this.#sql.exec<{ next: number | null }>("SELECT min(keep_until) AS next FROM erasures").one().next ?? undefined
    );
  }
}

function toEntry(row: SessionRow): DirectoryEntry {
  return {
    sessionId: row.session_id,
    version: row.version,
    startedAt: row.started_at,
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
    ...(row.email_hash === null ? {} : { emailHash: row.email_hash }),
    parked: row.parked === 1,
  };
}
