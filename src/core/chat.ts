/** The one place a chat changes: a principal's command on the session's state gives changes to store, or a refusal. */
import { MAX_USER_DATA_KEYS } from "../protocol/wire.ts";
import {
  type Command,
  type CommandOf,
  type CommandType,
  privilegeFor,
  type ReplyOf,
  RULES,
  SILENTLY,
} from "./commands.ts";
import { deleteFile } from "./deletion.ts";
import { openDownload, returnDownload, takeTicket } from "./downloads.ts";
import { type Context, Draft, type Frame } from "./draft.ts";
import { finishEffect } from "./duties.ts";
import { grantUploads } from "./grants.ts";
import * as joining from "./joining.ts";
import { pushUrl, sendMessage, sendNotice, setTyping, stay } from "./messages.ts";
import { paceOf, perMinute, takeToken } from "./pace.ts";
import * as participants from "./participants.ts";
import { type Principal, requirePrivilege, resolveParticipant } from "./principal.ts";
import { ok, type Result, refuse, refuseField } from "./refusal.ts";
import { type Change, newSession, type Participant, type Session } from "./session.ts";
import * as settlement from "./settlement.ts";
import { beginStandardResponse, sendStandardResponse } from "./standard-response.ts";
import type { TranscriptEvent } from "./transcript.ts";
import { requestTranscript } from "./transcript-request.ts";
import * as uploads from "./uploads.ts";
import { listFiles, withdrawFile } from "./withdrawal.ts";

/** What a command decided: changes to store in one transaction, frames to tell, and the answer. */
export interface Decision<R> {
  readonly changes: readonly Change[];
  readonly frames: readonly Frame[];
  /**
   * A refusal has no changes, except where giving something up is part of refusing (a commit that was too large), or a
   * renewed token was used for the first time.
   */
  readonly result: Result<R>;
  /** The session with the changes folded in; undefined where there is none. */
  readonly session: Session | undefined;
}

/** What a rule looks at beside the session: the event this participant already made with the same `clientId`. */
export interface Facts {
  readonly repeated?: TranscriptEvent;
}

/** A command whose name is known to the compiler. */
export type Named<T extends CommandType> = CommandOf<T> & { readonly type: T };

interface Acting {
  readonly principal: Principal;
  /** Set where the rule says `participant`, `colleague` or `customer`. */
  readonly actor?: Participant;
}

const UNKNOWN = refuse({ reason: "unknown-session" });

type Handler<T extends CommandType> = (draft: Draft, acting: Acting, command: CommandOf<T>) => Result<ReplyOf<T>>;
type ActorHandler<T extends CommandType> = (
  draft: Draft,
  actor: Participant,
  command: CommandOf<T>,
) => Result<ReplyOf<T>>;

/**
 * Decides one command. `session` is undefined where this object was never opened, or was erased: then everything but
 * `OpenSession` is refused as an unknown session.
 */
export function decide<T extends CommandType>(
  session: Session | undefined,
  principal: Principal,
  command: Named<T>,
  context: Context,
  facts: Facts = {},
): Decision<ReplyOf<T>> {
  const type: T = command.type;
  const during = RULES[type].during;
  // First of all: of a session that is being erased nobody learns anything, not even that a token was of it.
  if (session?.phase.name === "erasing" && !during.includes("erasing")) return unchanged(session, UNKNOWN);
  if (isOpening(command)) return open(session, command, context) as Decision<ReplyOf<T>>;
  if (session === undefined) return unchanged(session, UNKNOWN);
  const acting = authorise(session, principal, command as Command);
  if (!acting.ok) return unchanged(session, acting);
  if (facts.repeated !== undefined) return unchanged(session, ok(facts.repeated as ReplyOf<T>));
  if (!during.includes(session.phase.name)) return unchanged(session, refuse({ reason: "session-ended" }));
  const draft = new Draft(session, context);
  const paced = countPace(draft, acting.value, type);
  if (!paced.ok) return unchanged(session, paced);
  const handler: Handler<T> = HANDLERS[type];
  const result = handler(draft, confirmed(draft, acting.value), command);
  return {
    changes: draft.changes,
    frames: draft.frames,
    session: draft.session,
    result,
  };
}

/** Takes a token for what customers may do only so often; agents are not counted. */
function countPace(draft: Draft, { principal }: Acting, type: CommandType): Result<undefined> {
  const kind = paceOf(type);
  if (kind === undefined || principal.kind === "agent") return ok(undefined);
  const { session, context } = draft;
  const taken = takeToken(session.paces[kind], perMinute(kind, session.options), context.now);
  if (!taken.ok) return taken;
  draft.apply({ change: "PaceCounted", kind, pace: taken.value });
  return ok(undefined);
}

function isOpening(command: { readonly type: CommandType }): command is participants.OpenSession {
  return command.type === "OpenSession";
}

