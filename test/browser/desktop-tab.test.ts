/** One tab and those who work in it one after another: nothing of one is there for the next, and privileges are those of now. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AgentDesk, openDesktop } from "../support/browser/agent-desk.ts";
import { useBrowser } from "../support/browser/chromium.ts";
import { openSession } from "../support/node/chats.ts";
import { useServer } from "../support/node/server.ts";
import { SignInProvider } from "../support/node/sign-in-provider.ts";

const browser = useBrowser();
const tab = async () => (await browser.person({ viewport: { width: 1280, height: 800 } })).newPage();
const DRAFT = "what I think of this customer";

describe("a draft", () => {
  const server = useServer();

  test("stays over a reload, and is gone for a colleague who signs in in the same tab", {
    timeout: 60_000,
  }, async () => {
    const page = await tab();
    const grace = await openDesktop(page, server().url, "Grace");
    await grace.ready();
    await openSession(server, "customer-support", { nickname: "Ada" });
    await grace.accept("Ada");
    await grace.composer.fill(DRAFT);
    await page.reload();
    await page.getByRole("heading", { name: "Ada", exact: true }).waitFor();
    expect(await grace.composer.inputValue()).toBe(DRAFT);
    await grace.button("Sign out Grace").click();
    await grace.button("Sign in").waitFor();
    expect(await page.evaluate(() => JSON.stringify({ ...sessionStorage }))).not.toContain(DRAFT);
    const hopper = await openDesktop(page, server().url, "Bert");
    await hopper.button("Supervise").click();
    await hopper.page
      .getByRole("button", { name: /^Silently/ })
      .first()
      .click();
    await page.getByRole("heading", { name: "Ada", exact: true }).waitFor();
    expect(await hopper.composer.inputValue()).toBe("");
  });

  test("is gone, too, where somebody's token ended and somebody else came after", { timeout: 60_000 }, async () => {
    const page = await tab();
    await openDesktop(page, server().url, "Grace");
    await page.evaluate((draft) => sessionStorage.setItem("satchel:draft:chat", draft), DRAFT);
    await page.evaluate(() => sessionStorage.removeItem("satchel:agent"));
    await openDesktop(page, server().url, "Grace");
    expect(await page.evaluate(() => sessionStorage.getItem("satchel:draft:chat"))).toBe(DRAFT);
    await page.evaluate(() => sessionStorage.removeItem("satchel:agent"));
    await openDesktop(page, server().url, "Bert");
    expect(await page.evaluate(() => sessionStorage.getItem("satchel:draft:chat"))).toBeNull();
  });
});

describe("a renewed token that grants something else", () => {
  let provider: SignInProvider;
  const server = useServer(async () => {
    provider = await SignInProvider.start();
    const grants = [
      { claim: "groups", value: "support", services: "*", privileges: ["chat:take"] },
      { claim: "groups", value: "editors", services: "*", privileges: ["chat:take", "library:edit"] },
    ];
    return { bindings: { AGENT_ISSUER_COMPANY: provider.settings({ grants }) as never } };
  });
  beforeAll(() => {
    // Another is asked for a minute before this one ends.
    provider.claims = { groups: ["support"], exp: Math.floor(Date.now() / 1000) + 63 };
  });
  afterAll(() => provider.stop());

  test("changes the desk at once", { timeout: 60_000 }, async () => {
    const page = await tab();
    await page.goto(`${server().url}/agent/`);
    await page.getByRole("button", { name: "Sign in with company" }).click();
    const desk = new AgentDesk(page);
    await desk.button("Sign out Grace Hopper").waitFor();
    await desk.ready();
    provider.claims = { groups: ["editors"] };
    await page.getByRole("switch", { name: "Ready", exact: true }).waitFor();
    await desk.button("Standard responses").click();
    await desk.button("New response").waitFor();
  });
});
