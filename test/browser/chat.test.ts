/** The widget's chat in a real browser: what a customer sees of it, over a network and a server that come and go. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { type ServerFrame, ServerFrameSchema } from "../../src/protocol/frames.ts";
import { useBrowser } from "../support/browser/chromium.ts";
import { useHost } from "../support/browser/host.ts";
import { openWidget, until, Widget } from "../support/browser/widget.ts";
import { ApiClient } from "../support/node/api-client.ts";
import { agentToken } from "../support/node/chats.ts";
import { awaitMails } from "../support/node/mails.ts";
import { useNetwork } from "../support/node/network.ts";
import { useServer } from "../support/node/server.ts";

const HASTY = { "transcript-email": "never", "timeout-alert": 1, "timeout-close": 30 };
const server = useServer({ bindings: { SERVICE_HASTY: HASTY } });
const network = useNetwork(server);
const browser = useBrowser();
const host = useHost();

/** A page of a new person's, with the widget in it. */
async function page(attributes = ""): Promise<Widget> {
  return openWidget(await (await browser.person()).newPage(), host, network().url, attributes);
}

async function agentFor(sessionId: string, name = "Grace"): Promise<ApiClient> {
  const agent = new ApiClient(() => server().url, sessionId, await agentToken(server, undefined, name));
  await agent.must("joinSession");
  return agent;
}

const say = (agent: ApiClient, text: string) => agent.must("sendMessage", { json: { text } });
const stored = async (agent: ApiClient) =>
  (await agent.must("getEvents")).events.flatMap((event) => (event.type === "Message" ? [event.text] : []));

/** Every frame that the page gets, as the protocol knows it. */
function framesOf(page: Page): ServerFrame[] {
  const frames: ServerFrame[] = [];
  page.on("websocket", (socket) =>
    socket.on("framereceived", ({ payload }) => {
      if (payload !== "pong") frames.push(ServerFrameSchema.parse(JSON.parse(String(payload))));
    }),
  );
  return frames;
}

test("the form says what is missing or wrong before it asks the server, and leads there", async () => {
  const widget = await page();
  await widget.launcher.click();
  const name = widget.element.getByRole("textbox", { name: "Name" });
  await until(() => name.evaluate((field) => field.matches(":focus")));
  await widget.element.getByRole("textbox", { name: /E-mail/ }).fill("ada");
  await widget.button("Start chat").click();
  await widget.sees("Please fill this in.");
  await widget.sees(/name@example.com/);
  expect(await name.evaluate((field) => field.matches(":focus"))).toBe(true);
  await name.fill("Ada");
  await widget.element.getByRole("textbox", { name: /E-mail/ }).fill("ada@example.com");
  await widget.button("Start chat").click();
  await widget.composer.waitFor();
});

test("fields are those that the page wants, and a customer it knows is not asked again", async () => {
  const widget = await page('data-fields="subject"');
  await widget.element.evaluate((element) =>
    Object.assign(element, { customer: { nickname: "Ada", email: "ada@example.com" } }),
  );
  await widget.launcher.click();
  await widget.button("Start chat").waitFor();
  expect(await widget.element.getByRole("textbox").count()).toBe(1);
  await widget.element.getByRole("textbox", { name: "Subject" }).fill("A cup");
  await widget.button("Start chat").click();
  await widget.composer.waitFor();
  const agent = await agentFor(await widget.sessionId());
  expect(await agent.must("getSession")).toMatchObject({ subject: "A cup", customer: { email: "ada@example.com" } });
});

test("a chat waits in its queue, an agent joins, both write, read and type, and the agent leaves", async () => {
  const widget = await page();
  const frames = framesOf(widget.page);
  const sessionId = await widget.start();
  await widget.sees("Waiting for an agent");
  await widget.sees(/All agents are busy/);
  const agent = await agentFor(sessionId);
  await widget.sees("Grace joined the chat");
  await widget.sees("In chat with Grace");
  await widget.say("My cup broke.");
  await widget.sees("Delivered");
  const { position } = await say(agent, "Which one?");
  await widget.sees("Which one?");
  await agent.must("markRead", { json: { position } });
  await widget.log.getByText("Read", { exact: true }).waitFor();
  await agent.must("setTyping", { json: { typing: true } });
  await widget.sees("Grace is typing…");
  await say(agent, "The blue one?");
  await until(async () => (await widget.element.getByText("Grace is typing…").count()) === 0);
  const readByCustomer = async () =>
    (await agent.must("getSession")).participants.find(({ participantId }) => participantId === 1)?.readPosition ?? 0;
  await until(async () => (await readByCustomer()) > position);
  await agent.must("leaveSession");
  await widget.sees("Grace left the chat");
  expect(await widget.messages()).toEqual(["My cup broke.", "Which one?", "The blue one?"]);
  expect(new Set(frames.map(({ type }) => type))).toContain("typing");
});

test("addresses are links that tell nobody where they came from, and everything else is text", async () => {
  const widget = await page();
  const agent = await agentFor(await widget.start(), "<b>Grace</b>");
  const text =
    'See https://example.com/a?b=1&c=(2). <img src=x onerror="alert(1)"> javascript:alert(1) http://a:b@example.com';
  await say(agent, text);
  await widget.sees(/See https/);
  await widget.sees("<b>Grace</b> joined the chat");
  expect(await widget.messages()).toEqual([text]);
  const links = widget.log.getByRole("link");
  expect(await links.count()).toBe(1);
  expect(await links.first().getAttribute("href")).toBe("https://example.com/a?b=1&c=(2)");
  expect(await links.first().getAttribute("rel")).toContain("noopener noreferrer");
  expect(await widget.log.locator("img, b").count()).toBe(0);
});