function unchanged<R>(session: Session | undefined, result: Result<R>): Decision<R> {
  return { changes: [], frames: [], session, result };
}

/** Checks that this principal may give this command at all; every door comes through here. */
function authorise(session: Session, principal: Principal, command: Command): Result<Acting> {
  const { by } = RULES[command.type];
  const privilege = privilegeFor(command);
  if (by === "system") return principal.kind === "system" ? ok({ principal }) : refuse({ reason: "bad-token" });
  if (privilege !== undefined) {
    const allowed = requirePrivilege(principal, privilege);
    if (!allowed.ok) return allowed;
  }
  if (by === "agent") return principal.kind === "agent" ? ok({ principal }) : refuse({ reason: "bad-token" });
  if (by === "colleague" && principal.kind !== "agent") return refuse({ reason: "bad-token" });
  if (by === "customer" && principal.kind !== "customer") return refuse({ reason: "bad-token" });
  const actor = resolveParticipant(session, principal);
  if (actor.ok && actor.value.silent === true && !SILENTLY.has(command.type)) {
    return refuseField("mode", "a silent supervisor joins openly before this");
  }
  return actor.ok ? ok({ principal, actor: actor.value }) : actor;
}

/** Notes that the customer's newest token arrived, before anything else is decided. */
function confirmed(draft: Draft, acting: Acting): Acting {
  const { principal, actor } = acting;
  if (principal.kind !== "customer" || actor === undefined) return acting;
  return { principal, actor: participants.confirmToken(draft, actor, principal.tokenVersion) };
}

function open(
  session: Session | undefined,
  command: participants.OpenSession,
  context: Context,
): Decision<participants.OpenedSession> {
  if (session !== undefined) return unchanged(session, participants.repeatOpening(session, command, context.now));
  const draft = new Draft(newSession(participants.openedRecord(command, context.now)), context);
  const result = participants.openSession(draft, command);
  return {
    changes: draft.changes,
    frames: draft.frames,
    session: draft.session,
    result,
  };
}

/** Lifts a handler that needs the participant; the rules give every such command one. */
function acted<T extends CommandType>(handler: ActorHandler<T>): Handler<T> {
  return (draft, { actor }, command) =>
    actor === undefined ? refuse({ reason: "not-joined" }) : handler(draft, actor, command);
}

const HANDLERS: { readonly [T in CommandType]: Handler<T> } = {
  OpenSession: () => refuse({ reason: "unknown-session" }),
  JoinSession: (draft, { principal }, command) =>
    principal.kind === "agent" ? joining.joinSession(draft, principal, command) : refuse({ reason: "bad-token" }),
  LeaveSession: acted((draft, actor) => joining.leaveSession(draft, actor)),
  TransferSession: acted(joining.transferSession),
  EndSession: acted((draft, actor) => joining.endSession(draft, actor)),
  SendMessage: acted(sendMessage),
  PushUrl: acted(pushUrl),
  SendNotice: acted(sendNotice),
  SetTyping: acted(setTyping),
  Stay: acted(stay),
  MarkRead: acted(participants.markRead),
  UpdateNickname: acted(participants.updateNickname),
  UpdateUserData: (draft, _acting, command) => participants.updateUserData(draft, command, MAX_USER_DATA_KEYS),
  RotateToken: (draft, { principal, actor }) =>
    principal.kind === "customer" && actor !== undefined
      ? participants.rotateToken(draft, actor, principal.tokenVersion)
      : refuse({ reason: "bad-token" }),
  MarkSeen: acted(participants.markSeen),
  RequestTranscript: (draft, _acting, command) => requestTranscript(draft, command),
  ReserveUpload: acted(uploads.reserveUpload),
  GrantUploads: acted(grantUploads),
  BeginStandardResponse: (draft) => beginStandardResponse(draft),
  SendStandardResponse: acted(sendStandardResponse),
  CancelUpload: acted(settlement.cancelUpload),
  ClaimUpload: acted(settlement.claimUpload),
  DeleteFile: acted(deleteFile),
  OpenDownload: acted(openDownload),
  TakeTicket: acted(takeTicket),
  HoldUpload: (draft, _acting, command) => uploads.holdUpload(draft, command),
  RenewLease: (draft, _acting, command) => uploads.renewLease(draft, command),
  AttachMultipart: (draft, _acting, command) => uploads.attachMultipart(draft, command),
  CommitUpload: (draft, _acting, command) => settlement.commitUpload(draft, command),
  ReleaseUpload: (draft, _acting, command) => settlement.releaseUpload(draft, command),
  BeginRescue: (draft, _acting, command) => settlement.beginRescue(draft, command),
  ListFiles: (draft) => listFiles(draft),
  WithdrawFile: (draft, _acting, command) => withdrawFile(draft, command),
  ReturnDownload: (draft, _acting, command) => returnDownload(draft, command),
  FinishEffect: (draft, _acting, command) => finishEffect(draft, command),
};
