/** What customer and agent say to each other over REST: both directions, every kind of event, and what an end means. */
import { beforeAll, describe, expect, test } from "vitest";
import type { ApiClient, OperationName } from "../../support/node/api-client.ts";
import { agentToken, type Chat, eventsOf, openChat, openSession, send, textOf } from "../../support/node/chats.ts";
import { useServer } from "../../support/node/server.ts";
import { openLive } from "../../support/node/socket-client.ts";

const server = useServer();

/** What happens in the session after `act`, as this reader sees it. */
async function newsOf(who: ApiClient, act: () => Promise<unknown>) {
  const { position } = await who.must("getSession");
  await act();
  return (await who.must("getEvents", { query: { after: String(position) } })).events;
}

describe("a chat of two", () => {
  let chat: Chat;
  beforeAll(async () => {
    chat = await openChat(server);
  });

  test("begins with both joining, each under their name", async () => {
    expect(await eventsOf(chat.customer)).toMatchObject([
      { position: 1, type: "ParticipantJoined", from: { participantId: 1, nickname: "Ada", type: "Client" } },
      { position: 2, type: "ParticipantJoined", from: { participantId: 2, nickname: "Grace", type: "Agent" } },
    ]);
  });

  test.each(["customer", "agent"] as const)("shows what the %s writes to both, letter for letter", async (side) => {
    const text = `  Grüße 👩‍👩‍👧‍👦 <b>fett</b>\nשלום \u202e "quoted" \\ ${side}  `;
    const news = await newsOf(chat[side], () =>
      chat[side].must("sendMessage", { json: { text, messageType: "text" } }),
    );
    expect(news).toMatchObject([{ type: "Message", text, messageType: "text" }]);
    expect((await eventsOf(chat.customer)).at(-1)).toEqual((await eventsOf(chat.agent)).at(-1));
  });

  test("answers the same clientId with the same event, of each participant by themselves", async () => {
    const json = { text: "once", clientId: "c-1" };
    const [first, again] = [
      await chat.customer.must("sendMessage", { json }),
      await chat.customer.must("sendMessage", { json: { ...json, text: "changed" } }),
    ];
    const other = await chat.agent.must("sendMessage", { json });
    expect(again).toEqual(first);
    expect(other.position).toBeGreaterThan(first.position);
    const sent = (await eventsOf(chat.agent)).filter(({ clientId }) => clientId === "c-1");
    expect(sent.map(({ position }) => position)).toEqual([first.position, other.position]);
  });

  test("makes one event of twenty sends with one clientId at once", async () => {
    const json = { text: "at once", clientId: "c-20" };
    const all = await Promise.all(Array.from({ length: 20 }, () => chat.customer.must("sendMessage", { json })));
    expect(new Set(all.map(({ position }) => position)).size).toBe(1);
  });

  test("pushes URLs of http and https, from agents with the privilege too", async () => {
    const json = { url: "https://example.com/a?b=c#d", clientId: "u-1" };
    const first = await chat.agent.must("pushUrl", { json });
    expect(first).toMatchObject({ type: "PushUrl", url: json.url });
    expect(await chat.agent.must("pushUrl", { json })).toEqual(first);
    for (const url of ["javascript:alert(1)", "data:text/html,x", "ftp://example.com", "//example.com", "no url"]) {
      const problem = await chat.agent.refused("pushUrl", { json: { url } });
      expect(problem).toMatchObject({ status: 400, errors: [{ field: "url" }] });
    }
    const plain = chat.agent.withToken(await agentToken(server, ["chat:take"]));
    expect(await plain.refused("pushUrl", { json })).toMatchObject({ status: 403, code: "missing-privilege" });
  });

  test("carries notices with their data", async () => {
    const json = { text: "cart", userData: { items: "3" }, clientId: "n-1" };
    expect(await chat.customer.must("sendNotice", { json })).toMatchObject({ type: "CustomNotice", ...json });
    expect((await eventsOf(chat.agent)).at(-1)).toMatchObject({ type: "CustomNotice", ...json });
  });

  test("renames a participant from then on; earlier events keep the earlier name", async () => {
    const { customer } = chat;
    const before = await customer.must("sendMessage", { json: { text: "before" } });
    const news = await newsOf(customer, () => customer.must("updateNickname", { json: { nickname: " Ada L. " } }));
    expect(news).toMatchObject([{ type: "NicknameUpdated", nickname: "Ada L.", from: { nickname: "Ada L." } }]);
    expect((await eventsOf(customer)).find(({ position }) => position === before.position)).toEqual(before);
    expect((await customer.must("getSession")).participants[0]).toMatchObject({ nickname: "Ada L." });
  });

  test("keeps the highest position that was read, and none beyond the last", async () => {
    const { customer, agent } = chat;
    const { position } = await customer.must("sendMessage", { json: { text: "read me" } });
    for (const read of [position, position - 1]) await agent.must("markRead", { json: { position: read } });
    const reader = async () => (await customer.must("getSession")).participants.find(({ type }) => type === "Agent");
    expect(await reader()).toMatchObject({ readPosition: position });
    await agent.must("markRead", { json: { position: 999_999 } });
    const { position: last } = await customer.must("getSession");
    expect((await reader())?.readPosition).toBeLessThanOrEqual(last);
  });

  test("tells typing and reading to the others at once, and keeps neither in the transcript", async () => {
    const { customer, agent } = chat;
    const socket = await openLive(agent, (await agent.must("getSession")).position);
    const before = await eventsOf(customer);
    await customer.must("setTyping", { json: { typing: true, preview: "I am wri" } });
    expect(await socket.next("typing")).toMatchObject({
      typing: true,
      preview: "I am wri",
      from: { participantId: 1, type: "Client" },
    });
    const { position } = await customer.must("sendMessage", { json: { text: "written" } });
    await socket.next("events");
    await customer.must("markRead", { json: { position } });
    expect(await socket.next("read")).toEqual({ type: "read", participantId: 1, position });
    expect(await eventsOf(customer)).toHaveLength(before.length + 1);
    await socket.close();
  });

  test("takes attached data without an event, and refuses more keys than a session may have", async () => {
    const { customer, agent } = chat;
    const before = await eventsOf(agent);
    await customer.must("updateUserData", { json: { userData: { order: "1", page: "/cart" } } });
    await agent.must("updateUserData", { json: { userData: { order: "" } } });
    const many = Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`key${index}`, "x"]));
    const problem = await customer.refused("updateUserData", { json: { userData: many } });
    expect(problem).toMatchObject({ status: 400, errors: [{ field: "userData" }] });
    expect(await eventsOf(agent)).toEqual(before);
  });

  test.each([
    ["sendMessage", { text: "" }, "text"],
    ["sendMessage", { text: "nul\0" }, "text"],
    ["sendMessage", { text: "\ud800" }, "text"],
    ["sendMessage", { text: 1 }, "text"],
    ["sendMessage", { text: "x", clientId: "with space" }, "clientId"],
    ["sendMessage", { text: "x", visibility: "nobody" }, "visibility"],
    ["setTyping", { typing: "yes" }, "typing"],
    ["markRead", { position: -1 }, "position"],
    ["updateNickname", { nickname: "a\nb" }, "nickname"],
    ["updateUserData", { userData: [] }, "userData"],
    ["sendNotice", { text: "x".repeat(2049) }, "text"],
  ] satisfies [OperationName, object, string][])("refuses %s with %j by its field", async (name, json, field) => {
    const problem = await chat.customer.refused(name, { json });
    expect(problem).toMatchObject({ status: 400, code: "bad-request", errors: [{ field }] });
  });

  test("takes messages of exactly the longest length, and says the limit of longer ones", async () => {
    await chat.customer.must("sendMessage", { json: { text: "x".repeat(4096) } });
    const problem = await chat.customer.refused("sendMessage", { json: { text: "x".repeat(4097) } });
    expect(problem).toMatchObject({ status: 422, code: "message-too-long", limit: 4096 });
  });
});

