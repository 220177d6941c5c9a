/** One chat session: stores what the core decides, then tells; arms the one alarm. A business rule in here is a bug. */
import { DurableObject } from "cloudflare:workers";
import { logFailure, logFault } from "../../src/backends/log.ts";
import type { Assignable, AssignmentReport, QueuePlace } from "../../src/core/assignment.ts";
import { decide, type Named } from "../../src/core/chat.ts";
import type { CommandType, ReplyOf } from "../../src/core/commands.ts";
import type { Context, Frame } from "../../src/core/draft.ts";
import { performDuties } from "../../src/core/duties.ts";
import type { EarlierChats } from "../../src/core/earlier-chats.ts";
import { ALARM_AGAIN_MS, dueEffects, type Effect } from "../../src/core/outbox.ts";
import { isExpired, type Principal, resolveReader } from "../../src/core/principal.ts";
import { ok, type Result, refuse } from "../../src/core/refusal.ts";
import { isWaiting, viewAssignment } from "../../src/core/serving.ts";
import type { Change, Session } from "../../src/core/session.ts";
import type { TranscriptEvent } from "../../src/core/transcript.ts";
import {
  type PollPage,
  type Reader,
  type TranscriptPage,
  viewLimits,
  viewPage,
  viewPoll,
  viewSession,
  viewTranscript,
} from "../../src/core/views.ts";
import { nextWakeup, type Presence } from "../../src/core/wakeup.ts";
import type { WireEventPage, WireLimits, WireSession } from "../../src/protocol/chat.ts";
import { randomId } from "../../src/protocol/encoding.ts";
import { MAX_EVENTS_PER_PAGE, PING, PONG } from "../../src/protocol/wire.ts";
import { type Attachment, attachmentOf, closeAll, tryClose } from "../kit/sockets.ts";
import { runEffect } from "./effects.ts";
import { LiveSockets, readSocketRequest, refusedSocket } from "./live.ts";
import { changedOptions, earlierChats, outsideWorld, tellFiles, tellUnread } from "./outside.ts";
import { SessionStore } from "./store.ts";
import { UnreadHints } from "./unread.ts";

const SYSTEM: Principal = { kind: "system" };
const UNKNOWN = refuse({ reason: "unknown-session" });

