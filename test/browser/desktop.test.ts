/** Agents at the desktop and a customer at the demo's page: whole conversations as people have them. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { PRIVILEGES, type Privilege } from "../../src/protocol/wire.ts";
import { AgentDesk, openDesktop } from "../support/browser/agent-desk.ts";
import { useBrowser } from "../support/browser/chromium.ts";
import { violations } from "../support/browser/violations.ts";
import { until, Widget } from "../support/browser/widget.ts";
import { openSession, send, textOf } from "../support/node/chats.ts";
import { PROJECT } from "../support/node/command.ts";
import { IdentityProvider } from "../support/node/identity-provider.ts";
import { awaitMails } from "../support/node/mails.ts";
import { type Network, useNetwork } from "../support/node/network.ts";
import { type TestServer, useServer } from "../support/node/server.ts";
import { SignInProvider } from "../support/node/sign-in-provider.ts";

const browser = useBrowser();
const sample = (name: string) => readFile(join(PROJECT, "test/support/files", name));
type Place = () => TestServer;
type Where = () => { readonly url: string };
const person = async () => (await browser.person({ viewport: { width: 1280, height: 800 } })).newPage();
const deskAt = async (server: Where, name = "Grace", privileges?: readonly Privilege[]): Promise<AgentDesk> =>
  openDesktop(await person(), server().url, name, privileges);
/** A service of its own for each: whoever was ready before would be offered what comes. */
const shift = (name: string, run: (server: Place, network: () => Network) => Promise<void>) =>
  describe(name, () => {
    const server = useServer();
    const network = useNetwork(server);
    test("holds", () => run(server, network), 60_000);
  });
const without = (...taken: readonly Privilege[]) => PRIVILEGES.filter((one) => !taken.includes(one));

/** A customer at the demo's page who has begun a chat. */
async function customerNamed(server: Where, name: string, email = ""): Promise<Widget> {
  const page = await (await browser.person()).newPage();
  await page.goto(`${server().url}/demo/`);
  const widget = new Widget(page);
  await widget.start(name, email);
  return widget;
}

shift("a conversation with files both ways, a standard response, a second agent, an end and a mail", async (server) => {
  const grace = await deskAt(server);
  await grace.button("Standard responses").click();
  await grace.button("New response").click();
  await grace.page.getByLabel("Title").fill("Return label");
  await grace.page.getByLabel("Text (en)").fill("Hello {{customer.nickname}}, here is your label.");
  await grace.page.getByText("Hello Ada, here is your label.").waitFor();
  await grace.button("Save").click();
  await grace.page
    .getByLabel("Add files")
    .setInputFiles([{ name: "label.pdf", mimeType: "application/pdf", buffer: await sample("Ärger im Büro.pdf") }]);
  await grace.page.getByText("label.pdf").first().waitFor();
  await grace.button("Chats").click();
  await grace.ready();

  const ada = await customerNamed(server, "Ada", "ada@example.com");
  const sessionId = await ada.sessionId();
  await ada.sees(/number 1 in the queue/);
  await grace.accept("Ada");
  await ada.sees("Grace joined the chat");
  await grace.side.getByText("ada@example.com").waitFor();

  await ada.say("My cup broke");
  await grace.sees("My cup broke");
  await grace.say("Please send me a picture");
  await ada.sees("Please send me a picture");
  await ada.pick({ name: "cup.png", mimeType: "image/png", buffer: await sample("logo.png") });
  await grace.sees("cup.png");
  await grace.button("Open cup.png").click();
  await grace.page.getByRole("img", { name: "Picture cup.png" }).waitFor();
  await grace.page.keyboard.press("Escape");
  await grace.pick({ name: "answer.txt", buffer: Buffer.from("an answer\n") });
  await ada.sees("answer.txt");

  await grace.page.keyboard.press("Alt+s");
  await grace.side.getByRole("searchbox").fill("label");
  await grace.button(/^Return label/).click();
  await grace.side.getByText("Hello Ada, here is your label.").waitFor();
  await grace.button("Send this response").click();
  await ada.sees("Hello Ada, here is your label.");
  await ada.sees("label.pdf");

  const ben = await deskAt(server, "Ben");
  await ben.ready();
  await grace.button("Give the chat on").click();
  await grace.page.getByRole("radio", { name: /^Ben, ready/ }).check();
  await grace.page.getByRole("dialog").getByRole("button", { name: "Give the chat on" }).click();
  await ben.accept("Ada");
  await ben.sees("My cup broke");
  await ada.sees("Ben joined the chat");
  await ben.say("I go on from here");
  await ada.sees("I go on from here");
  await ada.button("E-mail me the transcript").click();
  await ada.element.getByRole("region").getByRole("button", { name: "E-mail me the transcript" }).click();
  await ada.sees(/will be sent to ada@example.com/);
  await ben.button("End chat").click();
  await ben.page.getByRole("dialog").getByRole("button", { name: "End chat" }).click();
  await ada.sees("The chat has ended.");
  await ben.button("Close this chat").click();

  const [received] = await awaitMails(server().mailDir, sessionId, 1);
  expect(received?.mail.text).toMatch(/cup\.png[\s\S]*label\.pdf/);
  expect(received?.mail.attachments).toEqual([]);
});

