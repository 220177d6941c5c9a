/** The SMTP server as one URL, so that host, port, security and credentials fit into one secret. */

/** How the connection is protected: TLS from the first byte, STARTTLS before anything private, or (loopback only) not. */
export type SmtpSecurity = "tls" | "starttls" | "none";

/** A server to submit mail to. */
export interface SmtpServer {
  /** Name or address; an IPv6 address without its brackets. */
  host: string;
  port: number;
  security: SmtpSecurity;
  credentials?: { user: string; password: string };
}

/** The server, or what is wrong with the URL in words that repeat nothing of it. */
export type SmtpUrlResult = { ok: true; value: SmtpServer } | { ok: false; reason: string };

const DEFAULT_PORT = { "smtps:": 465, "smtp:": 587 } as const;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;
const IPV6 = /^\[[0-9a-f:.]+\]$/i;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/i;
const CONTROL = /\p{Cc}/u;

/**
 * Reads `smtps://user:password@host:465` (TLS from the start) or `smtp://user:password@host:587` (STARTTLS required).
 * `?tls=off` turns STARTTLS off, for a server on loopback only. User and password are percent-decoded. Port 25 is
 * refused, since the platform never connects to it (developers.cloudflare.com/workers/runtime-apis/tcp-sockets).
 */
export function parseSmtpUrl(text: string): SmtpUrlResult {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return wrong("expected smtps://user:password@host:465 or smtp://user:password@host:587");
  const { protocol } = url;
  if (protocol !== "smtps:" && protocol !== "smtp:") return wrong("expected the scheme smtps or smtp");
  if (url.pathname.replace("/", "") !== "" || url.hash !== "") return wrong("expected nothing after host and port");
  if (!HOST_NAME.test(url.hostname) && !IPV6.test(url.hostname)) return wrong("expected a host name or an IP address");
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? DEFAULT_PORT[protocol] : Number(url.port);
  if (port === 25) return wrong("port 25 is closed on this platform; use 465 with smtps or 587 with smtp");
  if (port === 0) return wrong("expected a port between 1 and 65535");
  const security = readSecurity(protocol, url.search, host);
  if (!security.ok) return security;
  const credentials = readCredentials(url);
  if (!credentials.ok) return credentials;
  return { ok: true, value: { host, port, security: security.value, ...credentials.value } };
}

/** True for the names and addresses of this machine, the only place where credentials may travel without TLS. */
function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

function readSecurity(protocol: "smtp:" | "smtps:", search: string, host: string): Read<SmtpSecurity> {
  if (search === "" || search === "?") return { ok: true, value: protocol === "smtps:" ? "tls" : "starttls" };
  if (search !== "?tls=off") return wrong("expected no option but tls=off");
  if (protocol === "smtps:") return wrong("tls=off contradicts the scheme smtps");
  if (!isLoopback(host)) return wrong("tls=off is for a server on localhost only");
  return { ok: true, value: "none" };
}

function readCredentials(url: URL): Read<Pick<SmtpServer, "credentials">> {
  if (url.username === "" && url.password === "") return { ok: true, value: {} };
  if (url.username === "" || url.password === "") return wrong("expected both a user and a password, or neither");
  try {
    const user = decodeURIComponent(url.username);
    const password = decodeURIComponent(url.password);
    // NUL separates the fields of AUTH PLAIN (RFC 4616); no other control character belongs in a credential either.
    if (CONTROL.test(user) || CONTROL.test(password)) return wrong("control characters in the user or the password");
    return { ok: true, value: { credentials: { user, password } } };
  } catch {
    return wrong("user or password is not percent-encoded correctly");
  }
}

type Read<T> = { ok: true; value: T } | { ok: false; reason: string };

function wrong(reason: string): { ok: false; reason: string } {
  return { ok: false, reason };
}
