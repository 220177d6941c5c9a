/** Collects what one command decides: each change is folded at once, so that later rules see it. */
import type { EffectBody } from "./outbox.ts";
import { SYSTEM_PARTICIPANT_ID } from "./principal.ts";
import { type Change, evolve, type Participant, type Session } from "./session.ts";
import type { EventAuthor, EventBody, TranscriptEvent, Visibility } from "./transcript.ts";

/** Time and ids, given from outside so that deciding stays pure. */
export interface Context {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** A fresh unguessable id: 128 random bits, base64url. */
  readonly newId: () => string;
}

/** Something sockets are told that is not stored and has no position. */
export type Frame =
  | {
      readonly frame: "typing";
      readonly from: EventAuthor;
      readonly typing: boolean;
      readonly preview?: string;
      /** Who is told: everybody, or agents only. */
      readonly visibility: Visibility;
      /** For readers that number what they get: taken from the events' counter, never stored. */
      readonly position: number;
      /** Milliseconds since the epoch. */
      readonly at: number;
    }
  | {
      readonly frame: "read";
      readonly visibility: Visibility;
      readonly participantId: number;
      readonly position: number;
    };

/** So many positions are set aside by one write. */
export const POSITION_BLOCK = 32;

const SYSTEM: EventAuthor = { participantId: SYSTEM_PARTICIPANT_ID, nickname: "", type: "System" };

/** A decision in the making. Dropped as a whole when a rule refuses. */
export class Draft {
  session: Session;
  readonly context: Context;
  readonly changes: Change[] = [];
  readonly frames: Frame[] = [];

  constructor(session: Session, context: Context) {
    this.session = session;
    this.context = context;
  }

  /** Adds a change and folds it. */
  apply(change: Change): void {
    this.changes.push(change);
    this.session = evolve(this.session, change);
  }

  /** Appends an event at the next position, from a participant or, without one, from the system. */
  append(
    body: EventBody,
    from?: Participant,
    extra: { visibility?: Visibility; clientId?: string } = {},
  ): TranscriptEvent {
    const event: TranscriptEvent = {
      ...body,
      position: this.session.position + 1,
      from: from === undefined ? SYSTEM : authorOf(from),
      at: this.context.now,
      visibility: extra.visibility ?? "all",
      ...(extra.clientId === undefined ? {} : { clientId: extra.clientId }),
    };
    this.apply({ change: "EventAppended", event });
    return event;
  }

  /**
   * Takes a position for something that is not stored. What is kept is a mark ahead of all that were taken, written once
   * for many, so that after an eviction no number is given twice.
   */
  takePosition(): number {
    const position = this.session.position + 1;
    if (position > (this.session.positionsUntil ?? 0)) {
      const positionsUntil = position + POSITION_BLOCK - 1;
      this.apply({ change: "SessionChanged", patch: { positionsUntil } });
    }
    this.apply({ change: "PositionTaken", position });
    return position;
  }

  /** Queues an effect of which only the newest matters: those of its kind that still wait are dropped. */
  queueNewest(body: EffectBody): void {
    for (const { kind, effectId } of this.session.effects.values()) {
      if (kind === body.kind) this.apply({ change: "EffectDone", effectId });
    }
    this.queue(body);
  }

  /** Queues an effect, due at `dueAt` or now. */
  queue(body: EffectBody, dueAt: number = this.context.now): void {
    const effect = {
      ...body,
      effectId: this.context.newId(),
      attempts: 0,
      dueAt,
    };
    this.apply({ change: "EffectChanged", effect });
  }
}

/** A participant as events name them. */
export function authorOf({ participantId, nickname, type }: Participant): EventAuthor {
  return { participantId, nickname, type };
}

/** Who may learn of what this participant does: of a silent supervisor's doings agents alone. */
export function visibilityOf({ silent }: Participant): Visibility {
  return silent === true ? "agents" : "all";
}
