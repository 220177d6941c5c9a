/** The HTTP layer: mounts every route behind one chain of parse, authenticate, one call, render. */

import type { Context } from "hono";
import { Hono } from "hono";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import { devIssuerActive } from "../auth/agent-jwt.ts";
import { logFailure, logFault } from "../backends/log.ts";
import type { Config, ConfigResult } from "../config.ts";
import { type Principal, requirePrivilege } from "../core/principal.ts";
import { ok, type Refusal, type Result, refuse, refuseField } from "../core/refusal.ts";
import { aboutRoutes } from "./about.ts";
import { countRequest, guessers } from "./address-limits.ts";
import { agentRoutes } from "./agent.ts";
import { agentSelfRoutes } from "./agent-self.ts";
import { check, readJson } from "./body.ts";
import { chatRoutes } from "./chat.ts";
import { developmentRoutes } from "./development.ts";
import { fileRoutes } from "./files.ts";
import { answerGms, GMS_PREFIX } from "./gms/router.ts";
import { admit, admitAgent, admitAnyAgent } from "./guard.ts";
import { libraryRoutes } from "./library.ts";
import { libraryAdminRoutes } from "./library-admin.ts";
import { lobbyRoutes } from "./lobby.ts";
import { openApiDocument } from "./openapi.ts";
import { corsFor, isAllowedOrigin } from "./origins.ts";
import { faultResponse, misconfiguredResponse, problemResponse } from "./problem.ts";
import { rescanRoutes } from "./rescan.ts";
import type { AgentCall, Call, Ports, Route, ServiceCall, SessionCall } from "./route.ts";
import { socketRoutes } from "./socket.ts";
import { transcriptRoutes } from "./transcripts.ts";

/** Every route of the native API; beside it only the Genesys door is mounted. The security suite and OpenAPI walk this list. */
export const routes: readonly Route[] = [
  ...chatRoutes,
  ...socketRoutes,
  ...fileRoutes,
  ...transcriptRoutes,
  ...agentRoutes,
  ...agentSelfRoutes,
  ...lobbyRoutes,
  ...libraryRoutes,
  ...libraryAdminRoutes,
  ...rescanRoutes,
  ...developmentRoutes,
  ...aboutRoutes(documentOnce),
];

/** What the app needs of the place it runs in. */
export interface Surroundings<E> {
  config(env: E): ConfigResult;
  ports(env: E, waitUntil: (work: Promise<unknown>) => void): Ports;
  /** What pages load, where the place has it. A platform that serves it by itself asks the app only for what is missing there. */
  assets?(env: E): { fetch(request: Request): Promise<Response> } | undefined;
}

const NO_HOST = refuseField(
  "header Host",
  "expected the name of a host, and a port where it is not the usual one",
).refusal;

type AppEnv<E> = { Bindings: E & object; Variables: { config: Config; requestId: string } };

/** The app over any surroundings: the Worker's bindings, or memory in portable tests. */
export function createApp<E>(surroundings: Surroundings<E>): Hono<AppEnv<E>> {
  const app = new Hono<AppEnv<E>>();
  app.use(requestId({ headerName: "X-Request-Id", limitLength: 64 }));
  app.use(async (context, next) => {
    // Said again: what `requestId` sets does not reach an answer made by `new Response` unless `res` is touched first.
    context.res.headers.set("X-Request-Id", context.get("requestId"));
    await next();
    // Chats and tokens are nothing for a cache, also not the one of a computer that others use next (RFC 6750 5.3).
    if (!context.res.headers.has("Cache-Control")) context.res.headers.set("Cache-Control", "no-store");
  });
  app.use(secureHeaders({ crossOriginResourcePolicy: false, xFrameOptions: "DENY" }));
  // Every address below is parsed with the host that the client named.
  app.use(async (context, next) => (URL.canParse(context.req.url) ? next() : refused(context, NO_HOST)));
  app.use(async (context, next) => {
    const parsed = surroundings.config(context.env);
    if (!parsed.ok) return misconfiguredResponse(parsed.problems, context.get("requestId"));
    context.set("config", parsed.config);
    return corsFor(parsed.config)(context, next);
  });
  app.use(async (context, next) => (servesFilesOnly(context) ? refused(context, { reason: "unknown-route" }) : next()));
  for (const route of routes) {
    app.on(route.method, route.path, (context) => answer(route, context, surroundings));
  }
  app.all(`${GMS_PREFIX}*`, (context) =>
    answerGms({
      config: context.get("config"),
      ports: surroundings.ports(context.env, keepAlive(context)),
      request: context.req.raw,
      requestId: context.get("requestId"),
    }),
  );
  app.notFound(async (context) => {
    const refusal = missing(context.req.method, new URL(context.req.url).pathname);
    const asset = refusal.reason === "unknown-route" ? await assetFor(context, surroundings) : undefined;
    return asset ?? refused(context, refusal);
  });
  app.onError((error, context) => {
    logFault("request-failed", error, { requestId: context.get("requestId") });
    return faultResponse(context.get("requestId"));
  });
  return app;
}

