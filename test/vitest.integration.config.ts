/** Integration tests: Node on this side, the built worker (or a part of it in workerd) on the other, loopback between. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  test: {
    include: ["test/integration/**/*.test.ts"],
    setupFiles: ["test/support/node/observe-traffic.ts"],
    globalSetup: ["test/support/node/build-once.ts"],
    // Processes and not threads: each test file has servers and trusted certificates of its own.
    pool: "forks",
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
