/** Real Lobby objects inside workerd, for tests: each of a service of its own, with real sessions. Stop the clock first. */
import { env } from "cloudflare:workers";
import { type LobbyPort, lobbyPort } from "../../durable/kit/objects.ts";
import type { AgentPrincipal } from "../../src/core/principal.ts";
import { type LobbyFrame, LobbyFrameSchema } from "../../src/protocol/lobby.ts";
import { SUBPROTOCOL } from "../../src/protocol/wire.ts";
import { type Chat, unopenedChat } from "./chats.ts";
import { accepted, MINUTE } from "./core-fixtures.ts";
import { FrameQueue } from "./live-client.ts";
import { TestObject } from "./test-object.ts";

/** An agent's socket. */
export type AgentClient = FrameQueue<LobbyFrame>;

/** Sessions that nothing is due in while a test runs. */
const PATIENT = { timeoutAlert: 600 * MINUTE, disconnectTimeout: 600 * MINUTE };

/** One Lobby in an object of its own. */
export class TestLobby extends TestObject {
  readonly service = `shop-${crypto.randomUUID()}`;
  readonly port: LobbyPort = lobbyPort(env, { service: this.service, jurisdiction: "" });

  get stub() {
    return env.LOBBY.getByName(this.service);
  }

  /** Opens an agent's socket; what is told at its opening is still to be taken. */
  async connect(agent: AgentPrincipal): Promise<AgentClient> {
    const { webSocket, status } = await this.port.connect(agent, SUBPROTOCOL);
    if (webSocket === null) throw new Error(`no socket but status ${status}`);
    return new FrameQueue<LobbyFrame>(webSocket, (json) => LobbyFrameSchema.parse(json));
  }

  /** An agent who is connected and ready, with all that was told of it taken. */
  async ready(agent: AgentPrincipal, capacity = 3): Promise<AgentClient> {
    const client = await this.connect(agent);
    await this.port.setReady(agent, { ready: true, capacity });
    for (;;) {
      const { agent: told } = await client.nextOf("agent");
      if (told.agentId === agent.agentId && told.ready) return client;
    }
  }

  /** A chat that a customer has just opened, and that has not said so yet. */
  async unheardChat(): Promise<Chat> {
    return (await unopenedChat(this.service)).open(PATIENT);
  }

  /** A chat that waits here. */
  async chat(): Promise<Chat> {
    const chat = await this.unheardChat();
    await chat.settle();
    return chat;
  }

  /** The session alone decides; then it says so. */
  async join(chat: Chat, agent: AgentPrincipal, assignment?: number): Promise<void> {
    const offer = assignment === undefined ? {} : { assignment };
    accepted(await chat.port.execute(agent, { type: "JoinSession", ...offer }));
    await chat.settle();
  }

  /** What is stored, in a form that tells whether anything was written. */
  async stored(): Promise<string> {
    const tables = ["sessions", "agents", "lobby"];
    const rows = await Promise.all(tables.map((table) => this.rows(`SELECT * FROM ${table} ORDER BY 1`)));
    return JSON.stringify(rows);
  }
}
