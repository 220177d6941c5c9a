/** What a server says of itself, to anybody: that it serves, and how it is talked to. */
import * as z from "zod";
import { DescriptionSchema, HealthSchema } from "../protocol/about.ts";
import { type Route, route } from "./route.ts";

const health = route({
  method: "GET",
  path: "/healthz",
  operationId: "getHealth",
  summary: "Whether the server serves; wrong settings are told as a problem",
  access: "public",
  params: z.object({}),
  answers: { 200: { description: "It serves", schema: HealthSchema } },
  refusals: [],
  handle: async () => Response.json({ status: "ok" } satisfies z.infer<typeof HealthSchema>),
});

/** The routes of this file. `describe` gives the OpenAPI document of all routes, these included. */
export function aboutRoutes(describe: () => unknown): readonly Route[] {
  const description = route({
    method: "GET",
    path: "/openapi.json",
    operationId: "getDescription",
    summary: "This description",
    access: "public",
    params: z.object({}),
    answers: { 200: { description: "OpenAPI 3.1", schema: DescriptionSchema } },
    refusals: [],
    handle: async () => Response.json(describe()),
  });
  return [health, description];
}
