/** The pages of an identity provider where people sign in, and where a code becomes a token: checked as RFC 6749 and RFC 7636 ask. */
import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { type Claims, IdentityProvider } from "./identity-provider.ts";

/** How a code is exchanged: as it should be, or not. */
export type Exchanging = "token" | "id-token" | "foreign" | "silence" | "garbage" | "huge" | "redirect";

interface Grant {
  readonly challenge: string;
  readonly redirectUri: string;
}

/** A provider with both; everybody who comes is let in at once. */
export class SignInProvider {
  readonly keys: IdentityProvider;
  readonly #server = createServer((request, answer) => void this.#answer(request, answer));
  readonly #grants = new Map<string, Grant>();
  readonly #refreshing = new Set<string>();
  #origin = "";
  manner: Exchanging = "token";
  /** Where it has one, clients must show it (RFC 6749 2.3.1). */
  clientSecret: string | undefined;
  /** Claims on top of an agent's own. */
  claims: Claims = {};

  private constructor(keys: IdentityProvider) {
    this.keys = keys;
  }

  static async start(): Promise<SignInProvider> {
    const provider = new SignInProvider(await IdentityProvider.start());
    await new Promise<void>((resolve) => provider.#server.listen(0, "127.0.0.1", resolve));
    const address = provider.#server.address();
    if (address === null || typeof address === "string") throw new Error("the provider has no port");
    provider.#origin = `http://127.0.0.1:${address.port}`;
    return provider;
  }

  /** Its table in the settings. */
  settings(change: object = {}): Record<string, unknown> {
    const pages = { "authorization-url": `${this.#origin}/authorize`, "token-url": `${this.#origin}/token` };
    return this.keys.settings({ "sign-in-client": "desk", ...pages, ...change });
  }

  /** A code, as if somebody had signed in for this verifier. */
  codeFor(verifier: string, redirectUri: string): string {
    const code = randomUUID();
    const challenge = createHash("sha256").update(verifier).digest("base64url");
    this.#grants.set(code, { challenge, redirectUri });
    return code;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await Promise.all([new Promise((resolve) => this.#server.close(resolve)), this.keys.stop()]);
  }

  async #answer(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.#origin);
    if (url.pathname === "/authorize") return this.#authorize(url.searchParams, answer);
    if (this.manner === "silence") return;
    if (this.manner === "redirect") return void answer.writeHead(307, { Location: `${this.#origin}/token2` }).end();
    if (this.manner === "garbage") return void answer.end("no json");
    if (this.manner === "huge") return void answer.end(JSON.stringify({ padding: "x".repeat(1024 * 1024) }));
    const form = new URLSearchParams(await text(request));
    if (!this.#knows(request.headers.authorization, form))
      return void answer.writeHead(401).end('{"error":"invalid_client"}');
    if (!this.#grants.has(form.get("code") ?? "") && !this.#refreshing.has(form.get("refresh_token") ?? ""))
      return void answer.writeHead(400).end('{"error":"invalid_grant"}');
    if (!this.#isRight(form)) return void answer.writeHead(400).end('{"error":"invalid_grant"}');
    const refresh = randomUUID();
    this.#refreshing.add(refresh);
    const token = await this.keys.sign(this.claims);
    const foreign = await this.keys.sign({ ...this.claims, aud: "another" });
    const tokens = {
      token: { access_token: token, id_token: foreign },
      "id-token": { access_token: "opaque", id_token: token },
      foreign: { access_token: foreign, id_token: foreign },
    }[this.manner];
    answer.setHeader("Content-Type", "application/json");
    answer.end(JSON.stringify({ ...tokens, token_type: "Bearer", expires_in: 300, refresh_token: refresh }));
  }

  #authorize(query: URLSearchParams, answer: ServerResponse): void {
    const redirectUri = query.get("redirect_uri") ?? "";
    const code = randomUUID();
    this.#grants.set(code, { challenge: query.get("code_challenge") ?? "", redirectUri });
    const back = new URL(redirectUri);
    back.searchParams.set("code", code);
    back.searchParams.set("state", query.get("state") ?? "");
    const right = query.get("client_id") === "desk" && query.get("code_challenge_method") === "S256";
    answer.writeHead(right ? 302 : 400, right ? { Location: back.href } : {}).end();
  }

  /** A code is good once. */
  #knows(authorization: string | undefined, form: URLSearchParams): boolean {
    if (this.clientSecret === undefined) return authorization === undefined && form.get("client_id") === "desk";
    const given = Buffer.from(authorization?.replace(/^Basic /, "") ?? "", "base64").toString();
    const [name, password = ""] = given.split(":");
    return (
      name === "desk" &&
      decodeURIComponent(password.replaceAll("+", " ")) === this.clientSecret &&
      !form.has("client_id")
    );
  }

  #isRight(form: URLSearchParams): boolean {
    if (form.get("grant_type") === "refresh_token") return this.#refreshing.delete(form.get("refresh_token") ?? "");
    const code = form.get("code") ?? "";
    const grant = this.#grants.get(code);
    this.#grants.delete(code);
    const challenge = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    return grant?.challenge === challenge && grant.redirectUri === form.get("redirect_uri");
  }
}
