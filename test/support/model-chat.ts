/** One chat of the model: what can happen to it, what each participant is told, and what must hold afterwards. */
import type { Delivery } from "../../durable/chat-session/effects.ts";
import type { AnnouncedFile } from "../../src/core/attempts.ts";
import type { ServiceOptions } from "../../src/core/options.ts";
import type { Principal } from "../../src/core/principal.ts";
import type { Result } from "../../src/core/refusal.ts";
import type { Reservation } from "../../src/core/uploads.ts";
import { object, openChat } from "./core-chat.ts";
import { ANNA, BERT, HOUR, MINUTE, SYSTEM } from "./core-fixtures.ts";
import type { MemorySession, World } from "./memory-session.ts";
import * as checks from "./model-checks.ts";
import { ModelLedger } from "./model-ledger.ts";
import { ModelLibrary, type Sending } from "./model-library.ts";
import { ModelWorker, type WorkStep } from "./model-worker.ts";

/** Who acts: the customer, or one of two agents. */
export type Who = "customer" | "anna" | "bert";

/** What somebody does. Files and workers are picked by a number among those there are. */
export type Deed =
  | { readonly do: "say"; readonly who: Who; readonly clientId: string | undefined }
  | { readonly do: "join" | "watch" | "leave" | "transfer" | "end" | "stay"; readonly who: Who }
  | { readonly do: "type"; readonly who: Who }
  | { readonly do: "rotate" | "visit of strangers" }
  | { readonly do: "ask for transcript"; readonly to: string }
  | {
      readonly do: "reserve";
      readonly who: Who;
      readonly name: string;
      readonly size: number;
      readonly exact: boolean;
      readonly uploadKey: string | undefined;
    }
  | { readonly do: "hold" }
  | { readonly do: "upload"; readonly who: Who; readonly size: number }
  | {
      readonly do: "work";
      readonly pick: number;
      readonly step: WorkStep;
      readonly size: number;
      readonly acceptable: boolean;
    }
  | { readonly do: "grant"; readonly who: Who; readonly files: number; readonly bytes: number }
  | { readonly do: "cancel"; readonly who: Who; readonly uploadKey: string }
  | {
      readonly do: "send response";
      readonly who: Who;
      readonly until: Sending;
      readonly clientId: string | undefined;
    }
  | { readonly do: "delete"; readonly who: Who; readonly pick: number }
  | { readonly do: "download"; readonly who: Who; readonly pick: number; readonly ticket: boolean }
  | { readonly do: "return download"; readonly pick: number };

/** What happens by itself, or by an operator. */
export type Incident =
  | { readonly do: "set options"; readonly options: Partial<ServiceOptions> }
  | { readonly do: "connect"; readonly connected: boolean }
  | { readonly do: "store"; readonly down: boolean }
  | { readonly do: "mail fails"; readonly answers: readonly Delivery[] }
  | { readonly do: "evict" | "alarm" | "begin alarm" }
  | { readonly do: "step effect" | "time out" | "step late effect"; readonly pick: number }
  | { readonly do: "hanging alarm"; readonly pick: number; readonly halts: number }
  | { readonly do: "wait"; readonly ms: number };

/** One thing that happens. */
export type Action = Deed | Incident;

/** Longer than this nothing stays in flight, in milliseconds; the design keeps tombstones longer than that. */
export const LONGEST_FLIGHT = 20 * HOUR;
const COMINGS = {
  join: { type: "JoinSession" },
  watch: { type: "JoinSession", mode: "silent" },
  leave: { type: "LeaveSession" },
  transfer: { type: "TransferSession" },
  end: { type: "EndSession" },
  stay: { type: "Stay" },
} as const;
const MODEL_OPTIONS = { retentionDays: 4, timeoutAlert: 10 * MINUTE, disconnectTimeout: 5 * MINUTE } as const;

/** One chat with everything the model knows of it. */
export class ModelChat {
  readonly chat: MemorySession;
  readonly ledger: ModelLedger;
  readonly library: ModelLibrary;
  readonly workers: ModelWorker[] = [];
  readonly fileIds: string[] = [];
  readonly #fold: checks.FoldCheck;
  #tokenVersion = 1;

  constructor(world: World, sessionId: string) {
    this.chat = openChat(MODEL_OPTIONS, { sessionId, email: "cleo@example.com" }, world);
    this.ledger = new ModelLedger(this.chat);
    this.library = new ModelLibrary(this.chat);
    this.#fold = new checks.FoldCheck(this.chat);
  }

