/** Sessions, participants, events and limits as they travel over `/v1`. */
import * as z from "zod";
import { CustomerSchema } from "./customer.ts";
import { withoutInvisible } from "./invisible.ts";
import { LanguageSchema, TimeZoneSchema } from "./locale.ts";
import {
  MAX_CLIENT_ID,
  MAX_NICKNAME,
  MAX_PREVIEW,
  MAX_SUBJECT,
  MAX_URL,
  MAX_USER_DATA_KEY,
  MAX_USER_DATA_KEYS,
  MAX_USER_DATA_VALUE,
} from "./wire.ts";

const NOTHING_INVISIBLE = /^[^\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]*$/u;

/** A single line that people see: trimmed, no control or direction-changing characters. */
function line(max: number) {
  return z
    .string()
    .trim()
    .min(1, { error: "must not be empty", abort: true })
    .max(max, `at most ${max} characters`)
    .regex(NOTHING_INVISIBLE, { error: "no control or direction-changing characters", abort: true });
}

/** A nickname: nobody shall look like another by what is not seen. U+2800 is a blank in every font. */
export const NicknameSchema = line(MAX_NICKNAME)
  .refine((name) => withoutInvisible(name) === name, { error: "no invisible characters", abort: true })
  .refine((name) => /[^\s\u2800]/u.test(name), "something that can be seen");

/** What the chat is about. */
export const SubjectSchema = line(MAX_SUBJECT);

/** The client's own id of an event. */
export const ClientIdSchema = z
  .string()
  .regex(/^[\x21-\x7e]+$/, "printable ASCII without spaces")
  .max(MAX_CLIENT_ID);

/** Text that people write: anything but lone surrogates and NUL, which not every reader of a transcript can take. */
const WrittenSchema = z
  .string()
  .refine((text) => text.isWellFormed() && !text.includes("\0"), "well-formed Unicode without NUL");

/** Attached data: strings only. */
export const UserDataSchema = z
  .record(line(MAX_USER_DATA_KEY), WrittenSchema.max(MAX_USER_DATA_VALUE, `at most ${MAX_USER_DATA_VALUE} characters`))
  .refine((data) => Object.keys(data).length <= MAX_USER_DATA_KEYS, `at most ${MAX_USER_DATA_KEYS} keys`)
  .refine((data) => !Object.hasOwn(data, "__proto__"), "a key is not allowed");

/** Text of a message; how long is the service's decision. */
export const TextSchema = WrittenSchema.min(1, "must not be empty");

/** What a client calls the kind of its message, on every door. */
export const MessageTypeSchema = z
  .string()
  .max(64)
  .regex(NOTHING_INVISIBLE, "no control or direction-changing characters");

/** What somebody has typed so far. */
export const PreviewSchema = WrittenSchema.max(MAX_PREVIEW);

/** A position of the transcript. */
export const PositionSchema = z.int().min(0).describe("Place in the transcript; grows, may have gaps");

/** Who an event is from. */
export const AuthorSchema = z
  .object({
    participantId: z.int(),
    nickname: z.string(),
    type: z.enum(["Client", "Agent", "Supervisor", "External", "System"]),
  })
  .meta({ id: "Author", description: "Who an event is from, as it stood then; participantId 0 is the system." });

/** A file as the transcript names it. */
export const FileSchema = z
  .object({
    fileId: z.string(),
    name: z.string(),
    size: z.int().describe("Bytes"),
    type: z.string().describe("MIME type of the detected content"),
    sha256: z.string().describe("Lower-case hex"),
    description: z.string().optional().describe("What the sender says of it"),
    scan: z.enum(["clean", "skipped"]).optional().describe("What the malware scan said, for agents"),
  })
  .meta({ id: "File", description: "A file of this session; its bytes are fetched by fileId." });

