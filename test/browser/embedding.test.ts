/** The widget in other people's pages: one line is enough, strict policies allow it, and nothing around it is touched. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { useBrowser } from "../support/browser/chromium.ts";
import { useHost } from "../support/browser/host.ts";
import { openWidget, until, Widget } from "../support/browser/widget.ts";
import { ApiClient } from "../support/node/api-client.ts";
import { agentToken, send } from "../support/node/chats.ts";
import { useServer } from "../support/node/server.ts";

const server = useServer();
const browser = useBrowser();
const host = useHost();

const newPage = async (): Promise<Page> => (await browser.person()).newPage();
const script = (attributes = "") =>
  `<script async src="${server().url}/widget.js" data-service="customer-support" ${attributes}></script>`;

test("one line is enough on a page of another origin whose policy allows the server and nothing else", async () => {
  const page = await newPage();
  const { url } = server();
  const policy = [
    "default-src 'none'",
    // The host's own icon.
    "img-src 'self'",
    `script-src ${url}`,
    `connect-src ${url} ${url.replace("http", "ws")}`,
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ];
  await page.addInitScript(() => {
    const violations: string[] = [];
    Object.assign(window, { violations });
    addEventListener("securitypolicyviolation", (event) =>
      violations.push(`${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  await page.goto(host.page(script("data-uploads-enabled"), { "Content-Security-Policy": policy.join("; ") }));
  const widget = new Widget(page);
  const sessionId = await widget.start();
  await widget.say("through a strict policy");
  await widget.sees("Delivered");
  const photo = Buffer.from(PIXEL, "base64");
  await widget.pick({ name: "dot.png", mimeType: "image/png", buffer: photo });
  await widget.element.locator(".message .file-name", { hasText: "dot.png" }).waitFor();
  const agent = new ApiClient(() => server().url, sessionId, await agentToken(server));
  await agent.must("joinSession");
  await send(agent, "reply.png", photo);
  await widget.button("Open reply.png").click();
  await widget.element.getByRole("img", { name: "Picture reply.png" }).waitFor();
  expect(await page.evaluate(() => Reflect.get(window, "violations"))).toEqual([]);
  expect(await widget.launcher.isHidden()).toBe(true);
});

test("an element that stood in the page before the script is upgraded with what was set on it", async () => {
  const page = await newPage();
  await page.goto(host.page('<satchel-chat service="customer-support" heading="Cups"></satchel-chat>'));
  await page.evaluate(() => {
    Object.assign(document.querySelector("satchel-chat") ?? {}, { open: true, customer: { nickname: "Ada" } });
  });
  await page.addScriptTag({ url: `${server().url}/widget.js` });
  const widget = new Widget(page);
  const name = widget.element.getByRole("textbox", { name: "Name" });
  await name.waitFor();
  expect(await name.inputValue()).toBe("Ada");
  expect(await widget.element.getByRole("heading").textContent()).toBe("Cups");
  expect(await widget.element.getAttribute("open")).toBe("");
});

test("a script that is there twice makes one chat", async () => {
  const page = await newPage();
  await page.goto(host.page(script() + script()));
  await page.waitForLoadState("networkidle");
  const widget = new Widget(page);
  await widget.start();
  expect(await widget.element.count()).toBe(1);
  expect(await widget.element.locator(".panel").count()).toBe(1);
});

test("moved within the page, the old way or the new, it goes on with what is written and half written", async () => {
  const page = await newPage();
  await page.goto(host.page(`<div id="a"></div><div id="b"></div>${script()}`));
  const widget = new Widget(page);
  await widget.start();
  await widget.say("one");
  await widget.sees("Delivered");
  await widget.composer.fill("half a sent");
  await widget.element.evaluate((element) => document.querySelector("#a")?.append(element));
  await widget.element.evaluate((element) => {
    const place: (ParentNode & { moveBefore?: (node: Node, before: null) => void }) | null =
      document.querySelector("#b");
    place?.moveBefore?.(element, null);
  });
  expect(await widget.composer.inputValue()).toBe("half a sent");
  await widget.say("two");
  await until(async () => (await widget.messages()).join() === "one,two");
});

test("taken out it lets go of everything, and put back it has its chat again", async () => {
  const page = await newPage();
  const widget = await openWidget(page, host, server().url);
  await widget.start();
  await widget.say("one");
  await widget.sees("Delivered");
  await widget.element.evaluate((element) => {
    Object.assign(window, { element });
    element.remove();
  });
  await until(() => page.evaluate(() => Reflect.get(window, "element").chat === undefined));
  await page.evaluate(() => document.body.append(Reflect.get(window, "element")));
  await widget.sees("one");
});

test("before it is opened nothing is loaded but one small script, and nothing outside the element is changed", async () => {
  const page = await newPage();
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.addInitScript(() => Object.assign(window, { globals: Object.keys(window) }));
  await page.goto(host.page(script()));
  const widget = new Widget(page);
  await widget.launcher.waitFor();
  expect(asked.filter((path) => path !== "/widget.js" && !path.endsWith(".html"))).toEqual([]);
  await widget.start();
  const outside = await page.evaluate(() => {
    const copy = document.documentElement.cloneNode(true) as HTMLElement;
    for (const element of copy.querySelectorAll("satchel-chat")) element.remove();
    const known: string[] = Reflect.get(window, "globals");
    const fresh = Object.keys(window).filter((name) => !known.includes(name) && name !== "globals");
    return { body: copy.querySelector("body")?.textContent, head: copy.querySelector("head")?.children.length, fresh };
  });
  expect(outside).toEqual({ body: "Host", head: 2, fresh: [] });
});

test("pages learn of what happens by events, once each, and old messages are no news after a reload", async () => {
  const page = await newPage();
  await page.addInitScript(() => {
    const told: string[] = [];
    Object.assign(window, { told });
    for (const name of ["shown", "hidden", "started", "event", "unread", "ended"]) {
      addEventListener(`satchel-${name}`, (event) => {
        const { detail } = event as CustomEvent<{ type?: string; unread?: number }>;
        told.push([name, detail.type ?? detail.unread].filter((part) => part !== undefined).join(" "));
      });
    }
  });
  const told = () => page.evaluate((): string[] => Reflect.get(window, "told"));
  const widget = await openWidget(page, host, server().url);
  const sessionId = await widget.start();
  await widget.say("one");
  await widget.sees("Delivered");
  expect(await told()).toEqual(["shown", "started", "event ParticipantJoined", "event Message"]);
  await page.reload();
  await widget.sees("one");
  const agent = new ApiClient(() => server().url, sessionId, await agentToken(server));
  await agent.must("joinSession");
  await widget.sees("Grace joined the chat");
  await widget.button("Close the chat window").click();
  await agent.must("sendMessage", { json: { text: "two" } });
  await widget.element.getByRole("button", { name: "Chat (1)" }).waitFor();
  await agent.must("endSession");
  await until(async () => (await told()).includes("ended"));
  expect(await told()).toEqual([
    "shown",
    "event ParticipantJoined",
    "hidden",
    "event Message",
    "unread 1",
    "event ParticipantLeft",
    "event ParticipantLeft",
    "ended",
  ]);
});

test("theme, colours and language are the page's to choose", async () => {
  const page = await newPage();
  const widget = await openWidget(page, host, server().url, 'data-theme="dark" data-lang="de" data-open');
  await widget.element.getByRole("textbox", { name: "Name" }).waitFor();
  await widget.element.evaluate((element: HTMLElement) =>
    element.style.setProperty("--satchel-accent", "rgb(1, 2, 3)"),
  );
  const look = () =>
    widget.element.evaluate((element) => {
      const style = (selector: string) => getComputedStyle(element.shadowRoot?.querySelector(selector) ?? element);
      return { window: style(".panel").backgroundColor, button: style(".primary").backgroundColor };
    });
  expect(await look()).toEqual({ window: "rgb(23, 27, 38)", button: "rgb(1, 2, 3)" });
  await widget.element.evaluate((element) => element.setAttribute("theme", "light"));
  expect((await look()).window).toBe("rgb(255, 255, 255)");
  expect(await widget.window.getAttribute("lang")).toBe("de");
  await widget.element.evaluate((element) => element.setAttribute("lang", "ar"));
  await until(async () => (await widget.window.getAttribute("dir")) === "rtl");
});

test("where the chat cannot be loaded the button says so, and works once it can", async () => {
  const page = await newPage();
  await page.route("**/widget/chat.js", (route) => route.abort());
  const widget = await openWidget(page, host, server().url);
  await widget.launcher.click();
  await widget.element.getByText("!", { exact: true }).waitFor();
  await page.unroute("**/widget/chat.js");
  await widget.start();
});

test("a page of an origin that the service does not allow is told that there is no chat, and nothing more", async () => {
  const page = await newPage();
  await page.route(`${server().url}/v1/**`, (route) => route.abort("accessdenied"));
  const widget = await openWidget(page, host, server().url);
  await widget.launcher.click();
  await widget.element.getByRole("textbox", { name: "Name" }).fill("Ada");
  await widget.button("Start chat").click();
  await widget.sees("The server cannot be reached. Please try again.");
});

/** A picture of one point, PNG. */
const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
