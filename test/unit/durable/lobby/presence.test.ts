/** Who is there: agents' sockets and signs of life, across evictions, lost sockets and tokens that end. */
import { beforeAll, describe, expect, it } from "vitest";
import { pass, stopClock } from "../../../support/chats.ts";
import { ANNA, BERT, HOUR, MINUTE, SECOND } from "../../../support/core-fixtures.ts";
import { TestLobby } from "../../../support/lobbies.ts";

beforeAll(stopClock);

const UNAUTHORIZED = { type: "closed", code: 4401 };

describe("an agent who is ready", () => {
  it("stays so while their socket is open, however long nothing happens and whatever the object forgets", async () => {
    const lobby = new TestLobby();
    const anna = await lobby.ready(ANNA);
    await lobby.evict();
    pass(HOUR);
    const chat = await lobby.chat();
    expect((await anna.nextOf("offer")).session.sessionId).toBe(chat.address.sessionId);
  });

  it("who lost the socket has time to come back, and finds the offer as it stands", async () => {
    const lobby = new TestLobby();
    const anna = await lobby.ready(ANNA);
    pass(HOUR);
    const bert = await lobby.connect(BERT);
    await bert.nextOf("queue");
    const chat = await lobby.chat();
    const { expiresAt } = await anna.nextOf("offer");
    await anna.close();
    await lobby.evict();
    pass(10 * SECOND);
    await lobby.alarm();
    const again = await lobby.connect(ANNA);
    const queue = await again.nextOf("queue");
    expect(queue.offers).toMatchObject([{ expiresAt, session: { sessionId: chat.address.sessionId } }]);
    expect(queue.agents).toMatchObject([{ agentId: "anna", ready: true }, { agentId: "bert" }]);
  });

  it("who does not come back is not offered anything, until they do, and need not say again that they are ready", async () => {
    const lobby = new TestLobby();
    const anna = await lobby.ready(ANNA);
    await anna.close();
    pass(MINUTE);
    await lobby.evict();
    const chat = await lobby.chat();
    expect((await lobby.port.view(BERT)).waiting).toMatchObject([{ sessionId: chat.address.sessionId }]);
    expect(await lobby.port.place(chat.address.sessionId)).toMatchObject({ agentsReady: false });
    const again = await lobby.connect(ANNA);
    expect((await again.nextOf("offer")).session.sessionId).toBe(chat.address.sessionId);
  });

  it("without a socket is there while they ask, and for 45 seconds more", async () => {
    const lobby = new TestLobby();
    await lobby.port.setReady(ANNA, { ready: true });
    for (let asked = 0; asked < 4; asked += 1) {
      pass(30 * SECOND);
      await lobby.port.view(ANNA);
    }
    const [first] = [await lobby.chat()];
    expect((await lobby.port.view(ANNA)).offers).toMatchObject([{ session: { sessionId: first.address.sessionId } }]);
    pass(45 * SECOND);
    await lobby.alarm();
    expect((await lobby.port.view(BERT)).waiting[0]).not.toHaveProperty("offeredTo");
  });

  it("comes and goes before their colleagues' eyes", async () => {
    const lobby = new TestLobby();
    const bert = await lobby.ready(BERT);
    const anna = await lobby.connect(ANNA);
    expect(await bert.next()).toMatchObject({
      type: "agent",
      agent: { agentId: "anna", ready: false, connected: true },
    });
    await lobby.port.setReady(ANNA, { ready: true, capacity: 5 });
    expect(await bert.next()).toMatchObject({ type: "agent", agent: { agentId: "anna", ready: true, capacity: 5 } });
    await anna.close();
    expect(await bert.next()).toMatchObject({
      type: "agent",
      agent: { agentId: "anna", ready: true, connected: false },
    });
  });
});

describe("an agent's socket", () => {
  it("is closed by the alarm when its token ends, though nobody says a word, and after an eviction too", async () => {
    const lobby = new TestLobby();
    const client = await lobby.connect({ ...ANNA, expiresAt: Date.now() + MINUTE });
    expect(await lobby.alarmAt()).toBe(Date.now() + MINUTE);
    await lobby.evict();
    pass(MINUTE - 1);
    await lobby.alarm();
    expect(await lobby.alarmAt()).toBe(Date.now() + 1);
    pass(1);
    await lobby.alarm();
    await client.nextOf("agent");
    expect(await client.next()).toMatchObject(UNAUTHORIZED);
  });

  it("is told nothing more once its token has ended, while others are", async () => {
    const lobby = new TestLobby();
    const bert = await lobby.ready(BERT);
    const client = await lobby.connect({ ...ANNA, expiresAt: Date.now() + MINUTE });
    await client.nextOf("agent");
    pass(MINUTE);
    await lobby.stub.unread({ sessionId: "s", agentId: "anna", unread: 1 });
    expect(await client.next()).toMatchObject(UNAUTHORIZED);
    const late = await lobby.connect({ ...ANNA, expiresAt: Date.now() + MINUTE });
    await late.nextOf("agent");
    pass(MINUTE);
    const chat = await lobby.chat();
    expect(await late.next()).toMatchObject(UNAUTHORIZED);
    expect((await bert.nextOf("session")).session.sessionId).toBe(chat.address.sessionId);
  });

  it("is closed where it says anything, since it only tells", async () => {
    const client = await new TestLobby().connect(ANNA);
    client.sendText("{}");
    expect(await client.nextOf("closed")).toMatchObject({ code: 4400 });
  });

  it("is told what its agent has not read, on each of their sockets and on nobody else's; nothing is written for it", async () => {
    const lobby = new TestLobby();
    const bert = await lobby.ready(BERT);
    const sockets = [await lobby.connect(ANNA), await lobby.connect(ANNA)];
    const before = await lobby.stored();
    const alarmAt = await lobby.alarmAt();
    await lobby.stub.unread({ sessionId: "s-1", agentId: "anna", unread: 7 });
    for (const socket of sockets) {
      expect(await socket.nextOf("unread")).toEqual({ type: "unread", sessionId: "s-1", unread: 7 });
    }
    expect([await lobby.stored(), await lobby.alarmAt()]).toEqual([before, alarmAt]);
    expect(bert.waiting.filter(({ type }) => type === "unread")).toEqual([]);
  });
});

it("a look at a Lobby to which nobody ever came finds nothing and writes nothing", async () => {
  const lobby = new TestLobby();
  expect(await lobby.port.view(ANNA)).toEqual({ waiting: [], totalWaiting: 0, served: [], offers: [], agents: [] });
  expect(await lobby.port.place("s-1")).toBeUndefined();
  await lobby.port.decline(ANNA, "s-1", 1);
  expect(await lobby.rows("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf\\_%' ESCAPE '\\'")).toEqual([]);
  expect(await lobby.alarmAt()).toBeNull();
});
