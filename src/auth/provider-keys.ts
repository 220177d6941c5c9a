/** Public keys of identity providers: fetched within bounds, kept per isolate, asked for again when one is unknown. */
import { createRemoteJWKSet, customFetch, errors, type FlattenedJWSInput, type JWSHeaderParameters } from "jose";
import type { AgentIssuer } from "../protocol/agent-issuers.ts";

/** How long a provider may take for its keys, body included, in milliseconds. */
export const KEYS_TIMEOUT_MS = 5000;
/** Keys older than this, in milliseconds, are fetched again before they are used: a key that was taken back ends here. */
export const KEYS_MAX_AGE_MS = 10 * 60 * 1000;
/** A key that is not known makes us ask again at most this often, in milliseconds: anybody can send such a token. */
export const UNKNOWN_KEY_COOLDOWN_MS = 30_000;
/** After a provider failed nobody asks it again for this long, in milliseconds; callers are told to come back then. */
export const FAILURE_COOLDOWN_MS = 5000;
/** Largest answer that is read, in bytes: a hundred keys with their certificates. */
export const MAX_KEYS_BYTES = 256 * 1024;

/** The provider did not give usable keys: nothing is known about the token. */
export class ProviderUnavailable extends Error {
  override readonly name = "ProviderUnavailable";
}

/** The keys of one provider. */
export class ProviderKeys {
  readonly #set: ReturnType<typeof createRemoteJWKSet>;
  #askedAgainAt = Number.NEGATIVE_INFINITY;
  #failedAt = Number.NEGATIVE_INFINITY;

  constructor(issuer: AgentIssuer) {
    this.#set = createRemoteJWKSet(new URL(issuer.jwksUrl), {
      timeoutDuration: KEYS_TIMEOUT_MS,
      cacheMaxAge: KEYS_MAX_AGE_MS,
      // When an unknown key is worth asking is decided below: right after a rotation it is, over and over it is not.
      cooldownDuration: Number.POSITIVE_INFINITY,
      [customFetch]: fetchWithin,
    });
  }

  /**
   * The key that signed a token. Rejects with jose's own error where the token names none of the provider's keys, and with
   * {@link ProviderUnavailable} where the provider did not answer in time, or with anything but keys.
   */
  async find(header: JWSHeaderParameters, token: FlattenedJWSInput) {
    try {
      return await this.#guarded(!this.#set.fresh, () => this.#set(header, token));
    } catch (error) {
      const now = Date.now();
      if (!(error instanceof errors.JWKSNoMatchingKey) || now < this.#askedAgainAt + UNKNOWN_KEY_COOLDOWN_MS)
        throw error;
      return this.#guarded(true, async () => {
        this.#askedAgainAt = now;
        await this.#set.reload();
        return this.#set(header, token);
      });
    }
  }

  /** Tells the token's faults from the provider's, and leaves a provider that just failed alone. */
  async #guarded<T>(fetching: boolean, ask: () => Promise<T>): Promise<T> {
    if (fetching && Date.now() < this.#failedAt + FAILURE_COOLDOWN_MS) throw new ProviderUnavailable();
    try {
      return await ask();
    } catch (error) {
      if (isTokensFault(error)) throw error;
      this.#failedAt = Date.now();
      this.#askedAgainAt = Number.NEGATIVE_INFINITY;
      throw new ProviderUnavailable();
    }
  }
}

function isTokensFault(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}

/** `fetch` whose body is read here, up to `MAX_KEYS_BYTES` and only as long as the signal allows; 502 for anything but 200. */
export async function fetchWithin(
  url: string,
  init: { readonly signal: AbortSignal } & RequestInit,
): Promise<Response> {
  const response = await fetch(url, init);
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  if (response.status !== 200 || response.body === null) {
    await response.body?.cancel();
    return new Response(null, { status: 502 });
  }
  const reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> = response.body.getReader();
  const { promise: late, reject } = Promise.withResolvers<never>();
  late.catch(() => undefined);
  const stop = () => reject(new ProviderUnavailable());
  init.signal.addEventListener("abort", stop);
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late]);
      if (done) return new Response(new Blob(pieces));
      bytes += value.byteLength;
      if (bytes > MAX_KEYS_BYTES) throw new ProviderUnavailable();
      pieces.push(value);
    }
  } catch (error) {
    reader.cancel().catch(() => undefined);
    throw error;
  } finally {
    init.signal.removeEventListener("abort", stop);
  }
}

const known = new WeakMap<AgentIssuer, ProviderKeys>();

/** The keys of this provider, the same for every request of an isolate as long as its settings are. */
export function keysOf(issuer: AgentIssuer): ProviderKeys {
  const keys = known.get(issuer) ?? new ProviderKeys(issuer);
  known.set(issuer, keys);
  return keys;
}
