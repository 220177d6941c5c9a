/** Runs the effects of a session's outbox: what each kind does outside, and what its failure means. Decides nothing. */
import type { DocumentStore } from "../../src/backends/documents.ts";
import type { AssignmentReport } from "../../src/core/assignment.ts";
import type { ObjectState } from "../../src/core/attempts.ts";
import { type Document, isOpen, objectKey, objectPrefix } from "../../src/core/documents.ts";
import { type Inspection, inspectionOf } from "../../src/core/inspection.ts";
import type { Effect, EffectOutcome } from "../../src/core/outbox.ts";
import { mayWaitForScan } from "../../src/core/scan.ts";
import { viewAssignment } from "../../src/core/serving.ts";
import type { Session } from "../../src/core/session.ts";
import { guarded, type Timer, tryEffect } from "../kit/effect-try.ts";
import { claimKey, emptyKey } from "../kit/keys.ts";

/** An upload whose worker is gone but whose bytes are there. */
export interface AbandonedUpload {
  readonly sessionId: string;
  readonly jurisdiction: Session["options"]["jurisdiction"];
  readonly documentId: string;
  readonly attempt: number;
  readonly key: string;
  readonly extension: string;
  readonly inspection: Inspection;
  /** Whether it may stay without a verdict of the scanner until the next try. */
  readonly patient: boolean;
}

/** What effects need of the document store: they make keys empty, and never touch bytes. */
export type ObjectRemover = Pick<DocumentStore, "abort" | "list" | "remove" | "seal">;

/** What became of a mail, as far as trying again is concerned; `reason` is a stable code. */
export type Delivery =
  | { readonly ok: true }
  | { readonly ok: false; readonly permanent: boolean; readonly reason: string };

/** The outside world as effects see it. Each call may fail or hang; the runner bounds both. */
export interface EffectPorts {
  readonly documents: () => ObjectRemover;
  /** Reads the object back, judges it, and commits or releases the upload. */
  readonly rescue: (upload: AbandonedUpload) => Promise<void>;
  /** Composes and freezes the mail when there is none yet, and sends it. */
  readonly sendTranscript: (to: string, signal: AbortSignal) => Promise<Delivery>;
  readonly report: (version: number) => Promise<unknown>;
  readonly reportAssignment: (report: AssignmentReport) => Promise<void>;
  /** The session as it is now: effects run beside commands. */
  readonly session: () => Session | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Gives an upload up by command. */
  readonly release: (document: Document, object: ObjectState) => void;
  /** Keeps how many objects the erasure found when it first looked; answers that number again after a crash. */
  readonly beginErasure: (objects: number) => number;
  /** Has the library forget that this session shows files of it. */
  readonly leaveLibrary: () => Promise<unknown>;
  readonly eraseEntry: (objects: number) => Promise<unknown>;
  /** Removes every row; nothing of the session is left afterwards. */
  readonly destroy: () => Promise<void>;
}

const DONE: EffectOutcome = { outcome: "done" };
const REMOVE_AT_ONCE = 1000;

/**
 * Runs one effect within its time. Never throws: every fault is an outcome. What ran out of time may still hang in a call;
 * when that answers, nothing more is asked or changed.
 */
export function runEffect(effect: Effect, ports: EffectPorts, timer?: Timer): Promise<EffectOutcome> {
  return tryEffect((signal) => perform(effect, inTime(ports, signal), signal), timer);
}

/**
 * The ports for as long as the effect has time; afterwards each call fails. By then the next try may have done it all, and
 * the session may be erased. Stopping between two calls is no worse than a crash there: every effect can begin again.
 */
function inTime(ports: EffectPorts, signal: AbortSignal): EffectPorts {
  return { ...guarded(ports, signal), documents: () => guarded(ports.documents(), signal) };
}

