/** Files of a service that scans, as people see them: the customer is told in plain words, the agent by the malware's name. */
import { describe, expect, test } from "vitest";
import { openDesktop } from "../support/browser/agent-desk.ts";
import { useBrowser } from "../support/browser/chromium.ts";
import { violations } from "../support/browser/violations.ts";
import { Widget } from "../support/browser/widget.ts";
import { EICAR, EICAR_SIGNATURE, NO_CLAMD, startClamd } from "../support/node/clamd.ts";
import { useServer } from "../support/node/server.ts";

const browser = useBrowser();

describe.runIf(NO_CLAMD === "")(`files that are scanned${NO_CLAMD}`, () => {
  const server = useServer(async () => {
    const clamd = await startClamd();
    const service = { "transcript-email": "never", "disconnect-timeout": 300 };
    return {
      bindings: { SCANNER: { url: clamd.url }, SERVICE_CUSTOMER_SUPPORT: { ...service, scan: "required" } },
    };
  });

  test("show their verdict to agents, and malware is named to them and to nobody else", {
    timeout: 60_000,
  }, async () => {
    const desk = await openDesktop(await (await browser.person()).newPage(), server().url);
    await desk.ready();
    const page = await (await browser.person()).newPage();
    await page.goto(`${server().url}/demo/`);
    const ada = new Widget(page);
    await ada.start("Ada", "");
    await desk.accept("Ada");
    await ada.pick({ name: "fine.txt", mimeType: "text/plain", buffer: Buffer.from("nothing bad\n") });
    await desk.sees("fine.txt");
    await desk.sees("Scanned: no malware found");
    await ada.pick({ name: "bad.txt", mimeType: "text/plain", buffer: Buffer.from(EICAR) });
    await ada.sees("The file was refused: it looks harmful.");
    await desk.sees(`Malware was found in bad.txt: ${EICAR_SIGNATURE}. Nobody can open it.`);
    expect(await page.getByText(EICAR_SIGNATURE).count()).toBe(0);
    expect(await page.getByText("no malware found").count()).toBe(0);
    expect(await violations(desk.page)).toEqual([]);
    expect(await violations(page)).toEqual([]);
  });
});
