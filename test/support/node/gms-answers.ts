/** What the Genesys door answers, as strictly as clients need it: nothing but what the envelope promises (reference 2 and 3). */
import * as z from "zod";

const text = z.record(z.string(), z.string());

/** Every type that clients know; a type of anybody's own breaks them (reference 3.1). */
export const GMS_EVENT_TYPES = [
  "ParticipantJoined",
  "ParticipantLeft",
  "Message",
  "TypingStarted",
  "TypingStopped",
  "PushUrl",
  "NicknameUpdated",
  "FileUploaded",
  "FileDeleted",
  "CustomNotice",
  "Notice",
  "IdleAlert",
  "IdleClose",
] as const;

const MessageSchema = z.strictObject({
  index: z.int().min(1).optional(),
  type: z.enum(GMS_EVENT_TYPES),
  utcTime: z.int().min(1_700_000_000_000),
  from: z.strictObject({
    nickname: z.string(),
    participantId: z.int().min(0),
    type: z.enum(["Client", "Agent", "Supervisor", "External", "System"]),
  }),
  text: z.string().optional(),
  messageType: z.string().optional(),
  userData: text.optional(),
});

const AnswerSchema = z.strictObject({
  statusCode: z.literal(0),
  chatEnded: z.boolean(),
  chatId: z.string().min(1),
  secureKey: z.string().min(1),
  userId: z.string().regex(/^[0-9a-f]{16}$/),
  alias: z.string().min(1),
  nextPosition: z.int().min(1),
  messages: z.array(MessageSchema).refine(isNumbered, "indexes that only grow, and none but the limits without one"),
  monitored: z.boolean().optional(),
  idleTimerExpire: z.int().min(0).optional(),
  userData: text.optional(),
});

const RefusalSchema = z.strictObject({
  statusCode: z.union([z.literal(1), z.literal(2)]),
  chatEnded: z.boolean(),
  chatId: z.string(),
  alias: z.string().min(1),
  messages: z.array(z.never()),
  errors: z.array(z.strictObject({ code: z.int(), advice: z.string() })).length(1),
});

/** An event as it came, or the limits, which are no event. */
export type GmsEvent = z.infer<typeof MessageSchema>;
/** What was done. */
export type GmsAnswer = z.infer<typeof AnswerSchema>;
/** What was refused, with its one error beside it. */
export type GmsRefused = Omit<z.infer<typeof RefusalSchema>, "errors" | "messages"> & {
  readonly http: number;
  readonly code: number;
  readonly advice: string;
};
/** An answer that satisfied its schema. */
export type GmsOutcome =
  | { readonly ok: true; readonly headers: Headers; readonly answer: GmsAnswer }
  | { readonly ok: false; readonly headers: Headers; readonly refused: GmsRefused };

function isNumbered(messages: readonly z.infer<typeof MessageSchema>[]): boolean {
  const only = messages.length === 1 ? messages[0] : undefined;
  if (only?.type === "Notice" && only.text === "file-client-cfg-get") return only.index === undefined;
  return messages.every(({ index }, at) => index !== undefined && index > (messages[at - 1]?.index ?? 0));
}

/** What an answer of this door says; fails where it is not what the door promises. */
export async function readOutcome(response: Response): Promise<GmsOutcome> {
  const { headers, status } = response;
  const body = await response.text();
  if (headers.get("Content-Type") !== "application/json;charset=utf-8" || !body.startsWith("{"))
    throw new Error(`${status} is no pure JSON: ${headers.get("Content-Type")} ${body}`);
  const json = JSON.parse(body) as { statusCode: unknown };
  if (json.statusCode === 0) {
    if (status !== 200) throw new Error(`${status} for what was done`);
    return { ok: true, headers, answer: AnswerSchema.parse(json) };
  }
  const { errors, messages: _none, ...rest } = RefusalSchema.parse(json);
  const { code, advice } = errors[0] ?? { code: 0, advice: "" };
  return { ok: false, headers, refused: { http: status, ...rest, code, advice } };
}

/** The answer that an outcome must be. */
export function must(outcome: GmsOutcome, operation: string): GmsAnswer {
  if (!outcome.ok) throw new Error(`${operation} was refused: ${JSON.stringify(outcome.refused)}`);
  return outcome.answer;
}

/** The refusal that an outcome must be. */
export function refused(outcome: GmsOutcome, operation = "the request"): GmsRefused {
  if (outcome.ok) throw new Error(`${operation} was not refused`);
  return outcome.refused;
}
