/** The outside world as the effects of one session see it: store, mail, Directory and rescue, bound to its object. */
import { logFault } from "../../src/backends/log.ts";
import { createMailer, type MailConfig as MailerConfig, type MailResult } from "../../src/backends/mailer.ts";
import { transcriptMessage } from "../../src/backends/transcript-message.ts";
import { readTranscript } from "../../src/backends/transcript-window.ts";
import { configFor } from "../../src/config.ts";
import type { AssignmentListener, AssignmentReport, UnreadHint } from "../../src/core/assignment.ts";
import type { ObjectState } from "../../src/core/attempts.ts";
import type { AuditRecord } from "../../src/core/audit.ts";
import type { Named } from "../../src/core/chat.ts";
import { type AuditSummary, type DirectoryEntry, directoryName, type ErasureRecord } from "../../src/core/directory.ts";
import type { Document } from "../../src/core/documents.ts";
import { admitToEarlier, type EarlierChats, findEarlier } from "../../src/core/earlier-chats.ts";
import type { Principal } from "../../src/core/principal.ts";
import { ok, type Result, refuse } from "../../src/core/refusal.ts";
import { filesMoved } from "../../src/core/serving.ts";
import type { Session } from "../../src/core/session.ts";
import { viewTranscript } from "../../src/core/views.ts";
import { parseAddress } from "../../src/protocol/addresses.ts";
import { toHex } from "../../src/protocol/encoding.ts";
import { documentStore, libraryPort, within } from "../kit/objects.ts";
import type { EffectPorts } from "./effects.ts";
import type { SessionStore } from "./store.ts";

