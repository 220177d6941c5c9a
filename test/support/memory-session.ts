/**
 * One chat session in memory on top of the core: the reference model of what the session's object does. Web-standard
 * only, so that the same model runs in workerd, Node and Deno. The clock, the ids and the store belong to its world.
 */
import type { Delivery } from "../../durable/chat-session/effects.ts";
import type { AssignmentReport } from "../../src/core/assignment.ts";
import type { AuditRecord } from "../../src/core/audit.ts";
import { decide, type Named } from "../../src/core/chat.ts";
import type { CommandType, ReplyOf } from "../../src/core/commands.ts";
import type { Context, Frame } from "../../src/core/draft.ts";
import { performDuties } from "../../src/core/duties.ts";
import type { ServiceOptions } from "../../src/core/options.ts";
import { dueEffects, EFFECT_TIMEOUT_MS } from "../../src/core/outbox.ts";
import { type Principal, resolveParticipant } from "../../src/core/principal.ts";
import type { Result } from "../../src/core/refusal.ts";
import type { Change, Session } from "../../src/core/session.ts";
import type { TranscriptEvent } from "../../src/core/transcript.ts";
import type { TypingFrame } from "../../src/core/views.ts";
import { nextWakeup, type Presence } from "../../src/core/wakeup.ts";
import { SYSTEM } from "./core-fixtures.ts";
import { type EffectHost, RunningEffect } from "./memory-effects.ts";
import { MemoryRows } from "./memory-rows.ts";
import type { MemoryStore } from "./memory-store.ts";

/** What several sessions share. `now` is milliseconds since the epoch. */
export interface World {
  now: number;
  lastId: number;
  readonly store: MemoryStore;
}

/** More alarms in a row than any session can need: the alarm does not come to rest. */
const TOO_MANY_ALARMS = 3000;

/** A session, and what the outside world got from it. */
export class MemorySession {
  readonly world: World;
  session: Session | undefined;
  rows = new MemoryRows();
  /** Whether the customer has a live socket. */
  presence: Presence = { customerConnected: false };
  /** Everything sockets were told that has no position. */
  readonly frames: Frame[] = [];
  /** Mails that left, and the answers to the next tries; all is well where none is given. */
  readonly mails: string[] = [];
  readonly mailAnswers: Delivery[] = [];
  /** Tries of a mail whose answer the session did not hear: each may have left and be sent again. */
  mailsUnheard = 0;
  /** Versions the Directory was told. */
  readonly reports: number[] = [];
  /** What the Lobby was told. */
  readonly assignments: AssignmentReport[] = [];
  /** How often the library was told to forget the session. */
  libraryLeavings = 0;
  /** Effects begun by the last alarm that are not over. */
  running: RunningEffect[] = [];
  /** Effects whose time ran out in the middle of a call, which may yet answer. */
  late: RunningEffect[] = [];
  #beganAt = 0;

  constructor(world: World) {
    this.world = world;
  }

