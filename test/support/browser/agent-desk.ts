/** An agent in front of the desktop: what they see and press, by roles and names as a screen reader has them. */
import type { Locator, Page } from "playwright-core";
import { PRIVILEGES, type Privilege } from "../../../src/protocol/wire.ts";

/** One desktop of a page; English words. */
export class AgentDesk {
  readonly page: Page;
  readonly list: Locator;
  readonly log: Locator;
  readonly composer: Locator;
  readonly side: Locator;

  constructor(page: Page) {
    this.page = page;
    this.list = page.getByRole("region", { name: "Chats" });
    this.log = page.getByRole("log");
    this.composer = page.locator("textarea.write");
    this.side = page.locator("aside");
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole("button", { name, exact: typeof name === "string" });
  }

  /** Says that offers are wanted. */
  async ready(): Promise<void> {
    await this.page.getByRole("switch", { name: "Not ready" }).click();
    await this.page.getByRole("switch", { name: "Ready", exact: true }).waitFor();
  }

  /** Accepts what is offered; the chat is looked at then. */
  async accept(name: string): Promise<void> {
    await this.page
      .getByRole("article", { name: `${name} would like to chat` })
      .getByRole("button", { name: "Accept" })
      .click();
    await this.page.getByRole("heading", { name, exact: true }).waitFor();
  }

  async say(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press("Enter");
  }

  /** Picks files in the dialog that the button opens. */
  async pick(...files: readonly { name: string; mimeType?: string; buffer: Buffer }[]): Promise<void> {
    const [chooser] = await Promise.all([this.page.waitForEvent("filechooser"), this.button("Send files").click()]);
    await chooser.setFiles(files.map(({ name, mimeType = "text/plain", buffer }) => ({ name, mimeType, buffer })));
  }

  /** Waits until the conversation holds a text. */
  async sees(text: string | RegExp): Promise<void> {
    await this.log.getByText(text).first().waitFor();
  }
}

/** Opens the desktop and signs in as on a development server, with every privilege unless told otherwise. */
export async function openDesktop(
  page: Page,
  server: string,
  name = "Grace",
  privileges: readonly Privilege[] = PRIVILEGES,
): Promise<AgentDesk> {
  await page.goto(`${server}/agent/`);
  await page.getByRole("textbox", { name: "Name" }).fill(name);
  await page.getByText("Privileges", { exact: true }).click();
  for (const one of PRIVILEGES)
    await page.getByRole("checkbox", { name: one, exact: true }).setChecked(privileges.includes(one));
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("button", { name: `Sign out ${name}` }).waitFor();
  return new AgentDesk(page);
}
