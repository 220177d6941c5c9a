/** A worker of the upload pipeline in the model: it renews, stores, judges and commits, or dies at any point. */
import type { AnnouncedFile, AttemptRef } from "../../src/core/attempts.ts";
import { isOpen } from "../../src/core/documents.ts";
import type { Result } from "../../src/core/refusal.ts";
import { claim, commit, type Reserved, release } from "./core-chat.ts";
import { SYSTEM } from "./core-fixtures.ts";
import type { MemorySession } from "./memory-session.ts";
import type { StoredObject } from "./memory-store.ts";

/** What a worker may do next. `land` is the moment its put takes effect in the store, which may be long after its death. */
export const WORK_STEPS = [
  "renew",
  "attach",
  "land",
  "land",
  "commit",
  "commit",
  "refuse",
  "abort",
  "claim",
  "die",
] as const;

/** One of them. */
export type WorkStep = (typeof WORK_STEPS)[number];

/** One attempt of one upload, as its worker sees it. */
export class ModelWorker {
  readonly chat: MemorySession;
  readonly ref: AttemptRef;
  readonly key: string;
  /** Began before its sender was known. */
  readonly pending: boolean;
  /** Most bytes it may announce. */
  readonly held: number;
  #alive = true;
  #put: "in flight" | "stored" | "sealed" | "gone" = "in flight";
  #multipartId: string | undefined;
  #object: StoredObject | undefined;

  constructor(chat: MemorySession, { documentId, attempt, key, held }: Reserved, pending: boolean) {
    this.chat = chat;
    this.ref = { documentId, attempt };
    this.key = key;
    this.held = held;
    this.pending = pending;
  }

  /** Takes a step where the worker can; answers what was announced, where the step asked for that. */
  step(step: WorkStep, object: StoredObject): Result<AnnouncedFile> | undefined {
    if (step === "land") this.land(object);
    else if (this.#alive) return this.#live(step);
    return undefined;
  }

  /** The put takes effect, if it still can. Throws where it lands at the key of a document that is retired already. */
  land(object: StoredObject): void {
    const { store } = this.chat.world;
    if (this.#put !== "in flight" || store.down) return;
    const multipartId = this.#multipartId;
    const outcome = multipartId === undefined ? store.put(this.key, object) : store.complete(multipartId, object);
    this.#put = outcome === "stored" ? "stored" : "sealed";
    this.#object = object;
    if (outcome === "stored" && this.#isRetired()) throw new Error("a late put landed at a retired key");
  }

  /** So much time has passed that nothing of this worker is in flight any more. */
  vanish(): void {
    this.#alive = false;
    if (this.#put === "in flight") this.#put = "gone";
  }

  #live(step: Exclude<WorkStep, "land">): Result<AnnouncedFile> | undefined {
    switch (step) {
      case "renew":
        // Refused means: abort. The put may take effect all the same.
        this.#alive = this.chat.execute(SYSTEM, { type: "RenewLease", ...this.ref }).ok;
        return undefined;
      case "attach":
        this.#attach();
        return undefined;
      case "commit":
        return this.#stored(true) && !this.pending ? commit(this.chat, this.ref, this.#object?.size) : undefined;
      case "claim":
        return this.#stored(true) && this.pending ? claim(this.chat, this.ref, this.#object?.size) : undefined;
      case "refuse":
        if (this.#stored(false)) release(this.chat, this.ref, "stored", true);
        return undefined;
      case "abort":
        this.#alive = false;
        release(this.chat, this.ref, this.#put === "stored" || this.#put === "sealed" ? this.#put : "unknown");
        return undefined;
      case "die":
        this.#alive = false;
        return undefined;
    }
  }

  #isRetired(): boolean {
    const { documentId } = this.ref;
    const document = this.chat.session?.documents.get(documentId);
    if (document === undefined || isOpen(document)) return false;
    const effects = [...(this.chat.session?.effects.values() ?? [])];
    return !effects.some((effect) => effect.kind === "RetireObject" && effect.documentId === documentId);
  }

  #stored(acceptable: boolean): boolean {
    return this.#put === "stored" && this.#object?.acceptable === acceptable;
  }

  #attach(): void {
    const { store } = this.chat.world;
    if (this.#put !== "in flight" || this.#multipartId !== undefined || store.down) return;
    const multipartId = store.openParts(this.key);
    if (this.chat.execute(SYSTEM, { type: "AttachMultipart", ...this.ref, multipartId }).ok) {
      this.#multipartId = multipartId;
      return;
    }
    store.abort(multipartId);
    this.vanish();
  }
}
