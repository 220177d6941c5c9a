/** An identity provider on this machine: real keys, a JWKS over HTTP, and every way in which one fails. */
import { createServer, type ServerResponse } from "node:http";
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from "jose";

/** How it answers: as it should, or not. `trickle` begins an answer and never ends it. */
export type Manner = "keys" | "error" | "silence" | "trickle" | "huge" | "garbage" | "redirect";

interface Key {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

/** Claims of a token; what is undefined is left out. */
export type Claims = Readonly<Record<string, unknown>>;

/** A provider that runs until it is stopped. */
export class IdentityProvider {
  readonly #server = createServer((_request, answer) => this.#answer(answer));
  #keys: Key[] = [];
  #made = 0;
  /** How the next question is answered. */
  manner: Manner = "keys";
  /** How often its keys were asked for. */
  asked = 0;
  /** Such as `http://127.0.0.1:9000`: the `iss` of its tokens. */
  issuer = "";

  /** Starts it on a free port, with one key. */
  static async start(alg = "RS256"): Promise<IdentityProvider> {
    const provider = new IdentityProvider();
    await provider.rotate(alg);
    await new Promise<void>((resolve) => provider.#server.listen(0, "127.0.0.1", resolve));
    const address = provider.#server.address();
    if (address === null || typeof address === "string") throw new Error("the provider has no port");
    provider.issuer = `http://127.0.0.1:${address.port}`;
    return provider;
  }

  /** Its table in the settings. */
  settings(change: object = {}): Record<string, unknown> {
    const grants = [{ claim: "groups", value: "agents", services: "*", privileges: ["chat:take"] }];
    return { issuer: this.issuer, "jwks-url": `${this.issuer}/keys`, audience: "satchel", grants, ...change };
  }

  /** Throws the old keys away and signs with a new one. */
  async rotate(alg = "RS256"): Promise<void> {
    this.#made += 1;
    const pair = await generateKeyPair(alg, { extractable: true });
    this.#keys = [{ kid: `key-${this.#made}`, alg, ...pair }];
  }

  /** Claims of an agent whose token is good for five minutes. */
  claims(change: Claims = {}): Claims {
    const now = Math.floor(Date.now() / 1000);
    const who = { sub: "grace", name: "Grace Hopper", groups: ["staff", "agents"] };
    return { iss: this.issuer, aud: "satchel", iat: now, exp: now + 300, ...who, ...change };
  }

  /** Signs them, with the key in force unless told otherwise. */
  sign(change: Claims = {}, header: { kid?: string; alg?: string } = {}, by: Key = this.key): Promise<string> {
    return new SignJWT(this.claims(change))
      .setProtectedHeader({ alg: by.alg, kid: by.kid, ...header })
      .sign(by.privateKey);
  }

  /** The key in force. */
  get key(): Key {
    const [key] = this.#keys;
    if (key === undefined) throw new Error("the provider has no key");
    return key;
  }

  /** Everything public about it that a forger could sign with. */
  async publicForms(): Promise<string[]> {
    const jwk = await exportJWK(this.key.publicKey);
    return [await exportSPKI(this.key.publicKey), JSON.stringify(jwk), String(jwk.n ?? jwk.x)];
  }

  /** Ends it, and every answer that it owes. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(answer: ServerResponse): void {
    this.asked += 1;
    switch (this.manner) {
      case "keys":
        void this.#jwks().then((keys) => answer.end(JSON.stringify({ keys })));
        return;
      case "error":
        answer.writeHead(500).end("{}");
        return;
      case "silence":
        return;
      case "trickle":
        answer.write('{"keys":[');
        return;
      case "huge":
        void this.#jwks().then((keys) => answer.end(JSON.stringify({ keys, padding: "x".repeat(1024 * 1024) })));
        return;
      case "garbage":
        answer.end('{"keys":"none"}');
        return;
      case "redirect":
        answer.writeHead(302, { Location: `${this.issuer}/elsewhere` }).end();
        return;
    }
  }

  async #jwks(): Promise<JWK[]> {
    const jwks = this.#keys.map(async ({ kid, alg, publicKey }) => ({ ...(await exportJWK(publicKey)), kid, alg }));
    return Promise.all(jwks);
  }
}
