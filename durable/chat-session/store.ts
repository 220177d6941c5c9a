/** All SQL of a chat session: rows in and out, nothing decided. The transcript stays here; the rest is loaded whole. */

import type { AuditRecord } from "../../src/core/audit.ts";
import type { Facts } from "../../src/core/chat.ts";
import type { Document } from "../../src/core/documents.ts";
import type { Effect } from "../../src/core/outbox.ts";
import { CUSTOMER_PARTICIPANT_ID, type Principal, resolveParticipant } from "../../src/core/principal.ts";
import {
  type Change,
  type EventHead,
  type Participant,
  resumed,
  type Session,
  type SessionRecord,
} from "../../src/core/session.ts";
import type { TranscriptEvent } from "../../src/core/transcript.ts";
import type { EventPage } from "../../src/core/views.ts";
import { hasSchema, migrate } from "../kit/migrate.ts";
import { MIGRATIONS } from "./migrations.ts";

/** Rows that erasure removed, by table. */
export type RowCounts = Readonly<Record<string, number>>;

/** Characters of frozen mail in one row: the platform allows 2 MB a row, and the raw message is ASCII. */
const MAIL_PART = 1_000_000;
/** Characters of events in one page of the transcript. */
const PAGE_CHARACTERS = 1_000_000;
const TABLES = ["session", "participants", "documents", "effects", "events", "audit", "mail"] as const;

