/** News over REST: pages without gap or double, and long polls that end with news, with the end, or with time. */
import { beforeAll, describe, expect, test } from "vitest";
import { MAX_EVENTS_PER_PAGE } from "../../../src/protocol/wire.ts";
import type { AnswerOf, ApiClient } from "../../support/node/api-client.ts";
import { agentToken, type Chat, openChat, openSession, renewed } from "../../support/node/chats.ts";
import { useServer } from "../../support/node/server.ts";
import { openLive } from "../../support/node/socket-client.ts";

const server = useServer();

const pageAfter = (who: ApiClient, after: number, wait = 0) =>
  who.must("getEvents", { query: { after: String(after), wait: String(wait) } });

/** Everything after a position, page by page. */
async function pagesAfter(who: ApiClient, after = 0): Promise<AnswerOf<"getEvents">[]> {
  const pages = [await pageAfter(who, after)];
  for (let last = pages[0]; last?.more === true; last = pages.at(-1)) pages.push(await pageAfter(who, last.position));
  return pages;
}

/** Says so many things, one after another. */
async function sayMany(who: ApiClient, count: number): Promise<void> {
  const socket = await openLive(who);
  for (let index = 0; index < count; index++) {
    socket.send({ type: "message", text: `text ${index}`, clientId: `m${index}` });
  }
  for (let index = 0; index < count; index++) {
    await socket.next("events");
    await socket.next("ack");
  }
  await socket.close();
}

describe("pages", () => {
  let chat: Chat;
  beforeAll(async () => {
    chat = await openChat(server);
    await sayMany(chat.customer, MAX_EVENTS_PER_PAGE + 50);
  });

  test("of a long transcript follow each other without gap or double", async () => {
    const pages = await pagesAfter(chat.customer);
    expect(pages.map(({ events, more }) => [events.length, more])).toEqual([
      [MAX_EVENTS_PER_PAGE, true],
      [52, false],
    ]);
    const events = pages.flatMap((page) => page.events);
    const positions = events.map(({ position }) => position);
    expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
    const texts = events.flatMap((event) => (event.type === "Message" ? [event.text] : []));
    expect(texts).toEqual(Array.from({ length: MAX_EVENTS_PER_PAGE + 50 }, (_, index) => `text ${index}`));
  });

  test("begin after whatever position is given", async () => {
    const [all] = await pagesAfter(chat.agent);
    const middle = all?.events[100]?.position ?? 0;
    const { events } = await pageAfter(chat.agent, middle);
    expect(events[0]?.position).toBe(all?.events[101]?.position);
  });

  test("are the same for customer and agent where there are no notes", async () => {
    expect(await pagesAfter(chat.agent)).toEqual(await pagesAfter(chat.customer));
  });

  test("after the last position are empty, and stay there", async () => {
    const { position } = await chat.customer.must("getSession");
    expect(await pageAfter(chat.customer, position)).toEqual({ events: [], position, more: false, ended: false });
  });

  // Nothing may come that a poll from there would wait for: the time-out is shorter than the poll's.
  test("beyond the last position lead back to it at once, waited for or not", { timeout: 10_000 }, async () => {
    const { position } = await chat.customer.must("getSession");
    const page = { events: [], position, more: false, ended: false };
    expect(await pageAfter(chat.customer, position + 1000)).toEqual(page);
    expect(await pageAfter(chat.customer, position + 1000, 25)).toEqual(page);
  });

  test("tell that the session has ended only with the last of its events", async () => {
    const ended = await openSession(server);
    await sayMany(ended.customer, MAX_EVENTS_PER_PAGE);
    await ended.customer.must("endSession");
    const pages = await pagesAfter(ended.customer);
    expect(pages.map(({ more, ended: last }) => [more, last])).toEqual([
      [true, false],
      [false, true],
    ]);
  });

  test.each([
    [{ after: "-1" }, "after"],
    [{ after: "1e3" }, "after"],
    [{ after: "99999999999999999999" }, "after"],
    [{ after: "" }, "after"],
    [{ wait: "26" }, "wait"],
    [{ wait: "-1" }, "wait"],
    [{ wait: "1.5" }, "wait"],
    [{ wait: "soon" }, "wait"],
  ])("with %j are refused by the field's name", async (query, field) => {
    const problem = await chat.customer.refused("getEvents", { query });
    expect(problem).toMatchObject({ status: 400, code: "bad-request", errors: [{ field }] });
  });
});

