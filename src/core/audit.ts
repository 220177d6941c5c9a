/** The audit of a session: who did what to which file, and when. */

/** One line of the audit: who did what to which file, and when. Holds no text, name or address. */
export interface AuditRecord {
  readonly at: number;
  readonly participantId: number;
  /** Subject of the agent's token; absent for the customer and the system. */
  readonly agentId?: string;
  readonly action: "file-downloaded" | "file-deleted" | "file-rejected" | "session-joined";
  readonly fileId?: string;
  /** Name of the malware, where a file was rejected for it. */
  readonly signature?: string;
}
