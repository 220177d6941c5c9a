/** How a chat begins through this door (reference 4.1). */
import type { Config } from "../../config.ts";
import { ok, type Result, refuse, refuseField } from "../../core/refusal.ts";
import { NicknameSchema, SubjectSchema, TextSchema, TurnstileTokenSchema } from "../../protocol/chat.ts";
import { readAddress } from "../address.ts";
import { check } from "../body.ts";
import { given } from "../given.ts";
import { type Opening, openChat } from "../opening.ts";
import type { Ports } from "../route.ts";
import type { Credentials, GmsAnswer } from "./envelope.ts";
import { type Fields, languageOf, timeZoneOf } from "./read.ts";
import { MISSING } from "./status.ts";
import { writePage } from "./write.ts";

/** Beside the parameters of the protocol: widgets send what pages attach to a chat, so that a page can hand it in there. */
const TURNSTILE_TOKEN = "userData[turnstileToken]";

/** A chat that has begun. */
export interface StartedChat {
  readonly credentials: Credentials;
  readonly answer: GmsAnswer;
}

/** Opens a session; `text`, where there is one, is the customer's first message. */
export async function startChat(
  asking: { readonly config: Config; readonly ports: Ports; readonly url: URL },
  service: string,
  fields: Fields,
): Promise<Result<StartedChat>> {
  const opening = readOpening(fields);
  if (!opening.ok) return opening;
  const text = fields.get("text");
  const message = check(TextSchema.optional(), text, "text");
  if (!message.ok) return message;
  const limit = asking.config.services.get(service)?.maxMessageLength ?? 0;
  // Before there is a session: a chat that began without its first message would have lost it.
  if (text !== undefined && text.length > limit) return refuse({ reason: "message-too-long", limit });
  const human = check(TurnstileTokenSchema.optional(), fields.get(TURNSTILE_TOKEN), TURNSTILE_TOKEN);
  if (!human.ok) return human;
  const manner = { lasting: true, ...given("turnstileToken", human.value) } as const;
  const opened = await openChat(asking, service, opening.value, manner);
  if (!opened.ok) return opened;
  const { address, principal, token } = opened.value;
  const session = asking.ports.session(address);
  const joined = await session.poll(principal, 0);
  if (!joined.ok) return joined;
  if (message.value !== undefined) {
    const sent = await session.execute(principal, { type: "SendMessage", text: message.value, visibility: "all" });
    if (!sent.ok) return sent;
  }
  const nextPosition = joined.value.position + 1;
  const answer = { messages: writePage(joined.value), chatEnded: false, nextPosition, monitored: false };
  return ok({ credentials: { chatId: address.sessionId, secureKey: token, principal }, answer });
}

function readOpening(fields: Fields): Result<Opening> {
  const nickname = readNickname(fields);
  if (!nickname.ok) return nickname;
  const email = readAddress(fields.get("emailAddress"), "emailAddress");
  if (!email.ok) return email;
  const subject = check(SubjectSchema.optional(), fields.get("subject"), "subject");
  if (!subject.ok) return subject;
  const attached = fields.userData();
  if (!attached.ok) return attached;
  const userData = attached.value === undefined ? undefined : withoutToken(attached.value);
  const [language, timeZone] = [languageOf(userData), timeZoneOf(userData)];
  const details = { email: email.value, subject: subject.value, userData: userData };
  return ok({ nickname: nickname.value, ...details, language, timeZone });
}

/** What was used is nothing to keep. */
function withoutToken({ turnstileToken: _used, ...rest }: Readonly<Record<string, string>>): Record<string, string> {
  return rest;
}

/** A nickname, or first and last name with a blank between. */
function readNickname(fields: Fields): Result<string> {
  const nickname = fields.get("nickname");
  if (nickname !== undefined) return check(NicknameSchema, nickname, "nickname");
  const [first, last] = [fields.get("firstName"), fields.get("lastName")];
  if (first === undefined && last === undefined) return refuseField("nickname", MISSING);
  if (first === undefined) return refuseField("firstName", MISSING);
  if (last === undefined) return refuseField("lastName", MISSING);
  const named = check(NicknameSchema, first, "firstName");
  if (!named.ok) return named;
  const family = check(NicknameSchema, last, "lastName");
  return family.ok ? check(NicknameSchema, `${named.value} ${family.value}`, "lastName") : family;
}
