/** The invariants of design section 5 on sessions in memory; each check throws where one does not hold. */
import { bytesKey, isHeld, isOpen, MAX_PENDING, objectKey, objectPrefix } from "../../src/core/documents.ts";
import { usage } from "../../src/core/quotas.ts";
import { evolve, type Session } from "../../src/core/session.ts";
import { viewSession } from "../../src/core/views.ts";
import { ANNA, CUSTOMER, reasonOf, SYSTEM } from "./core-fixtures.ts";
import type { MemorySession } from "./memory-session.ts";
import type { ModelLedger } from "./model-ledger.ts";

/** Invariant 1: the quota equals an independent recount, and is never negative. */
export function checkQuota(chat: MemorySession, ledger: ModelLedger): void {
  if (chat.session === undefined) return;
  const used = usage(chat.session);
  const recount = ledger.recount();
  for (const name of ["files", "bytes", "downloads"] as const) {
    if (used[name] !== recount[name]) throw new Error(`${name}: ${used[name]} used, ${recount[name]} recounted`);
    if (used[name] < 0) throw new Error(`${name}: ${used[name]} used`);
  }
}

/** Invariant 1: an upload that was just accepted keeps within the limits in force. */
export function checkLimits(chat: MemorySession, ledger: ModelLedger, bytes: number): void {
  if (chat.session === undefined) return;
  const { uploadNeedAgent, ...options } = chat.session.options;
  const granted = ledger.granted();
  const disabled = options.uploadMaxFiles === 0 || options.uploadMaxFileSize === 0 || options.uploadMaxTotalSize === 0;
  const recount = ledger.recount();
  const agents = chat.session.participants.filter(({ type, leftAt }) => type === "Agent" && leftAt === undefined);
  const files = granted.files + (disabled ? 0 : options.uploadMaxFiles);
  const total = granted.bytes + (disabled ? 0 : options.uploadMaxTotalSize);
  const largest = disabled ? Math.min(granted.bytes, options.agentMaxFileSize) : options.uploadMaxFileSize;
  if (recount.files > files) throw new Error("more files than the limit");
  if (recount.bytes > total) throw new Error("more bytes than the limit");
  if (bytes > largest) throw new Error("a larger file than the limit");
  if (uploadNeedAgent && agents.length === 0) throw new Error("an upload without an agent");
}

/** Invariant 3, which holds at every moment: what is available is there, and what is there has a row. */
export function checkObjects(chat: MemorySession): void {
  const { session, world } = chat;
  if (session === undefined) return;
  for (const document of session.documents.values()) {
    const { phase } = document;
    const there = world.store.entries.get(bytesKey(session, document));
    if (phase.state !== "available") continue;
    if (there === undefined || there === "tombstone") throw new Error("an available document without its object");
    if (there.size !== phase.size || !there.acceptable) throw new Error("an available document with another object");
  }
  const known = new Set([...session.documents.keys()].map((documentId) => objectKey(session, documentId)));
  for (const key of keysOf(chat, session)) {
    if (!known.has(key)) throw new Error("an object that no row knows");
  }
}

/** What holds of uploads and effects at every moment beside the invariants. */
export function checkUploads({ session }: MemorySession): void {
  if (session === undefined) return;
  const documents = [...session.documents.values()];
  if (documents.filter(({ phase }) => phase.state === "pending").length > MAX_PENDING)
    throw new Error("too many pending");
  const { phase } = session;
  const timedOut = phase.name === "closing" && (phase.reason === "inactivity" || phase.reason === "disconnected");
  if (timedOut && documents.some(isHeld)) throw new Error("time closed a session with an upload on its way");
  const about = [...session.effects.values()].flatMap((effect) =>
    "documentId" in effect ? [`${effect.kind} ${effect.documentId}`] : [],
  );
  if (new Set(about).size < about.length) throw new Error("the same effect twice");
}