const base = {
  position: PositionSchema,
  time: z.iso.datetime().describe("UTC, RFC 3339"),
  from: AuthorSchema,
  visibility: z.literal("agents").optional().describe("Set on notes that customers never see"),
  clientId: z.string().optional(),
};

/** An event of the transcript. Clients ignore types they do not know. */
export const EventSchema = z
  .discriminatedUnion("type", [
    z.object({ ...base, type: z.literal("ParticipantJoined") }),
    z.object({
      ...base,
      type: z.literal("ParticipantLeft"),
      reason: z.enum(["left", "ended", "inactivity", "disconnected"]),
    }),
    z.object({ ...base, type: z.literal("Message"), text: z.string(), messageType: z.string().optional() }),
    z.object({ ...base, type: z.literal("FileUploaded"), file: FileSchema }),
    z.object({ ...base, type: z.literal("FileDeleted"), fileId: z.string() }),
    z.object({ ...base, type: z.literal("FileRejected"), fileId: z.string(), name: z.string(), signature: z.string() }),
    z.object({ ...base, type: z.literal("UploadsGranted"), files: z.int(), bytes: z.int() }),
    z.object({ ...base, type: z.literal("PushUrl"), url: z.string() }),
    z.object({ ...base, type: z.literal("NicknameUpdated"), nickname: z.string() }),
    z.object({
      ...base,
      type: z.literal("CustomNotice"),
      text: z.string(),
      userData: z.record(z.string(), z.string()).optional(),
    }),
    z.object({
      ...base,
      type: z.literal("IdleAlert"),
      text: z.string(),
      next: z.enum(["alert", "close"]),
      seconds: z.int().describe("Seconds until what is next"),
    }),
    z.object({ ...base, type: z.literal("IdleClose"), text: z.string() }),
  ])
  .meta({ id: "Event", description: "An event of the transcript." });

/** An event of the transcript as it travels. */
export type WireEvent = z.infer<typeof EventSchema>;

/** Limits of the customer's files and what is used of them. */
export const LimitsSchema = z
  .object({
    uploadMaxFiles: z.int(),
    uploadMaxFileSize: z.int().describe("Bytes"),
    uploadMaxTotalSize: z.int().describe("Bytes"),
    uploadFileTypes: z.array(z.string()),
    uploadNeedAgent: z.boolean(),
    downloadAttempts: z.int(),
    deleteFile: z.enum(["off", "keep-quota", "return-quota"]),
    used: z.object({ files: z.int(), bytes: z.int(), downloads: z.int() }),
  })
  .meta({
    id: "Limits",
    description: "What the customer may send and fetch in this session; 0 in any upload limit disables.",
  });

/** Limits as they travel. */
export type WireLimits = z.infer<typeof LimitsSchema>;

/** Somebody who is in the session. */
export const ParticipantSchema = z
  .object({
    ...AuthorSchema.shape,
    silent: z.literal(true).optional().describe("A supervisor of whom customers learn nothing"),
    joinedAt: z.iso.datetime(),
    leftAt: z.iso.datetime().optional(),
    readPosition: PositionSchema,
  })
  .meta({ id: "Participant" });

/** A session. */
export const SessionSchema = z
  .object({
    sessionId: z.string(),
    service: z.string(),
    phase: z.enum(["open", "closing", "ended"]),
    startedAt: z.iso.datetime(),
    endedAt: z.iso.datetime().optional(),
    subject: z.string().optional(),
    waiting: z.boolean().describe("True while it is open and no agent serves it"),
    participants: z.array(ParticipantSchema),
    position: PositionSchema,
    limits: LimitsSchema,
    transcriptEmail: z.object({ offered: z.boolean(), to: z.string().optional() }).describe("On request, and where to"),
    customer: CustomerSchema.optional().describe("For agents alone"),
  })
  .meta({ id: "Session" });

/** A session as it travels. */
export type WireSession = z.infer<typeof SessionSchema>;

