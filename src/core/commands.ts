/** The commands of a session: what each carries, what it answers, who may give it, and in which phases. */
import type { Privilege } from "../protocol/wire.ts";
import type { AnnouncedFile, AttemptRef, ObjectState, StoredFile } from "./attempts.ts";
import type { Download, DownloadRequest } from "./downloads.ts";
import type { GrantUploads } from "./grants.ts";
import type { JoinSession, TransferSession } from "./joining.ts";
import type { SendMessage } from "./messages.ts";
import type { EffectOutcome } from "./outbox.ts";
import type { OpenedSession, OpenSession } from "./participants.ts";
import type { Refusal } from "./refusal.ts";
import type { SessionPhase } from "./session.ts";
import type { BeginStandardResponse, BegunResponse, SendStandardResponse } from "./standard-response.ts";
import type { TranscriptEvent } from "./transcript.ts";
import type { HoldUpload, Reservation, ReserveUpload } from "./uploads.ts";
import type { StoredObject, Withdrawn } from "./withdrawal.ts";

/** Every command with its answer. */
interface CommandTable {
  OpenSession: { command: OpenSession; reply: OpenedSession };
  JoinSession: {
    command: JoinSession;
    reply: { readonly participantId: number; readonly position: number };
  };
  LeaveSession: {
    command: { readonly type: "LeaveSession" };
    reply: undefined;
  };
  TransferSession: { command: TransferSession; reply: undefined };
  EndSession: { command: { readonly type: "EndSession" }; reply: undefined };
  SendMessage: { command: SendMessage; reply: TranscriptEvent };
  PushUrl: {
    command: {
      readonly type: "PushUrl";
      readonly url: string;
      readonly clientId?: string;
    };
    reply: TranscriptEvent;
  };
  SendNotice: {
    command: {
      readonly type: "SendNotice";
      readonly text: string;
      readonly userData?: Readonly<Record<string, string>>;
      readonly clientId?: string;
    };
    reply: TranscriptEvent;
  };
  SetTyping: {
    command: {
      readonly type: "SetTyping";
      readonly typing: boolean;
      readonly preview?: string;
    };
    reply: undefined;
  };
  Stay: { command: { readonly type: "Stay" }; reply: undefined };
  MarkRead: {
    command: { readonly type: "MarkRead"; readonly position: number };
    reply: undefined;
  };
  UpdateNickname: {
    command: { readonly type: "UpdateNickname"; readonly nickname: string };
    reply: TranscriptEvent;
  };
  UpdateUserData: {
    command: {
      readonly type: "UpdateUserData";
      readonly userData: Readonly<Record<string, string>>;
    };
    reply: undefined;
  };
  RotateToken: {
    command: { readonly type: "RotateToken" };
    reply: { readonly tokenVersion: number };
  };
  MarkSeen: {
    command: { readonly type: "MarkSeen"; readonly always: boolean };
    reply: undefined;
  };
  RequestTranscript: {
    command: { readonly type: "RequestTranscript"; readonly to?: string };
    reply: undefined;
  };
  ReserveUpload: { command: ReserveUpload; reply: Reservation };
  GrantUploads: { command: GrantUploads; reply: TranscriptEvent };
  BeginStandardResponse: { command: BeginStandardResponse; reply: BegunResponse | TranscriptEvent };
  SendStandardResponse: { command: SendStandardResponse; reply: TranscriptEvent };
  CancelUpload: {
    command: { readonly type: "CancelUpload"; readonly uploadKey: string };
    reply: undefined;
  };
  ClaimUpload: {
    command: { readonly type: "ClaimUpload"; readonly description?: string } & AttemptRef & StoredFile;
    reply: AnnouncedFile;
  };
  DeleteFile: {
    command: { readonly type: "DeleteFile"; readonly fileId: string };
    reply: TranscriptEvent;
  };
  OpenDownload: { command: DownloadRequest; reply: Download };
  TakeTicket: {
    command: { readonly type: "TakeTicket"; readonly fileId: string };
    reply: { readonly name: string };
  };
  HoldUpload: {
    command: HoldUpload;
    reply: Reservation;
  };
  RenewLease: {
    command: { readonly type: "RenewLease" } & AttemptRef;
    reply: undefined;
  };
  AttachMultipart: {
    command: {
      readonly type: "AttachMultipart";
      readonly multipartId: string;
    } & AttemptRef;
    reply: undefined;
  };
  CommitUpload: {
    command: { readonly type: "CommitUpload" } & AttemptRef & StoredFile;
    reply: AnnouncedFile;
  };
  ReleaseUpload: {
    command: {
      readonly type: "ReleaseUpload";
      readonly reason: Refusal["reason"] | "aborted" | "expired";
      /** True where the content was judged and refused. */
      readonly rejected: boolean;
      readonly object: ObjectState;
      /** Where malware was found: its name. */
      readonly signature?: string;
    } & AttemptRef;
    reply: undefined;
  };
  BeginRescue: {
    command: { readonly type: "BeginRescue" } & AttemptRef;
    reply: undefined;
  };
  ListFiles: {
    command: { readonly type: "ListFiles" };
    reply: readonly StoredObject[];
  };
  WithdrawFile: {
    command: { readonly type: "WithdrawFile"; readonly signature: string } & Withdrawn;
    reply: number;
  };
  ReturnDownload: {
    command: {
      readonly type: "ReturnDownload";
      readonly fileId: string;
      readonly countedAt: number;
    };
    reply: undefined;
  };
  FinishEffect: {
    command: {
      readonly type: "FinishEffect";
      readonly effectId: string;
      readonly outcome: EffectOutcome;
    };
    reply: undefined;
  };
}