shift("a restarted server, and a reloaded page, lose nothing and double nothing", async (server, network) => {
  const grace = await deskAt(network);
  await grace.ready();
  const ada = await customerNamed(network, "Ada");
  await grace.accept("Ada");
  await grace.say("before");
  await ada.sees("before");
  await server().restart("kill");
  await grace.say("meanwhile");
  await ada.sees("meanwhile");
  await grace.button("Note for agents only").click();
  await grace.say("a note");
  await grace.sees("note, not seen by the customer");
  await grace.composer.fill("not sent yet");
  await grace.page.reload();
  await grace.sees("a note");
  expect(await grace.log.locator(".message .text").allTextContents()).toEqual(["before", "meanwhile", "a note"]);
  expect(await grace.composer.inputValue()).toBe("not sent yet");
  expect(await ada.messages()).toEqual(["before", "meanwhile"]);
});

shift("several chats at once, with what is unread, in the list and in the title", async (server) => {
  const grace = await deskAt(server);
  await grace.ready();
  const first = await openSession(server, "customer-support", { nickname: "First" });
  await grace.accept("First");
  const second = await openSession(server, "customer-support", { nickname: "Second" });
  await grace.accept("Second");
  await first.customer.must("sendMessage", { json: { text: "hello?" } });
  await grace.list.getByRole("button", { name: /First.*1 unread/s }).waitFor();
  await until(async () => (await grace.page.title()) === "(1) Satchel desk");
  await grace.page.keyboard.press("Alt+ArrowUp");
  await grace.sees("hello?");
  await until(async () => (await grace.page.title()) === "Satchel desk");
  await second.customer.must("endSession");
  await grace.list.getByRole("button", { name: /Second.*The chat has ended/s }).waitFor();
});

shift(
  "files: several at once, one refused, one cancelled on its way, one dropped, and the customer gets more room",
  async (server) => {
    const grace = await deskAt(server);
    await grace.ready();
    const { customer } = await openSession(server, "customer-support", { nickname: "Ada" });
    await grace.accept("Ada");
    await grace.pick(
      { name: "one.txt", buffer: Buffer.from(textOf(100)) },
      { name: "setup.exe", buffer: Buffer.from("MZ") },
      { name: "two.txt", buffer: Buffer.from(textOf(200)) },
    );
    await grace.sees(/Files of this type cannot be sent/);
    await until(async () => {
      const { events } = await customer.must("getEvents");
      return events.filter(({ type }) => type === "FileUploaded").length === 2;
    });
    await grace.button("Remove setup.exe").click();
    await grace.log.evaluate((log) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(["dropped\n"], "dropped.txt", { type: "text/plain" }));
      for (const type of ["dragenter", "dragover", "drop"])
        log.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    });
    await grace.sees("dropped.txt");
    await grace.button("Grant more files").click();
    await grace.page.getByRole("dialog").getByRole("button", { name: "Grant more files" }).click();
    await grace.sees(/Further files were granted: 1/);
    expect((await customer.must("getLimits")).uploadMaxFiles).toBe(4);
  },
);

shift("a PDF is drawn page by page by a thread of its own, and nothing of it is run", async (server) => {
  const grace = await deskAt(server);
  await grace.ready();
  const { customer } = await openSession(server, "customer-support", { nickname: "Ada" });
  await grace.accept("Ada");
  const problems: string[] = [];
  grace.page.on("console", (message) => message.type() !== "log" && problems.push(message.text()));
  await send(customer, "bill.pdf", await sample("Ärger im Büro.pdf"));
  const [worker] = await Promise.all([grace.page.waitForEvent("worker"), grace.button("Open bill.pdf").click()]);
  expect(worker.url()).toBe(`${server().url}/agent/pdf.worker.js`);
  const canvas = grace.page.getByRole("img", { name: "bill.pdf, Page 1 of 1" });
  await canvas.waitFor();
  await until(() =>
    canvas.evaluate((element) => {
      if (!(element instanceof HTMLCanvasElement) || element.width === 0) return false;
      const { data } = element.getContext("2d")?.getImageData(0, 0, element.width, element.height) ?? { data: [] };
      // Something is written on the paper.
      return data.some((value, index) => index % 4 !== 3 && value < 100 && (data[index | 3] ?? 0) > 0);
    }),
  );
  expect(problems).toEqual([]);
});

