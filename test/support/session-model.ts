/** Two chats in one world under random actions of customers, agents, workers, alarms and operators, checked after each. */
import { newWorld, object } from "./core-chat.ts";
import { HOUR } from "./core-fixtures.ts";
import { type Action, LONGEST_FLIGHT, ModelChat } from "./model-chat.ts";
import * as checks from "./model-checks.ts";
import { LIBRARY_PREFIX } from "./model-library.ts";

/** Two chats whose ids come from one counter and whose objects lie in one store. */
export class SessionModel {
  readonly #world = newWorld();
  readonly #chats = [new ModelChat(this.#world, "session-a"), new ModelChat(this.#world, "session-b")] as const;

  /** Lets something happen in one of the chats and checks both. */
  async act(which: 0 | 1, action: Action): Promise<void> {
    const other = this.#chats[which === 0 ? 1 : 0];
    // Time passes for everybody.
    if (action.do === "wait" && action.ms >= LONGEST_FLIGHT) other.landed();
    await this.#chats[which].act(action, other);
    this.#check();
  }

  /**
   * Lets time pass until nothing is left, with all that is still in flight landing late, and answers to effects that ran
   * out of time coming last of all; checks on the way.
   */
  async comeToRest(): Promise<void> {
    const chats = this.#chats.map(({ chat }) => chat);
    const prefixes = chats.map(({ session }) => `${session?.startDay}/${session?.sessionId}/`);
    this.#world.store.down = false;
    for (const chat of chats) chat.presence = { customerConnected: false };
    // A try that failed while the store was down may wait for up to an hour.
    await this.#runUntil(2 * HOUR);
    for (const chat of chats) checks.checkSettled(chat);
    for (const { workers } of this.#chats) for (const worker of workers) worker.land(object(10));
    for (const chat of chats) await chat.landLateCalls();
    this.#check();
    await this.#runUntil(27 * HOUR);
    for (const chat of chats) checks.checkForgotten(chat);
    this.#check();
    this.#world.store.down = true;
    await this.#runUntil(this.#lastErasure() - this.#world.now + 1);
    for (const chat of chats) checks.checkErasing(chat);
    this.#world.store.down = false;
    await this.#runUntil(2 * HOUR);
    for (const chat of chats) await chat.finishLateEffects();
    for (const [index, chat] of chats.entries()) checks.checkErased(chat, prefixes[index] ?? "?");
    for (const { library } of this.#chats) library.checkErased();
    const left = [...this.#world.store.entries.keys()].filter((key) => !key.startsWith(LIBRARY_PREFIX));
    if (left.length > 0 || this.#world.store.multiparts.size > 0) throw new Error("something is left");
  }

  /** When the last of the sessions is to be erased. */
  #lastErasure(): number {
    const times = this.#chats.map(({ chat }) =>
      chat.session?.phase.name === "ended" ? chat.session.phase.eraseAt : 0,
    );
    return Math.max(this.#world.now, ...times);
  }

  #check(): void {
    for (const chat of this.#chats) chat.check();
  }

  /** Rings each chat's alarm when it is due, in the order of time. */
  async #runUntil(later: number): Promise<void> {
    const until = this.#world.now + later;
    for (let count = 0; count < 3000; count += 1) {
      const due = this.#chats.map(({ chat }) => ({ chat, at: chat.nextWakeup() ?? Number.POSITIVE_INFINITY }));
      const next = due.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > until) {
        this.#world.now = until;
        return;
      }
      this.#world.now = Math.max(this.#world.now, next.at);
      await next.chat.alarm();
      this.#check();
    }
    throw new Error("the alarms do not come to rest");
  }
}
