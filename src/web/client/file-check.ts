/** Whether a file may be sent, decided before any byte travels. The server decides again; this spares people the wait. */
import type { WireLimits } from "../../protocol/chat.ts";

/** Why a file is not sent, by the code that the server would answer, with what the words for it need. Sizes are bytes. */
export type FileRefusal =
  | { readonly code: "uploads-disabled" | "agent-needed" | "empty-file" }
  | { readonly code: "type-not-allowed"; readonly allowed: readonly string[] }
  | { readonly code: "file-too-large" | "too-many-files"; readonly limit: number }
  | { readonly code: "total-too-large"; readonly limit: number; readonly left: number };

/** What is looked at: limits as the server told them, who is there, and files of this page that are on their way. */
export interface FileSituation {
  readonly limits: WireLimits;
  readonly agentThere: boolean;
  /** Files that wait for their turn, and their bytes: what the server does not count yet. */
  readonly waiting: { readonly files: number; readonly bytes: number };
}

/** True where the customer can send files at all; 0 in any of the three limits disables. */
export function takesFiles({ uploadMaxFiles, uploadMaxFileSize, uploadMaxTotalSize }: WireLimits): boolean {
  return uploadMaxFiles > 0 && uploadMaxFileSize > 0 && uploadMaxTotalSize > 0;
}

/** Why the file is refused; undefined where it may be sent. */
export function checkFile(
  file: { readonly name: string; readonly size: number },
  { limits, agentThere, waiting }: FileSituation,
): FileRefusal | undefined {
  const { uploadMaxFiles, uploadMaxFileSize, uploadMaxTotalSize, uploadFileTypes, used } = limits;
  if (!takesFiles(limits)) return { code: "uploads-disabled" };
  if (limits.uploadNeedAgent && !agentThere) return { code: "agent-needed" };
  if (file.size === 0) return { code: "empty-file" };
  if (!uploadFileTypes.includes(extensionOf(file.name))) return { code: "type-not-allowed", allowed: uploadFileTypes };
  if (used.files + waiting.files >= uploadMaxFiles) return { code: "too-many-files", limit: uploadMaxFiles };
  if (file.size > uploadMaxFileSize) return { code: "file-too-large", limit: uploadMaxFileSize };
  const left = Math.max(0, uploadMaxTotalSize - used.bytes - waiting.bytes);
  return file.size > left ? { code: "total-too-large", limit: uploadMaxTotalSize, left } : undefined;
}

/** What follows the last dot, in lower case; empty where there is none. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot < 0 ? "" : name.slice(dot + 1).toLowerCase();
}

/** What agents may send in a service. */
export interface AgentFileLimits {
  /** Bytes; 0 turns agents' files off. */
  readonly agentMaxFileSize: number;
  /** Extensions. */
  readonly agentFileTypes: readonly string[];
}

/** Why an agent's file is refused; undefined where it may be sent. They are not counted. */
export function checkAgentFile(
  file: { readonly name: string; readonly size: number },
  { agentMaxFileSize, agentFileTypes }: AgentFileLimits,
): FileRefusal | undefined {
  if (agentMaxFileSize === 0) return { code: "uploads-disabled" };
  if (file.size === 0) return { code: "empty-file" };
  if (!agentFileTypes.includes(extensionOf(file.name))) return { code: "type-not-allowed", allowed: agentFileTypes };
  return file.size > agentMaxFileSize ? { code: "file-too-large", limit: agentMaxFileSize } : undefined;
}
