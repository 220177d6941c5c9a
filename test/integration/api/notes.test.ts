/** Agents' notes to each other: every agent of the session sees them, no customer ever does, whichever way they look. */
import { beforeAll, describe, expect, test } from "vitest";
import { agentToken, type Chat, eventsOf, openChat } from "../../support/node/chats.ts";
import { awaitMails } from "../../support/node/mails.ts";
import { useServer } from "../../support/node/server.ts";
import { openLive, openSocket } from "../../support/node/socket-client.ts";

const server = useServer();
const SECRET = "Zurückhaltung";
const note = (clientId?: string) => ({ text: SECRET, visibility: "agents", ...(clientId && { clientId }) });
const FORMS = ["application/json", "text/plain", "text/html", "message/rfc822"];
let chat: Chat;

beforeAll(async () => {
  chat = await openChat(server, undefined, { email: "ada@example.com" });
});

async function transcript(who = chat.customer, accept = "application/json"): Promise<string> {
  const headers = { Authorization: `Bearer ${who.token}`, Accept: accept };
  const response = await fetch(who.address("getTranscript"), { headers });
  expect(response.headers.get("Content-Type")).toContain(accept);
  const text = await response.text();
  // Mail bodies are base64: what is hidden in them has to be read.
  const bodies = text.split(/\r?\n\r?\n/).map((part) => Buffer.from(part, "base64").toString("utf8"));
  return [text, ...bodies].join("\n");
}

/** A note between two messages, and the positions of the three. */
async function exchange() {
  const before = await chat.agent.must("sendMessage", { json: { text: "before" } });
  const hidden = await chat.agent.must("sendMessage", { json: note() });
  const after = await chat.customer.must("sendMessage", { json: { text: "after" } });
  return { before, hidden, after };
}

test("a note is seen by the agents of the session and by supervisors", async () => {
  const { hidden } = await exchange();
  expect(hidden).toMatchObject({ text: SECRET, visibility: "agents" });
  const supervisor = chat.agent.withToken(await agentToken(server, ["chat:supervise"], "Super"));
  for (const reader of [chat.agent, supervisor]) expect(await eventsOf(reader)).toContainEqual(hidden);
});

test("a customer cannot write one", async () => {
  const before = await eventsOf(chat.agent);
  const problem = await chat.customer.refused("sendMessage", { json: note() });
  expect(problem).toMatchObject({ status: 403, code: "missing-privilege" });
  expect(await eventsOf(chat.agent)).toEqual(before);
});

describe("a customer never sees a note", () => {
  test("in events, from any position", async () => {
    const { before, hidden, after } = await exchange();
    for (const from of [0, before.position, hidden.position - 1, hidden.position]) {
      const { events } = await chat.customer.must("getEvents", { query: { after: String(from) } });
      expect(JSON.stringify(events)).not.toContain(SECRET);
      expect(events.at(-1)).toEqual(after);
    }
  });

  test("by a long poll, which waits on for something else", async () => {
    const { after } = await exchange();
    const query = { after: String(after.position), wait: "25" };
    const poll = chat.customer.must("getEvents", { query });
    expect(await chat.customer.must("getEvents", { query: { ...query, wait: "1" } })).toMatchObject({ events: [] });
    await chat.agent.must("sendMessage", { json: note() });
    await chat.agent.must("sendMessage", { json: { text: "for all" } });
    expect((await poll).events).toMatchObject([{ text: "for all" }]);
  });

  test("over a socket, neither live nor resumed; the agent's socket has it with its acknowledgement", async () => {
    const [customer, agent] = [await openLive(chat.customer), await openLive(chat.agent)];
    const { position } = await chat.customer.must("getSession");
    agent.send({ type: "message", text: SECRET, clientId: "n1", visibility: "agents" });
    expect((await agent.next("events")).events).toMatchObject([{ text: SECRET, visibility: "agents" }]);
    await agent.next("ack");
    agent.send({ type: "message", text: "for all", clientId: "n2" });
    expect((await customer.next("events")).events).toMatchObject([{ text: "for all" }]);
    const resumed = await openSocket(chat.customer);
    expect((await resumed.hello(position)).page.events).toMatchObject([{ text: "for all" }]);
    for (const socket of [customer, agent, resumed]) await socket.close();
  });

  test("by guessing the clientId it was sent with", async () => {
    await chat.agent.must("sendMessage", { json: note("guess") });
    const sent = await chat.customer.must("sendMessage", { json: { text: "mine", clientId: "guess" } });
    expect(sent).toMatchObject({ text: "mine", from: { participantId: 1 } });
  });

  test.each(FORMS)("in the transcript as %s, and agents get the same transcript", async (accept) => {
    await exchange();
    const text = await transcript(chat.customer, accept);
    expect(text).toContain("after");
    expect(text).not.toContain(SECRET);
    expect(await transcript(chat.agent, accept)).toBe(text);
  });

  test("in the mail, nor in any transcript after the end", async () => {
    await exchange();
    await chat.customer.must("requestTranscriptEmail");
    await chat.customer.must("endSession");
    const [sent] = await awaitMails(server().mailDir, chat.sessionId, 1);
    expect(sent?.mail.text).toContain("after");
    for (const body of [sent?.mail.text, sent?.mail.html, sent?.raw]) expect(body).not.toContain(SECRET);
    for (const accept of FORMS) expect(await transcript(chat.customer, accept)).not.toContain(SECRET);
    expect(JSON.stringify(await eventsOf(chat.agent))).toContain(SECRET);
  });
});
