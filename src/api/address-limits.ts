/** How often one address may do what costs something: counted by the platform, for both doors, and never for agents. */
import { logFault } from "../backends/log.ts";
import { ok, type RefusalReason, type Result, refuse } from "../core/refusal.ts";
import { addressKey } from "./client-address.ts";
import type { Ports } from "./route.ts";

/** What is counted; each has a binding of its own (README, "Limits by address"). */
export type LimitName = "sessions" | "messages" | "uploads" | "mails" | "signIns" | "failedTokens";

/** A counter of the platform's, of approximate counts in windows of one minute. */
export interface Limiter {
  limit(what: { readonly key: string }): Promise<{ readonly success: boolean }>;
}

/** A request as limits see it. */
export interface Limited {
  readonly request: Request;
  readonly url: URL;
  readonly requestId: string;
  readonly ports: Pick<Ports, "limiter" | "now">;
}

/** The windows of the platform's counters, in seconds. */
const WINDOW_SECONDS = 60;
const TOO_MANY = refuse({ reason: "too-many-requests", retryAfterSeconds: WINDOW_SECONDS });

/** Reasons that somebody who guesses meets. An expired or revoked token was once theirs, and a missing one is no guess. */
const GUESSED: ReadonlySet<RefusalReason> = new Set(["bad-token", "unknown-session"]);

/** Most addresses that one isolate keeps out at once; beyond them the ones longest out are let in again. */
const MAX_OUT = 10_000;

/** Counts one, and refuses where there were too many. A counter that fails, or is not there, lets everybody pass. */
export async function countRequest(limited: Limited, name: LimitName): Promise<Result<undefined>> {
  const key = addressKey(limited.request.headers, limited.url);
  return (await counted(limited, name, key)) ? ok(undefined) : TOO_MANY;
}

async function counted({ ports, requestId }: Limited, name: LimitName, key: string | undefined): Promise<boolean> {
  if (key === undefined) return true;
  try {
    return (await ports.limiter(name)?.limit({ key }))?.success ?? true;
  } catch (error) {
    logFault("limiter-failed", error, { requestId });
    return true;
  }
}

/**
 * Addresses that guess credentials. A counter of the platform's cannot be read without counting, so this isolate remembers for
 * a minute who is past the limit, and answers before anything of a token is looked at.
 */
export class Guessers {
  readonly #until = new Map<string, number>();

  /** Refuses an address that is kept out. */
  admit({ request, url, ports }: Limited): Result<undefined> {
    const key = addressKey(request.headers, url);
    const until = key === undefined ? undefined : this.#until.get(key);
    return until === undefined || until <= ports.now() ? ok(undefined) : TOO_MANY;
  }

  /** Counts a refusal where it looks like a guess. */
  async note(limited: Limited, reason: RefusalReason): Promise<void> {
    const key = GUESSED.has(reason) ? addressKey(limited.request.headers, limited.url) : undefined;
    if (key === undefined || (await counted(limited, "failedTokens", key))) return;
    this.#until.delete(key);
    this.#until.set(key, limited.ports.now() + WINDOW_SECONDS * 1000);
    const [oldest] = this.#until.size > MAX_OUT ? this.#until.keys() : [];
    if (oldest !== undefined) this.#until.delete(oldest);
  }
}

/** One for all requests of this isolate. */
export const guessers = new Guessers();
