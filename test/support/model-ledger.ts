/** An independent account of one chat in the model: what was acknowledged and charged, kept without the core's help. */
import type { Change } from "../../src/core/session.ts";
import type { TranscriptEvent } from "../../src/core/transcript.ts";
import type { MemorySession } from "./memory-session.ts";

/** What is used of the customer's quota. Bytes, and numbers of files and downloads. */
export interface Recount {
  readonly files: number;
  readonly bytes: number;
  readonly downloads: number;
}

/** Keeps account of one chat; the model tells it what participants were answered. */
export class ModelLedger {
  readonly #chat: MemorySession;
  readonly #acknowledged: TranscriptEvent[] = [];
  /** Files of the customer that were deleted while the service kept their quota. */
  readonly #kept = new Set<string>();
  readonly #countedAt = new Map<string, number>();
  #returned = 0;
  #events = 0;
  #typing = 0;
  #highest = 0;
  #lengthAtEnd: number | undefined;

  constructor(chat: MemorySession) {
    this.#chat = chat;
  }

  /** A participant was told that this event is in the transcript. */
  acknowledge(event: TranscriptEvent): void {
    this.#acknowledged.push(event);
  }

  /** A participant was told that the event at this position is in the transcript. */
  acknowledgePosition(position: number): void {
    const event = this.#chat.rows.events.find((one) => one.position === position);
    if (event === undefined) throw new Error(`the acknowledged position ${position} is not in the transcript`);
    this.acknowledge(event);
  }

  /** Who announced a file. */
  senderOf(fileId: string): number | undefined {
    const { events } = this.#chat.rows;
    return events.find((event) => event.type === "FileUploaded" && event.file.fileId === fileId)?.from.participantId;
  }

  /** The customer's file was deleted now. */
  deleted(fileId: string): void {
    if (this.#chat.session?.options.deleteFile === "keep-quota") this.#kept.add(fileId);
  }

  /** A customer's download was allowed; throws where it should have taken an attempt and did not. */
  downloaded(fileId: string, counted: boolean): void {
    const { now } = this.#chat.world;
    const since = now - (this.#countedAt.get(fileId) ?? Number.NEGATIVE_INFINITY);
    if (counted) this.#countedAt.set(fileId, now);
    else if (since < 0 || since >= 10_000) throw new Error("a download took no attempt");
    const limit = this.#chat.session?.options.downloadAttempts ?? 0;
    if (counted && this.recount().downloads > limit) throw new Error("more downloads than attempts");
  }

  /** The counted attempt at this time came back, or nothing happened. */
  returned(fileId: string, changes: readonly Change[]): void {
    if (changes.length === 0) return;
    this.#returned += 1;
    this.#countedAt.delete(fileId);
  }

  /** When a download of this file was last counted. */
  countedAt(fileId: string): number {
    return this.#countedAt.get(fileId) ?? 1;
  }

  /** Counts from transcript, audit and open uploads what the customer has used. */
  recount(): Recount {
    const { rows, session } = this.#chat;
    const deleted = new Set(rows.events.flatMap((event) => (event.type === "FileDeleted" ? [event.fileId] : [])));
    const sizes: number[] = [];
    for (const event of rows.events) {
      if (event.type !== "FileUploaded" || event.from.type !== "Client") continue;
      const { fileId, size } = event.file;
      if (!deleted.has(fileId) || this.#kept.has(fileId)) sizes.push(size);
    }
    for (const { side, phase } of session?.documents.values() ?? []) {
      if (side === "customer" && (phase.state === "reserved" || phase.state === "storing")) sizes.push(phase.held);
    }
    const taken = rows.audit.filter(({ action, agentId }) => action === "file-downloaded" && agentId === undefined);
    return {
      files: sizes.length,
      bytes: sizes.reduce((sum, size) => sum + size, 0),
      downloads: taken.length - this.#returned,
    };
  }

  /** What agents granted beyond the service's limits, as the transcript tells it. */
  granted(): { readonly files: number; readonly bytes: number } {
    const grants = this.#chat.rows.events.filter((event) => event.type === "UploadsGranted");
    return {
      files: grants.reduce((sum, { files }) => sum + files, 0),
      bytes: grants.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  /** Throws where a position was handed out twice, or a lower one after a higher. */
  checkNumbers(): void {
    const events = this.#chat.rows.events.slice(this.#events);
    const typing = this.#chat.typing.slice(this.#typing);
    for (const { position } of [...events, ...typing].sort((a, b) => a.position - b.position)) {
      if (position <= this.#highest) throw new Error(`position ${position} after ${this.#highest}`);
      this.#highest = position;
    }
    this.#events += events.length;
    this.#typing += typing.length;
  }

  /** Throws unless all that was acknowledged is in the transcript, once, and nothing follows the end. */
  checkTranscript(): void {
    if (this.#chat.session === undefined) return;
    const { events } = this.#chat.rows;
    const byPosition = new Map(events.map((event) => [event.position, event]));
    if (byPosition.size !== events.length) throw new Error("two events at one position");
    for (const event of this.#acknowledged) {
      if (JSON.stringify(byPosition.get(event.position)) !== JSON.stringify(event)) {
        throw new Error(`the acknowledged event at ${event.position} is not in the transcript`);
      }
    }
    if (this.#chat.session.phase.name !== "ended") return;
    this.#lengthAtEnd ??= events.length;
    if (events.length !== this.#lengthAtEnd) throw new Error("an event after the end");
    if (events.at(-1)?.type !== "ParticipantLeft") throw new Error("the last event is not somebody leaving");
  }
}
