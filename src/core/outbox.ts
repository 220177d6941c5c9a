/** What leaves a session for the outside world, and the policy of trying again; pure, the object supplies the calls. */

/** An effect that is due once its row is stored. The kinds carry references only; what they send is read when they run. */
export type EffectBody =
  /** An upload's lease ran out: find out with a tombstone whether its object is there, then rescue or release it. */
  | { readonly kind: "SettleUpload"; readonly documentId: string }
  /**
   * Make an object's key empty. `sealed` also leaves a create-only tombstone, because a put may still be in flight;
   * the tombstone goes when the row is forgotten.
   */
  | {
      readonly kind: "RetireObject";
      readonly documentId: string;
      readonly sealed: boolean;
    }
  /** Second look at the key of a retired document, 24 hours later; then its row is forgotten. */
  | { readonly kind: "ForgetObject"; readonly documentId: string }
  /** Mail the transcript. The raw message is composed once for the session, when this first runs, and frozen in storage. */
  | { readonly kind: "SendTranscript"; readonly to: string }
  /** Tell the Directory what it keeps of this session, as it is when the effect runs. */
  | { readonly kind: "ReportSession"; readonly version: number }
  /** Tell the Lobby who serves this session, as it is when the effect runs. */
  | { readonly kind: "ReportAssignment"; readonly version: number }
  /** Remove every object of the session, its Directory entry, and at last every row. */
  | { readonly kind: "EraseSession" };

/** Kinds of effects. */
export type EffectKind = EffectBody["kind"];

/** An effect with its place in the retry policy. Times are milliseconds since the epoch. */
export type Effect = EffectBody & {
  readonly effectId: string;
  readonly attempts: number;
  readonly dueAt: number;
  /** Set when the last try failed: kept, shown to operators, never tried again by itself. */
  readonly parkedAt?: number;
  /** Stable code of the last failure; never a text of another system. */
  readonly lastFailure?: string;
};

/** How one try ended. `later` is tried again, `final` is parked at once. */
export type EffectOutcome =
  | { readonly outcome: "done" }
  | { readonly outcome: "later"; readonly failure: string }
  | { readonly outcome: "final"; readonly failure: string };

/** At most this many effects in one alarm, each with `EFFECT_TIMEOUT_MS`. */
export const EFFECTS_PER_ALARM = 5;
/** Milliseconds one effect may take before the alarm goes on without it. */
export const EFFECT_TIMEOUT_MS = 10_000;

/** After a fault of an alarm itself, milliseconds until it rings again: the platform drops one that keeps failing. */
export const ALARM_AGAIN_MS = 60_000;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const MAIL_BACKOFF = [
  30 * SECOND,
  2 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  2 * 60 * MINUTE,
  6 * 60 * MINUTE,
  12 * 60 * MINUTE,
];
const STORE_BACKOFF = [2 * SECOND, 5 * SECOND, 15 * SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE];

/** Milliseconds until the next try after `attempts` failures; undefined when there is no next try. Only mail gives up. */
export function backoff(kind: EffectKind, attempts: number): number | undefined {
  if (kind === "SendTranscript") return MAIL_BACKOFF[attempts - 1];
  return STORE_BACKOFF[Math.min(attempts, STORE_BACKOFF.length) - 1];
}

/** The effect after a failed try: due later, or parked. */
export function afterFailure<E extends Effect>(
  effect: E,
  outcome: Exclude<EffectOutcome, { outcome: "done" }>,
  now: number,
): E {
  const attempts = effect.attempts + 1;
  const wait =
    outcome.outcome === "final" && effect.kind === "SendTranscript" ? undefined : backoff(effect.kind, attempts);
  const failed = { ...effect, attempts, lastFailure: outcome.failure };
  return wait === undefined ? { ...failed, parkedAt: now } : { ...failed, dueAt: now + wait };
}

/** The effects to run now: due, not parked, oldest first, at most `EFFECTS_PER_ALARM`. */
export function dueEffects(effects: Iterable<Effect>, now: number): Effect[] {
  return [...effects]
    .filter((effect) => effect.parkedAt === undefined && effect.dueAt <= now)
    .sort((a, b) => a.dueAt - b.dueAt)
    .slice(0, EFFECTS_PER_ALARM);
}

/** When the next effect is due; undefined when none waits. */
export function nextEffectAt(effects: Iterable<Effect>): number | undefined {
  let next: number | undefined;
  for (const effect of effects) {
    if (effect.parkedAt === undefined && (next === undefined || effect.dueAt < next)) next = effect.dueAt;
  }
  return next;
}
