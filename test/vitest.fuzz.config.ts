/** Fuzzing: parsers inside workerd, each given mutated input for so many seconds; `test/run-fuzz.ts` says how many. */
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** Any 32 bytes. */
const KEY = "A".repeat(43);
const keys = { SESSION_ID_KEYS: `0:${KEY}`, TOKEN_SECRETS: KEY, DIRECTORY_KEY: KEY, DEV_ISSUER_KEY: KEY };
const bindings = { ...keys, FUZZ_SECONDS: process.env.FUZZ_SECONDS ?? "1", FUZZ_SEED: process.env.FUZZ_SEED ?? "1" };

export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.toml" }, miniflare: { bindings } })],
  test: {
    include: ["test/fuzz/**/*.test.ts"],
    // A fault that was found is shrunk for a while before it is reported.
    testTimeout: 24 * 60 * 60 * 1000,
    onUnhandledError: (error) => ("remote" in error && error.remote ? false : undefined),
  },
});