/** Customers learn nothing of a supervisor who is silent, and no event of theirs is among what everybody sees. */
export function checkSilence({ session, rows }: MemorySession): void {
  if (session === undefined) return;
  const seen = viewSession(session, "customer").participants.map(({ participantId }) => participantId);
  for (const { participantId, silent } of session.participants) {
    if (silent === true && seen.includes(participantId)) throw new Error("a silent supervisor is shown");
    const last = rows.events.findLast(({ from }) => from.participantId === participantId);
    if (silent === true && last?.visibility !== "agents") throw new Error("a silent supervisor made themselves heard");
  }
}

/** Who serves is decided here alone: versions only grow, a served session has an agent, and the newest report is due. */
export function checkServing({ session, assignments }: MemorySession): void {
  if (session?.assignment === undefined || session.phase.name !== "open") return;
  const { version, state } = session.assignment;
  const agents = session.participants.filter(({ type, leftAt }) => type === "Agent" && leftAt === undefined);
  if (state === "served" && agents.length === 0) throw new Error("served by nobody");
  const due = [...session.effects.values()].some((one) => one.kind === "ReportAssignment" && one.version === version);
  // An older report whose time ran out may come after a newer one: the Lobby passes over it.
  if (!due && !assignments.some((report) => report.version === version))
    throw new Error("the Lobby will never hear of this");
}

/** Invariant 3, once leases have run out and the alarm came to rest: no upload is open and nothing keeps closing. */
export function checkSettled(chat: MemorySession): void {
  const { session } = chat;
  if (session === undefined) return;
  if ([...session.documents.values()].some(isOpen)) throw new Error("an upload is still open");
  if (session.phase.name === "closing") throw new Error("the session is still closing");
}

/** Invariant 3, a day later: objects of available documents and nothing else. */
export function checkForgotten(chat: MemorySession): void {
  const { session, world } = chat;
  if (session === undefined) return;
  for (const { phase } of session.documents.values()) {
    if (phase.state !== "available" && phase.state !== "purged") throw new Error(`a ${phase.state} document is kept`);
  }
  for (const key of keysOf(chat, session)) {
    const id = key.slice(objectPrefix(session).length);
    if (session.documents.get(id)?.phase.state !== "available") throw new Error("an object of a retired document");
    if (world.store.entries.get(key) === "tombstone") throw new Error("a tombstone is kept");
  }
}

/** Invariant 4: nothing of one session is reached in another, nor by anybody who is not in it. */
export function checkStrangers(chat: MemorySession, other: MemorySession): void {
  const before = chat.session;
  if (before === undefined) return;
  for (const { fileId, documentId, attempt } of other.session?.documents.values() ?? []) {
    expectRefused(chat, fileId, "a file of another session", CUSTOMER, ANNA);
    const file = { size: 1, sha256: "s", contentType: "application/pdf" };
    const ref = { documentId, attempt };
    const settled = [
      chat.execute(SYSTEM, { type: "CommitUpload", ...ref, ...file }),
      chat.execute(SYSTEM, { type: "RenewLease", ...ref }),
      chat.execute(CUSTOMER, { type: "ClaimUpload", ...ref, ...file }),
    ];
    if (settled.some(({ ok }) => ok)) throw new Error("an upload of another session was settled here");
  }
  const stranger = { ...ANNA, agentId: "stranger" };
  const foreign = { kind: "customer", participantId: 2, tokenVersion: 1 } as const;
  const revoked = { kind: "customer", participantId: 1, tokenVersion: 0 } as const;
  const gone = before.participants.some(({ agentId, leftAt }) => agentId === ANNA.agentId && leftAt !== undefined);
  const left = gone && before.phase.name === "open" ? [ANNA] : [];
  for (const { fileId } of before.documents.values()) {
    expectRefused(chat, fileId, "a file of strangers", stranger, foreign, revoked, SYSTEM, ...left);
  }
  if (chat.session !== before) throw new Error("a refusal changed something");
}

type Principals = Parameters<MemorySession["execute"]>[0][];