shift("each privilege that is taken away takes its control away, and the page says so", async (server) => {
  const files = await deskAt(
    server,
    "Ben",
    without("chat:transfer-file-from-file-system", "chat:supervise", "library:edit"),
  );
  expect(await files.button("Supervise").count()).toBe(0);
  expect(await files.button("Standard responses").count()).toBe(0);
  await files.ready();
  const { customer } = await openSession(server, "customer-support", { nickname: "Ada" });
  await files.accept("Ada");
  await files.button("You may not send files from disk.").waitFor();
  expect(await files.button("Send files").count()).toBe(0);
  await files.button("Responses").first().waitFor();
  await files.page.getByRole("switch", { name: "Ready", exact: true }).click();

  const opened = await deskAt(
    server,
    "Cleo",
    without("chat:save-files", "chat:push-url", "chat:transfer-file-from-standard-response"),
  );
  await opened.ready();
  const other = await openSession(server, "customer-support", { nickname: "Bob" });
  await opened.accept("Bob");
  await send(other.customer, "logo.png", await sample("logo.png"));
  await opened.sees("You may not open files.");
  expect(await opened.button("Open logo.png").count()).toBe(0);
  expect(await opened.button("Show an address").count()).toBe(0);
  await opened.side.getByRole("button", { name: "Responses" }).click();
  await opened.side.getByText("You may not send standard responses.").waitFor();

  const none = await deskAt(server, "Dora", without("chat:take"));
  await none.page.getByText("You may not take chats.").waitFor();
  expect(await none.page.getByRole("switch").count()).toBe(0);
  await customer.must("endSession");
});

shift("a supervisor sees every chat, joins silently and writes notes, or openly", async (server) => {
  const grace = await deskAt(server);
  await grace.ready();
  const { customer } = await openSession(server, "customer-support", { nickname: "Ada" });
  await grace.accept("Ada");
  const sue = await deskAt(server, "Sue", ["chat:supervise", "chat:save-files"]);
  await sue.button("Supervise").click();
  const row = sue.page.getByRole("row", { name: /^Ada/ });
  await row.getByText("Grace").waitFor();
  await send(customer, "a.txt", textOf(50));
  await row.getByRole("cell", { name: "1", exact: true }).waitFor();
  await row.getByRole("button", { name: /^Silently/ }).click();
  await sue.say("be kind");
  await grace.sees("be kind");
  expect(JSON.stringify(await customer.must("getEvents"))).not.toMatch(/be kind|Sue/);
  await sue.button("Supervise").click();
  await row.getByRole("button", { name: /^Openly/ }).click();
  await sue.say("good day");
  await until(async () => JSON.stringify(await customer.must("getEvents")).includes("good day"));
});

shift("hostile names and texts are shown as text", async (server) => {
  const grace = await deskAt(server);
  await grace.ready();
  const nickname = '<img src=x onerror="window.ran=1">';
  const { customer } = await openSession(server, "customer-support", {
    nickname,
    subject: "<script>window.ran=1</script>",
    userData: { "<b>key</b>": '<a href="javascript:window.ran=1">x</a>' },
  });
  await grace.accept(nickname);
  await customer.must("sendMessage", { json: { text: "<svg onload=window.ran=1> javascript:alert(1)" } });
  await send(customer, "<img src=x onerror=window.ran=1>.txt", textOf(50));
  await grace.sees("<svg onload=window.ran=1> javascript:alert(1)");
  await grace.side.getByText("<b>key</b>").waitFor();
  expect(await grace.page.evaluate(() => Reflect.get(window, "ran"))).toBeUndefined();
  expect(await grace.log.getByRole("link").count()).toBe(0);
});

