/** The widget for everybody: no violation that axe knows of in any state, light and dark; by keyboard alone; small, large and in every language. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { useBrowser } from "../support/browser/chromium.ts";
import { useHost } from "../support/browser/host.ts";
import { violations } from "../support/browser/violations.ts";
import { openWidget, until, type Widget } from "../support/browser/widget.ts";
import { ApiClient } from "../support/node/api-client.ts";
import { agentToken, send } from "../support/node/chats.ts";
import { useNetwork } from "../support/node/network.ts";
import { useServer } from "../support/node/server.ts";

const HASTY = { "transcript-email": "never", "timeout-alert": 1, "timeout-close": 60 };
const server = useServer({ bindings: { SERVICE_HASTY: HASTY } });
const network = useNetwork(server);
const browser = useBrowser();
const host = useHost();

const agentFor = async (sessionId: string) => {
  const agent = new ApiClient(() => server().url, sessionId, await agentToken(server));
  await agent.must("joinSession");
  return agent;
};
const note = (name: string) => ({ name, buffer: Buffer.from("some lines\n".repeat(20)) });

/** Whether anything is wider than the window, or than what it stands in. */
const overflows = (widget: Widget) =>
  widget.window.evaluate((panel) => {
    const width = panel.getBoundingClientRect().width;
    const wide = [...panel.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().width > width + 1);
    return document.documentElement.scrollWidth > innerWidth || wide.length > 0;
  });

for (const colorScheme of ["light", "dark"] as const) {
  test(`no state of a chat has a violation in ${colorScheme} colours`, async () => {
    const context = await browser.person({ colorScheme, reducedMotion: "reduce" });
    const page = await context.newPage();
    const widget = await openWidget(page, host, network().url, "data-uploads-enabled");
    const clean = async (state: string) => expect(await violations(page), state).toEqual([]);
    await clean("closed");
    await widget.launcher.click();
    await widget.button("Start chat").click();
    await widget.sees("Please fill this in.");
    await clean("form with a fault");
    await widget.element.getByRole("textbox", { name: "Name" }).fill("Ada");
    await widget.button("Start chat").click();
    await widget.sees(/number 1 in the queue/);
    await clean("waiting");
    const agent = await agentFor(await widget.sessionId());
    await widget.say("See https://example.com");
    await widget.pick(note("note.txt"), { name: "bad.exe", buffer: Buffer.from("MZ") });
    await widget.button("Delete note.txt").waitFor();
    await send(agent, "reply.txt", "hello\n");
    await agent.must("setTyping", { json: { typing: true } });
    await widget.sees("Grace is typing…");
    await clean("chat with files");
    await widget.button("Delete note.txt").click();
    await clean("question");
    await widget.button("Cancel").click();
    await widget.button("E-mail me the transcript").click();
    await clean("transcript");
    await widget.button("Cancel").click();
    network().cut();
    await widget.sees(/No connection/);
    await widget.say("x");
    await clean("offline");
    network().join();
    await page.evaluate(() => dispatchEvent(new Event("online")));
    await until(async () => (await widget.element.getByText(/No connection/).count()) === 0);
    await agent.must("endSession");
    await widget.button("Start a new chat").waitFor();
    await clean("ended");
  });
}

test("an idle alert and a picture in the viewer have no violation either", async () => {
  const page = await (await browser.person({ reducedMotion: "reduce" })).newPage();
  const widget = await openWidget(page, host, network().url, 'data-service="hasty" data-uploads-enabled');
  const agent = await agentFor(await widget.start());
  await widget.button("I am still here").waitFor();
  expect(await violations(page)).toEqual([]);
  const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  await send(agent, "dot.png", Buffer.from(pixel, "base64"));
  await widget.button("Open dot.png").click();
  await widget.element.getByRole("img", { name: "Picture dot.png" }).waitFor();
  expect(await violations(page)).toEqual([]);
});

test("everything can be done by keyboard, and the focus is where it is expected", async () => {
  const page = await (await browser.person()).newPage();
  const widget = await openWidget(page, host, network().url, "data-uploads-enabled");
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const focused = () =>
    page.evaluate(() => {
      const element = document.activeElement?.shadowRoot?.activeElement;
      return element?.getAttribute("aria-label") ?? element?.getAttribute("name") ?? element?.textContent ?? "";
    });
  await press("Tab", "Enter");
  await until(async () => (await focused()) === "name");
  await page.keyboard.type("Ada");
  await press("Enter");
  await until(async () => (await focused()) === "Write a message");
  await page.keyboard.type("first line");
  await press("Shift+Enter");
  await page.keyboard.type("second line");
  await press("Enter");
  await widget.sees("Delivered");
  expect(await widget.messages()).toEqual(["first line\nsecond line"]);
  await press("Shift+Tab");
  expect(await focused()).toMatch(/^Send files/);
  await press("Shift+Tab");
  expect(await focused()).toBe("Conversation");
  await press("Shift+Tab", "Shift+Tab");
  expect(await focused()).toBe("End chat");
  await press("Enter");
  await until(async () => (await focused()) === "Cancel");
  await press("Escape");
  await until(async () => (await focused()) === "End chat");
  await press("Escape");
  await until(async () => (await focused()) === "Chat");
  expect(await widget.element.getAttribute("open")).toBeNull();
  await press("Enter");
  await until(async () => (await focused()) === "Write a message");
  await press("Shift+Tab", "Shift+Tab", "Shift+Tab", "Shift+Tab", "Enter", "Tab", "Enter");
  await widget.button("Start a new chat").waitFor();
  await until(async () => (await focused()) === "Start a new chat");
  await press("Enter");
  await until(async () => (await focused()) === "name");
});

