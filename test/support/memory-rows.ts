/** The stored rows of one session in memory: each change alters its row, and the session can be read back from them. */

import type { AuditRecord } from "../../src/core/audit.ts";
import type { Document } from "../../src/core/documents.ts";
import type { Effect } from "../../src/core/outbox.ts";
import { CUSTOMER_PARTICIPANT_ID } from "../../src/core/principal.ts";
import { type Change, type Participant, resumed, type Session, type SessionRecord } from "../../src/core/session.ts";
import type { TranscriptEvent } from "../../src/core/transcript.ts";

/** Rows as a database gives them back: in no order but that of their keys, and with nothing that JSON does not carry. */
export class MemoryRows {
  readonly events: TranscriptEvent[] = [];
  readonly audit: AuditRecord[] = [];
  /** Every change since the opening, in order. */
  readonly log: Change[] = [];
  #record: SessionRecord | undefined;
  readonly #participants = new Map<number, Participant>();
  readonly #documents = new Map<string, Document>();
  readonly #effects = new Map<string, Effect>();

  /** Stores changes. Throws where an insert-only row would be written twice. */
  apply(changes: readonly Change[]): void {
    for (const change of changes) {
      // How fast somebody goes on is counted in memory alone.
      if (change.change !== "PaceCounted") this.log.push(change);
      this.#applyOne(change);
    }
  }

  /** The session as it is read back after an eviction. */
  load(): Session | undefined {
    if (this.#record === undefined) return undefined;
    const own = this.events.findLast(({ from }) => from.participantId === CUSTOMER_PARTICIPANT_ID);
    return {
      ...revive(this.#record),
      ...resumed(this.#record, this.events.slice(-8).reverse(), own?.at),
      participants: sorted(this.#participants).map(([, participant]) => participant),
      documents: new Map(sorted(this.#documents)),
      effects: new Map(sorted(this.#effects)),
    };
  }

  #applyOne(change: Change): void {
    switch (change.change) {
      case "SessionOpened":
        this.#record = change.record;
        break;
      case "SessionChanged":
        if (this.#record === undefined) throw new Error("a session that was never opened cannot change");
        this.#record = { ...this.#record, ...change.patch };
        break;
      case "PositionTaken":
      case "PaceCounted":
        break;
      case "EventAppended":
        this.#insertEvent(change.event);
        break;
      case "ParticipantChanged":
        this.#participants.set(change.participant.participantId, change.participant);
        break;
      case "DocumentChanged":
        this.#documents.set(change.document.documentId, change.document);
        break;
      case "DocumentForgotten":
        this.#documents.delete(change.documentId);
        break;
      case "EffectChanged":
        this.#effects.set(change.effect.effectId, change.effect);
        break;
      case "EffectDone":
        this.#effects.delete(change.effectId);
        break;
      case "AuditRecorded":
        this.audit.push(change.record);
        break;
    }
  }

  /** Positions and client ids are unique, as the indexes of the real table make them. */
  #insertEvent(event: TranscriptEvent): void {
    const last = this.events.at(-1)?.position ?? 0;
    if (event.position <= last) throw new Error(`position ${event.position} follows ${last}`);
    const twice = this.events.some(
      ({ clientId, from }) =>
        clientId !== undefined && clientId === event.clientId && from.participantId === event.from.participantId,
    );
    if (twice) throw new Error("the same client id twice");
    this.events.push(event);
  }
}

function sorted<K extends string | number, V extends object>(rows: ReadonlyMap<K, V>): [K, V][] {
  return [...rows].map(([key, row]): [K, V] => [key, revive(row)]).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A row as JSON gives it back. */
function revive<T extends object>(row: T): T {
  return JSON.parse(JSON.stringify(row)) as T;
}
