/** Every hole that systems of this kind had has a test here: the table of docs/security.md is held to the names of tests. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formWith, openChat, send, textOf } from "../../support/node/chats.ts";
import { PROJECT } from "../../support/node/command.ts";
import { GmsClient } from "../../support/node/gms-client.ts";
import { useServer } from "../../support/node/server.ts";
import { namesIn } from "../../support/node/test-names.ts";

const page = await readFile(join(PROJECT, "docs/security.md"), "utf8");
/** Rows of the table: the hole, and the test's file and name. */
const HOLES = [...page.matchAll(/^\| ([^|]+) \| [^|]+ \| ([\w/-]+): ([^|]+) \|$/gm)].map(([, hole, file, name]) => ({
  hole: String(hole),
  file: String(file),
  name: String(name),
}));

test("the table has a row for each hole that is known in this field", () => {
  expect(HOLES.length).toBeGreaterThanOrEqual(17);
});

test.each(HOLES)("$hole: there is the test that the table names", async ({ file, name }) => {
  const path = file.startsWith("support/") ? `test/${file}.ts` : `test/${file}.test.ts`;
  const names = namesIn(await readFile(join(PROJECT, path), "utf8"));
  expect([...names]).toContain(name);
});

/** Programs of ours for a terminal and pages for browsers ask whom they like; the worker only what its settings name. */
describe("the worker", () => {
  const server = useServer();
  const asked: string[] = [];
  const listener = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.end();
  });
  let bait = "";
  beforeAll(async () => {
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
    const address = listener.address();
    bait = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  });
  afterAll(() => listener.close());

  test("asks nobody whom a visitor names", async () => {
    const { customer, agent } = await openChat(server, undefined, {
      subject: `${bait}/subject`,
      userData: { page: `${bait}/data`, avatar: `${bait}/picture.png` },
    });
    await customer.must("sendMessage", { json: { text: `look: ${bait}/message.png` } });
    await agent.must("pushUrl", { json: { url: `${bait}/pushed` } });
    await customer.must("updateUserData", { json: { userData: { callback: `${bait}/callback` } } });
    await send(customer, "links.txt", new TextEncoder().encode(`${bait}/in-a-file\n`));
    await customer.must("uploadFile", { body: formWith(`${bait}/name.txt`.replaceAll("/", "-"), textOf(5)) });
    const headers = { Origin: bait, Referer: `${bait}/referer`, "X-Forwarded-Host": bait, Host: "127.0.0.1" };
    await customer.ask("getSession", { headers });
    await customer.must("getTranscript");
    const client = new GmsClient(server);
    await client.start({ nickname: "Ada", "userData[page]": `${bait}/gms`, pushUrl: `${bait}/gms` });
    await client.must("pushUrl", { pushUrl: `${bait}/gms-pushed` });
    expect(asked).toEqual([]);
    // The control: this address answers whoever asks.
    await fetch(`${bait}/control`);
    expect(asked).toEqual(["/control"]);
  });
});