describe("a long poll", () => {
  let chat: Chat;
  let position: number;
  beforeAll(async () => {
    chat = await openChat(server);
  });
  const last = async () => (await chat.customer.must("getSession")).position;

  /** Polls, and acts once the poll is known to wait: another reader's poll, begun later, was answered by time. */
  async function duringPoll(act: () => Promise<unknown>) {
    position = await last();
    const poll = pageAfter(chat.customer, position, 25);
    expect(await pageAfter(chat.agent, position, 1)).toMatchObject({ events: [] });
    await act();
    return poll;
  }

  test("is answered by the next event, at once", async () => {
    const page = await duringPoll(() => chat.agent.must("sendMessage", { json: { text: "news" } }));
    expect(page).toMatchObject({ events: [{ type: "Message", text: "news" }], more: false, ended: false });
    expect(page.position).toBe(page.events.at(-1)?.position);
  });

  test("is answered at once where there is news already", async () => {
    const { position: before } = await chat.customer.must("getSession");
    await chat.agent.must("sendMessage", { json: { text: "earlier" } });
    expect(await pageAfter(chat.customer, before, 25)).toMatchObject({ events: [{ text: "earlier" }] });
  });

  test("is answered with nothing when its time is over, from where it asked", async () => {
    const before = await last();
    const start = performance.now();
    const page = await pageAfter(chat.customer, before, 1);
    expect(page).toEqual({ events: [], position: before, more: false, ended: false });
    // Timers may fire a moment early.
    expect(performance.now() - start).toBeGreaterThan(950);
  });

  test("waits on while the others type and read", async () => {
    const page = await duringPoll(async () => {
      await chat.agent.must("setTyping", { json: { typing: true } });
      await chat.agent.must("markRead", { json: { position } });
      await chat.agent.must("sendMessage", { json: { text: "typed" } });
    });
    expect(page.events).toMatchObject([{ text: "typed" }]);
  });

  test("is answered in all of a participant's places", async () => {
    const before = await last();
    const polls = Array.from({ length: 3 }, () => pageAfter(chat.customer, before, 25));
    await chat.agent.must("sendMessage", { json: { text: "to all" } });
    for (const page of await Promise.all(polls)) expect(page.events).toMatchObject([{ text: "to all" }]);
  });

  test("may be given up, and the next one gets what came meanwhile", async () => {
    const before = await last();
    const leaving = new AbortController();
    const asking = { query: { after: String(before), wait: "25" }, signal: leaving.signal };
    const poll = chat.customer.must("getEvents", asking);
    leaving.abort();
    await expect(poll).rejects.toThrow("abort");
    await chat.agent.must("sendMessage", { json: { text: "meanwhile" } });
    expect(await pageAfter(chat.customer, before, 25)).toMatchObject({ events: [{ text: "meanwhile" }] });
  });

  test("is refused when its token is revoked while it waits", async () => {
    const other = await openChat(server);
    const poll = other.customer.refused("getEvents", { query: { after: "2", wait: "25" } });
    expect(await pageAfter(other.agent, 2, 1)).toMatchObject({ events: [] });
    await renewed(other.customer);
    expect(await poll).toMatchObject({ status: 401, code: "token-revoked" });
  });

  test("of an agent who leaves is answered by that, and the next one refused", async () => {
    const other = await openChat(server);
    const leaver = other.customer.withToken(await agentToken(server, ["chat:take"], "Leaver"));
    await leaver.must("joinSession");
    const poll = pageAfter(leaver, 3, 25);
    expect(await pageAfter(other.agent, 3, 1)).toMatchObject({ events: [] });
    await leaver.must("leaveSession");
    const { events, position: left } = await poll;
    expect(events).toMatchObject([{ type: "ParticipantLeft", reason: "left" }]);
    const next = { query: { after: String(left), wait: "25" } };
    expect(await leaver.refused("getEvents", next)).toMatchObject({ status: 403, code: "not-joined" });
  });

  test("is answered by the end, with the last events", async () => {
    const page = await duringPoll(() => chat.agent.must("endSession"));
    expect(page.ended).toBe(true);
    expect(page.events.at(-1)).toMatchObject({ type: "ParticipantLeft", reason: "ended" });
    expect(await pageAfter(chat.customer, page.position, 25)).toMatchObject({ events: [], ended: true });
  });
});
