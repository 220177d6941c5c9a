/** What was broken once, or could be: hostile pages, answers that get lost, and what stands between a page and the server. */
import { createServer, type Server } from "node:http";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { useBrowser } from "../support/browser/chromium.ts";
import { useHost } from "../support/browser/host.ts";
import { openWidget, until, Widget } from "../support/browser/widget.ts";
import { ApiClient } from "../support/node/api-client.ts";
import { agentToken, send } from "../support/node/chats.ts";
import { useNetwork } from "../support/node/network.ts";
import { useServer } from "../support/node/server.ts";

const ONE = { "transcript-email": "never", "upload-max-files": 1 };
const server = useServer({ bindings: { SERVICE_ONE: ONE } });
const network = useNetwork(server);
const browser = useBrowser();
const host = useHost();

/** A server of somebody else's, whose code must never run in a page of ours. */
let stranger: Server;
const asked: string[] = [];
beforeAll(async () => {
  stranger = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.writeHead(200, { "Content-Type": "text/javascript", "Access-Control-Allow-Origin": "*" });
    response.end("window.ran = true; export const mount = async () => ({ update() {}, unmount() {} });");
  });
  await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
});
afterAll(() => void stranger.close());
const strangersOrigin = () => {
  const address = stranger.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
};

const newPage = async (): Promise<Page> => (await browser.person()).newPage();
const ranIn = (page: Page) => page.evaluate(() => Reflect.get(window, "ran") === true);
const stateOf = (widget: Widget) =>
  widget.element.evaluate((element) => {
    const { connection, limits, lost } = Reflect.get(element, "chat").state;
    return { connection, lost, limits: limits !== undefined };
  });
async function agentFor(sessionId: string): Promise<ApiClient> {
  const agent = new ApiClient(() => server().url, sessionId, await agentToken(server));
  await agent.must("joinSession");
  return agent;
}

test("a picture in the page that bears a name of the browser's own does not say where code comes from", async () => {
  const page = await newPage();
  const picture = `<img name="currentScript" src="${strangersOrigin()}/x.png" data-service="customer-support">`;
  const script = `<script src="${server().url}/widget.js" data-service="customer-support"></script>`;
  await page.goto(host.page(`${picture}<satchel-chat service="sales" open></satchel-chat>${script}`));
  await until(async () => (await page.locator("satchel-chat").count()) > 0);
  await page.waitForLoadState("networkidle");
  expect(await ranIn(page)).toBe(false);
  expect(asked.filter((path) => path.endsWith(".js"))).toEqual([]);
});

test("markup cannot name a server whose code is run", async () => {
  const page = await newPage();
  const element = `<satchel-chat service="customer-support" server="${strangersOrigin()}" open></satchel-chat>`;
  const policy = "script-src 'nonce-abc' 'strict-dynamic'; require-trusted-types-for 'script'; trusted-types 'none'";
  const script = `<script nonce="abc" src="${server().url}/widget.js"></script>`;
  await page.goto(host.page(element + script, { "Content-Security-Policy": policy }));
  await new Widget(page).button("Start chat").waitFor();
  expect(await ranIn(page)).toBe(false);
});

test("a chat's token goes to the server that gave it, and to no other", async () => {
  const page = await newPage();
  const widget = await openWidget(page, host, server().url);
  const sessionId = await widget.start();
  const told: string[] = [];
  page.on("request", (request) => {
    if (request.url().startsWith(network().url) && request.headers().authorization !== undefined)
      told.push(request.url());
  });
  await widget.element.evaluate((element, url) => Reflect.set(element, "server", url), network().url);
  await widget.button("Start chat").waitFor();
  expect(told).toEqual([]);
  await widget.element.evaluate((element, url) => element.setAttribute("server", url), server().url);
  await widget.composer.waitFor();
  expect(await widget.sessionId()).toBe(sessionId);
});

