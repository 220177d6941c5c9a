/** One clock for one message: whatever hangs, the answer comes in time and what was opened is closed. */
import type { MailFailure, MailResult } from "./mailer.ts";

/**
 * Runs `task` for at most `deadline` milliseconds or until `signal` fires, and answers "later" then. The task is given a
 * signal that fires in both cases, and in every case once an answer is there, so that it can release what it holds.
 */
export async function withDeadline(
  deadline: number,
  signal: AbortSignal | undefined,
  task: (stop: AbortSignal) => Promise<MailResult>,
): Promise<MailResult> {
  const stop = new AbortController();
  const { promise, resolve } = Promise.withResolvers<MailResult>();
  const timer = setTimeout(() => resolve(later("timed-out", `no answer within ${deadline} ms`)), deadline);
  const onAbort = () => resolve(later("aborted", "the caller gave up"));
  signal?.addEventListener("abort", onAbort);
  if (signal?.aborted) onAbort();
  else task(stop.signal).then(resolve, () => resolve(later("service-failed", "unexpected fault")));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    stop.abort();
  }
}

function later(reason: "timed-out" | "aborted" | "service-failed", detail: string): MailFailure {
  return { ok: false, permanent: false, reason, detail };
}
