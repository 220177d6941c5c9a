/** Who works here: by Access's cookie, by a provider's token, or, on a development server, by a click. */
import type { WireAgentSelf, WireSignedIn, WireSignInWays } from "../../protocol/agent.ts";
import type { Problem } from "../../protocol/problem.ts";
import type { Privilege } from "../../protocol/wire.ts";
import type { Api, Outcome } from "../client/api.ts";

/** What is kept for the tab, so that a reload does not sign out. */
interface Kept {
  readonly token: string;
  readonly provider?: string;
  readonly refreshToken?: string;
}

/** What is kept while the person is away at the provider. */
interface Errand {
  readonly provider: string;
  readonly state: string;
  readonly verifier: string;
}

const KEPT = "satchel:agent";
const ERRAND = "satchel:sign-in";
/** Where Cloudflare Access ends a person's session, on every host that it guards. */
const ACCESS_LOGOUT = "/cdn-cgi/access/logout";
/** So long before the token ends another is asked for, in milliseconds. */
const RENEW_BEFORE_MS = 60_000;

/** Signing in and out; `changed` is called when who is signed in changes. */
export class SignIn {
  readonly #api: Api;
  readonly #changed: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Undefined while it is being found out, and where nobody is signed in. */
  self: WireAgentSelf | undefined;
  /** How one can sign in; undefined until it is needed. */
  ways: WireSignInWays | undefined;
  /** Why it did not work. */
  problem: Problem | undefined;

  constructor(api: Api, changed: () => void) {
    this.#api = api;
    this.#changed = changed;
  }

  /** Comes back from a provider, goes on with what the tab keeps, or with a cookie; else finds out what can be done. */
  async begin(): Promise<void> {
    const query = new URLSearchParams(location.search);
    this.#api.token = read<Kept>(KEPT)?.token;
    // Whoever is signed in stays so, wherever a link with a made up answer came from.
    if (query.has("state")) await this.#comeBack(query);
    const kept = this.#api.token !== undefined;
    // Without a token a cookie of Access may speak.
    if (await this.#askSelf()) return;
    this.#api.token = undefined;
    sessionStorage.removeItem(KEPT);
    if (kept && (await this.#askSelf())) return;
    await this.#askWays();
  }

  /** Signs in on a development server. */
  async develop(name: string, privileges: readonly Privilege[]): Promise<void> {
    const path = "/v1/dev/agent-token";
    const made = await this.#api.ask<{ token: string }>({ method: "POST", path, json: { name, privileges } });
    if (made.ok) await this.#take(made.value);
    else this.#fail(made.problem);
  }

  /** Leaves for a provider, which sends the person back here (RFC 6749 4.1, RFC 7636). */
  async goTo(provider: string): Promise<void> {
    const way = this.ways?.providers.find((one) => one.provider === provider);
    if (way === undefined) return;
    const errand = { provider, state: randomText(), verifier: randomText() };
    sessionStorage.setItem(ERRAND, JSON.stringify(errand));
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(errand.verifier));
    const url = new URL(way.authorizationUrl);
    const asked = {
      response_type: "code",
      client_id: way.clientId,
      redirect_uri: redirectUri(),
      scope: way.scope,
      state: errand.state,
      code_challenge: base64url(new Uint8Array(digest)),
      code_challenge_method: "S256",
    };
    for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
    location.assign(url);
  }

  /** Forgets the token. One that came in a cookie is for Access to forget, which has a page for that. */
  signOut(): void {
    clearTimeout(this.#timer);
    if (this.self !== undefined && this.#api.token === undefined) return location.assign(ACCESS_LOGOUT);
    sessionStorage.removeItem(KEPT);
    this.#api.token = undefined;
    this.self = undefined;
    void this.#askWays();
  }

  /** The token was refused: another one may be had without asking the person. */
  async renew(): Promise<boolean> {
    const kept = read<Kept>(KEPT);
    if (kept?.refreshToken === undefined || kept.provider === undefined) return false;
    const renewed = await this.#exchange(kept.provider, { refreshToken: kept.refreshToken });
    if (!renewed.ok) return false;
    const { refreshToken = kept.refreshToken, token } = renewed.value;
    await this.#take({ token, provider: kept.provider, refreshToken });
    return this.self !== undefined;
  }

  async #comeBack(query: URLSearchParams): Promise<void> {
    const errand = read<Errand>(ERRAND);
    sessionStorage.removeItem(ERRAND);
    history.replaceState(null, "", location.pathname);
    const code = query.get("code");
    if (errand === undefined || code === null || query.get("state") !== errand.state) return;
    const { provider, verifier } = errand;
    const signedIn = await this.#exchange(provider, { code, verifier });
    if (!signedIn.ok) return this.#fail(signedIn.problem);
    const { token, refreshToken } = signedIn.value;
    keep({ token, provider, ...(refreshToken === undefined ? {} : { refreshToken }) });
    this.#api.token = token;
  }

  #exchange(provider: string, json: object): Promise<Outcome<WireSignedIn>> {
    return this.#api.ask({ method: "POST", path: `/v1/agent/sign-in/${provider}`, json });
  }

  async #take(kept: Kept): Promise<void> {
    keep(kept);
    this.#api.token = kept.token;
    this.problem = undefined;
    if (!(await this.#askSelf())) await this.#askWays();
  }

  async #askSelf(): Promise<boolean> {
    const asked = await this.#api.ask<WireAgentSelf>({ method: "GET", path: "/v1/agent/me" });
    if (!asked.ok) {
      if (asked.unreachable === true) this.problem = asked.problem;
      return false;
    }
    this.self = asked.value;
    this.problem = undefined;
    this.#watch(Date.parse(asked.value.expiresAt));
    this.#changed();
    return true;
  }

  async #askWays(): Promise<void> {
    const asked = await this.#api.ask<WireSignInWays>({ method: "GET", path: "/v1/agent/sign-in" });
    if (asked.ok) this.ways = asked.value;
    else this.problem = asked.problem;
    this.#changed();
  }

  /** Browsers take no longer timer than 2^31 ms. */
  #watch(expiresAt: number): void {
    clearTimeout(this.#timer);
    const left = Math.max(0, expiresAt - Date.now() - RENEW_BEFORE_MS);
    this.#timer = setTimeout(() => void this.renew(), Math.min(left, 2 ** 31 - 1));
  }

  #fail(problem: Problem): void {
    this.problem = problem;
    this.#changed();
  }
}

function redirectUri(): string {
  return `${location.origin}/agent/`;
}

function keep(kept: Kept): void {
  sessionStorage.setItem(KEPT, JSON.stringify(kept));
}

function read<T>(key: string): T | undefined {
  const text = sessionStorage.getItem(key);
  return text === null ? undefined : (JSON.parse(text) as T);
}

function randomText(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
