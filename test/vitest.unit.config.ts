/** Unit tests: every file runs inside workerd, with the bindings of wrangler.toml. */
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** Any 32 bytes: given here so that tests see the same on a machine whose `.dev.vars` holds others, or none. */
const KEY = "A".repeat(43);
const bindings = { SESSION_ID_KEYS: `0:${KEY}`, TOKEN_SECRETS: KEY, DIRECTORY_KEY: KEY, DEV_ISSUER_KEY: KEY };

export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.toml" }, miniflare: { bindings } })],
  test: {
    include: ["test/unit/**/*.test.ts"],
    setupFiles: ["test/support/console-check.ts"],
    // Else stylesheets are empty, also where one reads their text.
    css: true,
    // A Durable Object method that rejects is reported once more as unhandled, also where the test expects it (workers-sdk#14736).
    onUnhandledError: (error) => ("remote" in error && error.remote ? false : undefined),
  },
});