describe("agents", () => {
  test("join under a nickname, once, and keep their id when they come back", async () => {
    const { customer } = await openSession(server);
    const agent = customer.withToken(await agentToken(server, ["chat:take"]));
    expect(await agent.refused("getEvents")).toMatchObject({ status: 403, code: "not-joined" });
    const first = await agent.must("joinSession", { json: { nickname: "Support" } });
    const again = await agent.must("joinSession", { json: { nickname: "Other" } });
    expect(again).toEqual(first);
    await agent.must("leaveSession");
    expect(await agent.refused("sendMessage", { json: { text: "I am" } })).toMatchObject({ code: "not-joined" });
    expect(await agent.refused("leaveSession")).toMatchObject({ status: 403, code: "not-joined" });
    expect(await agent.must("joinSession")).toMatchObject({ participantId: first.participantId });
    const types = (await eventsOf(customer)).map(({ type, from }) => `${type} ${from.participantId}`);
    expect(types).toEqual(["ParticipantJoined 1", "ParticipantJoined 2", "ParticipantLeft 2", "ParticipantJoined 2"]);
  });

  test("need the privilege to take chats in this service; that of another service is none", async () => {
    const { customer } = await openSession(server);
    for (const privileges of [[], { sales: ["chat:take" as const] }]) {
      const agent = customer.withToken(await agentToken(server, privileges, "Mallory"));
      const problem = await agent.refused("joinSession");
      expect(problem).toMatchObject({ status: 403, code: "missing-privilege", detail: "needs chat:take" });
    }
  });

  test("of whom one leaves, let the others and the customer go on", async () => {
    const { customer, agent } = await openChat(server);
    const second = customer.withToken(await agentToken(server, undefined, "Edsger"));
    await second.must("joinSession");
    await agent.must("leaveSession");
    await second.must("sendMessage", { json: { text: "still here" } });
    const { phase, participants } = await customer.must("getSession");
    expect(phase).toBe("open");
    expect(participants.map(({ nickname, leftAt }) => [nickname, leftAt === undefined])).toEqual([
      ["Ada", true],
      ["Grace", false],
      ["Edsger", true],
    ]);
  });
});