  /** Gives one command; what it decides is stored before its answer is seen. */
  execute<T extends CommandType>(principal: Principal, command: Named<T>): Result<ReplyOf<T>> {
    const decision = decide(this.session, principal, command, this.#context(), this.#facts(principal, command));
    this.frames.push(...decision.frames);
    this.#store(decision.changes, decision.session);
    return decision.result;
  }

  /** The operator's new options; like the object, only a session that is open takes them. */
  changeOptions(patch: Partial<ServiceOptions>): void {
    if (this.session?.phase.name !== "open") return;
    const options = { ...this.session.options, ...patch };
    this.#store([{ change: "SessionChanged", patch: { options } }], { ...this.session, options });
  }

  /** Rings the alarm now, early or late: every due duty, then the due effects, all of them to their ends. */
  async alarm(): Promise<void> {
    await this.beginAlarm();
    await this.finishEffects();
  }

  /** The duties of an alarm; its effects are begun but have changed nothing. An alarm before it is finished first. */
  async beginAlarm(): Promise<void> {
    await this.finishEffects();
    if (this.session === undefined) return;
    const draft = performDuties(this.session, this.presence, this.#context());
    this.#store(draft.changes, draft.session);
    this.#beganAt = this.world.now;
    for (const effect of dueEffects(draft.session.effects.values(), this.world.now)) {
      this.running.push(await RunningEffect.begin(effect, this.#host()));
    }
  }

  /** Lets one of the running effects go on until its next call takes effect or answers. */
  async stepEffect(pick: number): Promise<void> {
    const running = this.running[pick % this.running.length];
    if (running === undefined) return;
    await running.step();
    this.#finish(running);
  }

  /** The time of one of the running effects is over; what it asked for last may still happen. */
  async timeOutEffect(pick: number): Promise<void> {
    const running = this.running[pick % this.running.length];
    if (running === undefined) return;
    this.world.now = Math.max(this.world.now, this.#beganAt + EFFECT_TIMEOUT_MS);
    await running.timeOut();
    if (running.halted !== undefined) this.late.push(running);
    this.#giveUp(running);
    this.#finish(running);
  }

  /** Lets one of the effects that ran out of time go on. */
  async stepLateEffect(pick: number): Promise<void> {
    await this.late[pick % this.late.length]?.step();
    this.late = this.late.filter(({ halted }) => halted !== undefined);
  }

  /** Lets all running effects take turns until they are over. */
  async finishEffects(): Promise<void> {
    for (let turn = 0; this.running.length > 0; turn += 1) await this.stepEffect(turn);
  }

  /** Lets every call of what ran out of time take effect; no answer arrives. */
  async landLateCalls(): Promise<void> {
    for (const late of this.late) if (late.halted === "call") await late.step();
  }

  /** Lets all that ran out of time take turns until nothing of them is left. */
  async finishLateEffects(): Promise<void> {
    for (let turn = 0; this.late.length > 0; turn += 1) await this.stepLateEffect(turn);
  }

  /** Lets time pass and rings the alarm whenever it is due. Throws where it never comes to rest. */
  async runUntil(until: number): Promise<void> {
    await this.finishEffects();
    for (let count = 0; count < TOO_MANY_ALARMS; count += 1) {
      const at = this.nextWakeup();
      if (at === undefined || at > until) {
        this.world.now = Math.max(this.world.now, until);
        return;
      }
      this.world.now = Math.max(this.world.now, at);
      await this.alarm();
    }
    throw new Error("the alarm does not come to rest");
  }

  /** All typing since the beginning; an object remembers less. */
  get typing(): TypingFrame[] {
    return this.frames.filter((frame) => frame.frame === "typing");
  }

  /** When the alarm must ring. */
  nextWakeup(): number | undefined {
    return this.session === undefined ? undefined : nextWakeup(this.session, this.presence);
  }

  /** The object leaves memory with the effects it was running, and comes back from its rows. */
  evict(): void {
    for (const running of this.running) this.#giveUp(running);
    this.running = [];
    this.late = [];
    this.session = this.rows.load();
  }

  /** Stored events after a position. */
  events(after = 0): TranscriptEvent[] {
    return this.rows.events.filter(({ position }) => position > after);
  }

  /** The audit of this session. */
  audit(): readonly AuditRecord[] {
    return this.rows.audit;
  }

  #context(): Context {
    const newId = () => {
      this.world.lastId += 1;
      return `id-${this.world.lastId}`;
    };
    return { now: this.world.now, newId };
  }

  #facts(principal: Principal, command: object): { repeated?: TranscriptEvent } {
    if (this.session === undefined || !("clientId" in command) || command.clientId === undefined) return {};
    const actor = resolveParticipant(this.session, principal);
    if (!actor.ok) return {};
    const { participantId } = actor.value;
    const repeated = this.rows.events.find(
      ({ clientId, from }) => clientId === command.clientId && from.participantId === participantId,
    );
    return repeated === undefined ? {} : { repeated };
  }

  #store(changes: readonly Change[], session: Session | undefined): void {
    this.rows.apply(changes);
    this.session = session;
  }

  /** Tells the session of a try that is over. */
  #finish({ effect: { effectId }, outcome }: RunningEffect): void {
    if (outcome === undefined) return;
    this.running = this.running.filter(({ effect }) => effect.effectId !== effectId);
    if (this.session !== undefined) this.execute(SYSTEM, { type: "FinishEffect", effectId, outcome });
  }

  #giveUp({ effect }: RunningEffect): void {
    if (effect.kind === "SendTranscript") this.mailsUnheard += 1;
  }

  #host(): EffectHost {
    return {
      store: this.world.store,
      session: () => this.session,
      now: () => this.world.now,
      execute: (command) => void this.execute(SYSTEM, command),
      sendMail: (to) => this.#sendMail(to),
      report: (version) => void this.reports.push(version),
      reportAssignment: (report) => void this.assignments.push(report),
      leaveLibrary: () => {
        this.libraryLeavings += 1;
      },
      destroy: () => {
        this.rows = new MemoryRows();
        this.session = undefined;
      },
    };
  }

  #sendMail(to: string): Delivery {
    const answer = this.mailAnswers.shift() ?? { ok: true };
    if (answer.ok) this.mails.push(to);
    return answer;
  }
}