/** Names of commands. */
export type CommandType = keyof CommandTable;

/** The command of a name. */
export type CommandOf<T extends CommandType> = CommandTable[T]["command"];

/** Any command. */
export type Command = CommandOf<CommandType>;

/** What a command answers when it is not refused. */
export type Reply<C extends Command> = CommandTable[C["type"]]["reply"];

/** What a command of a name answers. */
export type ReplyOf<T extends CommandType> = CommandTable[T]["reply"];

/**
 * Who may give a command. `participant` is a customer or an agent who is in the session, `colleague` such an agent alone,
 * `agent` any agent with the privilege, joined or not, `system` Satchel itself.
 */
export type Giver = "participant" | "customer" | "colleague" | "agent" | "system";

/** Who may give a command, what an agent needs for it, and when it is accepted. */
export interface Rule {
  readonly by: Giver;
  /** An agent needs this privilege; customers are not bound by it. */
  readonly privilege?: Privilege;
  readonly during: readonly SessionPhase["name"][];
}

const OPEN = ["open"] as const;
const UNTIL_ENDED = ["open", "closing"] as const;
const UNTIL_ERASED = ["open", "closing", "ended"] as const;
const ALWAYS = ["open", "closing", "ended", "erasing"] as const;

/** The whole of authorisation, one line a command. `OpenSession` is judged before there is a session. */
export const RULES: Readonly<Record<CommandType, Rule>> = {
  OpenSession: { by: "system", during: UNTIL_ERASED },
  JoinSession: { by: "agent", privilege: "chat:take", during: OPEN },
  LeaveSession: { by: "participant", during: OPEN },
  TransferSession: { by: "colleague", privilege: "chat:take", during: OPEN },
  EndSession: { by: "participant", during: UNTIL_ERASED },
  SendMessage: { by: "participant", during: OPEN },
  PushUrl: { by: "participant", privilege: "chat:push-url", during: OPEN },
  SendNotice: { by: "participant", during: OPEN },
  SetTyping: { by: "participant", during: OPEN },
  Stay: { by: "participant", during: OPEN },
  MarkRead: { by: "participant", during: OPEN },
  UpdateNickname: { by: "participant", during: OPEN },
  UpdateUserData: { by: "participant", during: OPEN },
  RotateToken: { by: "customer", during: UNTIL_ERASED },
  MarkSeen: { by: "customer", during: UNTIL_ERASED },
  RequestTranscript: { by: "customer", during: UNTIL_ERASED },
  ReserveUpload: {
    by: "participant",
    privilege: "chat:transfer-file-from-file-system",
    during: OPEN,
  },
  GrantUploads: { by: "colleague", privilege: "chat:take", during: OPEN },
  BeginStandardResponse: { by: "colleague", privilege: "chat:transfer-file-from-standard-response", during: OPEN },
  SendStandardResponse: { by: "colleague", privilege: "chat:transfer-file-from-standard-response", during: OPEN },
  CancelUpload: { by: "participant", during: UNTIL_ENDED },
  ClaimUpload: { by: "customer", during: UNTIL_ENDED },
  DeleteFile: { by: "participant", during: OPEN },
  OpenDownload: {
    by: "participant",
    privilege: "chat:save-files",
    during: UNTIL_ERASED,
  },
  TakeTicket: {
    by: "participant",
    privilege: "chat:save-files",
    during: UNTIL_ERASED,
  },
  HoldUpload: { by: "system", during: OPEN },
  RenewLease: { by: "system", during: UNTIL_ENDED },
  AttachMultipart: { by: "system", during: UNTIL_ENDED },
  CommitUpload: { by: "system", during: UNTIL_ERASED },
  ReleaseUpload: { by: "system", during: UNTIL_ERASED },
  BeginRescue: { by: "system", during: UNTIL_ENDED },
  ListFiles: { by: "system", during: UNTIL_ERASED },
  WithdrawFile: { by: "system", during: UNTIL_ERASED },
  ReturnDownload: { by: "system", during: UNTIL_ERASED },
  FinishEffect: { by: "system", during: ALWAYS },
};

/** What an agent needs for this very command: its rule's privilege, or another where the command says how it is meant. */
export function privilegeFor(command: Command): Privilege | undefined {
  if (command.type === "JoinSession" && (command.mode ?? "serve") !== "serve") return "chat:supervise";
  return RULES[command.type].privilege;
}

/** What a silent supervisor can do without anybody but agents learning of it; for all else they come in openly first. */
export const SILENTLY: ReadonlySet<CommandType> = new Set([
  "LeaveSession",
  "SendMessage",
  "SetTyping",
  "MarkRead",
  "UpdateNickname",
  "CancelUpload",
  "OpenDownload",
  "TakeTicket",
]);

/** Commands that change nothing when they are given twice. */
const REPEATABLE: ReadonlySet<CommandType> = new Set([
  "JoinSession",
  "LeaveSession",
  "EndSession",
  "SetTyping",
  "Stay",
  "MarkRead",
  "MarkSeen",
  "RotateToken",
  "UpdateUserData",
  "CancelUpload",
  "RenewLease",
  "AttachMultipart",
  "ClaimUpload",
  "CommitUpload",
  "ReleaseUpload",
  "ListFiles",
  "WithdrawFile",
  "ReturnDownload",
  "FinishEffect",
]);

/** True where a command whose answer got lost may be given again: by its nature, or by the key the client gave it. */
export function isRepeatable(command: { readonly type: CommandType }): boolean {
  return REPEATABLE.has(command.type) || "clientId" in command || "uploadKey" in command;
}
