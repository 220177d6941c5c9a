/** Tells the Lobby how much agents without a socket to the session have not read: hints, at most one round a second. */
import type { UnreadHint } from "../../src/core/assignment.ts";
import { servingAgents } from "../../src/core/serving.ts";
import type { Participant, Session } from "../../src/core/session.ts";
import type { TranscriptEvent } from "../../src/core/transcript.ts";
import type { LiveSockets } from "./live.ts";
import type { SessionStore } from "./store.ts";

/** Least time between two rounds of one session, in milliseconds. */
export const UNREAD_INTERVAL_MS = 1000;

/** So many are told at most: nobody needs to know more than that it is many, and counting costs rows read. */
export const MAX_UNREAD = 100;

/** Gives one hint to the Lobby; undefined where there is none to tell. Its failures are the giver's own business. */
export type TellUnread = (hint: UnreadHint) => void;

/**
 * What is known here is lost with the object's memory, and that costs nothing: counts are read from the transcript again,
 * and the alarm that was set for a round finds out by itself what there is to tell.
 */
export class UnreadHints {
  readonly #store: SessionStore;
  readonly #live: LiveSockets;
  /** Unread by participant id, as far as it was counted; an entry goes when the participant reads. */
  readonly #counts = new Map<number, { readonly readPosition: number; unread: number }>();
  #toldAt = 0;
  /** Something is to be told. True at first: an object that slept does not know what it had still to tell. */
  #due = true;

  constructor(store: SessionStore, live: LiveSockets) {
    this.#store = store;
    this.#live = live;
  }

  /** When the next round must be told by the alarm, in milliseconds since the epoch; undefined where nothing waits. */
  dueAt(session: Session, now: number): number | undefined {
    if (!this.#due || this.#toldAt === 0 || this.#absent(session, now).length === 0) return undefined;
    return Math.min(this.#toldAt, now) + UNREAD_INTERVAL_MS;
  }

  /**
   * Events were stored, or the alarm rang with none. Tells what is to be told, unless the last round is not a second ago:
   * then the alarm must ring, see `dueAt`.
   */
  note(session: Session, events: readonly TranscriptEvent[], now: number, tell: TellUnread): void {
    for (const { from } of events) {
      for (const [participantId, known] of this.#counts) if (participantId !== from.participantId) known.unread += 1;
    }
    this.#due ||= events.length > 0;
    const since = now - this.#toldAt;
    if (!this.#due || (since >= 0 && since < UNREAD_INTERVAL_MS)) return;
    this.#due = false;
    if (session.phase.name !== "open") return;
    for (const { participantId, agentId, readPosition } of this.#absent(session, now)) {
      const unread = this.#count(participantId, readPosition);
      if (agentId === undefined || unread === 0) continue;
      this.#toldAt = now;
      tell({ sessionId: session.sessionId, agentId, unread: Math.min(unread, MAX_UNREAD) });
    }
  }

  /** Serving agents who have no socket here: whoever has one sees the events themselves. */
  #absent(session: Session, now: number): Participant[] {
    const serving = servingAgents(session);
    if (serving.length === 0) return [];
    const connected = this.#live.connectedAgents(session, now);
    return serving.filter(({ agentId }) => agentId !== undefined && !connected.has(agentId));
  }

  #count(participantId: number, readPosition: number): number {
    const known = this.#counts.get(participantId);
    if (known?.readPosition === readPosition) return known.unread;
    const unread = this.#store.countOthers(participantId, readPosition, MAX_UNREAD);
    this.#counts.set(participantId, { readPosition, unread });
    return unread;
  }
}
