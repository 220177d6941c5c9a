/** OpenAPI 3.1 of the native API, made from the routes and the same schemas that check requests. */
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponsesObject,
} from "zod-openapi";
import { FACES } from "../core/problem.ts";
import type { RefusalReason } from "../core/refusal.ts";
import { ClientFrameSchema, ServerFrameSchema } from "../protocol/frames.ts";
import { LobbyFrameSchema } from "../protocol/lobby.ts";
import { ProblemSchema } from "../protocol/problem.ts";
import type { Access, Route } from "./route.ts";

const BINARY = { type: "string", format: "binary" } as const;

/** Reasons where agents may ask: their tokens may come in a cookie, and are judged by keys of somebody else's. */
const AGENTS: readonly RefusalReason[] = [
  "no-token",
  "bad-token",
  "token-expired",
  "origin-not-allowed",
  "identity-provider-unavailable",
  "unknown-session",
];

/** Reasons every route of an access may refuse for. */
const ACCESS_REFUSALS: Readonly<Record<Access, readonly RefusalReason[]>> = {
  public: [],
  development: ["unknown-route"],
  participant: [...AGENTS, "token-revoked", "not-joined"],
  customer: ["no-token", "bad-token", "token-expired", "token-revoked", "unknown-session"],
  agent: AGENTS,
  "agent-service": [...AGENTS.filter((reason) => reason !== "unknown-session"), "unknown-service", "no-privilege"],
  "agent-session": AGENTS,
  "agent-any": AGENTS.filter((reason) => reason !== "unknown-session"),
  ticket: [...AGENTS, "token-revoked", "not-joined"],
};

/** The document. Built once per isolate, when it is first asked for. */
export function openApiDocument(routes: readonly Route[]) {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return createDocument({
    openapi: "3.1.0",
    info: {
      title: "Satchel",
      version: "1",
      description: "Customer-to-agent chat whose files are private, metered and never lost.",
      license: { name: "MIT", identifier: "MIT" },
    },
    paths,
    components: {
      securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
      schemas: { ClientFrame: ClientFrameSchema, ServerFrame: ServerFrameSchema, LobbyFrame: LobbyFrameSchema },
    },
  });
}

function operation(route: Route): ZodOpenApiOperationObject {
  const open = route.access === "public" || route.access === "development";
  const needed = [route.privilege, route.orPrivilege].filter((one) => one !== undefined).join(" or ");
  const privilege = needed === "" ? {} : { description: `Agents need the privilege ${needed}.` };
  return {
    operationId: route.operationId,
    summary: route.summary,
    ...privilege,
    security: open ? [] : [{ bearer: [] }],
    requestParams: {
      path: route.params,
      ...(route.query === undefined ? {} : { query: route.query }),
      ...(route.headers === undefined ? {} : { header: route.headers }),
    },
    ...requestBody(route),
    responses: { ...answers(route), ...problems(route) },
  };
}

function requestBody(route: Route): Pick<ZodOpenApiOperationObject, "requestBody"> {
  if (route.body !== undefined) {
    const required = route.bodyOptional !== true;
    return { requestBody: { required, content: { "application/json": { schema: route.body } } } };
  }
  if (route.bytes === undefined) return {};
  const form = { type: "object", properties: { file: BINARY }, required: ["file"] } as const;
  const content = route.bytes.map((type) => [type, { schema: type === "multipart/form-data" ? form : BINARY }]);
  return { requestBody: { required: true, content: Object.fromEntries(content) } };
}

function answers(route: Route): ZodOpenApiResponsesObject {
  const described = Object.entries(route.answers).map(([status, { description, schema, contentTypes, headers }]) => {
    const types = contentTypes ?? (schema === undefined ? [] : ["application/json"]);
    const json = (type: string) => schema !== undefined && type === "application/json";
    const content = types.map((type) => [type, { schema: json(type) ? schema : BINARY }]);
    const names = Object.entries(headers ?? {}).map(([name, text]) => [
      name,
      { description: text, schema: { type: "string" } },
    ]);
    return [
      status,
      {
        description,
        ...(content.length === 0 ? {} : { content: Object.fromEntries(content) }),
        ...(names.length === 0 ? {} : { headers: Object.fromEntries(names) }),
      },
    ];
  });
  return Object.fromEntries(described);
}

/** One answer for each status a refusal may have, naming its codes. */
function problems(route: Route): ZodOpenApiResponsesObject {
  const always: RefusalReason[] = ["bad-request"];
  if (route.body !== undefined) always.push("body-too-large", "unsupported-media-type");
  if (route.privilege !== undefined) always.push("missing-privilege");
  if (route.limit !== undefined || route.access !== "public") always.push("too-many-requests");
  const byStatus = new Map<number, Set<string>>();
  for (const reason of [...always, ...ACCESS_REFUSALS[route.access], ...route.refusals]) {
    const { status, code } = FACES[reason];
    byStatus.set(status, (byStatus.get(status) ?? new Set()).add(code));
  }
  const content = { "application/problem+json": { schema: ProblemSchema } };
  const described = [...byStatus].map(([status, codes]) => [status, { description: [...codes].join(", "), content }]);
  return Object.fromEntries(described);
}
