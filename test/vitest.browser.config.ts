/** Browser tests: a real Chromium on this side, the built worker on the other, loopback between. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  test: {
    include: ["test/browser/**/*.test.ts"],
    setupFiles: ["test/support/node/observe-traffic.ts"],
    globalSetup: ["test/support/node/build-once.ts"],
    pool: "forks",
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
