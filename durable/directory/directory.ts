/** Sessions of one service and month, found again by time or address; fed by their outboxes, erased with them. */
import { DurableObject } from "cloudflare:workers";
import type { DirectoryEntry, ErasureRecord } from "../../src/core/directory.ts";
import { DirectoryStore } from "./store.ts";

/** Most entries in one answer. */
const MAX_FOUND = 1000;

/** A thin shell: every method is one statement of the store. */
export class Directory extends DurableObject<Env> {
  readonly #store: DirectoryStore;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new DirectoryStore(ctx.storage);
  }

  /** Keeps what a session says of itself; older versions and erased sessions change nothing. */
  report(entry: DirectoryEntry): void {
    this.#store.migrate();
    this.#store.report(entry);
  }

  /** Forgets a session but for the record of its erasure. Repeatable. */
  async erase(record: ErasureRecord): Promise<void> {
    this.#store.migrate();
    this.#store.erase(record);
    const alarm = await this.ctx.storage.getAlarm();
    if (alarm === null || record.keepUntil < alarm) await this.ctx.storage.setAlarm(record.keepUntil);
  }

  /** Sessions of a customer, by keyed hash of the address, or all; newest first, at most 1 000. */
  find(emailHash?: string): DirectoryEntry[] {
    return this.#store.find(emailHash, MAX_FOUND);
  }

  /** Ids of sessions, beginning after one: every session of the month, a part at a time. */
  sessionsAfter(sessionId: string, limit: number): string[] {
    return this.#store.sessionsAfter(sessionId, Math.min(limit, MAX_FOUND));
  }

  /** What remains of an erased session. */
  erasure(sessionId: string): ErasureRecord | undefined {
    return this.#store.erasure(sessionId);
  }

  /** Forgets erasure records whose `audit-retention-days` are over. */
  override async alarm(): Promise<void> {
    const next = this.#store.expire(Date.now());
    if (next !== undefined) await this.ctx.storage.setAlarm(next);
  }
}
