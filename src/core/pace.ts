/** How fast a customer may go on: so many a minute, with a whole minute's worth at once; counted in memory, never stored. */
import type { CommandType } from "./commands.ts";
import type { ServiceOptions } from "./options.ts";
import { ok, type Result, refuse } from "./refusal.ts";

/** What is counted in a session. `frames` is everything that comes over sockets. */
export type PaceKind = "messages" | "uploads" | "frames";

/** A bucket of tokens as it stood at a time, in milliseconds since the epoch. Absent means full. */
export interface Pace {
  readonly tokens: number;
  readonly at: number;
}

/** The buckets of a session. Where the object is evicted they are full again: by then most would be anyway. */
export type Paces = Partial<Readonly<Record<PaceKind, Pace>>>;

const MINUTE = 60_000;

/** The kind that a command of the customer's counts as: what costs rows, and is not bounded by itself. */
const COUNTED: Partial<Readonly<Record<CommandType, PaceKind>>> = {
  SendMessage: "messages",
  PushUrl: "messages",
  SendNotice: "messages",
  UpdateNickname: "messages",
  UpdateUserData: "messages",
  ReserveUpload: "uploads",
  // Of a Genesys widget's file nobody knows yet who sends it.
  HoldUpload: "uploads",
};

/** What a command counts as; undefined where it is not counted. */
export function paceOf(type: CommandType): PaceKind | undefined {
  return COUNTED[type];
}

/** How many of a kind a minute has. */
export function perMinute(
  kind: PaceKind,
  { maxMessagesPerMinute, maxUploadsPerMinute, maxFramesPerMinute }: ServiceOptions,
): number {
  return { messages: maxMessagesPerMinute, uploads: maxUploadsPerMinute, frames: maxFramesPerMinute }[kind];
}

/** Takes one token, or tells after how many seconds there is one again. A clock that jumps back gives nothing back. */
export function takeToken(pace: Pace | undefined, rate: number, now: number): Result<Pace> {
  const since = pace === undefined ? MINUTE : Math.max(0, now - pace.at);
  const tokens = Math.min(rate, (pace?.tokens ?? rate) + (since * rate) / MINUTE);
  if (tokens >= 1) return ok({ tokens: tokens - 1, at: now });
  const retryAfterSeconds = Math.max(1, Math.ceil(((1 - tokens) * MINUTE) / rate / 1000));
  return refuse({ reason: "too-many-requests", retryAfterSeconds });
}