test("an idle chat counts down, and goes on for who says that they are there", async () => {
  const widget = await page('data-service="hasty"');
  await widget.start();
  await widget.sees(/The chat closes in \d+ seconds/);
  await widget.button("I am still here").click();
  await until(async () => (await widget.button("I am still here").count()) === 0);
  await widget.sees(/The chat closes in \d+ seconds/);
  await widget.say("Still here.");
  await until(async () => (await widget.button("I am still here").count()) === 0);
});

test("ending asks first, the transcript goes to the address that is confirmed, and another chat can begin", async () => {
  const widget = await page();
  const sessionId = await widget.start("Ada", "ada@example.com");
  await widget.say("Nothing more.");
  await widget.sees("Delivered");
  await widget.button("E-mail me the transcript").click();
  const address = widget.element.getByRole("textbox", { name: "E-mail address" });
  expect(await address.inputValue()).toBe("ada@example.com");
  await address.fill("nonsense");
  await address.press("Enter");
  await widget.sees(/name@example.com/);
  await address.fill("ada@example.com");
  await address.press("Enter");
  await widget.sees(/will be sent to ada@example.com/);
  await widget.button("OK").click();
  await widget.button("End chat").click();
  await widget.button("Cancel").click();
  expect(await widget.button("End chat").evaluate((button) => button.matches(":focus"))).toBe(true);
  await widget.button("End chat").click();
  await widget.element.locator(".sheet").getByRole("button", { name: "End chat" }).click();
  await widget.button("Start a new chat").waitFor();
  await awaitMails(server().mailDir, sessionId, 1);
  await widget.button("Start a new chat").click();
  await widget.element.getByRole("textbox", { name: "Name" }).waitFor();
});

test("a reload brings the chat back as it was, and a second tab shows the same", async () => {
  const context = await browser.person();
  const widget = await openWidget(await context.newPage(), host, network().url);
  const agent = await agentFor(await widget.start());
  await widget.say("one");
  await widget.sees("Delivered");
  const second = await openWidget(await context.newPage(), host, network().url);
  await second.launcher.click();
  await second.sees("one");
  await second.say("two");
  await widget.sees("two");
  await say(agent, "three");
  await second.sees("three");
  await widget.page.reload();
  const again = new Widget(widget.page);
  await again.sees("three");
  expect(await again.messages()).toEqual(["one", "two", "three"]);
  expect(await stored(agent)).toEqual(["one", "two", "three"]);
});

test("a tab that waits with its form takes over the chat that another tab opens", async () => {
  const context = await browser.person();
  const waiting = await openWidget(await context.newPage(), host, network().url);
  await waiting.launcher.click();
  await waiting.button("Start chat").waitFor();
  const opening = await openWidget(await context.newPage(), host, network().url);
  await opening.start();
  await opening.say("hello");
  await waiting.sees("hello");
});

test("what comes while the window is closed is counted on the button, also after a reload", async () => {
  const widget = await page();
  const agent = await agentFor(await widget.start());
  await widget.button("Close the chat window").click();
  expect(await widget.launcher.evaluate((button) => button.matches(":focus"))).toBe(true);
  await say(agent, "one");
  await say(agent, "two");
  await widget.element.getByRole("button", { name: "Chat (2)" }).waitFor();
  await widget.page.reload();
  const again = new Widget(widget.page);
  await again.element.getByRole("button", { name: "Chat (2)" }).click();
  await again.sees("two");
  await again.button("Close the chat window").click();
  await again.element.getByRole("button", { name: "Chat", exact: true }).waitFor();
});

test("a server that stops in mid-chat and starts again costs nothing that was written on either side", async () => {
  const widget = await page();
  const frames = framesOf(widget.page);
  const agent = await agentFor(await widget.start());
  await widget.say("before");
  await widget.sees("Delivered");
  await server().restart("kill");
  await widget.say("during");
  await say(agent, "meanwhile");
  await widget.sees("meanwhile");
  await until(async () => (await stored(agent)).length === 3);
  await until(async () => (await widget.messages()).length === 3);
  expect(await widget.messages()).toEqual(await stored(agent));
  expect(frames.some(({ type }) => type === "welcome")).toBe(true);
});

test("while nothing can be reached that is said, what is written waits, and arrives once and in order", async () => {
  const widget = await page();
  const agent = await agentFor(await widget.start());
  network().cut();
  await widget.sees(/No connection/);
  await widget.say("first");
  await widget.say("second");
  expect(await widget.element.getByText("Sending…").count()).toBe(2);
  await say(agent, "from the agent");
  network().join();
  await widget.page.evaluate(() => dispatchEvent(new Event("online")));
  await widget.sees("from the agent");
  await until(async () => (await widget.element.getByText("Sending…").count()) === 0);
  expect(await stored(agent)).toEqual(["from the agent", "first", "second"]);
  expect(await widget.messages()).toEqual(["from the agent", "first", "second"]);
});

test("what was refused says why, and can be given up", async () => {
  const widget = await page();
  await widget.start();
  await widget.say("x".repeat(5000));
  await widget.sees("At most 4096 characters.");
  await widget.button("Discard").click();
  await until(async () => (await widget.element.getByText("Not sent").count()) === 0);
});

test("where no socket gets through the chat goes on by polling", async () => {
  const widget = await page();
  network().refuseSockets();
  const agent = await agentFor(await widget.start());
  await widget.say("by request");
  await widget.sees("Delivered");
  await say(agent, "by poll");
  await widget.sees("by poll");
});
