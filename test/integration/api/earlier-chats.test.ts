/** What agents learn of a customer: what they told of themselves, and earlier chats under the same unverified address. */
import { expect, test } from "vitest";
import { agentToken, openChat, openSession } from "../../support/node/chats.ts";
import { useServer } from "../../support/node/server.ts";

const server = useServer();
const service = "customer-support";

test("earlier chats under the same address are found, newest first, however it was typed, and none of others", async () => {
  const email = "Ada.Earlier@example.com";
  const first = await openSession(server, service, { email });
  const second = await openSession(server, service, { email: "ada.earlier@EXAMPLE.com" });
  await openSession(server, service, { email: "other@example.com" });
  await openSession(server, "sales", { email });
  await first.customer.must("endSession");
  const { agent } = await openChat(server, service, { email });
  const found = await agent.must("getEarlierChats");
  expect(found.unverifiedAddress).toBe(true);
  expect(found.chats.map(({ sessionId }) => sessionId)).toEqual([second.opened.sessionId, first.opened.sessionId]);
  expect(Object.keys(found.chats[0] ?? {}).sort()).toEqual(["sessionId", "startedAt"]);
});

test("that a chat is listed opens it to nobody", async () => {
  const email = "ada.private@example.com";
  const earlier = await openSession(server, service, { email });
  const { agent } = await openChat(server, service, { email });
  const { chats } = await agent.must("getEarlierChats");
  const ordinary = agent.withToken(await agentToken(server, ["chat:take"], "Linus"));
  const there = ordinary.inSession(chats[0]?.sessionId ?? "");
  expect(there.sessionId).toBe(earlier.opened.sessionId);
  expect(await there.refused("getTranscript")).toMatchObject({ status: 403, code: "not-joined" });
  expect(await ordinary.refused("getEarlierChats")).toMatchObject({ status: 403, code: "not-joined" });
});

test("without an address there are none", async () => {
  const { agent } = await openChat(server);
  expect(await agent.must("getEarlierChats")).toEqual({ chats: [], unverifiedAddress: true });
});

test.each(["2026-13", "yesterday", "2026-1", ""])("the cursor %j is refused by its name", async (cursor) => {
  const { agent } = await openChat(server);
  const problem = await agent.refused("getEarlierChats", { query: { cursor } });
  expect(problem).toMatchObject({ status: 400, errors: [{ field: "cursor" }] });
});

test("agents see what customers told of themselves, and customers do not get it back", async () => {
  const told = { email: "ada@example.com", language: "en-GB", timeZone: "Europe/London", userData: { order: "17" } };
  const { agent, customer } = await openChat(server, service, told);
  expect((await agent.must("getSession")).customer).toEqual(told);
  await agent.must("updateUserData", { json: { userData: { segment: "gold" } } });
  expect((await agent.must("getSession")).customer?.userData).toEqual({ order: "17", segment: "gold" });
  expect(await customer.must("getSession")).not.toHaveProperty("customer");
});
