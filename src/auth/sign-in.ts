/** Signing in with a provider on our own page: what it sent the person back with becomes a token that Satchel takes. */
import * as z from "zod";
import { ok, type Result, refuse } from "../core/refusal.ts";
import type { AgentIssuer, SignInClient } from "../protocol/agent-issuers.ts";
import { fetchWithin, KEYS_TIMEOUT_MS } from "./provider-keys.ts";
import { verifyProviderToken } from "./provider-token.ts";

/** What is exchanged: a code with its verifier (RFC 7636 4.5), or a token that renews another (RFC 6749 6). */
export type Exchange =
  | { readonly code: string; readonly verifier: string; readonly redirectUri: string }
  | { readonly refreshToken: string };

/** A provider's token that was verified, and what renews it where the provider gives one. */
export interface SignedIn {
  readonly token: string;
  readonly refreshToken?: string;
}

/** As much of a provider's answer as matters (RFC 6749 5.1, OpenID Connect Core 1.0 3.1.3.3). */
const tokenAnswer = z.object({
  access_token: z.string().optional(),
  id_token: z.string().optional(),
  refresh_token: z.string().optional(),
});

/**
 * Asks the provider. Its access token is taken where it is one for Satchel, else its id token where that is; every other
 * answer is `sign-in-failed`, and none at all `identity-provider-unavailable`. The provider's words go nowhere.
 */
export async function signInWith(
  issuer: AgentIssuer & { readonly signIn: SignInClient },
  exchange: Exchange,
  services: Iterable<string>,
  now: number,
): Promise<Result<SignedIn>> {
  const answer = await askProvider(issuer.signIn, exchange);
  if (!answer.ok) return answer;
  const { access_token, id_token, refresh_token } = answer.value;
  const names = [...services];
  for (const token of [access_token, id_token]) {
    if (token === undefined) continue;
    const verified = await verifyProviderToken(issuer, names, token, now);
    if (verified.ok) return ok({ token, ...(refresh_token === undefined ? {} : { refreshToken: refresh_token }) });
    if (verified.refusal.reason === "identity-provider-unavailable") return verified;
  }
  return refuse({ reason: "sign-in-failed" });
}

/** A confidential client says who it is as every provider must understand (RFC 6749 2.3.1); a public one in the body. */
function authorization({ clientId, clientSecret }: SignInClient): { readonly Authorization?: string } {
  if (clientSecret === undefined) return {};
  const [name, password] = [clientId, clientSecret].map((text) =>
    new URLSearchParams({ "": text }).toString().slice(1),
  );
  return { Authorization: `Basic ${btoa(`${name}:${password}`)}` };
}

async function askProvider(client: SignInClient, exchange: Exchange): Promise<Result<z.infer<typeof tokenAnswer>>> {
  const grant: Record<string, string> =
    "code" in exchange
      ? {
          grant_type: "authorization_code",
          code: exchange.code,
          code_verifier: exchange.verifier,
          redirect_uri: exchange.redirectUri,
        }
      : { grant_type: "refresh_token", refresh_token: exchange.refreshToken };
  try {
    const response = await fetchWithin(client.tokenUrl, {
      method: "POST",
      headers: { Accept: "application/json", ...authorization(client) },
      body: new URLSearchParams(client.clientSecret === undefined ? { ...grant, client_id: client.clientId } : grant),
      redirect: "manual",
      signal: AbortSignal.timeout(KEYS_TIMEOUT_MS),
    });
    const parsed = tokenAnswer.safeParse(response.ok ? await response.json() : undefined);
    return parsed.success ? ok(parsed.data) : refuse({ reason: "sign-in-failed" });
  } catch (error) {
    // What is no JSON is an answer all the same.
    if (error instanceof SyntaxError) return refuse({ reason: "sign-in-failed" });
    return refuse({ reason: "identity-provider-unavailable" });
  }
}
