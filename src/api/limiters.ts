/** The platform's counters by their names. Absent ones count nothing: a deployment may leave them out. */
import type { Limiter, LimitName } from "./address-limits.ts";

const BINDINGS = {
  sessions: "LIMIT_SESSIONS",
  messages: "LIMIT_MESSAGES",
  uploads: "LIMIT_UPLOADS",
  mails: "LIMIT_MAILS",
  signIns: "LIMIT_SIGN_INS",
  failedTokens: "LIMIT_FAILED_TOKENS",
} as const satisfies Readonly<Record<LimitName, keyof Env>>;

/** The counter of this name, where `env` has it. */
export function limiterOf(env: Partial<Env>, name: LimitName): Limiter | undefined {
  return env[BINDINGS[name]];
}