for (const colorScheme of ["light", "dark"] as const)
  shift(`no state has a violation that axe knows of: ${colorScheme}`, async (server) => {
    const page = await (await browser.person({ colorScheme, viewport: { width: 1280, height: 800 } })).newPage();
    await page.goto(`${server().url}/agent/`);
    await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
    const clean = async (state: string) => expect(await violations(page), state).toEqual([]);
    await clean("signing in");
    const grace = await openDesktop(page, server().url, `Grace ${colorScheme}`);
    await clean("empty");
    await grace.ready();
    const { customer } = await openSession(server, "customer-support", {
      nickname: "Ada",
      email: "ada@example.com",
      userData: { order: "4711" },
    });
    await grace.page.getByRole("button", { name: "Accept" }).waitFor();
    await clean("an offer");
    await grace.accept("Ada");
    await customer.must("sendMessage", { json: { text: "see https://example.com" } });
    await send(customer, "logo.png", await sample("logo.png"));
    await grace.say("of course");
    await grace.button("Note for agents only").click();
    await grace.say("a note");
    await grace.pick({ name: "setup.exe", buffer: Buffer.from("MZ") });
    await grace.sees(/cannot be sent/);
    await clean("a chat");
    await grace.page.keyboard.press("Alt+s");
    await grace.side.getByRole("searchbox").waitFor();
    await clean("responses");
    for (const keys of ["Alt+h", "Alt+t", "Alt+u", "Alt+e"]) {
      await grace.page.keyboard.press(keys);
      await grace.page.getByRole("dialog").waitFor();
      await clean(keys);
      await grace.page.keyboard.press("Escape");
      await grace.page.getByRole("dialog").waitFor({ state: "hidden" });
    }
    await grace.button("Open logo.png").click();
    await grace.page.getByRole("img", { name: "Picture logo.png" }).waitFor();
    await clean("a picture");
    await grace.page.keyboard.press("Escape");
    await grace.button("Supervise").click();
    await grace.page.getByRole("table").first().waitFor();
    await clean("supervising");
    await grace.button("Standard responses").click();
    await grace.button("New response").waitFor();
    await clean("the library");
    await grace.button("New response").click();
    await clean("a new response");
    await page.setViewportSize({ width: 320, height: 640 });
    await clean("a small screen");
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    await customer.must("endSession");
  });

shift("a shift by keyboard alone", async (server) => {
  const page = await person();
  await page.goto(`${server().url}/agent/`);
  await page.getByRole("textbox", { name: "Name" }).focus();
  await page.keyboard.press("Enter");
  const grace = new AgentDesk(page);
  await page.getByRole("switch", { name: "Not ready" }).waitFor();
  await page.keyboard.press("Alt+r");
  await page.getByRole("switch", { name: "Ready", exact: true }).waitFor();
  const { customer } = await openSession(server, "customer-support", { nickname: "Ada" });
  await page.getByRole("button", { name: "Accept" }).waitFor();
  await page.keyboard.press("Alt+a");
  await grace.composer.waitFor();
  await until(() => grace.composer.evaluate((field) => field === document.activeElement));
  await page.keyboard.type("by keyboard");
  await page.keyboard.press("Enter");
  await grace.sees("by keyboard");
  await page.keyboard.press("Alt+e");
  await page.getByRole("dialog").waitFor();
  // The focus is on what changes nothing.
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await until(async () => (await customer.must("getEvents")).ended);
});

shift("every language says everything, and one is loaded", async (server) => {
  const page = await (await browser.person({ locale: "de-AT" })).newPage();
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(`${server().url}/agent/`);
  await page.getByRole("button", { name: "Anmelden", exact: true }).waitFor();
  expect(asked.filter((path) => path.includes("/words/"))).toEqual(["/agent/words/de.js"]);
  const wordsOf = (language: string): Promise<string[]> =>
    page.evaluate(async (tag) => {
      const text = await (await fetch(`/agent/words/${tag}.js`)).text();
      return JSON.parse(text.replace("export default", ""));
    }, language);
  const english = await wordsOf("en");
  for (const language of ["de", "fr", "es", "pt", "it", "nl", "pl", "ja", "zh", "ar"]) {
    const words = await wordsOf(language);
    expect(words, language).toHaveLength(english.length);
    for (const [index, text] of words.entries()) {
      const meant = `${language}: ${english[index]}`;
      expect(text.match(/\{\w+\}/g)?.sort() ?? [], meant).toEqual(english[index]?.match(/\{\w+\}/g)?.sort() ?? []);
      expect(text.trim(), meant).not.toBe("");
    }
  }
});

