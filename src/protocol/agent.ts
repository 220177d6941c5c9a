/** The agent's part of `/v1` as far as it differs from the customer's, and development tokens. */
import * as z from "zod";
import { ClientIdSchema, LanguageSchema, NicknameSchema, PositionSchema } from "./chat.ts";
import { MAX_AGENT_ID, MAX_GRANTED_BYTES, MAX_GRANTED_FILES, PRIVILEGES } from "./wire.ts";

/** Body of `POST /v1/agent/sessions/{id}/join`. */
export const JoinSchema = z
  .strictObject({
    nickname: NicknameSchema.optional(),
    mode: z
      .enum(["serve", "supervise", "silent"])
      .optional()
      .describe(
        "serve where absent; the others need chat:supervise, and customers learn nothing of a silent supervisor",
      ),
    assignment: z
      .int()
      .min(1)
      .optional()
      .describe("Version of the offer that is accepted; refused where the session was assigned since"),
  })
  .meta({ id: "Join" });

/** Id of an agent: the subject of their token. */
export const AgentIdSchema = z
  .string()
  .min(1, "must not be empty")
  .max(MAX_AGENT_ID, `at most ${MAX_AGENT_ID} characters`);

/** Body of `POST /v1/agent/sessions/{id}/transfer`. */
export const TransferSchema = z
  .strictObject({ to: AgentIdSchema.optional().describe("The agent who shall have it; absent: back to the queue") })
  .meta({ id: "Transfer" });

/** Body of `POST /v1/agent/sessions/{id}/grants`. */
export const GrantSchema = z
  .strictObject({
    files: z.int().min(0).max(MAX_GRANTED_FILES),
    bytes: z.int().min(0).max(MAX_GRANTED_BYTES),
    clientId: ClientIdSchema.optional(),
  })
  .meta({ id: "Grant", description: "So many files and bytes more for the customer, in this session." });

/** Body of `POST /v1/agent/sessions/{id}/standard-responses/{responseId}`. */
export const SendResponseSchema = z
  .strictObject({
    language: LanguageSchema.optional().describe("The customer's, where absent; else the response's own"),
    clientId: ClientIdSchema.optional(),
  })
  .meta({ id: "SendResponse" });

/** Earlier chats of a customer: found by an address that anybody could have typed. */
export const EarlierChatsSchema = z
  .object({
    chats: z.array(
      z.object({ sessionId: z.string(), startedAt: z.iso.datetime(), endedAt: z.iso.datetime().optional() }),
    ),
    unverifiedAddress: z.literal(true).describe("Nobody has proved that the address is this customer's"),
    cursor: z.string().optional().describe("For older ones; absent where none can be left"),
  })
  .meta({ id: "EarlierChats" });

/** Answer to a join. */
export const JoinedSchema = z.object({ participantId: z.int(), position: PositionSchema }).meta({ id: "Joined" });

const PrivilegesSchema = z.array(z.enum(PRIVILEGES)).max(PRIVILEGES.length);

/** Body of `POST /v1/dev/agent-token`: privileges for every service, or by service name. */
export const DevAgentTokenSchema = z
  .strictObject({
    name: NicknameSchema,
    privileges: z.union([PrivilegesSchema, z.record(z.string().regex(/^[a-z0-9-]{1,64}$/), PrivilegesSchema)]),
    /** Seconds until the token expires. */
    expiresIn: z.int().min(1).max(86_400).optional(),
  })
  .meta({ id: "DevAgentToken" });

/** Answer: a token that only a development server accepts. */
export const DevAgentTokenAnswerSchema = z
  .object({ token: z.string(), agentId: z.string() })
  .meta({ id: "DevAgentTokenAnswer" });
