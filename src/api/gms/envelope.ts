/** The one shape of every JSON answer of this door (reference 2.1). */
import type { Principal } from "../../core/principal.ts";
import type { GmsRefusal } from "./status.ts";
import type { GmsMessage } from "./write.ts";

/** The credentials an answer repeats, so that clients go on with them. */
export interface Credentials {
  readonly chatId: string;
  readonly secureKey: string;
  readonly principal: Principal;
}

/** What an operation answers; `nextPosition` is the index to ask for next. */
export interface GmsAnswer {
  readonly messages: readonly GmsMessage[];
  readonly chatEnded: boolean;
  readonly nextPosition: number;
  readonly monitored?: boolean;
  /** Seconds left on the inactivity control. */
  readonly idleTimerExpire?: number;
  readonly userData?: Readonly<Record<string, string>>;
}

/** There is one server as far as clients can tell (reference 1.1). */
const ALIAS = "1";

/** A participant's id in the shape of samples: 16 hex digits. */
export function userIdOf(principal: Principal): string {
  return principal.kind === "customer" ? principal.participantId.toString(16).padStart(16, "0") : "";
}

/** The answer to what was done. */
export function success({ chatId, secureKey, principal }: Credentials, answer: GmsAnswer): Response {
  return json(200, { statusCode: 0, ...answer, chatId, secureKey, userId: userIdOf(principal), alias: ALIAS });
}

/** The answer to what was refused; no field but these is to be trusted, so there is none. */
export function refusal(chatId: string, { http, statusCode, chatEnded, error }: GmsRefusal): Response {
  const headers: Record<string, string> = {};
  if (http === 503) headers["Retry-After"] = "5";
  if (http === 405) headers.Allow = "POST";
  return json(http, { statusCode, chatEnded, chatId, alias: ALIAS, messages: [], errors: [error] }, headers);
}

/** Pure JSON text: some clients parse it themselves. */
function json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json(body, {
    status,
    headers: { "Content-Type": "application/json;charset=utf-8", "Cache-Control": "no-store", ...headers },
  });
}
