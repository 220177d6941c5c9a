/** The local server that `npm start`, the demo and all other integration tests use: storage, mail, ends and refusals. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "../support/node/command.ts";
import { startTestServer, useServer } from "../support/node/server.ts";
import { writeTinyWorker } from "../support/node/tiny-worker.ts";

const workspace = await mkdtemp(join(tmpdir(), "satchel-server-test-"));
const workerDir = join(workspace, "worker");

beforeAll(() => writeTinyWorker(workerDir));
afterAll(() => rm(workspace, { recursive: true, force: true }));

/** Options of `npm start` with a storage and secrets of its own. */
const startArgs = (name: string) => [
  ...["--port", "0"],
  ...["--storage", join(workspace, name)],
  ...["--vars", join(workspace, `${name}.vars`)],
];
const ADDRESS = /Satchel is at (http:\/\/127\.0\.0\.1:\d+) /;

/** What is dead and was not yet asked how it ended does not count. */
async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || (await readFile(`/proc/${pid}/cmdline`, "utf8")) !== "";
  } catch {
    return false;
  }
}

describe("the built worker", () => {
  const server = useServer();

  test("answers over HTTP", async () => {
    const response = await fetch(server().url);
    expect(response.status).toBeLessThan(500);
  });
});

describe("storage", () => {
  const server = useServer({ workerDir });
  const count = async () => (await fetch(`${server().url}/count`)).json();
  const file = async () => (await fetch(`${server().url}/file`)).text();

  test.each(["stop", "kill"] as const)("keeps rows and files when the server ends by %s", async (how) => {
    const before = await count();
    await server().restart(how);
    expect(await count()).toBe(Number(before) + 1);
    expect(await file()).toBe("written");
  });

  test("belongs to the runtime that took the place of one that crashed, which the next server ends", async () => {
    const command = runCommand("serve", startArgs("crashed"));
    const [, url = ""] = await command.printed(ADDRESS);
    const pidFile = join(workspace, "crashed", "runtime.pid");
    const first = Number(await readFile(pidFile, "utf8"));
    process.kill(first, "SIGKILL");
    const pid = async () => Number(await readFile(pidFile, "utf8")) || first;
    await expect.poll(pid, { timeout: 10_000 }).not.toBe(first);
    const second = await pid();
    expect(await isRunning(second)).toBe(true);
    command.kill("SIGKILL");
    await command.ended;
    const next = runCommand("serve", [...startArgs("crashed"), "--port", new URL(url).port]);
    await next.printed(ADDRESS);
    expect(await isRunning(second)).toBe(false);
    next.kill("SIGTERM");
    expect((await next.ended).code).toBe(0);
  });

  test("is used by one server at a time", async () => {
    const { storage } = server();
    await expect(startTestServer({ storage, workerDir })).rejects.toThrow("another server is running on the storage");
  });

  test("belongs to its server alone while others run", async () => {
    const others = await Promise.all([startTestServer({ workerDir }), startTestServer({ workerDir })]);
    const counts = await Promise.all(others.map(async ({ url }) => (await fetch(`${url}/count`)).json()));
    for (const other of others) await other.stop();
    for (const other of others) await rm(other.storage, { recursive: true });
    expect(counts).toEqual([1, 1]);
  });
});

test("a port that is taken is refused by its number", async () => {
  const first = await startTestServer({ workerDir });
  const port = Number(new URL(first.url).port);
  await expect(startTestServer({ workerDir, port, storage: join(workspace, "second") })).rejects.toThrow(
    `port ${port} on 127.0.0.1 is taken`,
  );
  await first.stop();
  await rm(first.storage, { recursive: true });
});

