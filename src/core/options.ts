/** The options of one chat service as the core reads them; `src/config.ts` makes them from the operator's settings. */

import type { ScanPolicy } from "./scan.ts";

/** What a delete of the customer's own file does to the quota. */
export type DeleteFile = "off" | "keep-quota" | "return-quota";

/** When the transcript e-mail is sent. */
export type TranscriptEmail = "never" | "on-request" | "always";

/** Whether files of some kind are taken. */
export type Taking = "accept" | "refuse";

/** Where a jurisdiction keeps objects and files. */
export type Jurisdiction = "eu" | "fedramp";

/**
 * Options of one chat service, parsed and complete. Sizes are bytes, times milliseconds unless the name says days.
 * The names are those of design section 6 in camelCase.
 */
export interface ServiceOptions {
  readonly uploadMaxFiles: number;
  readonly uploadMaxFileSize: number;
  readonly uploadMaxTotalSize: number;
  /** Lower-case extensions without dots. */
  readonly uploadFileTypes: readonly string[];
  readonly uploadNeedAgent: boolean;
  readonly downloadAttempts: number;
  readonly deleteFile: DeleteFile;
  readonly agentMaxFileSize: number;
  readonly agentFileTypes: readonly string[];
  /** Whether files are scanned for malware before anybody can open them. */
  readonly scan: ScanPolicy;
  /** Archives and documents that need a password. */
  readonly encryptedFiles: Taking;
  /** Office documents with programs in them. */
  readonly macroFiles: Taking;
  /** Most pixels of a picture, width times height, as its header tells them. */
  readonly pictureMaxPixels: number;
  readonly transcriptEmail: TranscriptEmail;
  /** Sender of the transcript e-mail, `Name <address>` or an address; required where e-mail is not `never`. */
  readonly transcriptEmailFrom: string;
  /** `{subject}` and `{service}` are replaced; empty means the words of the customer's language. */
  readonly transcriptEmailSubject: string;
  readonly transcriptEmailIntro: string;
  readonly transcriptEmailFooter: string;
  /** Languages (BCP 47 primary tags) the service writes; the first is the default. */
  readonly transcriptEmailLanguages: readonly string[];
  readonly timeoutAlert: number;
  /** 0 means that there is no second alert. */
  readonly timeoutAlert2: number;
  readonly timeoutClose: number;
  /** Empty texts are not sent. */
  readonly messageAlert: string;
  readonly messageAlert2: string;
  readonly messageClose: string;
  readonly disconnectTimeout: number;
  /** How long an agent may consider a session that is offered to them. */
  readonly offerTimeout: number;
  /** In characters (UTF-16 code units). */
  readonly maxMessageLength: number;
  /** What one customer may do in a session, each a minute; a whole minute's worth may come at once. */
  readonly maxMessagesPerMinute: number;
  readonly maxUploadsPerMinute: number;
  /** Of anybody in the session, over all their sockets together. */
  readonly maxFramesPerMinute: number;
  readonly retentionDays: number;
  readonly auditRetentionDays: number;
  /** Exact origins, as in `https://example.com`. */
  readonly allowedOrigins: readonly string[];
  /** Origin of the second host that serves file bytes only; empty means none. */
  readonly filesOrigin: string;
  /** Of the Turnstile widget that a page must show before a chat begins; empty means none. */
  readonly turnstileSiteKey: string;
  /** What Genesys clients must send as `apikey` or `x-api-key`; empty means that nobody needs one. */
  readonly genesysApiKey: string;
  readonly jurisdiction: Jurisdiction | "";
}
