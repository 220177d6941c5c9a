/** Standard responses as agents use them: search, favourites, what was sent last, and files to look at before sending. */
import * as z from "zod";
import type { AgentResponse, StandardResponse } from "../core/library.ts";
import { wireTime } from "../core/views.ts";
import { AgentResponseSchema, CategoriesSchema, ResponsePageSchema, ResponseQuerySchema } from "../protocol/library.ts";
import { done } from "./chat.ts";
import { serveBytes } from "./download.ts";
import { given } from "./given.ts";
import { type Route, route, type ServiceCall } from "./route.ts";

const SERVICE = z.object({ service: z.string() });
const RESPONSE = z.object({ responseId: z.string().max(64) });
const BYTES = { contentTypes: ["*/*"] };

const search = route({
  method: "GET",
  path: "/v1/agent/standard-responses",
  operationId: "searchStandardResponses",
  summary: "Find standard responses by words, category, language, or among your own",
  access: "agent-service",
  params: z.object({}),
  query: ResponseQuerySchema,
  answers: { 200: { description: "A page of what was found", schema: ResponsePageSchema } },
  refusals: [],
  async handle({ library, principal, query: { q, category, language, list, cursor } }) {
    const filters = { ...given("words", q || undefined), ...given("categoryId", category), ...given("list", list) };
    const offset = Number(cursor ?? 0);
    const page = await library.search(principal.agentId, { ...filters, ...given("language", language), offset });
    const { responses, next } = page;
    return Response.json({ responses, ...given("cursor", next === undefined ? undefined : String(next)) });
  },
});

const categories = route({
  method: "GET",
  path: "/v1/agent/standard-response-categories",
  operationId: "getStandardResponseCategories",
  summary: "All categories of standard responses",
  access: "agent-service",
  params: z.object({}),
  query: SERVICE,
  answers: { 200: { description: "The categories, by name", schema: CategoriesSchema } },
  refusals: [],
  handle: async ({ library }) => Response.json({ categories: await library.categories() }),
});

const view = route({
  method: "GET",
  path: "/v1/agent/standard-responses/:responseId",
  operationId: "getStandardResponse",
  summary: "One standard response, with all its texts and files",
  access: "agent-service",
  params: RESPONSE,
  query: SERVICE,
  answers: { 200: { description: "The response", schema: AgentResponseSchema } },
  refusals: ["unknown-response"],
  async handle({ library, principal, params }) {
    const found = await library.response(principal.agentId, params.responseId);
    return found.ok ? Response.json(viewResponse(found.value)) : found;
  },
});

const favour = route({
  method: "PUT",
  path: "/v1/agent/standard-responses/:responseId/favourite",
  operationId: "addFavourite",
  summary: "Make a standard response one of your favourites",
  access: "agent-service",
  params: RESPONSE,
  query: SERVICE,
  answers: { 204: { description: "It is a favourite" } },
  refusals: ["unknown-response", "library-full"],
  handle: async ({ library, principal, params }) =>
    done(await library.setFavourite(principal.agentId, params.responseId, true)),
});

const disfavour = route({
  method: "DELETE",
  path: "/v1/agent/standard-responses/:responseId/favourite",
  operationId: "removeFavourite",
  summary: "Take a standard response from your favourites",
  access: "agent-service",
  params: RESPONSE,
  query: SERVICE,
  answers: { 204: { description: "It is no favourite" } },
  refusals: ["unknown-response"],
  handle: async ({ library, principal, params }) =>
    done(await library.setFavourite(principal.agentId, params.responseId, false)),
});

const file = route({
  method: "GET",
  path: "/v1/agent/standard-responses/:responseId/files/:documentId",
  operationId: "downloadLibraryFile",
  summary: "The bytes of a standard response's file",
  access: "agent-service",
  params: z.object({ ...RESPONSE.shape, documentId: z.string().max(64) }),
  query: z.object({ ...SERVICE.shape, disposition: z.enum(["attachment", "inline"]).optional() }),
  headers: z.object({ Range: z.string().optional(), "If-None-Match": z.string().optional() }),
  answers: {
    200: { description: "The whole file", ...BYTES },
    206: { description: "The asked-for range", ...BYTES },
    304: { description: "The client has it already" },
  },
  refusals: ["unknown-response", "unknown-file", "range-not-satisfiable", "store-unavailable"],
  handle: (call) => serveLibraryFile(call, call.params, call.query.disposition === "inline"),
});

/** The bytes come the way of all downloads; nothing is counted, so nothing is given back. */
function serveLibraryFile(
  call: ServiceCall<unknown, unknown, unknown>,
  { responseId, documentId }: { readonly responseId: string; readonly documentId: string },
  inline: boolean,
) {
  const { library, ports, options } = call;
  const source = {
    documents: ports.documents(options.jurisdiction),
    open: (conditions: Parameters<typeof library.openFile>[2]) => library.openFile(responseId, documentId, conditions),
    failed: async () => {},
  };
  return serveBytes(call, source, { ticketed: false, inline });
}

/** A response as it travels. */
export function viewResponse<R extends StandardResponse | AgentResponse>({ updatedAt, ...response }: R) {
  return { ...response, updatedAt: wireTime(updatedAt) };
}

/** The routes of this file. */
export const libraryRoutes: readonly Route[] = [search, categories, view, favour, disfavour, file];