/** The storage of one session. Every method is synchronous; callers hold the transaction. */
export class SessionStore {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
  }

  /** Makes or updates the schema. Called when a session is opened, and for one that was opened by older code. */
  migrate(): void {
    migrate(this.#storage, MIGRATIONS);
  }

  /** The session as stored; undefined, and nothing written, where this object was never opened. */
  load(): Session | undefined {
    if (!hasSchema(this.#sql)) return undefined;
    this.migrate();
    const record = this.#bodies<SessionRecord>("SELECT body FROM session")[0];
    if (record === undefined) return undefined;
    const documents = this.#bodies<Document>("SELECT body FROM documents");
    const effects = this.#bodies<Effect>("SELECT body FROM effects");
    return {
      ...record,
      ...resumed(record, this.#newest(), this.#customerEventAt()),
      participants: this.#bodies<Participant>("SELECT body FROM participants ORDER BY participant_id"),
      documents: new Map(documents.map((document) => [document.documentId, document])),
      effects: new Map(effects.map((effect) => [effect.effectId, effect])),
    };
  }

  /** Stores changes in one transaction: all or none. */
  apply(changes: readonly Change[], session: Session): void {
    this.#storage.transactionSync(() => {
      for (const change of changes) this.#applyRow(change);
      const recordChanged = changes.some(({ change }) => change === "SessionOpened" || change === "SessionChanged");
      // One row however many fields changed: the record is written once, as it is after the last change.
      if (recordChanged) this.#upsertBody("session", "id", 1, recordOf(session));
    });
  }

  /** Up to `limit` events after a position, oldest first. */
  events(after: number, limit: number): EventPage {
    const query = "SELECT position, body FROM events WHERE position > ? ORDER BY position LIMIT ?";
    const rows = this.#sql.exec<{ position: number; body: string }>(query, after, limit + 1).toArray();
    return { events: rows.slice(0, limit).map(toEvent), more: rows.length > limit };
  }

  /** The newest events before a position, or of all, oldest first: a page of bounded size, and of one event at least. */
  eventsBefore(before: number = Number.MAX_SAFE_INTEGER): EventPage {
    const query = "SELECT position, body FROM events WHERE position < ? ORDER BY position DESC";
    const events: TranscriptEvent[] = [];
    let room = PAGE_CHARACTERS;
    for (const row of this.#sql.exec<{ position: number; body: string }>(query, before)) {
      if (events.length > 0 && room < row.body.length) return { events: events.reverse(), more: true };
      room -= row.body.length;
      events.push(toEvent(row));
    }
    return { events: events.reverse(), more: false };
  }

  /** What a rule looks at beside the session: the event this participant already made with the command's client id. */
  factsFor(session: Session | undefined, principal: Principal, command: object): Facts {
    if (session === undefined || !("clientId" in command) || typeof command.clientId !== "string") return {};
    const actor = resolveParticipant(session, principal);
    const repeated = actor.ok ? this.eventByClientId(actor.value.participantId, command.clientId) : undefined;
    return repeated === undefined ? {} : { repeated };
  }

  /** The event a participant already made with this client id. */
  eventByClientId(participantId: number, clientId: string): TranscriptEvent | undefined {
    const query = "SELECT position, body FROM events WHERE participant_id = ? AND client_id = ?";
    const row = this.#sql.exec<{ position: number; body: string }>(query, participantId, clientId).toArray()[0];
    return row === undefined ? undefined : toEvent(row);
  }

  /** How many events after a position are of others than this participant; stops counting at `most`. */
  countOthers(participantId: number, after: number, most: number): number {
    const query = `SELECT count(*) AS total FROM
      (SELECT 1 FROM events WHERE position > ? AND participant_id <> ? LIMIT ?)`;
    return this.#sql.exec<{ total: number }>(query, after, participantId, most).one().total;
  }

  /** The frozen transcript mail; undefined until it was composed. */
  mail(): string | undefined {
    const parts = this.#sql.exec<{ raw: string }>("SELECT raw FROM mail ORDER BY part").toArray();
    return parts.length === 0 ? undefined : parts.map(({ raw }) => raw).join("");
  }

  /** Freezes the transcript mail; it is never changed afterwards. */
  freezeMail(raw: string): void {
    this.#storage.transactionSync(() => {
      for (let part = 0; part * MAIL_PART < raw.length; part += 1) {
        const slice = raw.slice(part * MAIL_PART, (part + 1) * MAIL_PART);
        this.#sql.exec("INSERT INTO mail (part, raw) VALUES (?, ?)", part, slice);
      }
    });
  }

  /** The audit of this session, oldest first. */
  audit(): AuditRecord[] {
    return this.#bodies<AuditRecord>("SELECT body FROM audit ORDER BY record_id");
  }

  /** How many rows each table holds, for the record of an erasure. */
  countRows(): RowCounts {
    const counts = TABLES.map((table) => {
      const { total } = this.#sql.exec<{ total: number }>(`SELECT count(*) AS total FROM ${table}`).one();
      return [table, total] as const;
    });
    return Object.fromEntries(counts);
  }

  /** Keeps how many objects an erasure found when it first looked, and answers that number at every later try. */
  beginErasure(objects: number): number {
    this.#sql.exec("INSERT INTO erasure (id, objects) VALUES (1, ?) ON CONFLICT (id) DO NOTHING", objects);
    return this.#sql.exec<{ objects: number }>("SELECT objects FROM erasure").one().objects;
  }

  #applyRow(change: Change): void {
    switch (change.change) {
      case "SessionOpened":
      case "SessionChanged":
      case "PositionTaken":
      case "PaceCounted":
        break;
      case "EventAppended":
        this.#insertEvent(change.event);
        break;
      case "ParticipantChanged":
        this.#upsertBody("participants", "participant_id", change.participant.participantId, change.participant);
        break;
      case "DocumentChanged":
        this.#upsertBody("documents", "document_id", change.document.documentId, change.document);
        break;
      case "EffectChanged":
        this.#upsertBody("effects", "effect_id", change.effect.effectId, change.effect);
        break;
      case "DocumentForgotten":
        this.#sql.exec("DELETE FROM documents WHERE document_id = ?", change.documentId);
        break;
      case "EffectDone":
        this.#sql.exec("DELETE FROM effects WHERE effect_id = ?", change.effectId);
        break;
      case "AuditRecorded":
        this.#sql.exec("INSERT INTO audit (body) VALUES (?)", JSON.stringify(change.record));
        break;
    }
  }

  #insertEvent({ position, ...event }: TranscriptEvent): void {
    this.#sql.exec(
      "INSERT INTO events (position, at, type, participant_id, client_id, body) VALUES (?, ?, ?, ?, ?, ?)",
      position,
      event.at,
      event.type,
      event.from.participantId,
      event.clientId ?? null,
      JSON.stringify(event),
    );
  }

  /** Table and column names come from this file alone. */
  #upsertBody(table: string, column: string, key: string | number, body: object): void {
    this.#sql.exec(
      `INSERT INTO ${table} (${column}, body) VALUES (?, ?) ON CONFLICT (${column}) DO UPDATE SET body = excluded.body`,
      key,
      JSON.stringify(body),
    );
  }

  #bodies<T>(query: string): T[] {
    return this.#sql
      .exec<{ body: string }>(query)
      .toArray()
      .map(({ body }) => JSON.parse(body) as T);
  }

  /** The newest events, newest first: enough to find the last activity. */
  #newest(): EventHead[] {
    return this.#sql.exec<EventHead>("SELECT position, at, type FROM events ORDER BY position DESC LIMIT 8").toArray();
  }

  /** When the customer's last event was; reads back to it, and no further. */
  #customerEventAt(): number | undefined {
    const query = "SELECT at FROM events WHERE participant_id = ? ORDER BY position DESC LIMIT 1";
    return this.#sql.exec<{ at: number }>(query, CUSTOMER_PARTICIPANT_ID).toArray()[0]?.at;
  }
}

function toEvent({ position, body }: { position: number; body: string }): TranscriptEvent {
  return { ...(JSON.parse(body) as Omit<TranscriptEvent, "position">), position } as TranscriptEvent;
}

function recordOf(session: Session): SessionRecord {
  const {
    participants: _p,
    documents: _d,
    effects: _e,
    position: _n,
    activityAt: _a,
    alerts: _s,
    alertedAt: _t,
    customerEventAt: _c,
    paces: _r,
    ...record
  } = session;
  return record;
}