/** Durable Object of one session, named by the session id. */
export class ChatSession extends DurableObject<Env> implements Assignable {
  readonly #store: SessionStore;
  readonly #live: LiveSockets;
  readonly #unread: UnreadHints;
  #loaded = false;
  #session: Session | undefined;
  /** When the alarm rings; null where there is none. */
  #alarmAt: number | null = null;
  /** While it rings nothing else sets it: it does so itself, at its end. */
  #ringing = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new SessionStore(ctx.storage);
    this.#live = new LiveSockets(ctx, this.#store);
    this.#unread = new UnreadHints(this.#store, this.#live);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
  }

  /** Every change to the chat. Refusals are values; only faults reject. */
  async execute<T extends CommandType>(principal: Principal, command: Named<T>): Promise<Result<ReplyOf<T>>> {
    await this.#load();
    return this.#execute(principal, command);
  }

  /** The session as this principal sees it. */
  async view(principal: Principal): Promise<Result<WireSession>> {
    return this.#read(principal, viewSession);
  }

  /** The limits of the customer's files. */
  async limits(principal: Principal): Promise<Result<WireLimits>> {
    return this.#read(principal, (session) => viewLimits(session));
  }

  /** A page of events; a sign of life of the customer who asks. */
  async events(principal: Principal, after: number): Promise<Result<WireEventPage>> {
    return this.#read(principal, (session, reader) => {
      return viewPage(session, this.#store.events(after, MAX_EVENTS_PER_PAGE), reader, after);
    });
  }

  /** Everything a client that only polls can learn at once, typing included. */
  async poll(principal: Principal, after: number): Promise<Result<PollPage>> {
    return this.#read(principal, (session, reader) => {
      const page = this.#store.events(after, MAX_EVENTS_PER_PAGE);
      return viewPoll(session, page, this.#live.typing, reader, after, Date.now());
    });
  }

  /** A page of the transcript as it is rendered and mailed: without agents' notes, whoever asks. */
  async transcript(principal: Principal, before?: number): Promise<Result<TranscriptPage>> {
    return this.#read(principal, (session) => viewTranscript(session, this.#store.eventsBefore(before)));
  }

  /** The frozen mail, where it was composed. */
  async frozenMail(principal: Principal): Promise<Result<string | undefined>> {
    return this.#read(principal, () => this.#store.mail());
  }

  /** Earlier chats of a customer with this one's address, which nobody has verified. */
  async earlier(principal: Principal, from?: string): Promise<Result<EarlierChats>> {
    await this.#load();
    return earlierChats(this.env, this.#session, principal, from);
  }

  /** Who serves the session, for its Lobby; undefined where it is unknown or being erased. */
  async assignment(): Promise<AssignmentReport | undefined> {
    await this.#load();
    if (this.#session === undefined || this.#session.phase.name === "erasing") return undefined;
    return viewAssignment(this.#session);
  }

  /** Tells the customer where the session stands in its queue, while it waits; stores nothing. */
  async tellPlace(place: QueuePlace): Promise<void> {
    await this.#load();
    if (this.#session !== undefined && isWaiting(this.#session)) this.#live.tellPlace(place);
  }

  /** Sockets: `/live` speaks the native protocol, `/poll` waits for one page. The edge has verified the principal. */
  override async fetch(request: Request): Promise<Response> {
    await this.#load();
    const asked = readSocketRequest(request);
    const seen = this.#seen(asked.principal, asked.kind === "live");
    if (!seen.ok || this.#session === undefined) return refusedSocket(seen.ok ? UNKNOWN : seen);
    const answer = this.#live.open(asked, this.#session, seen.value);
    this.#arm();
    return answer;
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    await this.#load();
    // A socket accepted before the erasure began learns as little from it as any other request.
    if (this.#session === undefined || this.#session.phase.name === "erasing") return closeAll(this.ctx);
    this.#dropExpired();
    if (isExpired(attachmentOf(socket).principal, Date.now())) return;
    this.#live.receive(socket, this.#session, data, (principal, command) => this.#execute(principal, command, false));
  }

  override async webSocketClose(socket: WebSocket, code: number, reason: string): Promise<void> {
    tryClose(socket, code, reason);
    await this.#load();
    this.#socketGone(attachmentOf(socket));
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.webSocketClose(socket, 1011, "");
  }

  /** Duties first, all in one transaction; then a few effects; then the alarm is set for what is next. */
  override async alarm(): Promise<void> {
    try {
      this.#ringing = true;
      await this.#load();
      this.#alarmAt = null;
      if (this.#session === undefined) return;
      const now = Date.now();
      this.#dropExpired();
      const { changes, frames, session } = performDuties(this.#session, this.#presence(now), this.#context());
      this.#commit(changes, frames, session);
      await Promise.all(dueEffects(session.effects.values(), now).map((effect) => this.#run(effect)));
      this.#tellUnread();
      this.#ringing = false;
      this.#arm();
    } catch (error) {
      // The platform drops an alarm that keeps failing, so it never sees a failure: we ring again ourselves.
      logFault("alarm-failed", error);
      this.#alarmAt = Date.now() + ALARM_AGAIN_MS;
      await this.ctx.storage.setAlarm(this.#alarmAt);
    } finally {
      this.#ringing = false;
    }
  }

  /** Whoever was connected until now has all the time that is given to come back. */
  #socketGone({ principal, kind }: Attachment): void {
    if (this.#session === undefined || principal.kind !== "customer") return;
    const gone = kind === "live" && !this.#presence(Date.now()).customerConnected;
    this.#execute(principal, { type: "MarkSeen", always: gone }, false);
    this.#arm();
  }

  /** Nobody is told or heard beyond the end of their token. */
  #dropExpired(): void {
    for (const attachment of this.#live.dropExpired(Date.now())) this.#socketGone(attachment);
  }

  async #run(effect: Effect): Promise<void> {
    const outcome = await runEffect(effect, outsideWorld(this.ctx, this.env, this.#store, this.#seams()));
    if (outcome.outcome !== "done") {
      const sessionId = this.#session?.sessionId ?? "";
      logFailure("effect-failed", outcome.failure, { effect: effect.kind, sessionId });
    }
    // An erased session has no rows left to say so in.
    if (this.#session !== undefined)
      this.#execute(SYSTEM, { type: "FinishEffect", effectId: effect.effectId, outcome });
  }

  #seams() {
    return {
      session: () => this.#session,
      execute: (command: Named<"ReleaseUpload">) => void this.#execute(SYSTEM, command),
      forget: () => {
        closeAll(this.ctx);
        this.#session = undefined;
        this.#alarmAt = null;
      },
    };
  }

  /** Reads what is stored, once; an object that was never opened stays empty. */
  async #load(): Promise<void> {
    if (this.#loaded) return;
    this.#alarmAt = await this.ctx.storage.getAlarm();
    if (this.#loaded) return;
    this.#session = this.#store.load();
    this.#loaded = true;
    this.#refreshOptions();
    // The platform drops an alarm whose object keeps dying; whoever comes next sets it again.
    this.#arm();
  }

  /** Options apply to running sessions too; a configuration that is wrong now leaves the last good copy in force. */
  #refreshOptions(): void {
    const session = this.#session;
    const options = session === undefined ? undefined : changedOptions(this.env, session);
    if (session === undefined || options === undefined) return;
    this.#commit([{ change: "SessionChanged", patch: { options } }], [], { ...session, options });
  }

  #execute<T extends CommandType>(principal: Principal, command: Named<T>, touch = true): Result<ReplyOf<T>> {
    if (command.type === "OpenSession" && this.#session === undefined) this.#store.migrate();
    const facts = this.#store.factsFor(this.#session, principal, command);
    const decision = decide(this.#session, principal, command, this.#context(), facts);
    if (decision.session !== undefined) this.#commit(decision.changes, decision.frames, decision.session);
    // What is in the transcript is a sign of life by itself, and costs no further row.
    const silent = decision.changes.every(({ change }) => change !== "EventAppended");
    if (touch && silent && decision.result.ok && command.type !== "MarkSeen") this.#seen(principal, false);
    return decision.result;
  }

  async #read<R>(principal: Principal, view: (session: Session, reader: Reader) => R): Promise<Result<R>> {
    await this.#load();
    const reader = this.#seen(principal, false);
    if (!reader.ok) return reader;
    return this.#session === undefined ? UNKNOWN : ok(view(this.#session, reader.value));
  }

  /** Who reads; a customer's reading is a sign of life, written at most once per third of `disconnect-timeout`. */
  #seen(principal: Principal, always: boolean): Result<Reader> {
    if (this.#session === undefined || this.#session.phase.name === "erasing") return UNKNOWN;
    const reader = resolveReader(this.#session, principal);
    if (reader.ok && principal.kind === "customer") this.#execute(principal, { type: "MarkSeen", always }, false);
    return reader;
  }

  /** Store, then tell, then arm. */
  #commit(changes: readonly Change[], frames: readonly Frame[], session: Session): void {
    if (changes.length > 0) this.#store.apply(changes, session);
    this.#session = session;
    const events = changes.flatMap((change) => (change.change === "EventAppended" ? [change.event] : []));
    const ended = changes.some((change) => change.change === "SessionChanged" && change.patch.phase?.name === "ended");
    if (events.length > 0 || frames.length > 0 || ended) {
      this.#dropExpired();
      this.#live.tell(session, events, frames);
    }
    if (changes.some(({ change }) => change === "ParticipantChanged")) this.#live.dropStrangers(session);
    if (events.length > 0) this.#tellUnread(events);
    if (events.some(({ type }) => type === "FileUploaded")) void tellFiles(this.env, this.#session);
    if (changes.length > 0) this.#arm();
  }

  /** Hints for agents without a socket: at once, or with the alarm that `#presence` asks for. */
  #tellUnread(events: readonly TranscriptEvent[] = []): void {
    const session = this.#session;
    if (session === undefined) return;
    this.#unread.note(session, events, Date.now(), (hint) => void tellUnread(this.env, session, hint));
  }

  /** Sets the alarm where it must ring earlier than it would; a later time is found out when it rings. */
  #arm(): void {
    if (this.#session === undefined || this.#ringing) return;
    const at = nextWakeup(this.#session, this.#presence(Date.now()));
    if (at === undefined || (this.#alarmAt !== null && this.#alarmAt <= at)) return;
    this.#alarmAt = at;
    void this.ctx.storage.setAlarm(at);
  }

  #presence(now: number): Presence {
    if (this.#session === undefined) return { customerConnected: false };
    const unreadDueAt = this.#unread.dueAt(this.#session, now);
    return { ...this.#live.presence(this.#session, now), ...(unreadDueAt === undefined ? {} : { unreadDueAt }) };
  }

  #context(): Context {
    return { now: Date.now(), newId: randomId };
  }
}
