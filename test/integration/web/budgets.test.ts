/** What pages load stays small: compressed as every server compresses, in bytes. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { PROJECT } from "../../support/node/command.ts";

const KB = 1024;
const ASSETS = join(PROJECT, "dist/assets");
const sizeOf = async (path: string) => gzipSync(await readFile(join(ASSETS, path)), { level: 9 }).length;

test("what every page loads is at most 2 kB", async () => {
  expect(await sizeOf("widget.js")).toBeLessThanOrEqual(2 * KB);
});

test("everything for a chat is at most 25 kB, in any language", async () => {
  const languages = await readdir(join(ASSETS, "widget/words"));
  expect(languages).toHaveLength(11);
  const words = Math.max(...(await Promise.all(languages.map((file) => sizeOf(`widget/words/${file}`)))));
  const parts = (await readdir(join(ASSETS, "widget"))).filter((file) => file.endsWith(".js"));
  const sizes = await Promise.all(parts.map((file) => sizeOf(`widget/${file}`)));
  const all = words + sizes.reduce((sum, size) => sum + size, 0);
  expect(all).toBeLessThanOrEqual(25 * KB);
});

test("what the agents' page loads first is at most 100 kB, in any language", async () => {
  const words = await readdir(join(ASSETS, "agent/words"));
  expect(words).toHaveLength(11);
  const largest = Math.max(...(await Promise.all(words.map((file) => sizeOf(`agent/words/${file}`)))));
  const first = await Promise.all(["index.html", "desktop.css", "desktop.js"].map((file) => sizeOf(`agent/${file}`)));
  expect(largest + first.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(100 * KB);
});
