/** Offers of a real Lobby to agents on real sockets, over real sessions: one agent at a time, until somebody serves. */
import { beforeAll, describe, expect, it } from "vitest";
import { type Chat, pass, stopClock } from "../../../support/chats.ts";
import { accepted, agent, CUSTOMER, MINUTE, SECOND } from "../../../support/core-fixtures.ts";
import { TestLobby } from "../../../support/lobbies.ts";

beforeAll(stopClock);

const [ANNA, BERT] = [agent("anna", ["chat:take"]), agent("bert", ["chat:take"])];
const SUPER = agent("super", ["chat:supervise"]);

/** A chat that is offered to Anna, with Bert next in line. */
async function offered() {
  const lobby = new TestLobby();
  const anna = await lobby.ready(ANNA);
  pass(SECOND);
  const bert = await lobby.ready(BERT);
  const chat = await lobby.chat();
  const offer = await anna.nextOf("offer");
  return { lobby, anna, bert, chat, offer };
}

const idOf = ({ address }: Chat) => address.sessionId;

describe("a session that waits", () => {
  it("is offered with who it is, from when and until when, to the agent who has been idle longest and no other", async () => {
    const { bert, chat, offer } = await offered();
    const until = new Date(Date.now() + 20 * SECOND).toISOString();
    const known = { sessionId: idOf(chat), state: "waiting", assignment: 1, nickname: "Cleo", offeredTo: "anna" };
    expect(offer).toMatchObject({ expiresAt: until, session: known });
    expect(await bert.nextOf("session")).toMatchObject({ session: known });
    expect(bert.waiting).toEqual([]);
  });

  it("is served by who accepts first, which all who are concerned are told", async () => {
    const { lobby, anna, bert, chat, offer } = await offered();
    await bert.nextOf("session");
    await lobby.join(chat, ANNA, offer.session.assignment);
    expect(await anna.nextOf("session")).toMatchObject({
      session: { state: "served", agents: ["anna"], assignment: 2 },
    });
    expect(await bert.next()).toEqual({ type: "session-gone", sessionId: idOf(chat) });
    expect(await bert.next()).toMatchObject({ type: "agent", agent: { agentId: "anna", serving: 1 } });
    const late = await chat.port.execute(BERT, { type: "JoinSession", assignment: offer.session.assignment });
    expect(late).toMatchObject({ refusal: { reason: "already-assigned" } });
  });

  it("that is taken by hand from the list is no longer offered to who considers it", async () => {
    const { lobby, anna, chat } = await offered();
    await lobby.join(chat, BERT, 1);
    expect(await anna.nextOf("offer-withdrawn")).toEqual({ type: "offer-withdrawn", sessionId: idOf(chat) });
    expect(await lobby.port.view(ANNA)).toMatchObject({ waiting: [], served: [], offers: [] });
    expect(await lobby.port.view(BERT)).toMatchObject({ served: [{ sessionId: idOf(chat) }] });
  });

  it("goes to the next agent when it is refused, and not back", async () => {
    const { lobby, anna, bert, chat } = await offered();
    await lobby.port.decline(ANNA, idOf(chat), 1);
    await lobby.port.decline(ANNA, idOf(chat), 1);
    expect((await bert.nextOf("offer")).session.sessionId).toBe(idOf(chat));
    await lobby.port.decline(BERT, idOf(chat), 1);
    expect(await lobby.port.view(BERT)).toMatchObject({ waiting: [{ sessionId: idOf(chat) }], offers: [] });
    expect(anna.waiting.filter(({ type }) => type === "offer")).toEqual([]);
  });

  it("goes on when its time is over, by the alarm, also after an eviction; who let it pass is not ready any more", async () => {
    const { lobby, anna, bert, chat } = await offered();
    await lobby.alarm();
    expect(await lobby.alarmAt()).toBe(Date.now() + 20 * SECOND);
    await lobby.evict();
    pass(20 * SECOND);
    await lobby.alarm();
    expect(await anna.nextOf("offer-withdrawn")).toMatchObject({ sessionId: idOf(chat) });
    expect(await anna.nextOf("not-ready")).toEqual({ type: "not-ready" });
    expect(await bert.nextOf("offer")).toMatchObject({ session: { sessionId: idOf(chat), offeredTo: "bert" } });
    const { agents } = await lobby.port.view(BERT);
    expect(agents.map(({ agentId, ready }) => [agentId, ready])).toEqual([
      ["anna", false],
      ["bert", true],
    ]);
  });

  it("is offered for as long as its own service says", async () => {
    const lobby = new TestLobby();
    const anna = await lobby.ready(ANNA);
    const chat = await lobby.unheardChat();
    await chat.inside((instance) => {
      const report = Reflect.get(instance, "assignment") as () => Promise<never>;
      return report.call(instance).then((own) => lobby.stub.report(own, { jurisdiction: "", offerTimeout: MINUTE }));
    });
    const { expiresAt } = await anna.nextOf("offer");
    expect(Date.parse(expiresAt)).toBe(Date.now() + MINUTE);
    expect(await lobby.rows("SELECT body FROM lobby")).toMatchObject([
      { body: expect.stringContaining('"offerTimeout":60000') },
    ]);
  });

  it("is not offered to an agent who has enough, or is not ready", async () => {
    const lobby = new TestLobby();
    const anna = await lobby.ready(ANNA, 1);
    const bert = await lobby.ready(BERT);
    await lobby.port.setReady(BERT, { ready: false });
    const [first, second] = [await lobby.chat(), await lobby.chat()];
    await lobby.join(first, ANNA, 1);
    expect((await anna.nextOf("offer")).session.sessionId).toBe(idOf(first));
    expect(bert.waiting.filter(({ type }) => type === "offer")).toEqual([]);
    accepted(await first.port.execute(CUSTOMER, { type: "EndSession" }));
    await first.settle();
    expect((await anna.nextOf("offer")).session.sessionId).toBe(idOf(second));
  });

  it("again after a transfer is offered to the agent who was asked for, and last to who gave it back", async () => {
    const { lobby, anna, bert, chat } = await offered();
    await lobby.join(chat, ANNA, 1);
    const cleo = await lobby.ready(agent("cleo"));
    accepted(await chat.port.execute(ANNA, { type: "TransferSession", to: "cleo" }));
    await chat.settle();
    expect(await cleo.nextOf("offer")).toMatchObject({ session: { assignment: 3, wanted: "cleo" } });
    await lobby.port.decline(agent("cleo"), idOf(chat), 3);
    expect(await bert.nextOf("offer")).toMatchObject({ session: { sessionId: idOf(chat) } });
    await lobby.port.decline(BERT, idOf(chat), 3);
    expect(await anna.nextOf("offer")).toMatchObject({ session: { sessionId: idOf(chat) } });
  });
});