/** On a host that is some service's `files-origin`, only links with a ticket are served, and nothing is changed. */
function servesFilesOnly<E>(context: Context<AppEnv<E>>): boolean {
  const url = new URL(context.req.url);
  const filesOnly = [...context.get("config").services.values()].some(({ filesOrigin }) => filesOrigin === url.origin);
  const reading = context.req.method === "GET" || context.req.method === "HEAD";
  const link = /^\/v1\/sessions\/[^/]+\/files\/[^/]+$/.test(url.pathname) && url.searchParams.has("ticket");
  return filesOnly && !(reading && link);
}

/** A file that pages load, with the headers that `src/web/_headers` gives it; undefined where there is none. */
async function assetFor<E>(context: Context<AppEnv<E>>, { assets }: Surroundings<E>): Promise<Response | undefined> {
  const { raw, method } = context.req;
  const found = method === "GET" || method === "HEAD" ? await assets?.(context.env)?.fetch(raw) : undefined;
  // Made anew, since the headers of what was fetched cannot be added to.
  return found === undefined || found.status === 404 ? undefined : new Response(found.body, found);
}

async function answer<E>(route: Route, context: Context<AppEnv<E>>, surroundings: Surroundings<E>): Promise<Response> {
  const ports = surroundings.ports(context.env, keepAlive(context));
  const result = await call(route, context, ports);
  if (result instanceof Response) return result;
  return result.ok ? faultResponse(context.get("requestId")) : refused(context, result.refusal);
}

/** Workers cut off what is not announced when the client leaves; other runtimes have no such call and cut nothing off. */
function keepAlive<E>(context: Context<AppEnv<E>>): (work: Promise<unknown>) => void {
  return (work) => {
    let platform: Pick<ExecutionContext, "waitUntil">;
    try {
      platform = context.executionCtx;
    } catch {
      return;
    }
    platform.waitUntil(work);
  };
}

/** Credentials first, so that who may not ask learns nothing of what is asked; then every field; then the one call. */
async function call<E>(route: Route, context: Context<AppEnv<E>>, ports: Ports): Promise<Response | Result<never>> {
  const config = context.get("config");
  const request = context.req.raw;
  const url = new URL(request.url);
  if (route.access === "development" && !devIssuerActive(config, url)) return refuse({ reason: "unknown-route" });
  const origin = request.headers.get("Origin");
  const upgrading = request.headers.get("Upgrade") !== null;
  if (upgrading && origin !== null && !(await isAllowedOrigin(config, url, origin)))
    return refuse({ reason: "origin-not-allowed" });
  const limited = { request, url, ports, requestId: context.get("requestId") };
  const guarded = route.access !== "public" && route.access !== "development";
  const kept = guarded ? guessers.admit(limited) : ok(undefined);
  if (!kept.ok) return kept;
  const admitted = await admission(route, context, ports, url);
  if (!admitted.ok) {
    const { reason } = admitted.refusal;
    await guessers.note(limited, reason);
    // The operator's to mend, and nothing of the token is known.
    if (reason === "identity-provider-unavailable")
      logFailure("agent-not-verified", reason, { requestId: context.get("requestId") });
    return admitted;
  }
  const counted =
    route.limit === undefined || isAgent(admitted.value) ? ok(undefined) : await countRequest(limited, route.limit);
  if (!counted.ok) return counted;
  const parsed = await parse(route, context);
  if (!parsed.ok) return parsed;
  const base: Call<never, never, never> = {
    config,
    ports,
    request,
    url,
    ...parsed.value,
    requestId: context.get("requestId"),
  };
  // Each access has its own kind of call, and the route that declares it a handler for that kind.
  return route.handle({ ...base, ...admitted.value } as SessionCall<never, never, never> &
    ServiceCall<never, never, never> &
    AgentCall<never, never, never>);
}

