/** Settings that are right, and short ways to see what `parseConfig` makes of one that differs. */
import { type Config, type ConfigProblem, describeProblem, parseConfig } from "../../src/config.ts";
import type { ServiceOptions } from "../../src/core/options.ts";
import { fromBase64url } from "../../src/protocol/encoding.ts";

/** A 32-byte key as base64url, for tests only. */
export const KEY = "k".repeat(43);
/** Another such key. */
export const OTHER_KEY = "o".repeat(43);
/** The bytes of such a key; throws where the text is none. */
export function keyBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = fromBase64url(text);
  if (bytes === undefined || bytes.length === 0) throw new Error("not a key");
  return bytes;
}
/** Every secret that a deployment needs. */
export const SECRETS = { SESSION_ID_KEYS: `0:${KEY}`, TOKEN_SECRETS: KEY, DIRECTORY_KEY: KEY };
/** A deployment that is right but for its services. */
export const BASE = {
  ...SECRETS,
  MAIL_FROM: "chat@example.com",
  EMAIL: {},
  FILES: {},
  SESSIONS: {},
  DIRECTORY: {},
  LIBRARY: {},
  LOBBY: {},
};

/** The configuration; throws with every problem where there is one. */
export function configOf(env: Record<string, unknown>): Config {
  const result = parseConfig(env);
  if (!result.ok) throw new Error(result.problems.map(describeProblem).join("\n"));
  return result.config;
}

/** The problems, none where all is right. */
export function problemsOf(env: Record<string, unknown>): readonly ConfigProblem[] {
  const result = parseConfig(env);
  return result.ok ? [] : result.problems;
}

/** The options that a table makes, with a deployment that is right. */
export function optionsOf(table: Record<string, unknown>, env: Record<string, unknown> = {}): ServiceOptions {
  const options = configOf({ ...BASE, ...env, SERVICE_SHOP: table }).services.get("shop");
  if (options === undefined) throw new Error("the service is missing");
  return options;
}

/** The problems of a service with this table. */
export function refusalsOf(
  table: Record<string, unknown>,
  env: Record<string, unknown> = {},
): readonly ConfigProblem[] {
  return problemsOf({ ...BASE, ...env, SERVICE_SHOP: table });
}
