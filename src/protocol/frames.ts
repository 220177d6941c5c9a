/** Frames of the `satchel.v1` socket: JSON text, one object each. `docs/protocol.md` tells the conversations. */
import * as z from "zod";
import {
  AuthorSchema,
  ClientIdSchema,
  EventSchema,
  MessageTypeSchema,
  PositionSchema,
  PreviewSchema,
  TextSchema,
} from "./chat.ts";
import { ProblemSchema } from "./problem.ts";

/** What a client may send. `hello` is first, and again while the server says that there is more. */
export const ClientFrameSchema = z
  .discriminatedUnion("type", [
    z.strictObject({ type: z.literal("hello"), position: PositionSchema.describe("Last position the client has") }),
    z.strictObject({
      type: z.literal("message"),
      text: TextSchema,
      clientId: ClientIdSchema,
      messageType: MessageTypeSchema.optional(),
      visibility: z.enum(["all", "agents"]).optional(),
    }),
    z.strictObject({ type: z.literal("typing"), typing: z.boolean(), preview: PreviewSchema.optional() }),
    z.strictObject({ type: z.literal("read"), position: PositionSchema }),
  ])
  .meta({ id: "ClientFrame" });

/** A frame of a client. */
export type ClientFrame = z.infer<typeof ClientFrameSchema>;

/** What the server may send. Clients ignore types they do not know. */
export const ServerFrameSchema = z
  .discriminatedUnion("type", [
    z.object({ type: z.literal("welcome"), participantId: z.int(), phase: z.enum(["open", "closing", "ended"]) }),
    z.object({
      type: z.literal("events"),
      events: z.array(EventSchema),
      position: PositionSchema.describe("Position of the newest of these events"),
      more: z.boolean().describe("Say hello again from this position to get the rest"),
    }),
    z.object({ type: z.literal("ack"), clientId: z.string(), position: PositionSchema }),
    z.object({ type: z.literal("refused"), clientId: z.string().optional(), problem: ProblemSchema }),
    z.object({ type: z.literal("typing"), from: AuthorSchema, typing: z.boolean(), preview: z.string().optional() }),
    z.object({ type: z.literal("read"), participantId: z.int(), position: PositionSchema }),
    z.object({
      type: z.literal("queue"),
      position: z.int().min(1).describe("Place among the sessions that wait; counts from 1"),
      waiting: z.int().describe("Sessions that wait, this one among them"),
      estimatedWait: z.int().optional().describe("Milliseconds; absent while nothing is known to estimate from"),
      agentsReady: z.boolean().describe("False while no agent is ready"),
    }),
    z.object({ type: z.literal("ended") }),
  ])
  .meta({ id: "ServerFrame" });

/** A frame of the server. */
export type ServerFrame = z.infer<typeof ServerFrameSchema>;
