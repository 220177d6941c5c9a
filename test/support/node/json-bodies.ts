/** Every JSON body of the API with a full right example, and the wrong ones that its schema says there are. */
import * as z from "zod";
import {
  DevAgentTokenSchema,
  GrantSchema,
  JoinSchema,
  SendResponseSchema,
  TransferSchema,
} from "../../../src/protocol/agent.ts";
import * as chat from "../../../src/protocol/chat.ts";
import * as library from "../../../src/protocol/library.ts";
import { DeclineSchema, ReadySchema } from "../../../src/protocol/lobby.ts";
import { TranscriptEmailSchema } from "../../../src/protocol/transcripts.ts";
import { MAX_IMPORT_BYTES } from "../../../src/protocol/wire.ts";
import type { OperationName } from "./api-client.ts";

interface JsonBody {
  readonly schema: z.ZodType;
  /** Each field that the body may have, and one right value of it. */
  readonly full: Readonly<Record<string, unknown>>;
  /** An absent body means `{}`. */
  readonly optional?: true;
  /** Most bytes that are read of it, where that is not what every other body has. */
  readonly limit?: number;
}

const clientId = "client-1";
const userData = { order: "1" };
const response = {
  title: "Greeting",
  language: "en",
  text: "Hello {{customer.nickname}}",
  translations: { de: "Hallo" },
  categoryId: "bills",
  shortcut: "hello",
};
const category = { schema: library.EditCategorySchema, full: { name: "Bills", parentId: "money" } };

/** By operation. */
export const JSON_BODIES: Partial<Readonly<Record<OperationName, JsonBody>>> = {
  openSession: {
    schema: chat.OpenSessionSchema,
    full: {
      nickname: "Ada",
      firstName: "Ada",
      lastName: "Lovelace",
      email: "ada@example.com",
      subject: "An order",
      language: "en",
      timeZone: "Europe/London",
      userData,
      turnstileToken: "a token",
    },
  },
  sendMessage: {
    schema: chat.SendMessageSchema,
    full: { text: "a text", clientId, messageType: "plain", visibility: "all" },
  },
  pushUrl: { schema: chat.PushUrlSchema, full: { url: "https://example.com/", clientId } },
  sendNotice: { schema: chat.SendNoticeSchema, full: { text: "a notice", userData, clientId } },
  setTyping: { schema: chat.TypingSchema, full: { typing: true, preview: "so far" } },
  markRead: { schema: chat.ReadSchema, full: { position: 1 } },
  updateNickname: { schema: chat.UpdateNicknameSchema, full: { nickname: "Another" } },
  updateUserData: { schema: chat.UpdateUserDataSchema, full: { userData } },
  requestTranscriptEmail: { schema: TranscriptEmailSchema, full: { to: "ada@example.com" }, optional: true },
  joinSession: { schema: JoinSchema, full: { nickname: "Grace", mode: "serve", assignment: 1 }, optional: true },
  grantUploads: { schema: GrantSchema, full: { files: 1, bytes: 1000, clientId } },
  sendStandardResponse: { schema: SendResponseSchema, full: { language: "en", clientId }, optional: true },
  transferSession: { schema: TransferSchema, full: { to: "dev:Linus" }, optional: true },
  createStandardResponse: { schema: library.CreateResponseSchema, full: response },
  replaceStandardResponse: { schema: library.EditResponseSchema, full: { ...response, version: 1 } },
  createStandardResponseCategory: category,
  replaceStandardResponseCategory: category,
  importLibrary: {
    schema: library.ImportLibrarySchema,
    full: { format: "satchel-standard-responses", categories: [], responses: [], cursor: "more" },
    limit: MAX_IMPORT_BYTES,
  },
  setReady: { schema: ReadySchema, full: { ready: true, capacity: 3 } },
  declineOffer: { schema: DeclineSchema, full: { assignment: 1 } },
  createDevelopmentAgentToken: {
    schema: DevAgentTokenSchema,
    full: { name: "Grace", privileges: ["chat:take"], expiresIn: 60 },
  },
};

/** One value of each JSON type, and those between them that are taken for each other. */
const VALUES = [null, true, "", "text", "1", 0, -1, 1.5, 1e300, [], [[]], ["x"], {}, { x: {} }, { x: 1 }] as const;

/** What the schema says of one field: every value above that it does not allow is wrong. */
export function wrongValues({ schema, full }: JsonBody, field: string): readonly unknown[] {
  return VALUES.filter((value) => !schema.safeParse({ ...full, [field]: value }).success);
}

const FieldsSchema = z.object({
  properties: z.record(z.string(), z.unknown()),
  required: z.array(z.string()).default([]),
});

/** Fields as the schema names them. */
export function fieldsOf({ schema }: JsonBody): {
  readonly all: readonly string[];
  readonly required: readonly string[];
} {
  const { $ref, $defs, ...plain } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  const { properties, required } = FieldsSchema.parse(
    $ref === undefined ? plain : $defs?.[$ref.split("/").at(-1) ?? ""],
  );
  return { all: Object.keys(properties), required };
}