  /** Lets something happen. `other` is the chat whose secrets strangers try here. */
  async act(action: Action, other: ModelChat): Promise<void> {
    const { chat } = this;
    switch (action.do) {
      case "say":
        return this.#say(action);
      case "join":
      case "leave":
      case "transfer":
      case "watch":
      case "end":
      case "stay":
        return this.#comeOrGo(action);
      case "type":
        chat.execute(this.#principal(action.who), { type: "SetTyping", typing: true });
        return;
      case "rotate":
        return this.#rotate();
      case "ask for transcript":
        chat.execute(this.#principal("customer"), { type: "RequestTranscript", to: action.to });
        return;
      case "reserve":
        return this.#reserve(action);
      case "hold":
        this.#startWorker(chat.execute(SYSTEM, { type: "HoldUpload", name: "a.pdf", extension: "pdf" }), true);
        return;
      case "work":
        return this.#work(action);
      case "upload":
        return this.#upload(action);
      case "cancel":
        chat.execute(this.#principal(action.who), { type: "CancelUpload", uploadKey: action.uploadKey });
        return;
      case "grant":
        chat.execute(this.#principal(action.who), { type: "GrantUploads", files: action.files, bytes: action.bytes });
        return;
      case "send response":
        return this.#sendResponse(action);
      case "delete":
        return this.#delete(action);
      case "download":
        return this.#download(action);
      case "return download":
        return this.#returnDownload(action.pick);
      case "visit of strangers":
        return checks.checkStrangers(chat, other.chat);
      default:
        return this.#operate(action);
    }
  }

  /** What participants have no part in. */
  async #operate(action: Incident): Promise<void> {
    const { chat } = this;
    switch (action.do) {
      case "set options":
        return chat.changeOptions(action.options);
      case "connect":
        chat.presence = { customerConnected: action.connected };
        return;
      case "store":
        chat.world.store.down = action.down;
        return;
      case "alarm":
        return chat.alarm();
      case "begin alarm":
        return chat.beginAlarm();
      case "step effect":
        return chat.stepEffect(action.pick);
      case "time out":
        return chat.timeOutEffect(action.pick);
      case "step late effect":
        return chat.stepLateEffect(action.pick);
      case "hanging alarm":
        return this.#hang(action);
      case "evict":
        return chat.evict();
      case "mail fails":
        chat.mailAnswers.push(...action.answers);
        return;
      case "wait":
        return this.#wait(action.ms);
    }
  }

  /** So much time has passed that nothing of this chat is in flight any more. */
  landed(): void {
    for (const worker of this.workers) worker.vanish();
    this.chat.late = [];
  }

  /** Throws where something does not hold that must hold at every moment. */
  check(): void {
    this.#fold.check();
    checks.checkQuota(this.chat, this.ledger);
    checks.checkObjects(this.chat);
    checks.checkUploads(this.chat);
    this.library.check();
    checks.checkServing(this.chat);
    checks.checkSilence(this.chat);
    for (const { ref, held, pending } of this.workers) {
      const phase = this.chat.session?.documents.get(ref.documentId)?.phase;
      if (!pending && phase?.state === "available" && phase.size > held) throw new Error("more bytes than were held");
    }
    this.ledger.checkTranscript();
    this.ledger.checkNumbers();
    const recipients = new Set(this.chat.mails);
    if (this.chat.mails.length > 3 + this.chat.mailsUnheard || recipients.size > 1)
      throw new Error("too many mails, or to too many people");
  }

  #principal(who: Who): Principal {
    if (who === "customer") return { kind: "customer", participantId: 1, tokenVersion: this.#tokenVersion };
    return who === "anna" ? ANNA : BERT;
  }

  #say({ who, clientId }: Extract<Action, { do: "say" }>): void {
    const id = clientId === undefined ? {} : { clientId };
    const said = this.chat.execute(this.#principal(who), { type: "SendMessage", text: "hi", visibility: "all", ...id });
    if (said.ok) this.ledger.acknowledge(said.value);
  }

  #comeOrGo({ do: what, who }: { readonly do: keyof typeof COMINGS; readonly who: Who }): void {
    this.chat.execute(this.#principal(who), COMINGS[what]);
  }

  #rotate(): void {
    const rotated = this.chat.execute(this.#principal("customer"), { type: "RotateToken" });
    if (rotated.ok) this.#tokenVersion = rotated.value.tokenVersion;
  }

  #reserve({ who, name, size, exact, uploadKey }: Extract<Action, { do: "reserve" }>): void {
    const before = this.ledger.recount();
    const key = uploadKey === undefined ? {} : { uploadKey };
    const wish = { type: "ReserveUpload", name, extension: "pdf", size, exact, ...key } as const;
    const result = this.chat.execute(this.#principal(who), wish);
    const started = this.#startWorker(result, false);
    if (result.ok && this.#nameOf(result.value) !== name) throw new Error("a repeat of another upload");
    if (who !== "customer" || started === undefined) return;
    if (started.attempt === 1) checks.checkLimits(this.chat, this.ledger, started.held);
    else if (JSON.stringify(this.ledger.recount()) !== JSON.stringify(before)) throw new Error("a repeat was charged");
  }

  #nameOf(reservation: Reservation): string | undefined {
    if (reservation.kind === "repeated") return reservation.file.name;
    return this.chat.session?.documents.get(reservation.documentId)?.name;
  }

  /** Reserves, stores and announces without anything between. */
  #upload({ who, size }: Extract<Action, { do: "upload" }>): void {
    this.#reserve({ do: "reserve", who, name: "a.pdf", size, exact: true, uploadKey: undefined });
    for (const step of ["land", "commit"] as const) this.#work({ do: "work", pick: 0, step, size, acceptable: true });
  }

  #startWorker(result: Result<Reservation>, pending: boolean) {
    if (!result.ok || result.value.kind !== "reserved") return undefined;
    // The newest first: a pick of 0 means the latest.
    this.workers.unshift(new ModelWorker(this.chat, result.value, pending));
    if (!this.fileIds.includes(result.value.fileId)) this.fileIds.unshift(result.value.fileId);
    return result.value;
  }

  #work({ pick, step, size, acceptable }: Extract<Action, { do: "work" }>): void {
    const worker = this.workers[pick % this.workers.length];
    const open = worker !== undefined && this.chat.session?.documents.get(worker.ref.documentId)?.phase.state;
    const announced = worker?.step(step, object(size, acceptable));
    if (announced?.ok !== true) return;
    this.#announced(announced.value);
    if (open === "pending") checks.checkLimits(this.chat, this.ledger, announced.value.file.size);
  }

