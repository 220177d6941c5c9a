/** The stored events of one session, in order, and who may see which of them. */

import type { ScanMark } from "./scan.ts";

/** Kinds of participants, in the words of the field. */
export type ParticipantType = "Client" | "Agent" | "Supervisor" | "External" | "System";

/** Who an event is from, as it stood at that moment. `participantId` 0 is the system itself. */
export interface EventAuthor {
  readonly participantId: number;
  readonly nickname: string;
  readonly type: ParticipantType;
}

/** What the transcript says of a file: never its content, never the stored document's id. */
export interface FileReference {
  readonly fileId: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Detected MIME type. */
  readonly type: string;
  /** Lower-case hex. */
  readonly sha256: string;
  /** What its sender says of it. */
  readonly description?: string;
  /** What the malware scan said; absent where the service does not scan. Agents see it. */
  readonly scan?: ScanMark;
}

/** The part of an event that depends on its kind. */
export type EventBody =
  | { readonly type: "ParticipantJoined" }
  | { readonly type: "ParticipantLeft"; readonly reason: LeaveReason }
  | {
      readonly type: "Message";
      readonly text: string;
      readonly messageType?: string;
    }
  | { readonly type: "FileUploaded"; readonly file: FileReference }
  | { readonly type: "FileDeleted"; readonly fileId: string }
  /** Malware was found in it; only agents learn of it, and by which signature. */
  | { readonly type: "FileRejected"; readonly fileId: string; readonly name: string; readonly signature: string }
  /** Further uploads for the customer, in this session. */
  | { readonly type: "UploadsGranted"; readonly files: number; readonly bytes: number }
  | { readonly type: "PushUrl"; readonly url: string }
  | { readonly type: "NicknameUpdated"; readonly nickname: string }
  | {
      readonly type: "CustomNotice";
      readonly text: string;
      readonly userData?: Readonly<Record<string, string>>;
    }
  | {
      readonly type: "IdleAlert";
      readonly text: string;
      readonly next: "alert" | "close";
      readonly seconds: number;
    }
  | { readonly type: "IdleClose"; readonly text: string };

/** Why a participant left. */
export type LeaveReason = "left" | "ended" | "inactivity" | "disconnected";

/** Who sees an event: everybody, or agents and supervisors only (notes). */
export type Visibility = "all" | "agents";

/** An event before it has its place: what `decide` hands out. */
export type NewEvent = EventBody & {
  readonly from: EventAuthor;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly visibility: Visibility;
  /** The sender's own id of this event, unique per participant; makes a repeated send harmless. */
  readonly clientId?: string;
};

/** An event of the transcript. Positions start at 1, only grow, and may have gaps. */
export type TranscriptEvent = NewEvent & { readonly position: number };

/** True where a reader of this kind may see the event; agent-only notes never reach customers or mails. */
export function isVisible(event: Pick<NewEvent, "visibility">, reader: "customer" | "agent"): boolean {
  return event.visibility === "all" || reader === "agent";
}

/** True where the event counts as activity: everything people do; the inactivity control's own events do not. */
export function isActivity(type: EventBody["type"]): boolean {
  return type !== "IdleAlert" && type !== "IdleClose";
}
