/** Which web origins may use a service: its own list, ours, and on a development server any of this machine. */
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { devIssuerActive } from "../auth/agent-jwt.ts";
import { readSessionId } from "../auth/session-id.ts";
import type { Config } from "../config.ts";
import { isLoopbackHost } from "../protocol/origins.ts";

const PREFLIGHT_SECONDS = 600;

/** True where pages of this origin may use the service the path is about. */
export async function isAllowedOrigin(config: Config, url: URL, origin: string): Promise<boolean> {
  if (origin === url.origin || (config.publicOrigin !== "" && origin === config.publicOrigin)) return true;
  if (devIssuerActive(config, url) && URL.canParse(origin) && isLoopbackHost(new URL(origin).hostname)) return true;
  const service = await serviceOf(config, url);
  return service !== undefined && (config.services.get(service)?.allowedOrigins.includes(origin) ?? false);
}

/** The service a request is about: named in its path or query, or the one of its session. */
async function serviceOf(config: Config, { pathname, searchParams }: URL): Promise<string | undefined> {
  const [, widgetService] = /^\/genesys\/2\/chat\/([^/]+)/.exec(pathname) ?? [];
  if (widgetService !== undefined) return widgetService;
  if (pathname.startsWith("/v1/agent/standard-response")) return searchParams.get("service") ?? undefined;
  const [, kind, id] = /^\/v1\/(?:agent\/|admin\/)?(services|sessions)\/([^/]+)/.exec(pathname) ?? [];
  if (id === undefined) return undefined;
  return kind === "services" ? id : (await readSessionId(config, id))?.service;
}

const NATIVE_DOOR = cors({
  origin: (origin) => origin,
  allowMethods: ["GET", "HEAD", "POST", "PUT", "DELETE"],
  allowHeaders: ["Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "If-Range", "Range"],
  exposeHeaders: ["Accept-Ranges", "Content-Disposition", "Content-Range", "ETag", "Retry-After", "X-Request-Id"],
  maxAge: PREFLIGHT_SECONDS,
});

/** The headers that Genesys clients send; widgets can be set to send cookies too, which nothing here looks at. */
const GMS_DOOR = cors({
  origin: (origin) => origin,
  allowMethods: ["POST", "GET", "OPTIONS"],
  allowHeaders: ["Content-Type", "apikey", "x-api-key", "Authorization", "gms_user", "X-Requested-With"],
  credentials: true,
  maxAge: PREFLIGHT_SECONDS,
});

/** CORS for one configuration: an unlisted origin gets no header of it, and its pages cannot read the answers. */
export function corsFor(config: Config): MiddlewareHandler {
  return async (context, next) => {
    const origin = context.req.header("Origin");
    if (origin !== undefined && (await isAllowedOrigin(config, new URL(context.req.url), origin))) {
      const door = context.req.path.startsWith("/genesys/") ? GMS_DOOR : NATIVE_DOOR;
      return door(context, next);
    }
    // For caches: the same address may answer other origins otherwise.
    context.res.headers.append("Vary", "Origin");
    await next();
  };
}