describe.each(["customer", "agent"] as const)("a chat that the %s ends", (side) => {
  let chat: Chat;
  let fileId: string;
  beforeAll(async () => {
    chat = await openChat(server);
    fileId = (await send(chat.customer, "note.txt", textOf(100))).fileId;
    await chat[side].must("endSession");
  });

  test("ends for both, with a last event for each", async () => {
    const page = await chat.customer.must("getEvents");
    expect(page.ended).toBe(true);
    expect(page.events.slice(-2)).toMatchObject([
      { type: "ParticipantLeft", reason: "ended", from: { participantId: 1 } },
      { type: "ParticipantLeft", reason: "ended", from: { participantId: 2 } },
    ]);
    const { phase, endedAt, participants } = await chat.agent.must("getSession");
    expect({ phase, left: participants.map(({ leftAt }) => leftAt === endedAt) }).toEqual({
      phase: "ended",
      left: [true, true],
    });
  });

  test.each([
    ["sendMessage", { text: "too late" }],
    ["pushUrl", { url: "https://example.com/" }],
    ["sendNotice", { text: "too late" }],
    ["setTyping", { typing: true }],
    ["markRead", { position: 1 }],
    ["updateNickname", { nickname: "Late" }],
    ["updateUserData", { userData: { late: "yes" } }],
    ["joinSession", {}],
    ["leaveSession", undefined],
    ["deleteFile", undefined],
    ["uploadFile", undefined],
  ] satisfies [OperationName, object | undefined][])(
    "refuses %s from then on, and adds nothing",
    async (name, json) => {
      const before = await eventsOf(chat.agent);
      const who = name === "joinSession" || name === "leaveSession" ? chat.agent : chat.customer;
      const upload = name === "uploadFile" ? { query: { name: "late.txt" }, body: "late" } : {};
      const asking = { params: { fileId }, ...(json === undefined ? {} : { json }), ...upload };
      expect(await who.refused(name, asking)).toMatchObject({ status: 409, code: "session-ended" });
      expect(await eventsOf(chat.agent)).toEqual(before);
    },
  );

  test("can be ended again without effect, read, and its files fetched, by both", async () => {
    const before = await eventsOf(chat.customer);
    for (const who of [chat.customer, chat.agent]) {
      await who.must("endSession");
      expect(await eventsOf(who)).toEqual(before);
      expect(await who.must("downloadFile", { params: { fileId } })).toEqual(textOf(100));
      expect(await who.must("getLimits")).toMatchObject({ used: { files: 1, bytes: 100 } });
    }
  });
});
