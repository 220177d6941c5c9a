/** The real effects over a world in memory, halted before and after each call, so that anything may happen between. */
import {
  type AbandonedUpload,
  type Delivery,
  type EffectPorts,
  runEffect,
} from "../../durable/chat-session/effects.ts";
import type { AssignmentReport } from "../../src/core/assignment.ts";
import type { Named } from "../../src/core/chat.ts";
import type { Effect, EffectOutcome } from "../../src/core/outbox.ts";
import type { Session } from "../../src/core/session.ts";
import { MemoryDocuments } from "./memory-documents.ts";
import type { MemoryStore } from "./memory-store.ts";

/** What effects reach of the session they belong to. */
export interface EffectHost {
  readonly store: MemoryStore;
  readonly session: () => Session | undefined;
  /** The world's clock, in milliseconds. */
  readonly now: () => number;
  readonly execute: (command: Named<"CommitUpload"> | Named<"ReleaseUpload">) => void;
  readonly sendMail: (to: string) => Delivery;
  readonly report: (version: number) => void;
  readonly reportAssignment: (report: AssignmentReport) => void;
  readonly leaveLibrary: () => void;
  /** Forgets every row. */
  readonly destroy: () => void;
}

/** Where an effect halts: its call is on its way, or the answer to it is. */
type Halt = "call" | "answer";

/** More turns of the microtask queue than an effect takes from one call to the next, or to its end. */
const TURNS = 24;

/** One try of an effect, which goes from halt to halt when it is told to. */
export class RunningEffect {
  readonly effect: Effect;
  /** What the session is told of this try, once it is over or given up. */
  outcome: EffectOutcome | undefined;
  #halted: { readonly at: Halt; readonly goOn: () => void } | undefined;
  #ring: () => void = () => {};

  private constructor(effect: Effect) {
    this.effect = effect;
  }

  /** Begins a try and lets it come to its first halt, before its first call. */
  static async begin(effect: Effect, host: EffectHost): Promise<RunningEffect> {
    const running = new RunningEffect(effect);
    const ports = memoryPorts(host, (at) => running.#halt(at));
    const outcome = runEffect(effect, ports, (_milliseconds, ring) => {
      running.#ring = ring;
      return () => {};
    });
    void outcome.then((found) => {
      running.outcome = found;
    });
    await settled();
    return running;
  }

  /** Where it is halted; undefined when nothing is left to be done by this try, not even in the background. */
  get halted(): Halt | undefined {
    return this.#halted?.at;
  }

  /** Goes on to the next halt. */
  async step(): Promise<void> {
    const halted = this.#halted;
    this.#halted = undefined;
    halted?.goOn();
    await settled();
  }

  /** Its time runs out where it is halted; it may be told to go on all the same. */
  async timeOut(): Promise<void> {
    this.#ring();
    await settled();
  }

  #halt(at: Halt): Promise<void> {
    return new Promise((goOn) => {
      this.#halted = { at, goOn };
    });
  }
}

/** Resolves when all effects have come to a halt or an end. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await Promise.resolve();
}

/** The ports over memory; each call halts before it takes effect, and again before its answer is seen. */
function memoryPorts(host: EffectHost, halt: (at: Halt) => Promise<void>): EffectPorts {
  const documents = new MemoryDocuments(host.store);
  const call = async <T>(takeEffect: () => T | Promise<T>): Promise<T> => {
    await halt("call");
    const answer = await takeEffect();
    await halt("answer");
    return answer;
  };
  return {
    session: host.session,
    now: host.now,
    documents: () => ({
      abort: (key, multipartId) => call(() => documents.abort(key, multipartId)),
      list: (prefix, cursor) => call(() => documents.list(prefix, cursor)),
      remove: (keys) => call(() => documents.remove(keys)),
      seal: (key) => call(() => documents.seal(key)),
    }),
    rescue: async (upload) => {
      const object = await call(() => host.store.read(upload.key));
      if (object !== undefined) await call(() => host.execute(judgement(upload, object)));
    },
    release: ({ documentId, attempt }, object) =>
      host.execute({ type: "ReleaseUpload", documentId, attempt, reason: "expired", rejected: false, object }),
    sendTranscript: (to) => call(() => host.sendMail(to)),
    report: (version) => call(() => host.report(version)),
    reportAssignment: (report) => call(() => host.reportAssignment(report)),
    beginErasure: (objects) => objects,
    leaveLibrary: () => call(host.leaveLibrary),
    eraseEntry: () => call(() => undefined),
    destroy: () => call(host.destroy),
  };
}

/** What the rescue of an upload says of the object it read back. */
function judgement(
  { documentId, attempt }: AbandonedUpload,
  { size, sha256, contentType, acceptable }: { size: number; sha256: string; contentType: string; acceptable: boolean },
): Named<"CommitUpload"> | Named<"ReleaseUpload"> {
  const ref = { documentId, attempt };
  if (acceptable) return { type: "CommitUpload", ...ref, size, sha256, contentType };
  return { type: "ReleaseUpload", ...ref, reason: "type-mismatch", rejected: true, object: "stored" };
}
