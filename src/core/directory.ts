/** What a directory keeps of sessions: enough to find them again, nothing that says who the customer is. */

/** A session as its directory knows it. Times are milliseconds since the epoch. */
export interface DirectoryEntry {
  readonly sessionId: string;
  /** Grows with each report; an older report changes nothing. */
  readonly version: number;
  readonly startedAt: number;
  readonly endedAt?: number;
  /** Keyed hash of the customer's address, lower-case hex; absent where none was given. */
  readonly emailHash?: string;
  /** True while a mail of the session waits for an operator. */
  readonly parked: boolean;
}

/** How often one actor did one thing in an erased session: what remains of its audit. */
export interface AuditSummary {
  /** `customer`, `system`, or a keyed hash of the agent's id. */
  readonly actor: string;
  readonly action: string;
  readonly count: number;
  readonly lastAt: number;
}

/** What remains of an erased session until `keepUntil`: no text, no name, no address. */
export interface ErasureRecord {
  readonly sessionId: string;
  readonly erasedAt: number;
  readonly keepUntil: number;
  /** Objects removed from the document store, tombstones included. */
  readonly objects: number;
  /** Rows removed, by table. */
  readonly rows: Readonly<Record<string, number>>;
  readonly audit: readonly AuditSummary[];
}

/** Name of the directory of a session: one per service and month of the start. */
export function directoryName(session: { service: string; startDay: string }): string {
  return `${session.service}:${session.startDay.slice(0, 7)}`;
}
