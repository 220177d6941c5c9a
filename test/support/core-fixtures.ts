/** What tests of the core begin with: one service's options, the people of a chat, and short ways to read results. */
import type { Delivery } from "../../durable/chat-session/effects.ts";
import type { ServiceOptions } from "../../src/core/options.ts";
import type { OpenSession } from "../../src/core/participants.ts";
import type { AgentPrincipal, Principal } from "../../src/core/principal.ts";
import type { RefusalReason, Result } from "../../src/core/refusal.ts";
import { PRIVILEGES, type Privilege } from "../../src/protocol/wire.ts";

/** When tests begin, in milliseconds since the epoch. */
export const START = Date.UTC(2026, 2, 14, 9, 0, 0);
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Options with small round numbers, so that every edge is easy to reach. Sizes are bytes, times milliseconds. */
export const OPTIONS: ServiceOptions = {
  uploadMaxFiles: 3,
  uploadMaxFileSize: 1000,
  uploadMaxTotalSize: 2000,
  uploadFileTypes: ["pdf", "txt"],
  uploadNeedAgent: false,
  downloadAttempts: 3,
  deleteFile: "return-quota",
  agentMaxFileSize: 5000,
  agentFileTypes: ["pdf", "docx"],
  encryptedFiles: "refuse",
  macroFiles: "refuse",
  pictureMaxPixels: 100_000_000,
  scan: "off",
  transcriptEmail: "on-request",
  transcriptEmailFrom: "Shop <shop@example.com>",
  transcriptEmailSubject: "",
  transcriptEmailIntro: "",
  transcriptEmailFooter: "",
  transcriptEmailLanguages: ["en"],
  timeoutAlert: 255 * SECOND,
  timeoutAlert2: 0,
  timeoutClose: 45 * SECOND,
  messageAlert: "Are you still there?",
  messageAlert2: "Closing soon.",
  messageClose: "Closed.",
  disconnectTimeout: 45 * SECOND,
  offerTimeout: 20 * SECOND,
  maxMessageLength: 20,
  maxMessagesPerMinute: 100_000,
  maxUploadsPerMinute: 100_000,
  maxFramesPerMinute: 100_000,
  retentionDays: 30,
  auditRetentionDays: 400,
  allowedOrigins: [],
  filesOrigin: "",
  turnstileSiteKey: "",
  genesysApiKey: "",
  jurisdiction: "",
};

/** Satchel itself. */
export const SYSTEM: Principal = { kind: "system" };
/** The customer with the token of the opening. */
export const CUSTOMER: Principal = { kind: "customer", participantId: 1, tokenVersion: 1 };
/** The customer with the token of the first renewal. */
export const RENEWED: Principal = { kind: "customer", participantId: 1, tokenVersion: 2 };
/** An agent with every privilege. */
export const ANNA: AgentPrincipal = agent("anna");
/** Another one. */
export const BERT: AgentPrincipal = agent("bert");

/** An agent with these privileges. */
export function agent(agentId: string, privileges: readonly Privilege[] = PRIVILEGES): AgentPrincipal {
  return { kind: "agent", agentId, name: agentId, privileges };
}

/** An agent with every privilege but one. */
export function agentWithout(agentId: string, privilege: Privilege): AgentPrincipal {
  return agent(
    agentId,
    PRIVILEGES.filter((one) => one !== privilege),
  );
}

/** What a mail transport answers that is to be tried again, and one that shall not be. */
export const MAIL_BUSY: Delivery = { ok: false, permanent: false, reason: "busy" };
export const MAIL_REFUSED: Delivery = { ok: false, permanent: true, reason: "refused" };

/** Differences from the usual opening. */
export type Opening = Partial<Pick<OpenSession["record"], "sessionId" | "email" | "opening" | "subject" | "userData">>;

/** The command that opens a session on the day of `START`. */
export function openCommand(options: Partial<ServiceOptions> = {}, opening: Opening = {}): OpenSession {
  return {
    type: "OpenSession",
    nickname: "Cleo",
    record: {
      sessionId: "session-a",
      service: "shop",
      startDay: "2026-03-14",
      userData: {},
      ...opening,
      options: { ...OPTIONS, ...options },
    },
  };
}

/** The value of a result; throws with the reason where there is none. */
export function accepted<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`refused: ${result.refusal.reason}`);
  return result.value;
}

/** The reason of a refusal, or "accepted". */
export function reasonOf(result: Result<unknown>): RefusalReason | "accepted" {
  return result.ok ? "accepted" : result.refusal.reason;
}
