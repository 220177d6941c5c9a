/** The browser's client against the running server, over a network that is cut: no event lost, none doubled, no message either. */
import { expect, onTestFinished, test } from "vitest";
import type { WireEvent } from "../../../src/protocol/chat.ts";
import { type Chat, openChat, resumeChat } from "../../../src/web/client/chat.ts";
import type { ChatState } from "../../../src/web/client/chat-state.ts";
import type { ChatStorage } from "../../../src/web/client/saved-chat.ts";
import { ApiClient } from "../../support/node/api-client.ts";
import { agentToken, send, textOf } from "../../support/node/chats.ts";
import { useNetwork } from "../../support/node/network.ts";
import { useServer } from "../../support/node/server.ts";

const HASTY = { "transcript-email": "never", "timeout-alert": 1, "timeout-close": 2 };
const server = useServer({ bindings: { SERVICE_HASTY: HASTY } });
const network = useNetwork(server);
const service = "customer-support";

class Shelf implements ChatStorage {
  readonly items = new Map<string, string>();
  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.items.set(key, value);
  }
  removeItem(key: string): void {
    this.items.delete(key);
  }
}

const placeOf = (storage?: ChatStorage, named = service) => ({
  baseUrl: network().url,
  service: named,
  ...(storage === undefined ? {} : { storage }),
});

/** The state once it is as wanted. */
function until(chat: Chat, wanted: (state: ChatState) => boolean): Promise<ChatState> {
  return new Promise((resolve) => {
    const stop = chat.subscribe(look);
    function look(state: ChatState): void {
      if (!wanted(state)) return;
      stop();
      resolve(state);
    }
    look(chat.state);
  });
}

const texts = ({ events }: ChatState) => events.flatMap((event) => (event.type === "Message" ? [event.text] : []));
const isLive = ({ connection }: ChatState) => connection === "live";
const holds = (text: string) => (state: ChatState) => texts(state).includes(text);

function kept(chat: Chat): Chat {
  onTestFinished(() => chat.close());
  return chat;
}

async function opened(storage?: ChatStorage, named = service): Promise<Chat> {
  const chat = await openChat(placeOf(storage, named), { nickname: "Ada" });
  if (!chat.ok) throw new Error(chat.problem.title);
  await until(kept(chat.value), isLive);
  return chat.value;
}

/** An agent in the chat who does not go through the network. */
async function joined({ sessionId }: Chat): Promise<ApiClient> {
  const agent = new ApiClient(() => server().url, sessionId, await agentToken(server));
  await agent.must("joinSession");
  return agent;
}

/** What the server has, in order. */
const stored = async (agent: ApiClient): Promise<readonly WireEvent[]> => (await agent.must("getEvents")).events;

test("a chat is opened, and both sides hear each other", async () => {
  const chat = await opened();
  const agent = await joined(chat);
  chat.say("Hello");
  await until(chat, holds("Hello"));
  expect(chat.state.unsent).toEqual([]);
  await agent.must("sendMessage", { json: { text: "Good morning" } });
  expect((await until(chat, holds("Good morning"))).events).toEqual(await stored(agent));
});

test("what is wrong is refused with the server's problem, and nothing is kept", async () => {
  const storage = new Shelf();
  const refused = await openChat(placeOf(storage), { nickname: " " });
  expect(refused).toMatchObject({ ok: false, problem: { status: 400, errors: [{ field: "nickname" }] } });
  expect(resumeChat(placeOf(storage))).toBeUndefined();
  const chat = await opened();
  const clientId = chat.say("x".repeat(5000));
  const { unsent } = await until(chat, (state) => state.unsent[0]?.delivery === "failed");
  expect(unsent).toMatchObject([{ clientId, problem: { code: "message-too-long", limit: 4096 } }]);
  chat.discard(clientId);
  expect(chat.state.unsent).toEqual([]);
});

test("while the network is cut messages wait, what others do is caught up with, and all stands once in one order", async () => {
  const chat = await opened();
  const agent = await joined(chat);
  for (let round = 0; round < 3; round += 1) {
    network().cut();
    await until(chat, (state) => !isLive(state));
    chat.say(`mine ${round} a`);
    chat.say(`mine ${round} b`);
    await agent.must("sendMessage", { json: { text: `theirs ${round}` } });
    expect(texts(chat.state)).not.toContain(`theirs ${round}`);
    expect(chat.state.unsent).toHaveLength(2);
    network().join();
    chat.wake();
    await until(chat, (state) => state.unsent.length === 0 && holds(`theirs ${round}`)(state));
  }
  expect(chat.state.events).toEqual(await stored(agent));
  const own = texts(chat.state).filter((text) => text.startsWith("mine"));
  expect(own).toEqual(["mine 0 a", "mine 0 b", "mine 1 a", "mine 1 b", "mine 2 a", "mine 2 b"]);
});

