/** Agent tokens for trying things out; these routes do not exist unless a development key is set and the host is loopback. */
import * as z from "zod";
import { signDevAgentToken } from "../auth/agent-jwt.ts";
import { DevAgentTokenAnswerSchema, DevAgentTokenSchema } from "../protocol/agent.ts";
import { type Route, route } from "./route.ts";

const agentToken = route({
  method: "POST",
  path: "/v1/dev/agent-token",
  operationId: "createDevelopmentAgentToken",
  summary: "A token for an agent with any privileges; development only",
  access: "development",
  params: z.object({}),
  body: DevAgentTokenSchema,
  answers: { 201: { description: "The token", schema: DevAgentTokenAnswerSchema } },
  refusals: ["unknown-route"],
  async handle({ config, ports, body: { name, privileges, expiresIn } }) {
    const lifetime = expiresIn === undefined ? {} : { expiresIn };
    return Response.json(await signDevAgentToken(config, { name, privileges, ...lifetime }, ports.now()), {
      status: 201,
    });
  },
});

/** The routes of this file. */
export const developmentRoutes: readonly Route[] = [agentToken];
