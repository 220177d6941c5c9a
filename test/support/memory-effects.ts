/** What the effects of a session do outside, step by step: at every `yield` other effects, workers and commands may act. */

import type { AssignmentReport } from "../../src/core/assignment.ts";
import type { StoredFile } from "../../src/core/attempts.ts";
import { type Document, isOpen, objectKey, objectPrefix } from "../../src/core/documents.ts";
import type { Effect, EffectOutcome } from "../../src/core/outbox.ts";
import { viewAssignment } from "../../src/core/serving.ts";
import type { Session } from "../../src/core/session.ts";
import type { MemoryStore } from "./memory-store.ts";

/** An upload that the alarm settles, as commands name it. */
export interface Settlement {
  readonly documentId: string;
  readonly attempt: number;
}

/** What effects reach of the session they belong to. */
export interface EffectHost {
  readonly store: MemoryStore;
  readonly session: () => Session | undefined;
  readonly commit: (upload: Settlement, file: StoredFile) => void;
  /** The tombstone won: nothing was stored and nothing can be. */
  readonly expire: (upload: Settlement) => void;
  /** The object was read back and refused. */
  readonly reject: (upload: Settlement) => void;
  readonly sendMail: (to: string) => EffectOutcome;
  readonly report: (version: number) => void;
  readonly reportAssignment: (report: AssignmentReport) => void;
  /** Forgets every row. */
  readonly destroy: () => void;
}

/** An effect on its way. */
export type RunningEffect = Generator<undefined, EffectOutcome>;

const DONE: EffectOutcome = { outcome: "done" };

/** Begins an effect; nothing is done before the first step. */
export function* runEffect(effect: Effect, host: EffectHost): RunningEffect {
  const session = host.session();
  if (session === undefined) return DONE;
  switch (effect.kind) {
    case "SettleUpload":
      return yield* settleUpload(effect.documentId, session, host);
    case "RetireObject":
      return yield* retireObject(effect, session, host);
    case "ForgetObject":
      yield;
      host.store.remove([objectKey(session, effect.documentId)]);
      return DONE;
    case "SendTranscript":
      yield;
      return host.sendMail(effect.to);
    case "ReportSession":
      yield;
      host.report(effect.version);
      return DONE;
    case "ReportAssignment":
      yield;
      host.reportAssignment(viewAssignment(host.session() ?? session));
      return DONE;
    case "EraseSession":
      return yield* eraseSession(session, host);
  }
}

/** Whether the bytes of a silent worker arrived is decided by who wins the key: they, or a tombstone. */
function* settleUpload(documentId: string, session: Session, host: EffectHost): RunningEffect {
  const document = session.documents.get(documentId);
  if (document === undefined || !isOpen(document)) return DONE;
  const key = objectKey(session, documentId);
  if (document.multipartId !== undefined) host.store.abort(document.multipartId);
  yield;
  if (host.store.seal(key) === "sealed") {
    yield;
    host.expire(document);
    return DONE;
  }
  yield* rescue(document, key, host);
  const after = host.session()?.documents.get(documentId);
  return after !== undefined && isOpen(after) ? { outcome: "later", failure: "not-rescued" } : DONE;
}

/** Reads the object back, judges it, and commits or releases. */
function* rescue(document: Document, key: string, host: EffectHost): Generator<undefined, void> {
  yield;
  const object = host.store.read(key);
  yield;
  if (object?.acceptable === true) host.commit(document, object);
  else if (object !== undefined) host.reject(document);
}

function* retireObject(
  { documentId, sealed }: { documentId: string; sealed: boolean },
  session: Session,
  { store }: EffectHost,
): RunningEffect {
  const key = objectKey(session, documentId);
  const multipartId = session.documents.get(documentId)?.multipartId;
  if (multipartId !== undefined) store.abort(multipartId);
  yield;
  if (sealed && store.seal(key) === "sealed") return DONE;
  yield;
  store.remove([key]);
  if (!sealed) return DONE;
  yield;
  return store.seal(key) === "sealed" ? DONE : { outcome: "later", failure: "not-sealed" };
}

/** Objects first, rows last. */
function* eraseSession(session: Session, host: EffectHost): RunningEffect {
  for (const { multipartId } of session.documents.values()) {
    if (multipartId !== undefined) host.store.abort(multipartId);
  }
  yield;
  host.store.remove(host.store.list(objectPrefix(session)));
  yield;
  host.destroy();
  return DONE;
}