test("a server that starts again in mid-chat is found again by itself", async () => {
  const chat = await opened();
  const agent = await joined(chat);
  chat.say("before");
  await until(chat, holds("before"));
  await server().restart("kill");
  chat.say("after");
  await until(chat, holds("after"));
  await agent.must("sendMessage", { json: { text: "still here" } });
  expect((await until(chat, holds("still here"))).events).toEqual(await stored(agent));
});

test("after a reload the chat is there with what had not left, and a second tab shows the same", async () => {
  const storage = new Shelf();
  const first = await opened(storage);
  const agent = await joined(first);
  network().cut();
  await until(first, (state) => !isLive(state));
  first.say("on its way");
  first.close();
  network().join();
  const reloaded = resumeChat(placeOf(storage));
  if (reloaded === undefined) throw new Error("nothing was kept");
  const second = resumeChat(placeOf(storage));
  if (second === undefined) throw new Error("nothing was kept");
  for (const tab of [kept(reloaded), kept(second)]) {
    const state = await until(tab, (one) => holds("on its way")(one) && one.unsent.length === 0);
    expect(state.events).toEqual(await stored(agent));
  }
});

test("the end is told, also to who comes back after it, and a chat whose token is taken no more is forgotten", async () => {
  const storage = new Shelf();
  const chat = await opened(storage);
  expect(await chat.end()).toMatchObject({ ok: true });
  expect((await until(chat, ({ phase }) => phase === "ended")).events.at(-1)?.type).toBe("ParticipantLeft");
  const again = resumeChat(placeOf(storage));
  if (again === undefined) throw new Error("nothing was kept");
  await until(again, ({ phase, events }) => phase === "ended" && events.length > 0);
  for (const tab of [chat, again]) tab.close();
  const [key = ""] = storage.items.keys();
  const saved = JSON.parse(storage.items.get(key) ?? "");
  storage.setItem(key, JSON.stringify({ ...saved, token: "not.a.token" }));
  const stranger = resumeChat(placeOf(storage));
  if (stranger === undefined) throw new Error("nothing was kept");
  await until(kept(stranger), ({ lost }) => lost);
  expect(storage.items.size).toBe(0);
});

test("files are fetched byte for byte, and limits follow what happens", async () => {
  const chat = await opened();
  const agent = await joined(chat);
  const bytes = textOf(3000);
  await send(agent, "terms.txt", bytes);
  const { events } = await until(chat, (state) => state.events.some(({ type }) => type === "FileUploaded"));
  const file = events.at(-1);
  if (file?.type !== "FileUploaded") throw new Error("no file was announced");
  const fetched = await chat.files.fetch(file.file.fileId);
  if (!fetched.ok) throw new Error(fetched.problem.title);
  expect(new Uint8Array(await fetched.value.arrayBuffer())).toEqual(bytes);
  await until(chat, ({ limits }) => limits?.used.downloads === 1);
  expect(chat.files.check({ name: "a.exe", size: 1 })).toMatchObject({ code: "type-not-allowed" });
  await agent.must("grantUploads", { json: { files: 2, bytes: 1000 } });
  await until(chat, ({ limits }) => limits?.uploadMaxFiles === 5);
});

test("an idle alert that is answered begins anew, and one that is not ends the chat", async () => {
  const chat = await opened(undefined, "hasty");
  const idle = ({ events }: ChatState) => events.map(({ type }) => type).filter((type) => type.startsWith("Idle"));
  await until(chat, (state) => idle(state).length === 1);
  expect(await chat.stay()).toMatchObject({ ok: true });
  await until(chat, (state) => idle(state).length === 2);
  const state = await until(chat, ({ phase }) => phase === "ended");
  expect(idle(state)).toEqual(["IdleAlert", "IdleAlert", "IdleClose"]);
});

// Last, since no socket gets through from here on.
test("where no socket gets through, polls bring the news and requests carry what is written", async () => {
  const chat = await opened();
  const agent = await joined(chat);
  network().refuseSockets();
  await until(chat, ({ connection }) => connection === "polling");
  chat.say("by request");
  await until(chat, (state) => holds("by request")(state) && state.unsent.length === 0);
  await agent.must("sendMessage", { json: { text: "by poll" } });
  const state = await until(chat, holds("by poll"));
  expect(state.events).toEqual(await stored(agent));
  await agent.must("endSession");
  await until(chat, ({ phase }) => phase === "ended");
});