function isAgent(admitted: object): boolean {
  return "principal" in admitted && (admitted.principal as Principal).kind === "agent";
}

/** What the credentials open: a session, a service, or nothing that needs any. */
async function admission<E>(
  { access, privilege, orPrivilege }: Route,
  context: Context<AppEnv<E>>,
  ports: Ports,
  url: URL,
): Promise<Result<object>> {
  const config = context.get("config");
  const { headers, method } = context.req.raw;
  const asking = { config, method, url, headers, now: ports.now() };
  const params: Record<string, string | undefined> = context.req.param();
  if (access === "public" || access === "development") return ok({});
  if (access === "agent-any") {
    const agent = await admitAnyAgent(asking);
    return agent.ok ? ok({ identity: agent.value }) : agent;
  }
  if (access === "agent-service") {
    const named = params.service ?? url.searchParams.get("service") ?? undefined;
    const admitted = await admitAgent(asking, named, privilege, orPrivilege);
    const options = admitted.ok ? config.services.get(admitted.value.service) : undefined;
    if (!admitted.ok || options === undefined) return admitted;
    const place = { service: admitted.value.service, jurisdiction: options.jurisdiction };
    return ok({ ...admitted.value, options, library: ports.library(place), lobby: ports.lobby(place) });
  }
  const admitted = await admit(access, params as Record<string, string>, asking);
  if (!admitted.ok) return admitted;
  if (access === "agent-session" && privilege !== undefined) {
    const allowed = requirePrivilege(admitted.value.principal, privilege);
    if (!allowed.ok) return allowed;
  }
  return ok({ ...admitted.value, session: ports.session(admitted.value.address) });
}

type Parsed = Pick<Call<never, never, never>, "params" | "query" | "body">;

async function parse<E>(route: Route, context: Context<AppEnv<E>>): Promise<Result<Parsed>> {
  const params = check(route.params, context.req.param(), "path");
  if (!params.ok) return params;
  const query = route.query === undefined ? ok({}) : check(route.query, context.req.query(), "query");
  if (!query.ok) return query;
  const body =
    route.body === undefined
      ? ok(undefined)
      : await readJson(context.req.raw, route.body, route.bodyOptional === true, route.bodyLimit);
  if (!body.ok) return body;
  return ok({ params: params.value, query: query.value, body: body.value } as Parsed);
}

function refused<E>(context: Context<AppEnv<E>>, refusal: Refusal): Response {
  return problemResponse(refusal, context.get("requestId"));
}

/** 405 where the path exists for another method, 404 elsewhere. */
function missing(method: string, pathname: string): Refusal {
  const allow = routes.filter(({ path }) => matches(path, pathname)).map((route) => route.method);
  return allow.length === 0 || allow.some((one) => one === method)
    ? { reason: "unknown-route" }
    : { reason: "method-not-allowed", allow };
}

function matches(path: string, pathname: string): boolean {
  const pattern = path.split("/");
  const parts = pathname.split("/");
  return (
    pattern.length === parts.length && pattern.every((part, index) => part.startsWith(":") || part === parts[index])
  );
}

let document: ReturnType<typeof openApiDocument> | undefined;

function documentOnce() {
  document ??= openApiDocument(routes);
  return document;
}
