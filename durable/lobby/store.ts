/** All SQL of a Lobby: rows in and out, nothing decided. Everything is loaded whole, since a Lobby stays small. */
import type { LobbyTerms } from "../../src/core/assignment.ts";
import {
  EMPTY_LOBBY,
  type Lobby,
  type LobbyAgent,
  type LobbyChange,
  type LobbySession,
  touchedBy,
} from "../../src/core/lobby.ts";
import { hasSchema, migrate } from "../kit/migrate.ts";
import { MIGRATIONS } from "./migrations.ts";

/** What is stored: the Lobby, and what it was last told of its service. */
export interface StoredLobby {
  readonly lobby: Lobby;
  readonly terms: LobbyTerms;
}

/** Of a service that nobody has told anything of yet: nobody waits in it, so that nothing is offered or asked. */
const NO_TERMS: LobbyTerms = { jurisdiction: "", offerTimeout: 20_000 };

interface Body extends Record<string, SqlStorageValue> {
  body: string;
}

/** The storage of one Lobby. Every method is synchronous. */
export class LobbyStore {
  readonly #storage: DurableObjectStorage;
  #current = false;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** The Lobby as stored; empty, and nothing written, where nobody ever came. */
  load(): StoredLobby {
    if (!hasSchema(this.#storage.sql)) return { lobby: EMPTY_LOBBY, terms: NO_TERMS };
    this.#migrate();
    const sessions = this.#bodies<LobbySession>("sessions");
    const agents = this.#bodies<LobbyAgent>("agents");
    const [row] = this.#bodies<LobbyTerms & Pick<Lobby, "takings">>("lobby");
    const { takings, ...terms } = row ?? { ...NO_TERMS, takings: [] };
    const lobby = {
      sessions: new Map(sessions.map((session) => [session.report.sessionId, session])),
      agents: new Map(agents.map((agent) => [agent.agentId, agent])),
      takings,
    };
    return { lobby, terms };
  }

  /** Stores changes in one transaction, all or none. `terms` only where they are news. */
  apply(changes: readonly LobbyChange[], { lobby, terms }: StoredLobby, newTerms: boolean): void {
    this.#migrate();
    this.#storage.transactionSync(() => {
      const { sessionIds, agentIds } = touchedBy(changes);
      for (const id of sessionIds) this.#put("sessions", "session_id", id, lobby.sessions.get(id));
      for (const id of agentIds) this.#put("agents", "agent_id", id, lobby.agents.get(id));
      if (newTerms || changes.some(({ change }) => change === "TakingNoted")) {
        this.#put("lobby", "id", 1, { ...terms, takings: lobby.takings });
      }
    });
  }

  /** One row as it is after all changes; none where it was forgotten. */
  #put(table: string, key: string, value: string | number, body: object | undefined): void {
    const { sql } = this.#storage;
    if (body === undefined) sql.exec(`DELETE FROM ${table} WHERE ${key} = ?`, value);
    else {
      const statement = `INSERT INTO ${table} (${key}, body) VALUES (?1, ?2) ON CONFLICT (${key}) DO UPDATE SET body = ?2`;
      sql.exec(statement, value, JSON.stringify(body));
    }
  }

  #bodies<T>(table: string): T[] {
    const rows = this.#storage.sql.exec<Body>(`SELECT body FROM ${table}`).toArray();
    return rows.map(({ body }) => JSON.parse(body) as T);
  }

  #migrate(): void {
    if (this.#current) return;
    migrate(this.#storage, MIGRATIONS);
    this.#current = true;
  }
}
