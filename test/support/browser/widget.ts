/** A customer in front of the widget: what they see and press, by roles and names as a screen reader has them. */
import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";
import type { Host } from "./host.ts";

/** One widget of a page; English words. */
export class Widget {
  readonly page: Page;
  readonly element: Locator;
  readonly launcher: Locator;
  readonly window: Locator;
  readonly log: Locator;
  readonly composer: Locator;

  constructor(page: Page) {
    this.page = page;
    this.element = page.locator("satchel-chat");
    this.launcher = this.element.getByRole("button", { name: /^Chat/ });
    this.window = this.element.locator(".panel");
    this.log = this.element.getByRole("log");
    this.composer = this.element.getByRole("textbox", { name: "Write a message" });
  }

  button(name: string | RegExp): Locator {
    return this.element.getByRole("button", { name });
  }

  /** Opens the window, fills the form in and begins a chat. Answers the session's id. */
  async start(name = "Ada", email = ""): Promise<string> {
    await this.launcher.click();
    await this.element.getByRole("textbox", { name: "Name" }).fill(name);
    if (email !== "") await this.element.getByRole("textbox", { name: /E-mail/ }).fill(email);
    await this.button("Start chat").click();
    await this.composer.waitFor();
    return this.sessionId();
  }

  async sessionId(): Promise<string> {
    return this.element.evaluate((element) => Reflect.get(element, "chat").sessionId);
  }

  async say(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press("Enter");
  }

  /** Picks files in the dialog that the button opens. */
  async pick(...files: readonly PickedFile[]): Promise<void> {
    const [chooser] = await Promise.all([this.page.waitForEvent("filechooser"), this.button(/^Send files/).click()]);
    await chooser.setFiles(files.map(({ name, mimeType = "text/plain", buffer }) => ({ name, mimeType, buffer })));
  }

  /** Waits until the conversation holds a text. */
  async sees(text: string | RegExp): Promise<void> {
    await this.element.getByText(text).first().waitFor();
  }

  /** Texts of all messages as they stand in the transcript. */
  async messages(): Promise<string[]> {
    return this.log.locator(".message:not(.unsent) .text").allTextContents();
  }
}

/** A file as a person picks it. */
export interface PickedFile {
  readonly name: string;
  readonly mimeType?: string;
  readonly buffer: Buffer;
}

/** A page of another origin that embeds the widget and nothing else; `attributes` are those of the script tag. */
export async function openWidget(page: Page, host: Host, server: string, attributes = ""): Promise<Widget> {
  const service = attributes.includes("data-service") ? "" : 'data-service="customer-support"';
  await page.goto(host.page(`<script async src="${server}/widget.js" ${service} ${attributes}></script>`));
  const widget = new Widget(page);
  await widget.element.waitFor({ state: "attached" });
  return widget;
}

/** Waits until something holds, looking again as fast as the page answers. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  await expect.poll(holds, { timeout: 15_000, interval: 50 }).toBe(true);
}