/** A page of events. `position` is what to ask after next. */
export const EventPageSchema = z
  .object({
    events: z.array(EventSchema),
    position: PositionSchema,
    more: z.boolean().describe("Events after these exist already"),
    ended: z.boolean().describe("The session has ended and these are its last events"),
  })
  .meta({ id: "EventPage" });

/** A page of events as it travels. */
export type WireEventPage = z.infer<typeof EventPageSchema>;

/** What Turnstile gave a page; its own bound. */
export const TurnstileTokenSchema = z.string().max(2048).describe("Where the service has a turnstile-site-key");

/** Body of `POST /v1/services/{service}/sessions`. */
export const OpenSessionSchema = z
  .strictObject({
    nickname: NicknameSchema.optional(),
    firstName: NicknameSchema.optional(),
    lastName: NicknameSchema.optional(),
    email: z.string().max(254).optional(),
    subject: SubjectSchema.optional(),
    language: LanguageSchema.optional(),
    timeZone: TimeZoneSchema.optional(),
    userData: UserDataSchema.optional(),
    turnstileToken: TurnstileTokenSchema.optional(),
  })
  .refine((body) => body.nickname !== undefined || (body.firstName !== undefined && body.lastName !== undefined), {
    path: ["nickname"],
    error: "a nickname, or both firstName and lastName",
  })
  .meta({ id: "OpenSession", description: "Who the customer is; a nickname, or both names." });

/** The same as it travels. */
export type WireOpening = z.infer<typeof OpenSessionSchema>;

/** Answer to a new session. */
export const OpenedSessionSchema = z
  .object({
    sessionId: z.string(),
    token: z.string().describe("Bearer token of the customer, for this session alone"),
    tokenExpiresAt: z.iso.datetime(),
    participantId: z.int(),
    position: PositionSchema,
    limits: LimitsSchema,
  })
  .meta({ id: "OpenedSession" });

/** The same as it travels. */
export type WireOpenedSession = z.infer<typeof OpenedSessionSchema>;

/** Body of `POST …/messages`. `visibility: agents` makes it a note. */
export const SendMessageSchema = z
  .strictObject({
    text: TextSchema,
    clientId: ClientIdSchema.optional(),
    messageType: MessageTypeSchema.optional(),
    visibility: z.enum(["all", "agents"]).optional(),
  })
  .meta({ id: "SendMessage" });

/** Body of `POST …/typing`. */
export const TypingSchema = z
  .strictObject({ typing: z.boolean(), preview: PreviewSchema.optional() })
  .meta({ id: "Typing" });

/** Body of `POST …/read`. */
export const ReadSchema = z.strictObject({ position: PositionSchema }).meta({ id: "Read" });

/** Body of `POST …/nickname`. */
export const UpdateNicknameSchema = z.strictObject({ nickname: NicknameSchema }).meta({ id: "UpdateNickname" });

/** Body of `POST …/user-data`; an empty value removes its key. */
export const UpdateUserDataSchema = z.strictObject({ userData: UserDataSchema }).meta({ id: "UpdateUserData" });

/** Body of `POST …/push-url`: http and https only. */
export const PushUrlSchema = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/, error: "an http or https URL" })
      .max(MAX_URL)
      .regex(NOTHING_INVISIBLE, "no control or direction-changing characters"),
    clientId: ClientIdSchema.optional(),
  })
  .meta({ id: "PushUrl" });

/** Body of `POST …/notices`. */
export const SendNoticeSchema = z
  .strictObject({
    text: WrittenSchema.max(MAX_URL),
    userData: UserDataSchema.optional(),
    clientId: ClientIdSchema.optional(),
  })
  .meta({ id: "SendNotice" });

/** A renewed token; all earlier ones are worthless. */
export const TokenSchema = z.object({ token: z.string(), tokenExpiresAt: z.iso.datetime() }).meta({ id: "Token" });

/** The same as it travels. */
export type WireToken = z.infer<typeof TokenSchema>;
