/** The worker itself answers inside workerd: the unit tests' set-up is sound. */
import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";

test("the worker answers", async () => {
  const response = await exports.default.fetch("http://127.0.0.1/");
  expect(response.status).toBeLessThan(500);
});