describe("mail", () => {
  const server = useServer({ workerDir });
  const post = (raw: Uint8Array<ArrayBuffer>, from = "chat@example.com") =>
    fetch(`${server().url}/mail`, { method: "POST", body: raw, headers: { from, to: "customer@example.com" } });
  const compose = (header: string, body = "Hello\r\n") =>
    new Uint8Array(Buffer.from(`${header}\r\n\r\n${body}`, "latin1"));
  const complete = "From: Chat <chat@example.com>\r\nMessage-ID:\r\n <1@example.com>";

  test("lies in the mail folder, byte for byte, when the worker learns that it is sent", async () => {
    const raw = compose(complete, "\xff\xfe Gr\xfc\xdfe \x00\r\n.\r\nlone \n and \r\n");
    expect(await (await post(raw)).json()).toEqual({ messageId: "<1@example.com>" });
    const names = await readdir(server().mailDir);
    expect(names).toEqual([expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d.-]+-[0-9a-f]{8}\.eml$/)]);
    const path = join(server().mailDir, names[0] ?? "");
    expect(Buffer.compare(await readFile(path), raw)).toBe(0);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test.each([
    ["has no Message-ID", compose("From: chat@example.com")],
    ["is from somebody else than the envelope says", compose("From: other@example.com\r\nMessage-ID: <1@example.com>")],
    ["names the sender in its text only", compose("Message-ID: <1@example.com>", "From: chat@example.com\r\n")],
  ])("is refused as by the platform when it %s", async (_why, raw) => {
    const before = await readdir(server().mailDir);
    expect(await (await post(raw)).json()).toEqual({ code: "E_VALIDATION_ERROR" });
    expect(await readdir(server().mailDir)).toEqual(before);
  });
});

describe("npm start", () => {
  test("says where it is, serves, and stops in order when it is told to", async () => {
    const command = runCommand("serve", startArgs("orderly"));
    const [, url = ""] = await command.printed(ADDRESS);
    expect((await fetch(url)).status).toBeLessThan(500);
    command.kill("SIGTERM");
    expect((await command.ended).code).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
  });

  test("takes the runtime with it when it is killed", async () => {
    const command = runCommand("serve", startArgs("killed"));
    const [, url = ""] = await command.printed(ADDRESS);
    command.kill("SIGKILL");
    await command.ended;
    await expect.poll(() => fetch(url).catch(() => "gone"), { timeout: 5000 }).toBe("gone");
  });

  test("makes the secrets that are missing, keeps the others, and shows none", async () => {
    const path = join(workspace, "secrets.vars");
    const mine = "A".repeat(43);
    await writeFile(path, `# mine\nDIRECTORY_KEY=${mine}`, { mode: 0o644 });
    const command = runCommand("serve", startArgs("secrets"));
    await command.printed(ADDRESS);
    command.kill("SIGINT");
    const { output } = await command.ended;
    const text = await readFile(path, "utf8");
    expect(text.replace(/"(0:)?[\w-]{43}"/g, "new")).toBe(
      `# mine\nDIRECTORY_KEY=${mine}\nSESSION_ID_KEYS=new\nTOKEN_SECRETS=new\nDEV_ISSUER_KEY=new\n`,
    );
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    for (const [secret] of text.matchAll(/[\w-]{43}/g)) expect(output).not.toContain(secret);
  });

  test("names the wrong setting and ends, rather than serve errors", async () => {
    await writeFile(join(workspace, "wrong.vars"), "SESSION_ID_KEYS=not-a-key\n");
    const { code, output } = await runCommand("serve", startArgs("wrong")).ended;
    expect({ code, output }).toEqual({ code: 1, output: expect.stringMatching(/error: .*SESSION_ID_KEYS: expected/s) });
    expect(output).not.toContain("not-a-key");
  });

  test.each([
    ["a port that is none", ["--port", "80a"], /the port must be 0 to 65535, not 80a/],
    ["an unknown option", ["--bogus"], /Unknown option '--bogus'/],
    [
      "a storage folder that is a file",
      ["--storage", "package.json", "--vars", join(workspace, "file.vars")],
      /^error: \S+package\.json cannot be used as a folder \(EEXIST\); give another one with --storage$/m,
    ],
    [
      "secrets in a folder that is not there",
      ["--storage", join(workspace, "a"), "--vars", join(workspace, "none", "a.vars")],
      /^error: \S+a\.vars cannot be read and written \(ENOENT\); give another one with --vars$/m,
    ],
  ])("refuses %s", async (_what, given, message) => {
    const { code, output } = await runCommand("serve", given).ended;
    expect({ code, output }).toEqual({ code: 1, output: expect.stringMatching(message) });
  });
});