/** What the object lends: its state now, a way to give a command, and a way to forget itself. */
export interface Seams {
  readonly session: () => Session | undefined;
  readonly execute: (command: Named<"ReleaseUpload">) => void;
  readonly forget: () => void;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Binds the ports of effects to one object. */
export function outsideWorld(ctx: DurableObjectState, env: Env, store: SessionStore, seams: Seams): EffectPorts {
  const required = (): Session => {
    const session = seams.session();
    if (session === undefined) throw new Error("the session is gone");
    return session;
  };
  return {
    session: seams.session,
    now: () => Date.now(),
    documents: () => documentStore(env, required().options.jurisdiction),
    // A Worker entrypoint reads the upload back: bytes of files never pass through an object.
    rescue: (upload) => ctx.exports.UploadRescue.rescue(upload),
    release: (document, object) => seams.execute(expired(document, object)),
    sendTranscript: (to, signal) => sendTranscript(env, store, required(), to, signal),
    report: (version) => report(env, required(), version),
    reportAssignment: (assignment) => reportAssignment(env, required(), assignment),
    beginErasure: (objects) => store.beginErasure(objects),
    leaveLibrary: () => libraryOf(env, required()).dropSession(required().sessionId),
    eraseEntry: (objects) => eraseEntry(env, store, required(), objects),
    async destroy() {
      await ctx.storage.deleteAll();
      seams.forget();
    },
  };
}

/**
 * The service's options, where they are others than the session's. They apply to running sessions too; a configuration that
 * is wrong now leaves the last good copy in force, and a session stays where it was begun: its files and directory are there.
 */
export function changedOptions(env: Env, session: Session): Session["options"] | undefined {
  const config = configFor(env);
  const configured = config.ok ? config.config.services.get(session.service) : undefined;
  if (configured === undefined || session.phase.name !== "open") return undefined;
  const options = { ...configured, jurisdiction: session.options.jurisdiction };
  return JSON.stringify(options) === JSON.stringify(session.options) ? undefined : options;
}

function expired({ documentId, attempt }: Document, object: ObjectState): Named<"ReleaseUpload"> {
  return { type: "ReleaseUpload", documentId, attempt, reason: "expired", rejected: false, object };
}

/** Composes once, freezes, sends: every copy that ever leaves has the same bytes. */
async function sendTranscript(
  env: Env,
  store: SessionStore,
  session: Session,
  to: string,
  signal: AbortSignal,
): Promise<MailResult> {
  const mailer = createMailer(mailerConfig(env));
  let raw = store.mail();
  if (raw === undefined) {
    raw = await compose(store, session, to);
    store.freezeMail(raw);
  }
  const from = parseAddress(session.options.transcriptEmailFrom);
  if (!from.ok) return { ok: false, permanent: false, reason: "sender-invalid", detail: "transcript-email-from" };
  return mailer.sendMail({ from: from.address, to, raw, signal });
}

/** Of a long transcript the newest part, as much as a mail takes. */
async function compose(store: SessionStore, session: Session, to: string): Promise<string> {
  const read = await readTranscript(session.sessionId, (before) =>
    ok(viewTranscript(session, store.eventsBefore(before))),
  );
  if (!read.ok) throw new Error("the transcript cannot be read");
  return transcriptMessage(read.value.transcript, session.options, to);
}

function mailerConfig(env: Env): MailerConfig {
  const config = configFor(env);
  if (!config.ok) throw new Error("the configuration is wrong");
  const { mail } = config.config;
  return mail.transport === "smtp" ? mail : { transport: "send_email", binding: env.EMAIL };
}

/** Tells the Directory of this session's month how the session stands now. */
async function report(env: Env, session: Session, version: number): Promise<DirectoryEntry> {
  const { sessionId, startedAt, phase, email, effects } = session;
  const entry: DirectoryEntry = {
    sessionId,
    version,
    startedAt,
    ...(phase.name === "ended" ? { endedAt: phase.at } : {}),
    ...(email === undefined ? {} : { emailHash: await addressHash(env, email) }),
    parked: [...effects.values()].some(({ parkedAt }) => parkedAt !== undefined),
  };
  await directoryOf(env, session).report(entry);
  return entry;
}

async function eraseEntry(env: Env, store: SessionStore, session: Session, objects: number): Promise<ErasureRecord> {
  const erasedAt = session.phase.name === "erasing" ? session.phase.since : session.startedAt;
  const record: ErasureRecord = {
    sessionId: session.sessionId,
    erasedAt,
    keepUntil: erasedAt + session.options.auditRetentionDays * DAY_MS,
    objects,
    rows: store.countRows(),
    audit: await summarise(env, store.audit()),
  };
  await directoryOf(env, session).erase(record);
  return record;
}

/** What remains of an audit: how often who did what, and when last; agents under a keyed hash. */
async function summarise(env: Env, records: readonly AuditRecord[]): Promise<AuditSummary[]> {
  const summaries = new Map<string, AuditSummary>();
  for (const { agentId, participantId, action, at } of records) {
    const actor = await pseudonym(env, participantId, agentId);
    const known = summaries.get(`${actor} ${action}`);
    summaries.set(`${actor} ${action}`, {
      actor,
      action,
      count: (known?.count ?? 0) + 1,
      lastAt: Math.max(at, known?.lastAt ?? 0),
    });
  }
  return [...summaries.values()];
}

async function pseudonym(env: Env, participantId: number, agentId: string | undefined): Promise<string> {
  if (agentId === undefined) return participantId === 0 ? "system" : "customer";
  // Erasure must not wait for a configuration to be mended; then the agent stays unnamed.
  return configFor(env).ok ? keyedHash(env, agentId) : "agent";
}

function directoryOf(env: Env, session: Session) {
  return within(env.DIRECTORY, session.options.jurisdiction).getByName(directoryName(session));
}

/** Earlier chats of the customer by the address they gave, for who may know of them; none where they gave none. */
export async function earlierChats(
  env: Env,
  session: Session | undefined,
  principal: Principal,
  from: string | undefined,
): Promise<Result<EarlierChats>> {
  if (session === undefined || session.phase.name === "erasing") return refuse({ reason: "unknown-session" });
  const admitted = admitToEarlier(session, principal);
  if (!admitted.ok) return admitted;
  if (session.email === undefined) return ok({ chats: [] });
  const hash = await addressHash(env, session.email);
  const directories = within(env.DIRECTORY, session.options.jurisdiction);
  return ok(await findEarlier(session, from, async (name) => directories.getByName(name).find(hash)));
}

function libraryOf(env: Env, { service, options }: Session) {
  return libraryPort(env, { service, jurisdiction: options.jurisdiction });
}

/** The Lobby of the session's service, where the session lives. */
function lobbyOf(env: Env, { service, options }: Session): AssignmentListener {
  return within<AssignmentListener>(env.LOBBY, options.jurisdiction).getByName(service);
}

async function reportAssignment(env: Env, session: Session, report: AssignmentReport): Promise<void> {
  const { jurisdiction, offerTimeout } = session.options;
  await lobbyOf(env, session).report(report, { jurisdiction, offerTimeout });
}

/** Tells the Lobby what an agent has not read. A hint that gets lost is followed by another with the next event. */
export async function tellUnread(env: Env, session: Session, hint: UnreadHint): Promise<void> {
  try {
    await lobbyOf(env, session).unread(hint);
  } catch (error) {
    logFault("unread-not-told", error, { sessionId: session.sessionId });
  }
}

/** Tells the Lobby how many files were sent, for supervisors; a hint that is lost comes with the next. */
export async function tellFiles(env: Env, session: Session | undefined): Promise<void> {
  if (session?.phase.name !== "open") return;
  try {
    await lobbyOf(env, session).filesMoved({ sessionId: session.sessionId, files: filesMoved(session) });
  } catch (error) {
    logFault("files-not-told", error, { sessionId: session.sessionId });
  }
}

/** Keyed hash under which a customer's address is found again: lower-cased, as people type it. */
async function addressHash(env: Env, address: string): Promise<string> {
  return keyedHash(env, address.trim().toLowerCase());
}

async function keyedHash(env: Env, text: string): Promise<string> {
  const config = configFor(env);
  if (!config.ok) throw new Error("the configuration is wrong");
  const key = await crypto.subtle.importKey(
    "raw",
    config.config.directoryKey,
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  const tag = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(text));
  return toHex(new Uint8Array(tag));
}
