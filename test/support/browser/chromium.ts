/** A real Chromium from an npm package, for the tests of a file. */
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium as driver } from "playwright-core";
import { afterAll, afterEach, beforeAll, onTestFailed } from "vitest";
import { rememberJson, rememberRequest } from "../node/private-values.ts";

/** A browser, and contexts of it that are closed after each test. */
export interface TestBrowser {
  /** A person with a browser of their own: no cookie and no storage is shared. */
  person(options?: BrowserContextOptions): Promise<BrowserContext>;
}

/** Starts a browser before the tests of a file. What pages say on their console is printed where a test fails. */
export function useBrowser(): TestBrowser {
  let browser: Browser | undefined;
  const contexts = new Set<BrowserContext>();
  beforeAll(async () => {
    browser = await driver.launch({
      executablePath: process.env.CHROMIUM ?? (await packagedChromium()),
      // Not the package's own arguments: they switch off what keeps pages of different origins apart, which is tested here.
      args: ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"],
      headless: true,
    });
  });
  afterEach(async () => {
    await Promise.all([...contexts].map((context) => context.close()));
    contexts.clear();
  });
  afterAll(() => browser?.close());
  return {
    async person(options = {}) {
      if (browser === undefined) throw new Error("the browser runs inside tests and hooks only");
      const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1024, height: 768 }, ...options });
      context.setDefaultTimeout(15_000);
      contexts.add(context);
      observe(context);
      const lines: string[] = [];
      context.on("console", (message) => lines.push(`${message.type()}: ${message.text()}`));
      context.on("weberror", (error) => lines.push(`error: ${error.error().stack}`));
      onTestFailed(() => console.error(["said by pages during this test:", ...lines].join("\n  ")));
      return context;
    },
  };
}

/** Remembers what pages send and get as private, so that the server's log is searched for it. */
function observe(context: BrowserContext): void {
  context.on("request", (request) => {
    const json = request.postData();
    // The host page's own address may hold anything; what it loads by other schemes is nobody's request.
    if (request.url().startsWith("http")) rememberRequest(request.url(), Object.entries(request.headers()), json);
  });
  context.on("page", (page) =>
    page.on("websocket", (socket) => {
      for (const name of ["framesent", "framereceived"] as const)
        socket.on(name as "framesent", ({ payload }) => rememberJson(String(payload)));
    }),
  );
}

/** For Linux on x64. It carries the libraries that Chromium needs, and unpacks them only where it believes that it is there. */
async function packagedChromium(): Promise<string> {
  process.env.AWS_EXECUTION_ENV ??= "AWS_Lambda_nodejs22.x";
  const { default: chromium } = await import("@sparticuz/chromium");
  return chromium.executablePath();
}
