/** The one migration runner of all objects: append-only lists, each entry applied once, all in one transaction. */

/** One step of an object's schema. Entries are never edited or removed once released; a change is a new entry. */
export interface Migration {
  /** Stable name, checked against what was applied. */
  readonly name: string;
  /** One or more statements without parameters. */
  readonly sql: string;
}

const TABLE = "schema_migrations";

/** True where this object was opened before. Reads only, so that a visit to an unknown object writes nothing. */
export function hasSchema(sql: SqlStorage): boolean {
  return sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", TABLE).toArray().length > 0;
}

/**
 * Brings the schema up to date.
 * @throws where what was applied is not the beginning of the list: code older than the stored schema, or an edited entry.
 */
export function migrate(storage: DurableObjectStorage, migrations: readonly Migration[]): void {
  const { sql } = storage;
  storage.transactionSync(() => {
    sql.exec(`CREATE TABLE IF NOT EXISTS ${TABLE} (version INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT`);
    const applied = sql.exec<{ name: string }>(`SELECT name FROM ${TABLE} ORDER BY version`).toArray();
    for (const [index, { name }] of applied.entries()) {
      if (migrations[index]?.name !== name)
        throw new Error(`stored schema has "${name}" as step ${index + 1}, this code has not`);
    }
    for (const [index, migration] of migrations.entries()) {
      if (index < applied.length) continue;
      sql.exec(migration.sql);
      sql.exec(`INSERT INTO ${TABLE} (version, name) VALUES (?, ?)`, index + 1, migration.name);
    }
  });
}