async function perform(effect: Effect, ports: EffectPorts, signal: AbortSignal): Promise<EffectOutcome> {
  switch (effect.kind) {
    case "SettleUpload":
      return settleUpload(effect.documentId, ports);
    case "RetireObject":
      return retireObject(effect, ports);
    case "ForgetObject":
      return forgetObject(effect.documentId, ports);
    case "ReportSession":
      await ports.report(effect.version);
      return DONE;
    case "ReportAssignment":
      return reportAssignment(ports);
    case "EraseSession":
      return eraseSession(ports);
    case "SendTranscript": {
      const result = await ports.sendTranscript(effect.to, signal);
      if (result.ok) return DONE;
      return { outcome: result.permanent ? "final" : "later", failure: result.reason };
    }
  }
}

async function reportAssignment(ports: EffectPorts): Promise<EffectOutcome> {
  const session = ports.session();
  if (session !== undefined) await ports.reportAssignment(viewAssignment(session));
  return DONE;
}

/** The worker of an upload is gone. Whether its bytes arrived is decided by who wins the key: they, or a tombstone. */
async function settleUpload(documentId: string, ports: EffectPorts): Promise<EffectOutcome> {
  const session = ports.session();
  const document = session?.documents.get(documentId);
  if (session === undefined || document === undefined || !isOpen(document)) return DONE;
  // Somebody works on it: a rescue that took longer than its effect, say. When that lease runs out this comes again.
  if (document.phase.leaseUntil > ports.now()) return DONE;
  const key = objectKey(session, documentId);
  if ((await claimKey(ports.documents(), key, document.multipartId)) === "sealed") {
    ports.release(document, "sealed");
    return DONE;
  }
  await ports.rescue(abandoned(session, document, key, ports.now()));
  const after = ports.session()?.documents.get(documentId);
  return after !== undefined && isOpen(after) ? { outcome: "later", failure: "not-rescued" } : DONE;
}

function abandoned(session: Session, document: Document, key: string, now: number): AbandonedUpload {
  const { sessionId, options, phase } = session;
  const { documentId, attempt, extension, createdAt } = document;
  const place = { sessionId, jurisdiction: options.jurisdiction, documentId, attempt, key, extension };
  // A session that closes waits for its uploads, and its customer for the end.
  const patient = phase.name === "open" && mayWaitForScan(createdAt, now);
  return { ...place, inspection: inspectionOf(options), patient };
}

/** Empties a key. Where a put may still be in flight the key is sealed, so that it can never land. */
async function retireObject(
  effect: { documentId: string; sealed: boolean },
  ports: EffectPorts,
): Promise<EffectOutcome> {
  const session = ports.session();
  if (session === undefined) return DONE;
  const key = objectKey(session, effect.documentId);
  const multipartId = session.documents.get(effect.documentId)?.multipartId;
  return emptyKey(ports.documents(), key, { sealed: effect.sealed, multipartId });
}

/** A day later: whatever stands at the key of a retired document goes, and its row with it. */
async function forgetObject(documentId: string, ports: EffectPorts): Promise<EffectOutcome> {
  const session = ports.session();
  if (session !== undefined) await ports.documents().remove([objectKey(session, documentId)]);
  return DONE;
}

/** Objects first, rows last: after a crash anywhere the alarm finds the session erasing and begins again. */
async function eraseSession(ports: EffectPorts): Promise<EffectOutcome> {
  const session = ports.session();
  if (session === undefined) return DONE;
  const documents = ports.documents();
  for (const document of session.documents.values()) {
    if (document.multipartId !== undefined)
      await documents.abort(objectKey(session, document.documentId), document.multipartId);
  }
  const prefix = objectPrefix(session);
  // Counted before the first is removed: the record must tell the whole number, after a crash too.
  const objects = ports.beginErasure(await countObjects(documents, prefix));
  for (;;) {
    const { keys } = await documents.list(prefix);
    if (keys.length === 0) break;
    await documents.remove(keys.slice(0, REMOVE_AT_ONCE));
  }
  if (session.usesLibrary === true) await ports.leaveLibrary();
  await ports.eraseEntry(objects);
  await ports.destroy();
  return DONE;
}

async function countObjects(documents: ObjectRemover, prefix: string): Promise<number> {
  let page = await documents.list(prefix);
  let objects = page.keys.length;
  while (page.cursor !== undefined) {
    page = await documents.list(prefix, page.cursor);
    objects += page.keys.length;
  }
  return objects;
}
