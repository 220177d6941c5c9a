/** What a route is: one entry names path, who may call it, what it takes and answers; checks and OpenAPI come from it. */
import type * as z from "zod";
import type { DirectoryPort, LibraryPort, LobbyPort, Placement, SessionPort } from "../../durable/kit/objects.ts";
import type { AgentIdentity } from "../auth/agent-jwt.ts";
import type { SessionAddress } from "../auth/session-id.ts";
import type { DocumentStore } from "../backends/documents.ts";
import type { Scanner } from "../backends/scanner.ts";
import type { Config } from "../config.ts";
import type { LibraryPlace } from "../core/library-documents.ts";
import type { Jurisdiction, ServiceOptions } from "../core/options.ts";
import type { AgentPrincipal, Principal } from "../core/principal.ts";
import type { RefusalReason, Result } from "../core/refusal.ts";
import type { Privilege } from "../protocol/wire.ts";
import type { Limiter, LimitName } from "./address-limits.ts";
import type { PartBuffers } from "./part-buffers.ts";

/** What the app calls; the Worker binds it to objects and buckets, tests to memory. */
export interface Ports {
  session(placement: Placement): SessionPort;
  library(place: LibraryPlace): LibraryPort;
  lobby(place: LibraryPlace): LobbyPort;
  /** The sessions of a service that began in a month, `YYYY-MM`. */
  directory(place: LibraryPlace, month: string): DirectoryPort;
  documents(jurisdiction: Jurisdiction | ""): DocumentStore;
  /** The platform's counter of a name; undefined where the deployment has none. */
  limiter(name: LimitName): Limiter | undefined;
  /** The malware scanner; undefined where the deployment has none. */
  scanner(): Scanner | undefined;
  /** Buffers of uploads whose size is not known; one pool for the whole isolate. */
  readonly buffers: PartBuffers;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Lets work go on after the client has left. */
  waitUntil(work: Promise<unknown>): void;
}

/**
 * Who may call a route. `participant`: the customer's token of exactly this session, or an agent's; whether the agent is in
 * the session the session decides. `agent`: an agent's token. `agent-service`: an agent's token with the route's privilege, or
 * any one, in the service that path or query names. `agent-session`: an agent's token with the route's privilege in the
 * session's service, whether they are in the session or not. `agent-any`: an agent's token, whatever it grants. `ticket`: as `participant`, or a signed link.
 */
export type Access =
  | "public"
  | "participant"
  | "customer"
  | "agent"
  | "agent-service"
  | "agent-session"
  | "agent-any"
  | "ticket"
  | "development";

/** One call of a route, after everything the route declares was checked. */
export interface Call<P, Q, B> {
  readonly config: Config;
  readonly ports: Ports;
  readonly request: Request;
  readonly url: URL;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly requestId: string;
}

/** A call about one session, by somebody whose credentials were verified. */
export interface SessionCall<P, Q, B> extends Call<P, Q, B> {
  readonly address: SessionAddress;
  readonly session: SessionPort;
  readonly principal: Principal;
  /** Set where a ticket was used: whether it was made for showing rather than saving. */
  readonly ticket?: { readonly inline: boolean };
}

/** A call about one service, by an agent whose privileges there were checked. */
export interface ServiceCall<P, Q, B> extends Call<P, Q, B> {
  readonly service: string;
  readonly options: ServiceOptions;
  readonly principal: AgentPrincipal;
  readonly library: LibraryPort;
  readonly lobby: LobbyPort;
}

/** A call by an agent, of whom is known what they may do where. */
export interface AgentCall<P, Q, B> extends Call<P, Q, B> {
  readonly identity: AgentIdentity;
}

/** One answer as OpenAPI describes it; without a schema the content type says what comes. */
export interface Answer {
  readonly description: string;
  readonly schema?: z.ZodType;
  readonly contentTypes?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

type CallOf<A extends Access, P, Q, B> = A extends "public" | "development"
  ? Call<P, Q, B>
  : A extends "agent-service"
    ? ServiceCall<P, Q, B>
    : A extends "agent-any"
      ? AgentCall<P, Q, B>
      : SessionCall<P, Q, B>;

/** Everything about one route. `P`, `Q` and `B` are what the schemas make of path, query and JSON body. */
export interface RouteSpec<A extends Access, P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** With `:name` for parameters; `:sessionId` names the session. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly access: A;
  /** What agents need for it, in that service. For `agent-service` and `agent-session` the guard enforces it, elsewhere the session's rules. */
  readonly privilege?: Privilege;
  /** For `agent-service`: who has this one instead may call it too. */
  readonly orPrivilege?: Privilege;
  readonly params: P;
  readonly query?: Q;
  /** Request headers that matter, for OpenAPI. */
  readonly headers?: z.ZodObject;
  /** JSON body; absent where the route reads the body itself or has none. */
  readonly body?: B;
  /** An absent body means `{}`. */
  readonly bodyOptional?: boolean;
  /** Bytes that a JSON body may have, where that is not the usual limit. */
  readonly bodyLimit?: number;
  /** Content types of a body the route reads itself. */
  readonly bytes?: readonly string[];
  readonly answers: Readonly<Record<number, Answer>>;
  /** Reasons this route may refuse for, beside those of its access and of parsing. */
  readonly refusals: readonly RefusalReason[];
  /** What one address may do only so often; agents may as often as they like. */
  readonly limit?: LimitName;
  /** Answers, or gives the reason why not. Faults reject. */
  handle(call: CallOf<A, z.infer<P>, z.infer<Q>, z.infer<B>>): Promise<Response | Result<never>>;
}

/** A route with its types forgotten, for the list. */
export type Route = RouteSpec<Access, z.ZodObject, z.ZodObject, z.ZodType>;

/** Declares a route: the types of path, query and body reach its handler. */
export function route<A extends Access, P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>(
  spec: RouteSpec<A, P, Q, B>,
): Route {
  return spec;
}