describe("with a provider that agents sign in with on the page", () => {
  let provider: SignInProvider;
  const server = useServer(async () => {
    provider = await SignInProvider.start();
    return { bindings: { AGENT_ISSUER_COMPANY: provider.settings() as never } };
  });
  afterAll(() => provider.stop());

  test("one goes there and comes back signed in, and a reload asks nobody again", async () => {
    const page = await person();
    await page.goto(`${server().url}/agent/`);
    await page.getByRole("button", { name: "Sign in with company" }).click();
    await page.getByRole("button", { name: "Sign out Grace Hopper" }).waitFor();
    expect(page.url()).toBe(`${server().url}/agent/`);
    // A link that somebody made up signs nobody in, and nobody out.
    await page.goto(`${server().url}/agent/?code=theirs&state=theirs`);
    await page.getByRole("button", { name: "Sign out Grace Hopper" }).waitFor();
    expect(page.url()).toBe(`${server().url}/agent/`);
    await page.reload();
    await page.getByRole("button", { name: "Sign out Grace Hopper" }).click();
    await page.getByRole("button", { name: "Sign in with company" }).waitFor();
  });
});

describe("behind Cloudflare Access", () => {
  let team: IdentityProvider;
  const server = useServer(async () => {
    team = await IdentityProvider.start();
    const grants = [{ claim: "aud", value: "satchel", services: "*", privileges: ["chat:take"] }];
    const settings = { "access-team": team.issuer, audience: "satchel", grants };
    return { bindings: { AGENT_ISSUER_TEAM: settings as never } };
  });
  afterAll(() => team.stop());

  test("the cookie alone signs in, and opens sockets", async () => {
    const context = await browser.person({ viewport: { width: 1280, height: 800 } });
    const cookie = { name: "CF_Authorization", value: await team.sign(), url: server().url, sameSite: "Lax" as const };
    await context.addCookies([cookie]);
    const page = await context.newPage();
    await page.goto(`${server().url}/agent/`);
    await page.getByRole("button", { name: "Sign out Grace Hopper" }).waitFor();
    const grace = new AgentDesk(page);
    await grace.ready();
    const { customer } = await openSession(server, "customer-support", { nickname: "Ada" });
    await grace.accept("Ada");
    await grace.say("by cookie");
    await until(async () => JSON.stringify(await customer.must("getEvents")).includes("by cookie"));
    await page.getByRole("button", { name: "Sign out Grace Hopper" }).click();
    await page.waitForURL(`${server().url}/cdn-cgi/access/logout`);
  });
});

shift(
  "the library: a category, a response in two languages, a conflict, and a copy in another service",
  async (server) => {
    const grace = await deskAt(server);
    const { page } = grace;
    await grace.button("Standard responses").click();
    await page.getByText("Categories", { exact: true }).click();
    await page.getByRole("textbox", { name: "New category" }).fill("Billing");
    await grace.button("Add").click();
    await page.getByRole("textbox", { name: "Billing" }).waitFor();
    await grace.button("New response").click();
    await page.getByLabel("Title").fill("Refund");
    await page.getByLabel("Category").selectOption({ label: "Billing" });
    await page.getByLabel("Text (en)").fill("Your refund, {{customer.nickname}}, {{nobody.knows}}");
    await page.getByText("Two braces may hold only the variables above.").waitFor();
    await page.getByLabel("Text (en)").fill("Your refund, {{customer.nickname}}");
    await page.getByRole("textbox", { name: "Add a language" }).fill("de");
    await grace.button("Add a language").click();
    await page.getByLabel("Text (de)").fill("Ihre Erstattung, {{customer.nickname}}");
    await page.getByText("Ihre Erstattung, Ada").waitFor();
    await grace.button("Save").click();
    await grace.button("Delete this response").waitFor();

    const ben = await deskAt(server, "Ben");
    await ben.button("Standard responses").click();
    await ben.button(/^Refund/).click();
    await ben.page.getByLabel("Title").fill("Refund, new");
    await ben.button("Save").click();
    await until(async () => (await ben.page.getByRole("alert").allTextContents()).join("") === "");
    await page.getByLabel("Title").fill("Refund, mine");
    await grace.button("Save").click();
    await page.getByText(/Somebody else has changed it/).waitFor();
    expect(await page.getByLabel("Title").inputValue()).toBe("Refund, mine");
    await grace.button("Back").click();

    const [exported] = await Promise.all([page.waitForEvent("download"), grace.button("Export").click()]);
    await page.getByLabel("Service").selectOption("sales");
    await page.getByText("Nothing found.").waitFor();
    await page.getByLabel("Import").setInputFiles(await exported.path());
    await page.getByText(/Brought in: 1 new/).waitFor();
    await grace.button(/^Refund, new/).waitFor();
  },
);