  #announced({ file, position }: AnnouncedFile): void {
    this.ledger.acknowledgePosition(position);
    if (!this.fileIds.includes(file.fileId)) throw new Error("a file that nobody reserved");
  }

  #sendResponse({ who, until, clientId }: Extract<Action, { do: "send response" }>): void {
    const sent = this.library.send(this.#principal(who), until, clientId);
    if (sent?.ok !== true) return;
    this.ledger.acknowledge(sent.value);
    const announced = this.chat.rows.events.find(({ position }) => position === sent.value.position + 1);
    if (announced?.type === "FileUploaded" && !this.fileIds.includes(announced.file.fileId))
      this.fileIds.unshift(announced.file.fileId);
  }

  #delete({ who, pick }: Extract<Action, { do: "delete" }>): void {
    const fileId = this.fileIds[pick % this.fileIds.length];
    if (fileId === undefined) return;
    const deleted = this.chat.execute(this.#principal(who), { type: "DeleteFile", fileId });
    if (!deleted.ok) return;
    this.ledger.acknowledge(deleted.value);
    if (this.ledger.senderOf(fileId) !== deleted.value.from.participantId)
      throw new Error("a file of others was deleted");
    if (who === "customer") this.ledger.deleted(fileId);
  }

  #download({ who, pick, ticket }: Extract<Action, { do: "download" }>): void {
    const fileId = this.fileIds[pick % this.fileIds.length];
    if (fileId === undefined) return;
    const principal = this.#principal(who);
    const audited = this.chat.audit().length;
    const answer = ticket
      ? this.chat.execute(principal, { type: "TakeTicket", fileId })
      : this.chat.execute(principal, { type: "OpenDownload", fileId, method: "get" });
    if (!answer.ok) return;
    const counted = this.chat.audit().length > audited;
    if (who === "customer") this.ledger.downloaded(fileId, counted);
    else if (!counted) throw new Error("an agent's download was not audited");
    if (findAvailable(this.chat, fileId) === undefined) throw new Error("a file was served that is not available");
  }

  #returnDownload(pick: number): void {
    const fileId = this.fileIds[pick % this.fileIds.length];
    if (fileId === undefined || this.chat.session === undefined) return;
    const stored = this.chat.rows.log.length;
    this.chat.execute(SYSTEM, { type: "ReturnDownload", fileId, countedAt: this.ledger.countedAt(fileId) });
    this.ledger.returned(fileId, this.chat.rows.log.slice(stored));
  }

  /** One of the alarm's effects gets so far and then hangs until its time is over; the others end. */
  async #hang({ pick, halts }: Extract<Action, { do: "hanging alarm" }>): Promise<void> {
    await this.chat.beginAlarm();
    const hanging = this.chat.running.at(pick % this.chat.running.length);
    for (let halt = 0; halt < halts && hanging?.outcome === undefined; halt += 1) await this.chat.stepEffect(pick);
    if (hanging?.outcome === undefined) await this.chat.timeOutEffect(pick);
    await this.chat.finishEffects();
  }

  #wait(ms: number): void {
    this.chat.world.now += ms;
    if (ms >= LONGEST_FLIGHT) this.landed();
  }
}

function findAvailable({ session }: MemorySession, fileId: string) {
  return [...(session?.documents.values() ?? [])].find(
    (one) => one.fileId === fileId && one.phase.state === "available",
  );
}
