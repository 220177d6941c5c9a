/** Files that a customer picked, each on its own way: one that fails never holds up another. */
import type { Problem } from "../../protocol/problem.ts";
import { NO_ANSWER, type Outcome } from "../client/api.ts";
import type { FileRefusal } from "../client/file-check.ts";
import type { ChatFiles } from "../client/files.ts";
import type { Transfer } from "../client/transfer.ts";

/** Why a file was not sent: by this page, before a byte travelled, or by the server. */
export type FileFault = FileRefusal | Problem | { readonly code: "metadata" };

/** A file on its way. */
export interface OutgoingFile {
  /** The upload's key: the same for every repeat. */
  readonly key: string;
  readonly file: File;
  /** `interrupted` goes on by itself; `failed` may go on where `again` says so; `counted` was sent, and the limits say so. */
  readonly phase: "queued" | "sending" | "interrupted" | "failed" | "sent" | "counted";
  readonly sentBytes: number;
  /** Once it was sent: as the transcript names it. */
  readonly fileId?: string;
  readonly fault?: FileFault;
  readonly again?: boolean;
}

/** So many at once; the others wait. */
const AT_ONCE = 2;
/** So often a file is tried again by itself while the server can be reached, after so many milliseconds times the tries. */
const MAX_TRIES = 4;
const PAUSE_MS = 1500;
/** What another try cannot mend. */
const FINAL = new Set(["type-not-allowed", "type-mismatch", "file-too-large", "empty-file", "metadata"]);

/** What it needs of the chat around it. */
export interface OutgoingChat {
  readonly files: Pick<ChatFiles, "check" | "send">;
  /** Whether the server can be reached, as far as the chat knows. */
  reached(): boolean;
  /** The file as it is sent; undefined where it must not be sent as it is. Throws while that cannot be found out. */
  prepare(file: File): Promise<File | undefined>;
  /** It was sent, and is known by that id from now on. */
  sent(fileId: string, file: File): void;
  changed(): void;
}

/** The files on their way, in the order in which they were picked. */
export class OutgoingFiles {
  readonly #chat: OutgoingChat;
  readonly #transfers = new Map<string, Transfer>();
  readonly #prepared = new Map<string, File>();
  readonly #tries = new Map<string, number>();
  #files: readonly OutgoingFile[] = [];
  #over = false;

  constructor(chat: OutgoingChat) {
    this.#chat = chat;
  }

  get files(): readonly OutgoingFile[] {
    return this.#files;
  }

  /** Takes files; those that cannot be sent are refused at once, the others begin. */
  add(files: Iterable<File>): void {
    for (const file of files) {
      const refused = this.#chat.files.check(file, this.#uncounted());
      const fresh = { key: crypto.randomUUID(), file, sentBytes: 0 };
      const entry: OutgoingFile =
        refused === undefined
          ? { ...fresh, phase: "queued" }
          : { ...fresh, phase: "failed", fault: refused, again: !FINAL.has(refused.code) };
      this.#files = [...this.#files, entry];
    }
    this.#chat.changed();
    this.#begin();
  }

  /** Gives a file up, wherever it is. */
  remove(key: string): void {
    this.#transfers.get(key)?.cancel();
    this.#prepared.delete(key);
    this.#files = this.#files.filter((one) => one.key !== key);
    this.#chat.changed();
    this.#begin();
  }

  /** Sends a file again that failed or was interrupted; checked anew, since limits may have changed. */
  again(key: string): void {
    const entry = this.#files.find((one) => one.key === key);
    if (entry === undefined || (entry.phase !== "failed" && entry.phase !== "interrupted")) return;
    // What was on its way before may have arrived: a repeat is the same upload, whatever the limits say by now.
    const refused = this.#prepared.has(key) ? undefined : this.#chat.files.check(entry.file, this.#uncounted(key));
    if (refused !== undefined) return this.#change(key, { phase: "failed", fault: refused, again: true });
    this.#tries.delete(key);
    this.#change(key, { phase: "queued", sentBytes: 0 });
    this.#begin();
  }

  /** The connection is back: what was interrupted goes on. */
  resume(): void {
    for (const { key, phase } of this.#files) if (phase === "interrupted") this.again(key);
  }

  /** The limits count what was sent. */
  settle(): void {
    for (const { key, phase, fileId } of this.#files)
      if (phase === "sent" && fileId !== undefined) this.#change(key, { phase: "counted", fileId });
  }

  /** Gives everything up. */
  stop(): void {
    this.#over = true;
    for (const transfer of this.#transfers.values()) transfer.cancel();
  }

  /** What is picked, and not in the limits that the server told last. */
  #uncounted(except?: string): { files: number; bytes: number } {
    const counted = this.#files.filter(({ key, phase }) => key !== except && phase !== "failed" && phase !== "counted");
    return { files: counted.length, bytes: counted.reduce((sum, { file }) => sum + file.size, 0) };
  }

  #begin(): void {
    for (const entry of this.#files) {
      if (this.#over || this.#files.filter(({ phase }) => phase === "sending").length >= AT_ONCE) return;
      if (entry.phase === "queued") void this.#send(entry);
    }
  }

  async #send({ key, file }: OutgoingFile): Promise<void> {
    this.#change(key, { phase: "sending" });
    const prepared = this.#prepared.get(key) ?? (await this.#chat.prepare(file).catch(() => "unprepared" as const));
    // It may have been removed meanwhile.
    if (this.#over || !this.#files.some((one) => one.key === key)) return;
    if (prepared === undefined) {
      this.#change(key, { phase: "failed", fault: { code: "metadata" } });
      return this.#begin();
    }
    if (prepared === "unprepared") return this.#ended(key, NO_ANSWER);
    this.#prepared.set(key, prepared);
    const progressed = (sentBytes: number) => this.#change(key, { phase: "sending", sentBytes });
    const transfer = this.#chat.files.send(prepared, key, progressed);
    this.#transfers.set(key, transfer);
    const outcome = await transfer.done;
    if (outcome.ok) this.#chat.sent(outcome.value.fileId, prepared);
    this.#ended(key, outcome);
  }

  #ended(key: string, outcome: Outcome<{ readonly fileId: string }>): void {
    if (!outcome.ok && outcome.unreachable) return this.#interrupted(key, outcome.problem);
    this.#transfers.delete(key);
    if (outcome.ok) {
      this.#prepared.delete(key);
      this.#change(key, { phase: "sent", fileId: outcome.value.fileId });
    } else {
      const { problem } = outcome;
      this.#change(key, { phase: "failed", fault: problem, again: !FINAL.has(problem.code) });
    }
    this.#begin();
  }

  /** While nothing can be reached it waits for `resume`; else the server is tried a few times more. */
  #interrupted(key: string, fault: Problem): void {
    const tries = (this.#tries.get(key) ?? 0) + 1;
    if (this.#chat.reached() && tries > MAX_TRIES) return this.#change(key, { phase: "failed", fault, again: true });
    this.#change(key, { phase: "interrupted" });
    if (!this.#chat.reached()) return;
    const retry = () => {
      if (this.#files.some((one) => one.key === key && one.phase === "interrupted")) this.again(key);
      this.#tries.set(key, tries);
    };
    setTimeout(retry, PAUSE_MS * tries);
  }

  #change(
    key: string,
    change: Omit<OutgoingFile, "key" | "file" | "sentBytes"> & { readonly sentBytes?: number },
  ): void {
    this.#files = this.#files.map((one) =>
      one.key === key ? { key, file: one.file, sentBytes: one.sentBytes, ...change } : one,
    );
    this.#chat.changed();
  }
}
