/** Files from a real browser: true progress, a cancel that cancels, and a repeat that is the same upload. */
import { expect, test } from "vitest";
import type { Chat, openChat } from "../../src/web/client/chat.ts";
import { useBrowser } from "../support/browser/chromium.ts";
import { useHost } from "../support/browser/host.ts";
import { ApiClient } from "../support/node/api-client.ts";
import { agentToken } from "../support/node/chats.ts";
import { useNetwork } from "../support/node/network.ts";
import { useServer } from "../support/node/server.ts";

declare global {
  interface Window {
    openChat: typeof openChat;
    chat: Chat;
    file: File;
  }
}

const MIB = 1024 * 1024;
const LIMITS = { "upload-max-file-size": "40MiB", "upload-max-total-size": "80MiB", "transcript-email": "never" };
const server = useServer({ bindings: { SERVICE_LARGE: LIMITS } });
const network = useNetwork(server);
const browser = useBrowser();
const host = useHost();

/** A page with an open chat and a text of so many bytes, and an agent in the chat. */
async function chatting(bytes: number) {
  const page = await (await browser.person()).newPage();
  await page.goto(
    host.page(
      `<script type="module">import { openChat } from "${network().url}/client.js"; window.openChat = openChat;</script>`,
    ),
  );
  await page.waitForFunction(() => window.openChat !== undefined);
  const sessionId = await page.evaluate(
    async ({ size, baseUrl }) => {
      const opened = await window.openChat({ baseUrl, service: "large" }, { nickname: "Ada" });
      if (!opened.ok) throw new Error(opened.problem.title);
      window.chat = opened.value;
      window.file = new File([`${"satchel ".repeat(7)}lines\n`.repeat(size / 62)], "Übersicht.txt", {
        type: "text/plain",
      });
      return opened.value.sessionId;
    },
    { size: bytes, baseUrl: network().url },
  );
  const agent = new ApiClient(() => server().url, sessionId, await agentToken(server));
  await agent.must("joinSession");
  return { page, agent };
}

const sent = async (agent: ApiClient) =>
  (await agent.must("getEvents")).events.flatMap((event) => (event.type === "FileUploaded" ? [event.file] : []));

test("a file is sent with progress up to its last byte, and everybody learns of it", async () => {
  const { page, agent } = await chatting(8 * MIB);
  const { steps, size, outcome } = await page.evaluate(async () => {
    const steps: number[] = [];
    const outcome = await window.chat.files.send(window.file, "key-1", (bytes) => steps.push(bytes)).done;
    return { steps, size: window.file.size, outcome };
  });
  expect(outcome).toMatchObject({ ok: true, value: { name: "Übersicht.txt", size } });
  expect(steps.at(-1)).toBe(size);
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
  expect(await sent(agent)).toMatchObject([{ name: "Übersicht.txt", size, type: "text/plain" }]);
});

test("a cancelled file is given up, and its share of the quota comes back", async () => {
  const { page, agent } = await chatting(30 * MIB);
  const outcome = await page.evaluate(() => {
    const transfer = window.chat.files.send(window.file, "key-1", () => transfer.cancel());
    return transfer.done;
  });
  expect(outcome).toMatchObject({ ok: false, problem: { code: "cancelled" } });
  while ((await agent.must("getLimits")).used.files > 0);
  expect(await sent(agent)).toEqual([]);
});

test("a network that is cut in mid-file leaves it unknown, and the same key sends it once", async () => {
  const { page, agent } = await chatting(30 * MIB);
  const first = page.evaluate(() => {
    const begun = Promise.withResolvers<void>();
    Object.assign(window, { begun: begun.promise });
    return window.chat.files.send(window.file, "key-1", () => begun.resolve()).done;
  });
  await page.evaluate(() => Reflect.get(window, "begun"));
  network().cut();
  expect(await first).toMatchObject({ ok: false, unreachable: true });
  network().join();
  const again = () => page.evaluate(() => window.chat.files.send(window.file, "key-1", () => {}).done);
  const second = await again();
  expect(second).toMatchObject({ ok: true });
  expect(await again()).toEqual(second);
  expect(await sent(agent)).toHaveLength(1);
});
