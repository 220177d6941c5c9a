/** Who serves a session: decided by the session alone, told to the Lobby of its service as a hint with a version. */
import type { Jurisdiction } from "./options.ts";

/** What a session says of who serves it. Times are milliseconds since the epoch. */
export interface AssignmentReport {
  readonly sessionId: string;
  /** Grows with each change; an older report changes nothing, and a join that names another version is refused. */
  readonly version: number;
  readonly state: "waiting" | "served" | "ended";
  /** When this state began. */
  readonly since: number;
  /** When the session itself began: the order of the queue. */
  readonly startedAt: number;
  /** Ids of the agents who are in the session. */
  readonly agents: readonly string[];
  /** The agent whom a transfer asked for; offered to them first. */
  readonly wanted?: string;
  /** The agent who gave it back to the queue; offered to them last. */
  readonly given?: string;
  readonly nickname: string;
  readonly subject?: string;
  readonly language?: string;
  /** Files that were sent in the session by anybody, deleted ones among them; absent where there are none. */
  readonly files?: number;
}

/** Files that were sent in one session so far: told when there is one more. Lost ones are mended by the next report. */
export interface FilesHint {
  readonly sessionId: string;
  readonly files: number;
}

/** Where a waiting session stands in its queue. */
export interface QueuePlace {
  /** Counts from 1. */
  readonly position: number;
  /** Sessions that wait, this one among them. */
  readonly waiting: number;
  /** Milliseconds; absent while nothing is known to estimate from. */
  readonly estimatedWait?: number;
  /** False while no agent is ready: "all agents are busy". */
  readonly agentsReady: boolean;
}

/** Unread events of one session for one of its agents, told at most once a second. */
export interface UnreadHint {
  readonly sessionId: string;
  readonly agentId: string;
  readonly unread: number;
}

/** What a Lobby knows of its service: from its sessions alone, whose copies of the options are good whatever is configured. */
export interface LobbyTerms {
  /** Where its sessions live. */
  readonly jurisdiction: Jurisdiction | "";
  /** How long an offer stands, in milliseconds. */
  readonly offerTimeout: number;
}

/** What a Lobby takes from sessions. */
export interface AssignmentListener {
  report(report: AssignmentReport, terms: LobbyTerms): Promise<void>;
  unread(hint: UnreadHint): Promise<void>;
  filesMoved(hint: FilesHint): Promise<void>;
}

/** What a session takes from its Lobby. `assignment` answers undefined where the session is unknown or erased. */
export interface Assignable {
  assignment(): Promise<AssignmentReport | undefined>;
  tellPlace(place: QueuePlace): Promise<void>;
}