function expectRefused(chat: MemorySession, fileId: string, what: string, ...principals: Principals): void {
  for (const principal of principals) {
    const answers = [
      chat.execute(principal, { type: "OpenDownload", fileId, method: "get" }),
      chat.execute(principal, { type: "OpenDownload", fileId, method: "ticketed" }),
      chat.execute(principal, { type: "TakeTicket", fileId }),
      chat.execute(principal, { type: "DeleteFile", fileId }),
    ];
    if (answers.some(({ ok }) => ok)) throw new Error(`${what} was reached`);
  }
}

/** Invariant 5, while the store is down: the session is being erased, and nobody learns anything of it. */
export function checkErasing(chat: MemorySession): void {
  const before = chat.session;
  if (before === undefined) return;
  if (before.phase.name !== "erasing") throw new Error("retention is over and nothing happens");
  const said = chat.rows.events.find(({ clientId, from }) => clientId !== undefined && from.type === "Client");
  const clientId = said?.clientId ?? "m-1";
  const answers = [
    chat.execute(CUSTOMER, { type: "SendMessage", text: "hi", visibility: "all", clientId }),
    chat.execute({ kind: "customer", participantId: 9, tokenVersion: 9 }, { type: "EndSession" }),
    ...[...before.documents.values()].flatMap(({ fileId, documentId, attempt }) => [
      chat.execute(CUSTOMER, { type: "OpenDownload", fileId, method: "ticketed" }),
      chat.execute(ANNA, { type: "OpenDownload", fileId, method: "get" }),
      chat.execute(SYSTEM, { type: "CommitUpload", documentId, attempt, size: 1, sha256: "s", contentType: "t" }),
    ]),
  ];
  if (answers.some((answer) => reasonOf(answer) !== "unknown-session")) throw new Error("an erasing session answers");
  if (chat.session !== before) throw new Error("a refusal changed something");
}

/** Invariant 5: no object, no row, no alarm, and every command is of an unknown session. */
export function checkErased(chat: MemorySession, prefix: string): void {
  if (chat.session !== undefined || chat.rows.load() !== undefined) throw new Error("rows are left");
  if (chat.nextWakeup() !== undefined) throw new Error("an alarm is left");
  if ([...chat.world.store.entries.keys()].some((key) => key.startsWith(prefix))) throw new Error("objects are left");
  const answers = [
    chat.execute(CUSTOMER, { type: "EndSession" }),
    chat.execute(ANNA, { type: "JoinSession" }),
    chat.execute(SYSTEM, { type: "HoldUpload", name: "a.pdf", extension: "pdf" }),
  ];
  if (answers.some((answer) => reasonOf(answer) !== "unknown-session")) throw new Error("an erased session answers");
  if (chat.rows.log.length > 0) throw new Error("an erased session was written to");
}

/** The session in memory is the one that its stored changes tell, folded anew or read back from its rows. */
export class FoldCheck {
  readonly #chat: MemorySession;
  #folded: Session | undefined;
  #count = 0;
  #last: Session | undefined;

  constructor(chat: MemorySession) {
    this.#chat = chat;
  }

  /** Throws where memory and storage differ. */
  check(): void {
    const { session, rows } = this.#chat;
    if (session === undefined || session === this.#last) return;
    for (const change of rows.log.slice(this.#count)) this.#folded = evolve(this.#folded ?? session, change);
    this.#count = rows.log.length;
    this.#last = session;
    const stored = rows.load();
    const inMemory = canonical({ ...session, position: 0, paces: {} });
    if (canonical({ ...this.#folded, position: 0, paces: {} }) !== inMemory)
      throw new Error("the folded changes give another session");
    if (canonical({ ...stored, position: 0, paces: {} }) !== inMemory)
      throw new Error("the stored rows give another session");
    // Positions of what is not stored are set aside in blocks: reading back may skip some and never gives one twice.
    if ((stored?.position ?? 0) < session.position) throw new Error("reading back would give a position twice");
  }
}

/** The same text for the same data, whatever the order of keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (part instanceof Map) return canonical(Object.fromEntries(part));
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function keysOf({ world }: MemorySession, session: Session): string[] {
  const prefix = objectPrefix(session);
  return [...world.store.entries.keys()].filter((key) => key.startsWith(prefix));
}
