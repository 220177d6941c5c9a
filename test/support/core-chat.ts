/** Short ways to bring a chat in memory into the state a test begins with. */

import type { AnnouncedFile, AttemptRef, ObjectState } from "../../src/core/attempts.ts";
import type { DocumentPhase } from "../../src/core/documents.ts";
import type { ServiceOptions } from "../../src/core/options.ts";
import type { Principal } from "../../src/core/principal.ts";
import type { Result } from "../../src/core/refusal.ts";
import type { Reservation, ReserveUpload } from "../../src/core/uploads.ts";
import { ANNA, accepted, CUSTOMER, type Opening, openCommand, START, SYSTEM } from "./core-fixtures.ts";
import { MemorySession, type World } from "./memory-session.ts";
import { MemoryStore, type StoredObject } from "./memory-store.ts";

/** A reservation that waits for its bytes. */
export type Reserved = Extract<Reservation, { kind: "reserved" }>;

/** A world of its own, at the usual beginning. */
export function newWorld(): World {
  return { now: START, lastId: 0, store: new MemoryStore() };
}

/** A chat that a customer has just opened. */
export function openChat(
  options: Partial<ServiceOptions> = {},
  opening: Opening = {},
  world = newWorld(),
): MemorySession {
  const chat = new MemorySession(world);
  accepted(chat.execute(SYSTEM, openCommand(options, opening)));
  return chat;
}

/** A chat in which Anna serves the customer. */
export function chatWithAnna(options: Partial<ServiceOptions> = {}, opening: Opening = {}): MemorySession {
  const chat = openChat(options, opening);
  accepted(chat.execute(ANNA, { type: "JoinSession" }));
  return chat;
}

/** Asks for quota; a PDF of 100 bytes whose size is known, unless the test says otherwise. */
export function reserve(
  chat: MemorySession,
  wish: Partial<Omit<ReserveUpload, "type">> = {},
  who: Principal = CUSTOMER,
): Result<Reservation> {
  return chat.execute(who, { type: "ReserveUpload", name: "a.pdf", extension: "pdf", size: 100, exact: true, ...wish });
}

/** The reservation; throws where there is none. */
export function reserved(
  chat: MemorySession,
  wish: Partial<Omit<ReserveUpload, "type">> = {},
  who: Principal = CUSTOMER,
): Reserved {
  return waiting(reserve(chat, wish, who));
}

/** A place for bytes whose sender is not known yet; throws where there is none. */
export function held(chat: MemorySession, name = "a.pdf"): Reserved {
  return waiting(chat.execute(SYSTEM, { type: "HoldUpload", name, extension: "pdf" }));
}

function waiting(result: Result<Reservation>): Reserved {
  const reservation = accepted(result);
  if (reservation.kind !== "reserved") throw new Error("the upload had succeeded before");
  return reservation;
}

/** An object of this size that is what its name says, or not. */
export function object(size: number, acceptable = true): StoredObject {
  return { size, sha256: `sha-of-${size}`, contentType: "application/pdf", acceptable };
}

/** Says that this many bytes were stored and judged. */
export function commit(chat: MemorySession, { documentId, attempt }: AttemptRef, size = 100): Result<AnnouncedFile> {
  const file = { size, sha256: `sha-of-${size}`, contentType: "application/pdf" };
  return chat.execute(SYSTEM, { type: "CommitUpload", documentId, attempt, ...file });
}

/** Says that an upload was given up. */
export function release(
  chat: MemorySession,
  { documentId, attempt }: AttemptRef,
  object: ObjectState = "unknown",
  rejected = false,
): Result<undefined> {
  const reason = rejected ? "type-mismatch" : "aborted";
  return chat.execute(SYSTEM, { type: "ReleaseUpload", documentId, attempt, reason, rejected, object });
}

/** Gives a held upload its sender. */
export function claim(
  chat: MemorySession,
  { documentId, attempt }: AttemptRef,
  size = 100,
  who: Principal = CUSTOMER,
): Result<AnnouncedFile> {
  const file = { size, sha256: `sha-of-${size}`, contentType: "application/pdf" };
  return chat.execute(who, { type: "ClaimUpload", documentId, attempt, ...file });
}

/** A file that was reserved, stored and announced. */
export function upload(
  chat: MemorySession,
  wish: Partial<Omit<ReserveUpload, "type">> = {},
  who: Principal = CUSTOMER,
): AnnouncedFile & Reserved {
  const reservation = reserved(chat, wish, who);
  const size = wish.size ?? 100;
  chat.world.store.put(reservation.key, object(size));
  return { ...reservation, ...accepted(commit(chat, reservation, size)) };
}

/** What the session says of a document; undefined where it has no row. */
export function phaseOf(
  chat: MemorySession,
  { documentId }: Pick<AttemptRef, "documentId">,
): DocumentPhase | undefined {
  return chat.session?.documents.get(documentId)?.phase;
}

/** The state of a document; undefined where it has no row. */
export function stateOf(chat: MemorySession, ref: Pick<AttemptRef, "documentId">): DocumentPhase["state"] | undefined {
  return phaseOf(chat, ref)?.state;
}

/** Kinds of the effects that wait, in the order they are due. */
export function effectsOf(chat: MemorySession): string[] {
  return [...(chat.session?.effects.values() ?? [])].sort((a, b) => a.dueAt - b.dueAt).map(({ kind }) => kind);
}

/** Types of the stored events after a position. */
export function eventTypes(chat: MemorySession, after = 0): string[] {
  return chat.events(after).map(({ type }) => type);
}

/** The name of the phase the session is in; undefined where there is no session. */
export function phaseName(chat: MemorySession): string | undefined {
  return chat.session?.phase.name;
}