describe("a supervisor", () => {
  it("who takes no chats sees who is served and by whom, and is no agent of the queue", async () => {
    const { lobby, chat, offer } = await offered();
    const supervisor = await lobby.connect(SUPER);
    expect(await supervisor.next()).toMatchObject({ type: "queue", waiting: [{ sessionId: idOf(chat) }], served: [] });
    await lobby.join(chat, ANNA, offer.session.assignment);
    expect(await supervisor.nextOf("session")).toMatchObject({ session: { state: "served", agents: ["anna"] } });
    const queue = await lobby.port.view(SUPER);
    expect(queue).toMatchObject({
      served: [{ sessionId: idOf(chat) }],
      agents: [{ agentId: "anna" }, { agentId: "bert" }],
    });
    expect((await lobby.port.view(BERT)).served).toEqual([]);
  });

  it("who may take chats no longer is offered none, however ready they said they are", async () => {
    const lobby = new TestLobby();
    await (await lobby.ready(ANNA)).close();
    pass(MINUTE);
    const looking = await lobby.connect({ ...SUPER, agentId: ANNA.agentId });
    await looking.nextOf("queue");
    const chat = await lobby.chat();
    expect(await looking.nextOf("session")).toMatchObject({ session: { sessionId: idOf(chat) } });
    expect((await lobby.port.view(BERT)).waiting[0]).not.toHaveProperty("offeredTo");
  });
});
