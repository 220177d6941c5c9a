/** The agent's part of `/v1` as far as it differs from the customer's, and development tokens. */
import * as z from "zod";
import { ClientIdSchema, NicknameSchema, PositionSchema } from "./chat.ts";
import { LanguageSchema } from "./locale.ts";
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

/** How an agent joins, as it travels. */
export type WireJoining = z.infer<typeof JoinSchema>;
/** Who one is in a session, as it travels. */
export type WireJoined = z.infer<typeof JoinedSchema>;
/** Earlier chats as they travel. */
export type WireEarlierChats = z.infer<typeof EarlierChatsSchema>;

/** Who an agent is, and what they may do where. */
export const AgentSelfSchema = z
  .object({
    agentId: z.string(),
    name: z.string(),
    expiresAt: z.iso.datetime(),
    services: z.array(
      z.object({
        service: z.string(),
        privileges: z.array(z.enum(PRIVILEGES)),
        agentMaxFileSize: z.int(),
        agentFileTypes: z.array(z.string()),
        maxMessageLength: z.int(),
      }),
    ),
  })
  .meta({ id: "AgentSelf" });
/** The same as it travels. */
export type WireAgentSelf = z.infer<typeof AgentSelfSchema>;

/** How agents can sign in on our page. */
export const SignInWaysSchema = z
  .object({
    development: z.boolean().describe("Whether development tokens are given here"),
    providers: z.array(
      z.object({
        provider: z.string(),
        authorizationUrl: z.string(),
        clientId: z.string(),
        scope: z.string(),
      }),
    ),
  })
  .meta({ id: "SignInWays" });
/** The same as it travels. */
export type WireSignInWays = z.infer<typeof SignInWaysSchema>;

const SecretSchema = z.string().min(1, "must not be empty").max(4096, "at most 4096 characters");

/** Body of `POST /v1/agent/sign-in/{provider}`: what the provider sent the person back with, or what renews a token. */
export const SignInSchema = z
  .union(
    [
      z.strictObject({
        code: SecretSchema,
        verifier: z.string().regex(/^[A-Za-z0-9._~-]{43,128}$/, "a code verifier (RFC 7636 4.1)"),
      }),
      z.strictObject({ refreshToken: SecretSchema }),
    ],
    { error: "either code and verifier, or refreshToken" },
  )
  .meta({ id: "SignIn" });

/** A provider's token, good for Satchel. */
export const SignedInSchema = z
  .object({ token: z.string(), refreshToken: z.string().optional() })
  .meta({ id: "SignedIn" });
/** The same as it travels. */
export type WireSignedIn = z.infer<typeof SignedInSchema>;
