/** Names of objects to typed stubs, and buckets to stores: the one place that knows how a session is reached. */
import { createDocumentStore, type DocumentStore } from "../../src/backends/documents.ts";
import type { Named } from "../../src/core/chat.ts";
import { type CommandType, isRepeatable, type ReplyOf } from "../../src/core/commands.ts";
import type { Jurisdiction } from "../../src/core/options.ts";
import type { Principal } from "../../src/core/principal.ts";
import type { Result } from "../../src/core/refusal.ts";
import type { PollPage, TranscriptPage } from "../../src/core/views.ts";
import type { WireEventPage, WireLimits, WireSession } from "../../src/protocol/chat.ts";

/** One chat session, wherever it lives. Refusals are values; faults reject. */
export interface SessionPort {
  /** Every change to a chat, from any channel. */
  execute<T extends CommandType>(principal: Principal, command: Named<T>): Promise<Result<ReplyOf<T>>>;
  /** The session as this principal sees it. */
  view(principal: Principal): Promise<Result<WireSession>>;
  /** The limits of the customer's files. */
  limits(principal: Principal): Promise<Result<WireLimits>>;
  /** Events after a position, at most a page; a sign of life of a customer who polls. */
  events(principal: Principal, after: number): Promise<Result<WireEventPage>>;
  /** The same for a client that numbers everything it gets, typing too, and has no other way to learn of anything. */
  poll(principal: Principal, after: number): Promise<Result<PollPage>>;
  /** A page of the transcript without agents' notes, for rendering. */
  transcript(principal: Principal, after: number): Promise<Result<TranscriptPage>>;
  /** The frozen transcript mail, where there is one. */
  frozenMail(principal: Principal): Promise<Result<string | undefined>>;
  /**
   * Hands a socket to the object: `live` for the native protocol, `poll` for one answer. Answers 101, or for a poll
   * with news 200 and a page; where it refuses, the `Refusal` as JSON under the status of its public face.
   */
  connect(
    principal: Principal,
    request: { kind: "live" | "poll"; after: number; protocol?: string },
  ): Promise<Response>;
}

/** Where an object lives, as its session id says. */
export interface Placement {
  readonly sessionId: string;
  readonly jurisdiction: Jurisdiction | "";
}

/** Header that carries the verified principal to the object; nothing from outside reaches an object with it. */
export const PRINCIPAL_HEADER = "X-Satchel-Principal";

/** What workerd answers outside Cloudflare's network. */
const NO_JURISDICTIONS = "Jurisdiction restrictions are not implemented in workerd.";

/** A namespace of objects, as far as finding one goes. */
interface Namespace<S> {
  getByName(name: string): S;
  jurisdiction(jurisdiction: Jurisdiction): Namespace<S>;
}

/** Bindings this file needs. */
export interface Bindings {
  readonly SESSIONS: Namespace<Fetcher>;
  readonly FILES: R2Bucket;
  readonly FILES_EU?: R2Bucket;
  readonly FILES_FEDRAMP?: R2Bucket;
}

/** The session with this id. Making a port wakes nothing. */
export function sessionPort(env: Bindings, { sessionId, jurisdiction }: Placement): SessionPort {
  const fresh = () => within(env.SESSIONS, jurisdiction).getByName(sessionId);
  const call = <R>(method: string, args: readonly unknown[], repeatable = true) =>
    invoke<R>(fresh, method, args, repeatable);
  return {
    execute: (principal, command) => call("execute", [principal, command], isRepeatable(command)),
    view: (principal) => call("view", [principal]),
    limits: (principal) => call("limits", [principal]),
    events: (principal, after) => call("events", [principal, after]),
    poll: (principal, after) => call("poll", [principal, after]),
    transcript: (principal, after) => call("transcript", [principal, after]),
    frozenMail: (principal) => call("frozenMail", [principal]),
    connect(principal, { kind, after, protocol }) {
      const headers = new Headers({
        Upgrade: "websocket",
        [PRINCIPAL_HEADER]: encodeURIComponent(JSON.stringify(principal)),
      });
      if (protocol !== undefined) headers.set("Sec-WebSocket-Protocol", protocol);
      return fresh().fetch(`https://session/${kind}?after=${after}`, { headers });
    },
  };
}

/** The documents of a jurisdiction. */
export function documentStore(env: Bindings, jurisdiction: Jurisdiction | ""): DocumentStore {
  const bucket = { "": env.FILES, eu: env.FILES_EU, fedramp: env.FILES_FEDRAMP }[jurisdiction];
  if (bucket === undefined) throw new Error(`no bucket binding for jurisdiction ${jurisdiction}`);
  return createDocumentStore(bucket);
}

/**
 * The namespace of a jurisdiction: on Cloudflare its objects never leave it. workerd on one's own machine has no
 * jurisdictions and says so by an error of its own; there objects live on that machine, as all others do. Any other
 * error stays one: nothing is ever stored outside its jurisdiction because the platform was in trouble.
 */
export function within<S>(namespace: Namespace<S>, jurisdiction: Jurisdiction | ""): Namespace<S> {
  if (jurisdiction === "") return namespace;
  try {
    return namespace.jurisdiction(jurisdiction);
  } catch (error) {
    if (error instanceof Error && error.message === NO_JURISDICTIONS) return namespace;
    throw error;
  }
}

type Methods = Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>>;

/**
 * Calls a method, once more on a new stub where the platform says that it may be retried (the object was restarted) and
 * the call changes nothing when it runs twice. An overloaded object is never asked again.
 */
async function invoke<R>(
  fresh: () => unknown,
  method: string,
  args: readonly unknown[],
  repeatable: boolean,
): Promise<R> {
  const attempt = () => {
    const target = (fresh() as Methods)[method];
    if (target === undefined) throw new Error(`the object has no method ${method}`);
    return target(...args) as Promise<R>;
  };
  try {
    return await attempt();
  } catch (error) {
    const { retryable, overloaded } = error as { retryable?: boolean; overloaded?: boolean };
    if (!repeatable || retryable !== true || overloaded === true) throw error;
    return attempt();
  }
}
