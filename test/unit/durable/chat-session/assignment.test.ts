/** What a session and the Lobby of its service say to each other: reports until they are heard, answers, and places. */
import { beforeAll, describe, expect, it } from "vitest";
import type { AssignmentReport } from "../../../../src/core/assignment.ts";
import { type Chat, openedChat, pass, stopClock, unopenedChat } from "../../../support/chats.ts";
import { ANNA, accepted, CUSTOMER, DAY, SECOND } from "../../../support/core-fixtures.ts";
import { connect, greet } from "../../../support/live-client.ts";

beforeAll(stopClock);

const PLACE = { position: 2, waiting: 5, estimatedWait: 90_000, agentsReady: true };

/** A Lobby that notes what it is told, by the name it was reached under; `fail` is asked before each report. */
async function listen(chat: Chat, fail: () => Error | undefined = () => undefined) {
  const heard: (AssignmentReport & { lobby: string })[] = [];
  await chat.replace(() => ({
    LOBBY: {
      getByName: (lobby: string) => ({
        report: async (report: AssignmentReport) => {
          const error = fail();
          if (error !== undefined) throw error;
          heard.push({ ...report, lobby });
        },
        unread: async () => {},
      }),
    },
  }));
  return heard;
}

describe("a report", () => {
  it("reaches the Lobby named by the service, at the opening and when an agent joins", async () => {
    const chat = await openedChat();
    const heard = await listen(chat);
    await chat.settle();
    await chat.join();
    await chat.settle();
    const { service: lobby, sessionId } = chat.address;
    expect(heard).toMatchObject([
      { lobby, sessionId, version: 1, state: "waiting", agents: [] },
      { lobby, sessionId, version: 2, state: "served", agents: ["anna"] },
    ]);
  });

  it("is given again until it was heard, across an eviction, and then says how things stand", async () => {
    const chat = await openedChat();
    await listen(chat, () => new Error("down"));
    await chat.alarm();
    await chat.evict();
    await chat.join();
    const heard = await listen(chat);
    pass(2 * SECOND);
    await chat.settle();
    expect(heard).toMatchObject([{ version: 2, state: "served" }]);
  });
});

describe("a Lobby that asks", () => {
  it("is told who serves the session, also after an eviction", async () => {
    const chat = await (await openedChat()).join();
    await chat.evict();
    expect(await chat.stub.assignment()).toMatchObject({ version: 2, state: "served", agents: ["anna"] });
  });

  it("is told that it has ended", async () => {
    const chat = await openedChat();
    accepted(await chat.port.execute(CUSTOMER, { type: "EndSession" }));
    expect(await chat.stub.assignment()).toMatchObject({ version: 2, state: "ended" });
  });

  it("is answered nothing of a session that never was or was erased, and nothing is written", async () => {
    const nobody = await unopenedChat();
    expect(await nobody.stub.assignment()).toBeUndefined();
    expect(await nobody.stored()).toEqual([]);
    const chat = await openedChat({ retentionDays: 1 });
    accepted(await chat.port.execute(CUSTOMER, { type: "EndSession" }));
    await chat.settle();
    pass(DAY);
    await chat.alarm();
    expect(await chat.stub.assignment()).toBeUndefined();
  });
});

describe("a place in the queue", () => {
  it("is told to the customer's socket, and stores nothing", async () => {
    const chat = await openedChat();
    const { client } = await greet(chat.port, CUSTOMER);
    const before = await chat.rows("SELECT body FROM session");
    await chat.stub.tellPlace(PLACE);
    expect(await client.nextOf("queue")).toEqual({ type: "queue", ...PLACE });
    expect(await chat.rows("SELECT body FROM session")).toEqual(before);
    expect(await chat.eventTypes()).toEqual(["ParticipantJoined"]);
  });

  it("is not told to others, to a socket that has not said hello, nor once somebody serves", async () => {
    const chat = await (await openedChat()).join();
    const silent = await connect(chat.port, CUSTOMER);
    const { client: supervisor } = await greet(chat.port, { ...ANNA, agentId: "super" });
    const { client: customer } = await greet(chat.port, CUSTOMER);
    await chat.stub.tellPlace(PLACE);
    accepted(await chat.port.execute(ANNA, { type: "LeaveSession" }));
    await chat.stub.tellPlace(PLACE);
    // Frames come in order: the leaving is first, since nothing was told while Anna served.
    expect(await customer.next()).toMatchObject({ type: "events" });
    expect(await customer.next()).toMatchObject({ type: "queue" });
    await chat.say("hello");
    expect(await supervisor.next()).toMatchObject({ type: "events" });
    expect(await supervisor.next()).toMatchObject({ type: "events", events: [{ type: "Message" }] });
    expect(silent.waiting).toEqual([]);
  });
});
