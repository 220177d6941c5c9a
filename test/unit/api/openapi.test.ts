/** The API's description tells what each route may refuse, so that a client can be written from it alone. */
import { describe, expect, it } from "vitest";
import { routes } from "../../../src/api/app.ts";
import { openApiDocument } from "../../../src/api/openapi.ts";

const { paths = {} } = openApiDocument(routes);

/** Codes that the description names for one status of a route. */
function codes(path: string, method: "get" | "post" | "put" | "delete", status: string): string[] {
  const answer: unknown = paths[path]?.[method]?.responses?.[status];
  const described = typeof answer === "object" && answer !== null && "description" in answer;
  return described ? String(answer.description).split(", ") : [];
}

describe("the description", () => {
  it.each(routes.filter(({ privilege }) => privilege !== undefined))(
    "says of $operationId that a privilege may be missing",
    (route) => {
      const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
      const methods = { GET: "get", POST: "post", PUT: "put", DELETE: "delete" } as const;
      expect(codes(path, methods[route.method], "403")).toContain("missing-privilege");
    },
  );

  it("says that a service without mail has no transcript in the form of one", () => {
    expect(codes("/v1/sessions/{sessionId}/transcript", "get", "403")).toContain("email-disabled");
  });
});
