/** What customers learn of their place, when sessions are asked how they stand, and when the Lobby must wake. */
import type { QueuePlace } from "./assignment.ts";
import { type Lobby, type LobbySession, waitingSessions } from "./lobby.ts";
import { isPresent, type LobbySurroundings } from "./lobby-offers.ts";

/** A waiting session that has said nothing for so long is asked, in milliseconds. */
export const ASK_WAITING_MS = 60_000;
/** A served one: its end is told by itself, and asking wakes it. */
export const ASK_SERVED_MS = 15 * 60_000;
/** Most sessions asked at one ring of the alarm. */
export const ASKS_PER_ALARM = 20;
/** Places are told to so many, and no more often than this, in milliseconds; others ask. */
export const TOLD_PLACES = 20;
export const TELL_EVERY_MS = 10_000;

/** Where a session stands; undefined where it does not wait. */
export function placeOf(lobby: Lobby, sessionId: string, around: LobbySurroundings): QueuePlace | undefined {
  const waiting = waitingSessions(lobby);
  const index = waiting.findIndex(({ report }) => report.sessionId === sessionId);
  return index < 0 ? undefined : placeAt(lobby, index + 1, waiting.length, around);
}

function placeAt(lobby: Lobby, position: number, waiting: number, around: LobbySurroundings): QueuePlace {
  const agentsReady = [...lobby.agents.values()].some((agent) => agent.ready && isPresent(agent, around));
  const estimatedWait = estimate(lobby.takings, position);
  return { position, waiting, agentsReady, ...(estimatedWait === undefined ? {} : { estimatedWait }) };
}

/** As many intervals between takings as there are sessions up to this one. */
function estimate(takings: readonly number[], position: number): number | undefined {
  const [first, last] = [takings[0], takings.at(-1)];
  if (first === undefined || last === undefined || takings.length < 2) return undefined;
  return Math.round(((last - first) / (takings.length - 1)) * position);
}

/** What each of the first sessions was last told, and when. Need not survive an eviction. */
export type ToldPlaces = ReadonlyMap<string, { readonly place: QueuePlace; readonly at: number }>;

/** Places that are news and may be told now; `nextAt`: when others may be. */
export function duePlaces(
  lobby: Lobby,
  told: ToldPlaces,
  around: LobbySurroundings,
): { readonly due: readonly { sessionId: string; place: QueuePlace }[]; readonly nextAt?: number } {
  const waiting = waitingSessions(lobby);
  const due: { sessionId: string; place: QueuePlace }[] = [];
  let nextAt: number | undefined;
  for (const [index, { report }] of waiting.slice(0, TOLD_PLACES).entries()) {
    const place = placeAt(lobby, index + 1, waiting.length, around);
    const before = told.get(report.sessionId);
    if (before !== undefined && isNoNews(before.place, place)) continue;
    const at = before === undefined ? around.now : before.at + TELL_EVERY_MS;
    if (at <= around.now) due.push({ sessionId: report.sessionId, place });
    else nextAt = Math.min(nextAt ?? at, at);
  }
  return { due, ...(nextAt === undefined ? {} : { nextAt }) };
}

/** A better guess alone is worth no message. */
function isNoNews(before: QueuePlace, place: QueuePlace): boolean {
  return before.position === place.position && before.agentsReady === place.agentsReady;
}

/** When a session is to be asked how it stands. */
export function askAt({ report, heardAt }: LobbySession): number {
  return heardAt + (report.state === "waiting" ? ASK_WAITING_MS : ASK_SERVED_MS);
}

/** The sessions to ask now, the longest silent first. */
export function dueAsks(lobby: Lobby, now: number): string[] {
  return [...lobby.sessions.values()]
    .filter((session) => askAt(session) <= now)
    .sort((a, b) => askAt(a) - askAt(b))
    .slice(0, ASKS_PER_ALARM)
    .map(({ report }) => report.sessionId);
}

/** When the alarm must ring for what is remembered; undefined while nothing waits, nothing is served and nothing is offered. */
export function nextLobbyWakeup(lobby: Lobby): number | undefined {
  let next: number | undefined;
  for (const session of lobby.sessions.values()) {
    const at = Math.min(askAt(session), session.offer?.expiresAt ?? Number.POSITIVE_INFINITY);
    next = Math.min(next ?? at, at);
  }
  return next;
}