test("what is said is announced politely, and what was said before a reload is not", async () => {
  const page = await (await browser.person()).newPage();
  const widget = await openWidget(page, host, network().url);
  const agent = await agentFor(await widget.start());
  await agent.must("sendMessage", { json: { text: "hello" } });
  await widget.sees("hello");
  await until(async () => (await widget.log.getAttribute("aria-live")) === "polite");
  await page.addInitScript(() => {
    const modes: (string | null)[] = [];
    Object.assign(window, { modes });
    const watch = () => {
      const log = document.querySelector("satchel-chat")?.shadowRoot?.querySelector("[role=log]");
      if (log?.textContent?.includes("hello") === true) modes.push(log.getAttribute("aria-live"));
      else requestAnimationFrame(watch);
    };
    requestAnimationFrame(watch);
  });
  await page.reload();
  await widget.sees("hello");
  await until(() => page.evaluate(() => Reflect.get(window, "modes").length > 0));
  expect(await page.evaluate(() => Reflect.get(window, "modes"))).toEqual(["off"]);
});

test("on a screen of 320 pixels, or enlarged fourfold, it fills the screen and nothing is cut off", async () => {
  const page = await (
    await browser.person({ viewport: { width: 320, height: 480 }, hasTouch: true, isMobile: true })
  ).newPage();
  const widget = await openWidget(page, host, network().url, "data-uploads-enabled");
  const agent = await agentFor(await widget.start());
  const long = "Donaudampfschifffahrtsgesellschaftskapitän".repeat(4);
  await agent.must("sendMessage", { json: { text: long } });
  await send(agent, `${long.slice(0, 150)}.txt`, "hello\n");
  await widget.sees(/\.txt/);
  expect(await widget.window.boundingBox()).toEqual({ x: 0, y: 0, width: 320, height: 480 });
  expect(await overflows(widget)).toBe(false);
  await widget.button("Take a photo").waitFor();
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await until(async () => (await widget.element.getAttribute("open")) === null);
});

test("every language says everything, and each is loaded by itself", async () => {
  const page = await (await browser.person()).newPage();
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  const english = await wordsOf(page, "en");
  for (const language of ["de", "fr", "es", "pt", "it", "nl", "pl", "ja", "zh", "ar"]) {
    const words = await wordsOf(page, language);
    expect(words, language).toHaveLength(english.length);
    for (const [index, text] of words.entries()) {
      const meant = `${language}: ${english[index]}`;
      expect(text.match(/\{\w+\}/g)?.sort() ?? [], meant).toEqual(english[index]?.match(/\{\w+\}/g)?.sort() ?? []);
      expect(text.trim(), meant).not.toBe("");
    }
  }
  asked.length = 0;
  const widget = await openWidget(page, host, network().url, 'data-lang="pt-BR" data-open');
  await widget.element.getByRole("textbox").first().waitFor();
  expect(asked.filter((path) => path.includes("/words/"))).toEqual(["/widget/words/pt.js"]);
  expect(await overflows(widget)).toBe(false);
});

test("in a language from right to left it stands on the other side, without a violation", async () => {
  const page = await (await browser.person()).newPage();
  const widget = await openWidget(page, host, network().url, 'data-lang="ar" data-open');
  await widget.element.getByRole("textbox").first().waitFor();
  expect(await widget.window.evaluate((panel) => getComputedStyle(panel).direction)).toBe("rtl");
  expect(await violations(page)).toEqual([]);
});

test("fifty times opened, taken out and put back it leaves nothing behind", async () => {
  const context = await browser.person();
  const page = await context.newPage();
  const widget = await openWidget(page, host, network().url);
  await widget.start();
  const probe = await context.newCDPSession(page);
  await probe.send("Performance.enable");
  const counted = async () => {
    await probe.send("HeapProfiler.collectGarbage");
    const { metrics } = await probe.send("Performance.getMetrics");
    const of = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? 0;
    return { nodes: of("Nodes"), listeners: of("JSEventListeners") };
  };
  const round = () =>
    page.evaluate(async () => {
      const element = document.querySelector("satchel-chat");
      const turn = () => new Promise((resolve) => setTimeout(resolve));
      element?.toggleAttribute("open", false);
      element?.remove();
      await turn();
      if (element !== null) document.body.append(element);
      element?.toggleAttribute("open", true);
      while (element?.shadowRoot?.querySelector("[role=log]") == null) await turn();
    });
  for (let warm = 0; warm < 5; warm += 1) await round();
  const before = await counted();
  for (let times = 0; times < 50; times += 1) await round();
  const left = await counted();
  expect(left.listeners - before.listeners).toBeLessThan(25);
  expect(left.nodes - before.nodes).toBeLessThan(100);
});

/** The words of a language as the server serves them. */
async function wordsOf(page: Page, language: string): Promise<readonly string[]> {
  await page.goto(
    host.page(
      `<script type="module">import words from "${network().url}/widget/words/${language}.js"; window.words = words;</script>`,
    ),
  );
  await page.waitForFunction(() => "words" in window);
  return page.evaluate(() => Reflect.get(window, "words"));
}
