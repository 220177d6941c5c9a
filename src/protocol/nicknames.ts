/** A name that somebody else wrote, such as an identity provider, as a nickname that our own rule would take. */
import { NicknameSchema } from "./chat.ts";
import { withoutInvisible } from "./invisible.ts";
import { MAX_NICKNAME } from "./wire.ts";

/** The name without what a nickname may not hold, cut to its length; `fallback` where nothing is left, or there was none. */
export function nicknameFrom(name: unknown, fallback: string): string {
  if (typeof name !== "string") return fallback;
  // Cut first: what a cut leaves alone, half a pair or a joiner at the end, counts as invisible then.
  const line = name
    .replace(/[\s\u0085\u2800]+/gu, " ")
    .trim()
    .slice(0, MAX_NICKNAME);
  const parsed = NicknameSchema.safeParse(withoutInvisible(line));
  return parsed.success ? parsed.data : fallback;
}