test("what stands between may refuse everything for a while: the chat says so, and goes on", async () => {
  const page = await newPage();
  const widget = await openWidget(page, host, network().url);
  await widget.start();
  network().refuseSockets();
  await page.route("**/v1/sessions/**", (route) =>
    route.fulfill({ status: 404, headers: { "Access-Control-Allow-Origin": "*" }, body: "<h1>Not here</h1>" }),
  );
  await widget.say("kept");
  await widget.sees(/No connection/);
  expect((await stateOf(widget)).lost).toBe(false);
  await page.unroute("**/v1/sessions/**");
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await widget.sees("Delivered");
  expect(await widget.messages()).toEqual(["kept"]);
});

test("an opening whose answer got lost can be corrected and sent again", async () => {
  const page = await newPage();
  let openings = 0;
  await page.route("**/v1/services/*/sessions", async (route) => {
    if (route.request().method() !== "POST") return route.continue();
    openings += 1;
    if (openings > 1) return route.continue();
    await route.fetch();
    return route.abort();
  });
  const widget = await openWidget(page, host, server().url);
  await widget.launcher.click();
  const name = widget.element.getByRole("textbox", { name: "Name" });
  await name.fill("Ada");
  await widget.button("Start chat").click();
  await widget.sees(/cannot be reached/);
  await name.fill("Ada Lovelace");
  await widget.button("Start chat").click();
  await widget.composer.waitFor();
});

test("words that could not be loaded are asked for again", async () => {
  const page = await newPage();
  await page.route("**/widget/words/*.js", (route) => route.abort());
  const widget = await openWidget(page, host, server().url);
  await widget.launcher.click();
  await widget.element.getByText("!", { exact: true }).waitFor();
  await page.unroute("**/widget/words/*.js");
  await widget.launcher.click();
  await widget.button("Start chat").waitFor();
});

test("what is asked once a chat is reached is asked again where no answer came", async () => {
  const page = await newPage();
  const widget = await openWidget(page, host, server().url, "data-uploads-enabled");
  const sessionId = await widget.start();
  let times = 0;
  await page.route(`**/v1/sessions/${sessionId}`, (route) => {
    times += 1;
    return times === 1 ? route.abort() : route.continue();
  });
  await page.reload();
  await until(async () => (await stateOf(widget)).limits);
  expect(times).toBeGreaterThan(1);
});

test("by polls alone messages keep their order, and reading is told", async () => {
  const page = await newPage();
  const widget = await openWidget(page, host, network().url);
  network().refuseSockets();
  const agent = await agentFor(await widget.start());
  await until(async () => (await stateOf(widget)).connection === "polling");
  const { position } = await agent.must("sendMessage", { json: { text: "read me" } });
  await widget.sees("read me");
  const readTo = async () =>
    (await agent.must("getSession")).participants.find(({ type }) => type === "Client")?.readPosition ?? 0;
  await until(async () => (await readTo()) >= position);
  // The first is slower than the others.
  let posted = 0;
  await page.route("**/messages", async (route) => {
    posted += 1;
    if (posted === 1) await new Promise((resolve) => setTimeout(resolve, 300));
    await route.continue();
  });
  const texts = ["one", "two", "three", "four"];
  await widget.element.evaluate((element, all) => {
    for (const text of all) Reflect.get(element, "chat").say(text);
  }, texts);
  await widget.sees("four");
  await until(async () => (await widget.messages()).length === 5);
  expect((await widget.messages()).slice(1)).toEqual(texts);
});

test("a file that arrived although its answer got lost is not refused because of itself", async () => {
  const page = await newPage();
  const widget = await openWidget(page, host, network().url, 'data-service="one" data-uploads-enabled');
  await widget.start();
  let uploads = 0;
  await page.route("**/files?name=*", async (route) => {
    uploads += 1;
    if (uploads > 1) return route.continue();
    await route.fetch();
    return route.abort();
  });
  await widget.pick({ name: "a.txt", buffer: Buffer.alloc(2000, "text of it\n") });
  await until(async () => uploads > 1 && (await widget.log.locator(".outgoing").count()) === 0);
  expect(await widget.log.locator(".message .file-name").allTextContents()).toEqual(["a.txt"]);
});

