/** The customer's earlier chats: which directories are asked, how far back, and what agents are told of what is found. */
import { type DirectoryEntry, directoryName } from "./directory.ts";
import { type Principal, requirePrivilege, resolveReader } from "./principal.ts";
import { ok, type Result, refuse } from "./refusal.ts";
import type { Session } from "./session.ts";

/** One of them. Times are milliseconds since the epoch. */
export type EarlierChat = Pick<DirectoryEntry, "sessionId" | "startedAt" | "endedAt">;

/** Newest first; `cursor` is the month (`YYYY-MM`) to go on with, absent where nothing older can be kept. */
export interface EarlierChats {
  readonly chats: readonly EarlierChat[];
  readonly cursor?: string;
}

/** Each month is another object, so one answer asks few of them. */
const MONTHS_AT_ONCE = 6;
/** With so many found no further month is asked. */
const ENOUGH = 50;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Agents who take chats, and may read this one. */
export function admitToEarlier(session: Session, principal: Principal): Result<undefined> {
  if (principal.kind !== "agent") return refuse({ reason: "bad-token" });
  const allowed = requirePrivilege(principal, "chat:take");
  if (!allowed.ok) return allowed;
  const reader = resolveReader(session, principal);
  return reader.ok ? ok(undefined) : reader;
}

/**
 * Looks month by month for chats that began before this one, from its own month or `from` backwards, for as long as the service
 * keeps them. `find` answers what the directory of that name knows of the customer, newest first.
 */
export async function findEarlier(
  session: Pick<Session, "sessionId" | "service" | "startDay" | "startedAt" | "options">,
  from: string | undefined,
  find: (directory: string) => Promise<readonly DirectoryEntry[]>,
): Promise<EarlierChats> {
  const own = session.startDay.slice(0, 7);
  // A chat is kept for so long after its end, which may be in the month after its beginning.
  const oldest = monthBefore(monthOf(session.startedAt - session.options.retentionDays * DAY_MS));
  const chats: EarlierChat[] = [];
  let month = from !== undefined && from < own ? from : own;
  for (let asked = 0; asked < MONTHS_AT_ONCE && chats.length < ENOUGH && month >= oldest; asked += 1) {
    const found = await find(directoryName({ service: session.service, startDay: month }));
    chats.push(...found.filter((one) => isEarlier(one, session)).map(shown));
    month = monthBefore(month);
  }
  return month >= oldest ? { chats, cursor: month } : { chats };
}

function isEarlier(one: DirectoryEntry, session: Pick<Session, "sessionId" | "startedAt">): boolean {
  return one.sessionId !== session.sessionId && one.startedAt <= session.startedAt;
}

function shown({ sessionId, startedAt, endedAt }: DirectoryEntry): EarlierChat {
  return { sessionId, startedAt, ...(endedAt === undefined ? {} : { endedAt }) };
}

function monthOf(time: number): string {
  return new Date(time).toISOString().slice(0, 7);
}

function monthBefore(month: string): string {
  return monthOf(Date.parse(`${month}-01T00:00:00Z`) - DAY_MS);
}
