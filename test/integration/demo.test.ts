/** `npm run demo` as a person runs it: what it shows, and when it ends with which exit code. */
import { mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PROJECT, runCommand } from "../support/node/command.ts";
import { useServer } from "../support/node/server.ts";

const folder = await mkdtemp(join(tmpdir(), "satchel-demo-test-"));
const samples = join(PROJECT, "test/support/files");
const server = useServer();

beforeAll(async () => {
  await mkdir(join(folder, "below"));
  for (const name of ["写真.jpg", "logo.png", "Übersicht.csv", "отчёт.docx"])
    await writeFile(join(folder, name), await readFile(join(samples, name)));
  await writeFile(join(folder, ".hidden.txt"), "hidden");
  await writeFile(join(folder, "page.pdf"), "<html><script>alert(1)</script></html>");
  await symlink(join(folder, "nowhere"), join(folder, "link.txt"));
});
afterAll(() => rm(folder, { recursive: true }));

const demo = (...args: string[]) =>
  runCommand("demo", ["--url", server().url, "--mail", server().mailDir, ...args]).ended;

test("files of a folder go both ways in as many chats as the limits need, and the mail lists each", async () => {
  const { code, output } = await demo(folder);
  expect({ code, output }).toMatchObject({ code: 0 });
  for (const name of ["写真.jpg", "logo.png", "Übersicht.csv", "отчёт.docx"])
    expect(output).toMatch(new RegExp(`agent downloads +${name}, .*same SHA-256 [0-9a-f]{64}`));
  expect(output).toMatch(/customer downloads .*same SHA-256/);
  expect(output).toContain("6 transfers with the same SHA-256 at both ends, 1 refused, 2 chats");
  expect(output).not.toMatch(/hidden|link\.txt|below/);
  const [, path = ""] = /transcript mail: (\S+\.eml)/.exec(output) ?? [];
  expect(await readFile(join(PROJECT, path), "utf8")).toContain("X-Satchel-Session");
  expect(output).toMatch(/\| - \S*写真\.jpg\S*, 3 kB \(3,043 bytes\)/);
});

test("with a standard response the agent's file comes from the library too, also where no files are named", async () => {
  const { code, output } = await demo("--standard-response");
  expect({ code, output }).toMatchObject({ code: 0 });
  expect(output).toMatch(/editor adds to the library +Ärger im Büro\.pdf, .*stored/);
  expect(output.match(/customer downloads +Ärger im Büro\.pdf, .*same SHA-256 [0-9a-f]{64}/g)).toHaveLength(2);
  expect(output).toContain("Dear Demo Customer, this is what you asked for. Demo Agent");
  expect(output).toContain("4 transfers with the same SHA-256 at both ends, 0 refused, 1 chat");
});

test("a refused file shows the reason and the limit in words, and the run goes on", async () => {
  const large = join(folder, "below/large.pdf");
  // More than any buffer between the two takes: the server refuses and closes while bytes are still on their way.
  await writeFile(large, "");
  await truncate(large, 64 * 1024 * 1024);
  const { code, output } = await demo(
    large,
    join(folder, "page.pdf"),
    join(samples, "tone.mp3"),
    join(folder, "logo.png"),
  );
  expect({ code, output }).toMatchObject({ code: 0 });
  expect(output).toContain("large.pdf, 64.0 MiB: REFUSED: The file is too large (the limit is 2.0 MiB)");
  expect(output).toContain("page.pdf, 38 bytes: REFUSED: The content is not what the file name says");
  expect(output).toMatch(/tone\.mp3, .*: REFUSED: Files of this type are not allowed \(allowed are jpg /);
  expect(output).toContain("2 transfers with the same SHA-256 at both ends, 3 refused, 1 chat");
});

test("a service that sends no mail ends the demo with 1 and says so", async () => {
  const { code, output } = await demo("--service", "sales", join(folder, "logo.png"));
  expect({ code, output }).toEqual({
    code: 1,
    output: expect.stringContaining("no transcript mail: This service sends no transcripts"),
  });
});

test.each([
  ["no files", [], /which files\?/],
  ["a file that is not there", ["/nowhere/at-all.pdf"], /there is no file \/nowhere\/at-all\.pdf/],
  ["an unknown service", ["--service", "nothing", "package.json"], /There is no such chat service/],
  ["an unknown option", ["--bogus"], /Unknown option '--bogus'/],
  ["an address that is none", ["--url", "nonsense", "package.json"], /nonsense is no URL/],
  ["an address without server", ["--url", "http://127.0.0.1:9", "package.json"], /no server answers .*npm start/],
])("%s is told in one message", async (_what, args, message) => {
  const { code, output } = await demo(...args);
  expect({ code, output }).toEqual({ code: 1, output: expect.stringMatching(message) });
  expect(output).not.toMatch(/\n +at /);
});
