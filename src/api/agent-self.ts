/** Who an agent is, and how one signs in on our own page. */
import * as z from "zod";
import { agentIn, devIssuerActive } from "../auth/agent-jwt.ts";
import { signInWith } from "../auth/sign-in.ts";
import { logFailure } from "../backends/log.ts";
import type { Config } from "../config.ts";
import { refuse } from "../core/refusal.ts";
import { wireTime } from "../core/views.ts";
import { AgentSelfSchema, SignedInSchema, SignInSchema, SignInWaysSchema } from "../protocol/agent.ts";
import { type Route, route } from "./route.ts";

const self = route({
  method: "GET",
  path: "/v1/agent/me",
  operationId: "getAgentSelf",
  summary: "Who you are, and in which services you may do what",
  access: "agent-any",
  params: z.object({}),
  answers: { 200: { description: "You", schema: AgentSelfSchema } },
  refusals: [],
  async handle({ config, identity }) {
    const { agentId, name, expiresAt } = identity;
    const services = [...config.services].flatMap(([service, options]) => {
      const privileges = [...agentIn(service, identity).privileges];
      const { agentMaxFileSize, maxMessageLength } = options;
      const agentFileTypes = [...options.agentFileTypes];
      return privileges.length === 0
        ? []
        : [{ service, privileges, agentMaxFileSize, agentFileTypes, maxMessageLength }];
    });
    return Response.json({ agentId, name, expiresAt: wireTime(expiresAt), services });
  },
});

const ways = route({
  method: "GET",
  path: "/v1/agent/sign-in",
  operationId: "getSignInWays",
  summary: "How agents can sign in on the desktop's page",
  access: "public",
  params: z.object({}),
  answers: { 200: { description: "The providers that were given a client", schema: SignInWaysSchema } },
  refusals: [],
  async handle({ config, url }) {
    const providers = [...config.agentIssuers.values()].flatMap(({ name, signIn }) => {
      if (signIn === undefined) return [];
      const { authorizationUrl, clientId, scope } = signIn;
      return [{ provider: name, authorizationUrl, clientId, scope }];
    });
    return Response.json({ development: devIssuerActive(config, url), providers });
  },
});

const signIn = route({
  method: "POST",
  path: "/v1/agent/sign-in/:provider",
  operationId: "signIn",
  limit: "signIns",
  summary: "Exchange what a provider sent a person back with for a token; or renew one",
  access: "public",
  params: z.object({ provider: z.string() }),
  body: SignInSchema,
  answers: { 200: { description: "The provider's token, which was verified", schema: SignedInSchema } },
  refusals: ["unknown-route", "origin-not-allowed", "sign-in-failed", "identity-provider-unavailable"],
  async handle({ config, ports, request, url, requestId, params: { provider }, body }) {
    // What is exchanged is lent the client's secret: no page but ours may ask for that.
    const origin = request.headers.get("Origin");
    if (origin !== null && origin !== url.origin && origin !== config.publicOrigin)
      return refuse({ reason: "origin-not-allowed" });
    const issuer = [...config.agentIssuers.values()].find(({ name }) => name === provider);
    const client = issuer?.signIn;
    if (issuer === undefined || client === undefined) return refuse({ reason: "unknown-route" });
    const exchange = "code" in body ? { ...body, redirectUri: redirectUri(config, url) } : body;
    const signedIn = await signInWith({ ...issuer, signIn: client }, exchange, config.services.keys(), ports.now());
    if (!signedIn.ok) logFailure("agent-not-signed-in", signedIn.refusal.reason, { requestId });
    return signedIn.ok ? Response.json(signedIn.value) : signedIn;
  },
});

/** Where the provider sends people back to: the desktop's page, and nowhere else. */
function redirectUri(config: Config, url: URL): string {
  return `${config.publicOrigin === "" ? url.origin : config.publicOrigin}/agent/`;
}

/** The routes of this file. */
export const agentSelfRoutes: readonly Route[] = [self, ways, signIn];
