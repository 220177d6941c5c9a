/** Turnstile, which tells people from programs before a chat begins: the secret, and in development another address to ask. */
import * as z from "zod";
import { isLoopbackHost } from "../protocol/origins.ts";
import { turnstileSecret } from "../protocol/secrets.ts";
import { type Report, shown, type Variables } from "./values.ts";

/** Whom to ask about a token, and with what. Holds a secret: never log it. */
export interface TurnstileConfig {
  readonly url: string;
  readonly secret: string;
}

const SITEVERIFY = "https://challenges.cloudflare.com/turnstile/v0/siteverify";
const URL_EXPECTED = "nothing, or while developing an http address on loopback, beside DEV_ISSUER_KEY";
const loopback = z.url({ protocol: /^http$/ }).refine((text) => isLoopbackHost(new URL(text).hostname));

/** The settings; undefined, and everything wrong reported, unless all of it is right. `env` has a service that asks for it. */
export function readTurnstile(env: Variables, report: Report): TurnstileConfig | undefined {
  const secret = turnstileSecret.safeParse(env.TURNSTILE_SECRET ?? "");
  if (!secret.success) report("TURNSTILE_SECRET", secret.error.issues[0]?.message ?? "another value");
  const url = readUrl(env);
  if (url === undefined) report("TURNSTILE_URL", URL_EXPECTED, shown(env.TURNSTILE_URL));
  return secret.success && url !== undefined ? { secret: secret.data, url } : undefined;
}

function readUrl({ TURNSTILE_URL: given, DEV_ISSUER_KEY: development }: Variables): string | undefined {
  if (given === undefined || given === "") return SITEVERIFY;
  const parsed = loopback.safeParse(given);
  return parsed.success && development ? parsed.data : undefined;
}
