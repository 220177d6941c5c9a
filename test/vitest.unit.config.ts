/** Unit tests: every file runs inside workerd, with the bindings of wrangler.toml. */
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.toml" } })],
  test: {
    include: ["test/unit/**/*.test.ts"],
    // A Durable Object method that rejects is reported once more as unhandled, also where the test expects it (workers-sdk#14736).
    onUnhandledError: (error) => ("remote" in error && error.remote ? false : undefined),
  },
});
