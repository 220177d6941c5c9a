/** The mail transports in workerd against SMTP servers in Node. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  test: {
    include: ["test/integration/mailer.test.ts", "test/integration/smtp*.test.ts"],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
