/** Scripted agents at their desks: ready on the service's socket, accepting what they are offered. */
import type { LobbyFrame } from "../../../src/protocol/lobby.ts";
import type { Privilege } from "../../../src/protocol/wire.ts";
import { ApiClient } from "./api-client.ts";
import { agentToken, type Place } from "./chats.ts";
import { type FrameSocket, openServiceSocket } from "./socket-client.ts";

/** An agent with a socket to the queue of one service. */
export interface Desk {
  readonly api: ApiClient;
  readonly socket: FrameSocket<LobbyFrame>;
}

/** An agent outside of any session; they may take chats and nothing else unless told otherwise. */
export async function agentNamed(
  place: Place,
  name: string,
  privileges: readonly Privilege[] = ["chat:take"],
): Promise<ApiClient> {
  return new ApiClient(() => place().url, "", await agentToken(place, privileges, name));
}

/** An agent who is ready on a socket, and knows it. */
export async function openDesk(
  place: Place,
  service: string,
  name: string,
  privileges?: readonly Privilege[],
): Promise<Desk> {
  const api = await agentNamed(place, name, privileges);
  const socket = await openServiceSocket(api, service);
  await socket.next("queue");
  await api.must("setReady", { params: { service }, json: { ready: true } });
  await socket.nextOf("agent", ({ agent }) => agent.agentId === `dev:${name}` && agent.ready);
  return { api, socket };
}

/** Takes a session that was offered in this version. */
export async function accept({ api }: Desk, sessionId: string, assignment: number): Promise<ApiClient> {
  const there = api.inSession(sessionId);
  await there.must("joinSession", { json: { assignment } });
  return there;
}