test("a file that cannot be saved does not take the page's place", async () => {
  const page = await newPage();
  const widget = await openWidget(page, host, server().url);
  const agent = await agentFor(await widget.start());
  await send(agent, "a.txt", "hello\n");
  const before = page.url();
  await page.route("**/ticket", async (route) => {
    const answer = await route.fetch();
    const ticket = await answer.json();
    await route.fulfill({ response: answer, json: { ...ticket, url: `${ticket.url.slice(0, -3)}AAA` } });
  });
  const [other] = await Promise.all([page.context().waitForEvent("page"), widget.button("Save a.txt").click()]);
  await other.waitForLoadState();
  expect(page.url()).toBe(before);
  expect(await other.evaluate(() => window.opener)).toBeNull();
});

test("signs that turn writing around do not reach into a link", async () => {
  const page = await newPage();
  const widget = await openWidget(page, host, server().url);
  const agent = await agentFor(await widget.start());
  await agent.must("sendMessage", { json: { text: "Pay: \u202ehttps://evil.example/moc.knab" } });
  const link = widget.log.getByRole("link");
  await link.waitFor();
  const runs = await link.evaluate((element) => {
    const text = element.firstChild;
    const at = (index: number) => {
      const range = document.createRange();
      if (text !== null) range.setStart(text, index);
      if (text !== null) range.setEnd(text, index + 1);
      return range.getBoundingClientRect().x;
    };
    return at(0) < at(8);
  });
  expect(runs).toBe(true);
});

test("of two tabs that begin at once both have one chat, which a reload finds again", async () => {
  const context = await browser.person();
  const slow = await openWidget(await context.newPage(), host, server().url);
  const quick = await openWidget(await context.newPage(), host, server().url);
  const letGo = Promise.withResolvers<void>();
  await slow.page.route("**/v1/services/*/sessions", async (route) => {
    await letGo.promise;
    await route.continue();
  });
  await slow.launcher.click();
  await slow.element.getByRole("textbox", { name: "Name" }).fill("Slow");
  await slow.button("Start chat").click();
  const sessionId = await quick.start("Quick");
  await slow.composer.waitFor();
  const ended = slow.page.waitForResponse((response) => response.url().endsWith("/end"));
  letGo.resolve();
  await ended;
  await slow.page.reload();
  await slow.composer.waitFor();
  expect([await slow.sessionId(), await quick.sessionId()]).toEqual([sessionId, sessionId]);
});

test("a window that filled the screen lets the page go when the screen grows", async () => {
  const page = await newPage();
  await page.setViewportSize({ width: 400, height: 700 });
  const widget = await openWidget(page, host, server().url);
  await widget.launcher.click();
  await widget.button("Start chat").waitFor();
  expect(await widget.window.evaluate((panel) => panel.matches(":modal"))).toBe(true);
  await page.setViewportSize({ width: 1200, height: 800 });
  await until(() => widget.window.evaluate((panel) => !panel.matches(":modal")));
  expect(await widget.element.getAttribute("open")).not.toBeNull();
});

test("text that is pasted with a picture of itself stays text", async () => {
  const page = await newPage();
  const widget = await openWidget(page, host, server().url, "data-uploads-enabled");
  await widget.start();
  await widget.button(/^Send files/).waitFor();
  const untouched = await widget.composer.evaluate((field) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", "A1\tB1");
    clipboardData.items.add(new File([new Uint8Array([1, 2])], "image.png", { type: "image/png" }));
    return field.dispatchEvent(
      new ClipboardEvent("paste", { clipboardData, bubbles: true, composed: true, cancelable: true }),
    );
  });
  expect(untouched).toBe(true);
  expect(await widget.log.locator(".outgoing").count()).toBe(0);
});

test("an element that is moved keeps the number of what is unread", async () => {
  const page = await newPage();
  const widget = await openWidget(page, host, server().url);
  const agent = await agentFor(await widget.start());
  await widget.button("Close the chat window").click();
  await agent.must("sendMessage", { json: { text: "one" } });
  await widget.element.getByRole("button", { name: "Chat (1)" }).waitFor();
  await widget.element.evaluate((element) => document.querySelector("main")?.append(element));
  await widget.element.getByRole("button", { name: "Chat (1)" }).waitFor();
});
