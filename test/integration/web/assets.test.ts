/** What pages load: open to every page, and nothing of it where it does not belong. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PROJECT } from "../../support/node/command.ts";
import { useServer } from "../../support/node/server.ts";

const server = useServer();
const get = (path: string, init?: RequestInit) => fetch(server().url + path, { redirect: "manual", ...init });
const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

test.each(["widget.js", "widget/chat.js", "widget/words/de.js", "client.js"])(
  "%s is the built file, which pages of every origin may load and ask for anew",
  async (path) => {
    const answer = await get(`/${path}`, { headers: { Origin: "https://www.example.net" } });
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": expect.stringMatching(/javascript/),
      "access-control-allow-origin": "*",
      "cross-origin-resource-policy": "cross-origin",
      "cache-control": "public, max-age=0, must-revalidate",
      "x-content-type-options": "nosniff",
    });
    const built = await readFile(join(PROJECT, "dist/assets", path));
    expect(digest(new Uint8Array(await answer.arrayBuffer()))).toBe(digest(built));
    const again = await get(`/${path}`, { headers: { "If-None-Match": answer.headers.get("ETag") ?? "" } });
    expect(again.status).toBe(304);
  },
);

test("the page that shows the widget is held to a strict policy, and may not be framed", async () => {
  const page = await get("/demo/");
  expect([page.status, page.headers.get("Content-Type")]).toEqual([200, "text/html; charset=utf-8"]);
  expect(page.headers.get("Content-Security-Policy")).toMatch(/^default-src 'none'; script-src 'self'/);
  expect(page.headers.get("X-Frame-Options")).toBe("DENY");
  expect((await get("/demo")).headers.get("Location")).toBe("/demo/");
});

test("what is no file is a problem like any other, and a file can only be read", async () => {
  for (const [path, method] of [
    ["/widget/none.js", "GET"],
    ["/_headers", "GET"],
    ["/", "GET"],
    ["/widget.js", "POST"],
  ] as const) {
    const answer = await get(path, { method });
    expect([path, answer.status, (await answer.json()).code]).toEqual([path, 404, "not-found"]);
  }
});
