/** Where a request's credential stands, and from which pages one is taken that browsers put on by themselves. */
import type { Carrier } from "../auth/agent-jwt.ts";
import type { Config } from "../config.ts";
import { TOKEN_SUBPROTOCOL_PREFIX } from "../protocol/wire.ts";

/** A token, and how it came. Says nothing about whether it is good. */
export interface Credential {
  readonly token: string;
  readonly carrier: Carrier;
}

/** As much of a request as tells which page asked. */
interface Asked {
  readonly config: Config;
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
}

/** Set by Cloudflare Access on requests whose browser had its cookie, so that it proves no more than that one. */
const ACCESS_HEADER = "Cf-Access-Jwt-Assertion";
const ACCESS_COOKIE = "CF_Authorization";

/** The credential sent on purpose; where there is none and Access is a provider, the one that Access keeps in the browser. */
export function credentialOf(config: Config, headers: Headers): Credential | undefined {
  const bearer = bearerToken(headers);
  if (bearer !== undefined) return { token: bearer, carrier: "bearer" };
  if (![...config.agentIssuers.values()].some(({ access }) => access)) return undefined;
  const token = headers.get(ACCESS_HEADER) ?? cookie(headers, ACCESS_COOKIE);
  return token === undefined ? undefined : { token, carrier: "cookie" };
}

/** The token of `Authorization: Bearer`, or of the socket's second subprotocol; never of the URL. */
function bearerToken(headers: Headers): string | undefined {
  const match = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(headers.get("Authorization") ?? "");
  if (match?.[1] !== undefined) return match[1];
  if (headers.get("Authorization") !== null) return "";
  const offered = (headers.get("Sec-WebSocket-Protocol") ?? "").split(",").map((value) => value.trim());
  return offered.find((value) => value.startsWith(TOKEN_SUBPROTOCOL_PREFIX))?.slice(TOKEN_SUBPROTOCOL_PREFIX.length);
}

function cookie(headers: Headers, name: string): string | undefined {
  const pairs = (headers.get("Cookie") ?? "").split(";").map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

/**
 * Whether this page may act with a credential that its browser put on by itself. What changes something, and a socket, needs
 * our own `Origin` or `Sec-Fetch-Site: same-origin`. Reading may also be a navigation of the person's own (`none`), or a request with
 * neither header, which no page of another site can read. Headers that contradict each other are refused.
 */
export function mayAct({ carrier }: Credential, { config, method, url, headers }: Asked): boolean {
  if (carrier === "bearer") return true;
  const origin = headers.get("Origin");
  const own = origin !== null && (origin === url.origin || origin === config.publicOrigin);
  // `null` is also what a browser says for our own page's form, where the page lets no referrer leave.
  if (origin !== null && origin !== "null" && !own) return false;
  const reading = (method === "GET" || method === "HEAD") && headers.get("Upgrade") === null;
  const site = headers.get("Sec-Fetch-Site");
  if (site !== null) return site === "same-origin" || (reading && site === "none");
  return own || (reading && origin === null);
}
