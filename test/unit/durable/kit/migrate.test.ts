import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { MIGRATIONS as SESSION_MIGRATIONS } from "../../../../durable/chat-session/migrations.ts";
import { MIGRATIONS as DIRECTORY_MIGRATIONS } from "../../../../durable/directory/migrations.ts";
import { hasSchema, type Migration, migrate } from "../../../../durable/kit/migrate.ts";

const ONE: Migration = { name: "one", sql: "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a (x) VALUES (1)" };
const TWO: Migration = { name: "two", sql: "ALTER TABLE a ADD COLUMN y TEXT; UPDATE a SET y = 'was there'" };
const BROKEN: Migration = { name: "broken", sql: "CREATE TABLE b (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1)" };

/** Runs code on the storage of an object that is used for nothing else. */
function withStorage<R>(code: (storage: DurableObjectStorage) => R): Promise<R> {
  return runInDurableObject(env.SESSIONS.getByName(crypto.randomUUID()), (_instance, { storage }) => code(storage));
}

function tables(storage: DurableObjectStorage): string[] {
  const query =
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\' ORDER BY name";
  return storage.sql
    .exec<{ name: string }>(query)
    .toArray()
    .map(({ name }) => name);
}

describe("migrations", () => {
  it("are applied from empty, in their order, each once", async () => {
    await withStorage((storage) => {
      expect(hasSchema(storage.sql)).toBe(false);
      migrate(storage, [ONE, TWO]);
      expect(hasSchema(storage.sql)).toBe(true);
      expect(storage.sql.exec("SELECT x, y FROM a").toArray()).toEqual([{ x: 1, y: "was there" }]);
      migrate(storage, [ONE, TWO]);
      expect(storage.sql.exec("SELECT x, y FROM a").toArray()).toEqual([{ x: 1, y: "was there" }]);
    });
  });

  it("go on from where older code stopped", async () => {
    await withStorage((storage) => {
      migrate(storage, [ONE]);
      storage.sql.exec("INSERT INTO a (x) VALUES (2)");
      migrate(storage, [ONE, TWO]);
      expect(storage.sql.exec("SELECT count(*) AS rows FROM a WHERE y = 'was there'").one()).toEqual({ rows: 2 });
    });
  });

  it("are refused where the stored schema is newer than the code, and change nothing", async () => {
    await withStorage((storage) => {
      migrate(storage, [ONE, TWO]);
      expect(() => migrate(storage, [ONE])).toThrow('stored schema has "two" as step 2');
      expect(storage.sql.exec("SELECT x, y FROM a").toArray()).toHaveLength(1);
    });
  });

  it("are refused where an applied step has another name now", async () => {
    await withStorage((storage) => {
      migrate(storage, [ONE]);
      expect(() => migrate(storage, [{ ...ONE, name: "renamed" }, TWO])).toThrow('stored schema has "one" as step 1');
      expect(storage.sql.exec("SELECT * FROM a").columnNames).toEqual(["x"]);
    });
  });

  it("are all undone where one of them fails", async () => {
    await withStorage((storage) => {
      expect(() => migrate(storage, [ONE, BROKEN])).toThrow();
      expect(tables(storage)).toEqual([]);
    });
  });

  it("cost no row where nothing is left to apply", async () => {
    await withStorage((storage) => {
      migrate(storage, SESSION_MIGRATIONS);
      const { sql } = storage;
      let written = 0;
      const exec: SqlStorage["exec"] = sql.exec.bind(sql);
      const cursors: { rowsWritten: number }[] = [];
      sql.exec = ((query: string, ...values: unknown[]) => {
        const cursor = exec(query, ...values);
        cursors.push(cursor);
        return cursor;
      }) as SqlStorage["exec"];
      migrate(storage, SESSION_MIGRATIONS);
      for (const { rowsWritten } of cursors) written += rowsWritten;
      expect(cursors.length).toBeGreaterThan(0);
      expect(written).toBe(0);
    });
  });

  it("of each object make the tables that its documentation names", async () => {
    await withStorage((storage) => {
      migrate(storage, SESSION_MIGRATIONS);
      const session = ["audit", "documents", "effects", "erasure", "events", "mail", "participants"];
      expect(tables(storage)).toEqual([...session, "schema_migrations", "session"]);
    });
    await withStorage((storage) => {
      migrate(storage, DIRECTORY_MIGRATIONS);
      expect(tables(storage)).toEqual(["erasures", "schema_migrations", "sessions"]);
    });
  });
});
