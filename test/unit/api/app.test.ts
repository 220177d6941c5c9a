/** What is mounted is what is described: the suites that walk the description miss nothing. */
import { expect, it } from "vitest";
import { routes } from "../../../src/api/app.ts";
import { GMS_PREFIX } from "../../../src/api/gms/router.ts";
import { openApiDocument } from "../../../src/api/openapi.ts";
import worker from "../../../src/worker.ts";

it("every route that the worker mounts is in its description, and nothing else is", () => {
  // What `use` mounts runs before all routes and answers none. The Genesys door is described by its reference alone.
  const door = `${GMS_PREFIX}*`;
  expect(worker.routes.filter(({ path }) => path === door)).toMatchObject([{ method: "ALL" }]);
  const mounted = worker.routes.filter(({ path }) => path !== "/*" && path !== door);
  const { paths = {} } = openApiDocument(routes);
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`),
  );
  expect(mounted.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(described.sort());
  expect(worker.routes.filter(({ path }) => path === "/*").every(({ method }) => method === "ALL")).toBe(true);
});
