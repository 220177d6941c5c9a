/** The queue of one service as agents see it: whole when they ask, as frames of their socket when it changes. */
import * as z from "zod";
import { MAX_CAPACITY } from "./wire.ts";

const AssignmentSchema = z.int().min(1).describe("Version of who serves the session; accept by joining with it");

/** Body of `POST /v1/agent/services/{service}/ready`. */
export const ReadySchema = z
  .strictObject({
    ready: z.boolean().describe("Whether offers are wanted"),
    capacity: z.int().min(1).max(MAX_CAPACITY).optional().describe("Most chats at once; what was said last stays"),
  })
  .meta({ id: "Ready" });

/** Body of `POST /v1/agent/services/{service}/offers/{sessionId}/decline`. */
export const DeclineSchema = z.strictObject({ assignment: AssignmentSchema }).meta({ id: "Decline" });

/** An agent of the service, as colleagues see them. */
export const LobbyAgentSchema = z
  .object({
    agentId: z.string(),
    nickname: z.string(),
    ready: z.boolean(),
    capacity: z.int().describe("Most chats at once"),
    serving: z.int().describe("Chats now"),
    connected: z.boolean().describe("False while no socket of theirs shows signs of life"),
  })
  .meta({ id: "LobbyAgent" });

/** A session that waits or is served. */
export const LobbySessionSchema = z
  .object({
    sessionId: z.string(),
    state: z.enum(["waiting", "served"]),
    assignment: AssignmentSchema,
    since: z.iso.datetime().describe("When this state began"),
    startedAt: z.iso.datetime().describe("When the session began: the order of the queue"),
    nickname: z.string().describe("The customer's"),
    subject: z.string().optional(),
    language: z.string().optional(),
    agents: z.array(z.string()).describe("Ids of the agents who are in it"),
    wanted: z.string().optional().describe("The agent whom a transfer asked for"),
    offeredTo: z.string().optional().describe("The agent who considers it"),
    files: z.int().min(0).describe("Files that were sent in it by anybody; may be seconds old"),
  })
  .meta({ id: "LobbySession" });

/** An offer to the agent who reads it. */
export const OfferSchema = z.object({ session: LobbySessionSchema, expiresAt: z.iso.datetime() }).meta({ id: "Offer" });

const queue = {
  waiting: z.array(LobbySessionSchema).describe("In order; at most 200"),
  totalWaiting: z.int(),
  served: z.array(LobbySessionSchema).describe("Your own; with chat:supervise everybody's, at most 200"),
  offers: z.array(OfferSchema).describe("To you"),
  agents: z.array(LobbyAgentSchema),
};

/** Answer of `GET /v1/agent/services/{service}/queue`. */
export const QueueSchema = z.object(queue).meta({ id: "Queue" });

/** Frames of the agent's socket, all from the server. Clients ignore types they do not know. */
export const LobbyFrameSchema = z
  .discriminatedUnion("type", [
    z.object({ type: z.literal("queue"), ...queue }),
    z.object({ type: z.literal("session"), session: LobbySessionSchema }),
    z.object({ type: z.literal("session-gone"), sessionId: z.string() }),
    z.object({ type: z.literal("agent"), agent: LobbyAgentSchema }),
    z.object({ type: z.literal("agent-gone"), agentId: z.string() }),
    z.object({ type: z.literal("offer"), session: LobbySessionSchema, expiresAt: z.iso.datetime() }),
    z.object({ type: z.literal("offer-withdrawn"), sessionId: z.string() }),
    z.object({ type: z.literal("not-ready") }),
    z.object({ type: z.literal("unread"), sessionId: z.string(), unread: z.int().describe("At most 100") }),
  ])
  .meta({ id: "LobbyFrame" });

/** Answer of `GET /v1/sessions/{id}/queue`. Without a position the session does not wait, or its queue has not heard of it yet. */
export const PlaceSchema = z
  .object({
    state: z.enum(["waiting", "served", "ended"]),
    position: z.int().min(1).optional().describe("Place among the sessions that wait; counts from 1"),
    waiting: z.int().optional().describe("Sessions that wait, this one among them"),
    estimatedWait: z.int().optional().describe("Milliseconds; absent while nothing is known to estimate from"),
    agentsReady: z.boolean().optional().describe("False while no agent is ready"),
  })
  .meta({ id: "Place" });

/** The same as it travels. */
export type WirePlace = z.infer<typeof PlaceSchema>;

/** An agent as they travel. */
export type WireLobbyAgent = z.infer<typeof LobbyAgentSchema>;
/** A session as it travels. */
export type WireLobbySession = z.infer<typeof LobbySessionSchema>;
/** The queue as it travels. */
export type WireQueue = z.infer<typeof QueueSchema>;
/** A frame of the agent's socket. */
export type LobbyFrame = z.infer<typeof LobbyFrameSchema>;
