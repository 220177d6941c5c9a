/** Every duty in time of one session: what is due now, and when to look again. One alarm serves them all. */
import { hasOpenUpload, isOpen, type OpenDocument, type Side } from "./documents.ts";
import type { ServiceOptions } from "./options.ts";
import { nextEffectAt } from "./outbox.ts";
import { CUSTOMER_PARTICIPANT_ID } from "./principal.ts";
import type { Session } from "./session.ts";

/** What the object sees of its sockets. */
export interface Presence {
  /** Whether the customer has one that shows signs of life. */
  readonly customerConnected: boolean;
  /** When the first of their tokens ends, in milliseconds since the epoch: that socket must be closed. */
  readonly tokenEndsAt?: number;
  /** When agents without a socket must be told what they have not read; no duty of the core, but the alarm must ring. */
  readonly unreadDueAt?: number;
}

/** Something that time alone makes due. */
export type Duty =
  | { readonly duty: "ExpireLease"; readonly document: OpenDocument }
  | {
      readonly duty: "SendIdleAlert";
      readonly text: string;
      readonly next: "alert" | "close";
      readonly wait: number;
    }
  | { readonly duty: "CloseIdle"; readonly text: string }
  | { readonly duty: "CloseDisconnected" }
  | { readonly duty: "BeginErasure" };

interface Timed {
  readonly at: number;
  readonly duty: Duty;
}

/** Duties whose time has come, in the order of their times. */
export function dueDuties(session: Session, presence: Presence, now: number): Duty[] {
  return timedDuties(session, presence)
    .filter(({ at }) => at <= now)
    .sort((a, b) => a.at - b.at)
    .map(({ duty }) => duty);
}

/** When the alarm must ring, in milliseconds since the epoch; undefined when nothing will ever be due. */
export function nextWakeup(session: Session, presence: Presence): number | undefined {
  const times = timedDuties(session, presence).map(({ at }) => at);
  const effect = nextEffectAt(session.effects.values());
  if (effect !== undefined) times.push(effect);
  if (presence.unreadDueAt !== undefined) times.push(presence.unreadDueAt);
  if (presence.tokenEndsAt !== undefined) times.push(presence.tokenEndsAt);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** When the inactivity control takes its next step, in milliseconds since the epoch; undefined while it does not run. */
export function idleStepAt(session: Session): number | undefined {
  return session.phase.name === "open" && !hasOpenUpload(session) ? idleDuty(session).at : undefined;
}

function timedDuties(session: Session, presence: Presence): Timed[] {
  const { phase } = session;
  if (phase.name === "erasing") return [];
  if (phase.name === "ended") return [{ at: phase.eraseAt, duty: { duty: "BeginErasure" } }];
  const leases = leaseDuties(session);
  // An open reservation counts as activity and as presence (design section 4): both clocks wait for it.
  if (phase.name === "closing" || hasOpenUpload(session)) return leases;
  return [...leases, idleDuty(session), ...disconnectDuty(session, presence)];
}

function leaseDuties(session: Session): Timed[] {
  const settling = new Set<string>();
  for (const effect of session.effects.values()) {
    if (effect.kind === "SettleUpload") settling.add(effect.documentId);
  }
  return [...session.documents.values()]
    .filter(isOpen)
    .filter(({ documentId }) => !settling.has(documentId))
    .map((document) => ({
      at: document.phase.leaseUntil,
      duty: { duty: "ExpireLease", document },
    }));
}

/**
 * Inactivity control (protocol reference 9.2): alert, perhaps a second one, then close; any activity starts anew.
 * Each step waits from when the one before really happened, so that a late alarm still leaves the promised countdown.
 */
function idleDuty(session: Session): Timed {
  const { options, activityAt, alerts, alertedAt } = session;
  const plan = idlePlan(options);
  const step = Math.min(alerts, plan.length - 1);
  const { wait, text } = plan[step] ?? { wait: options.timeoutAlert, text: "" };
  const before = alerts === 0 ? activityAt : alertedAt;
  const at = Math.max(before, uploadEndedAt(session, ["customer", "agent"])) + wait;
  const following = plan[step + 1];
  if (following === undefined) return { at, duty: { duty: "CloseIdle", text } };
  const next = step + 2 === plan.length ? "close" : "alert";
  return {
    at,
    duty: { duty: "SendIdleAlert", text, next, wait: following.wait },
  };
}

/** The steps of the inactivity control; an alert without text is not sent, its time is added to the next step's. */
function idlePlan(options: ServiceOptions): { wait: number; text: string }[] {
  const alerts = [{ wait: options.timeoutAlert, text: options.messageAlert }];
  if (options.timeoutAlert2 > 0) alerts.push({ wait: options.timeoutAlert2, text: options.messageAlert2 });
  const sent = [];
  let silent = 0;
  for (const { wait, text } of alerts) {
    if (text === "") silent += wait;
    else sent.push({ wait: wait + silent, text });
    if (text !== "") silent = 0;
  }
  return [...sent, { wait: options.timeoutClose + silent, text: options.messageClose }];
}

/** A customer without a socket who has stopped asking. */
function disconnectDuty(session: Session, presence: Presence): Timed[] {
  const customer = session.participants.find(({ participantId }) => participantId === CUSTOMER_PARTICIPANT_ID);
  if (customer === undefined || presence.customerConnected) return [];
  const seenAt = Math.max(customer.seenAt, session.customerEventAt, uploadEndedAt(session, ["customer"]));
  return [{ at: seenAt + session.options.disconnectTimeout, duty: { duty: "CloseDisconnected" } }];
}

/**
 * When an upload of these sides last ended, however it ended; 0 where none did. The clocks waited for it, and whoever was
 * busy with it still gets the whole time to speak or to reconnect: a refused file leaves no event that would tell.
 */
function uploadEndedAt(session: Session, sides: readonly Side[]): number {
  let latest = 0;
  for (const { side, phase } of session.documents.values()) {
    const ended = phase.state === "available" || phase.state === "released" || phase.state === "rejected";
    if (ended && sides.includes(side)) latest = Math.max(latest, phase.at);
  }
  return latest;
}
