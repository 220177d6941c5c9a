/** Hostile files through the real doors: each with the answer it must get, and what is taken is served so that it is harmless. */
import NAUGHTY from "big-list-of-naughty-strings" with { type: "json" };
import { beforeEach, describe, expect, test } from "vitest";
import { HOSTILE_FILES } from "../../support/hostile-files.ts";
import type { ApiClient } from "../../support/node/api-client.ts";
import { type Chat, openChat, send, stateOf, textOf } from "../../support/node/chats.ts";
import { GmsClient } from "../../support/node/gms-client.ts";
import { fillLibrary } from "../../support/node/route-expectations.ts";
import { useServer } from "../../support/node/server.ts";
import { storedBytes } from "../../support/node/stored-files.ts";

const ROOMY = { "upload-max-files": 1000, "upload-max-total-size": "95MB", "transcript-email": "never" };
const server = useServer({
  bindings: {
    SERVICE_CUSTOMER_SUPPORT: ROOMY,
    SERVICE_LENIENT: {
      ...ROOMY,
      "encrypted-files": "accept",
      "macro-files": "accept",
      "picture-max-pixels": 10_000_000_000,
    },
  },
});
let chat: Chat;
// Of its own for each test: so many refused uploads in one chat are refused by their number.
beforeEach(async () => {
  chat = await openChat(server);
});

/** As a raw body and as the part of a form, declared as the sender likes. */
const bothWays = ({ name, bytes, declared = "" }: (typeof HOSTILE_FILES)[number]) => {
  const form = new FormData();
  form.set("file", new Blob([bytes], { type: declared }), name);
  return [
    { query: { name }, body: bytes, headers: { "Content-Type": declared || "application/octet-stream" } },
    { body: form },
  ];
};

async function whatBecameOf(who: ApiClient, file: (typeof HOSTILE_FILES)[number]) {
  const answers = [];
  for (const asking of bothWays(file)) {
    const outcome = await who.ask("uploadFile", asking);
    answers.push(outcome.ok ? { served: outcome.value.type } : { refused: outcome.problem.code });
  }
  return answers;
}

describe.each(HOSTILE_FILES)("$what", (file) => {
  test("gets the same answer from everybody, raw and as a form, and costs nothing where it is refused", async () => {
    for (const who of [chat.customer, chat.agent]) {
      const before = await stateOf(who);
      expect(await whatBecameOf(who, file)).toEqual([file.expected, file.expected]);
      if ("refused" in file.expected) expect(await stateOf(who)).toEqual(before);
    }
  });
});

test("a refused file leaves no byte behind", async () => {
  const before = await storedBytes(server().storage);
  for (const file of HOSTILE_FILES.filter(({ expected }) => "refused" in expected))
    for (const asking of bothWays(file).slice(0, 1)) await chat.customer.refused("uploadFile", asking);
  await expect.poll(() => storedBytes(server().storage), { timeout: 20_000 }).toBe(before);
});

test("a standard response takes no file that a chat would refuse", async () => {
  const { service, responseId } = await fillLibrary(chat.agent);
  for (const file of HOSTILE_FILES) {
    const [asking] = bothWays(file);
    const outcome = await chat.agent.ask("uploadLibraryFile", { ...asking, params: { service, responseId } });
    const told = outcome.ok ? { served: outcome.value.type } : { refused: outcome.problem.code };
    expect([file.what, told]).toEqual([file.what, file.expected]);
  }
});

test("a service that takes passwords, macros and large pictures takes them, and nothing else", async () => {
  const { customer } = await openChat(server, "lenient");
  const lenient = new Set(["file-encrypted", "file-has-macros", "picture-too-large"]);
  for (const file of HOSTILE_FILES) {
    if (!("refused" in file.expected)) continue;
    const [asking] = bothWays(file);
    const outcome = await customer.ask("uploadFile", asking);
    // A docx with macros is none by its name, and no picture has more pixels than there are numbers for.
    const never = file.what === "a document with macros" || file.what.includes("more pixels than");
    expect([file.what, outcome.ok]).toEqual([file.what, lenient.has(file.expected.refused) && !never]);
  }
});

test("what is taken is served as what it is, saved and not shown, and can neither run nor be sniffed", async () => {
  for (const file of HOSTILE_FILES) {
    if (!("served" in file.expected)) continue;
    const { fileId } = await send(chat.agent, file.name, file.bytes);
    const { url } = await chat.agent.must("createTicket", { params: { fileId }, query: { disposition: "inline" } });
    const { headers } = await fetch(url);
    const shown = file.expected.served.startsWith("image/") ? "inline" : "attachment";
    expect(headers.get("Content-Type")).toBe(file.expected.served);
    expect(headers.get("Content-Disposition")).toMatch(new RegExp(`^${shown};`));
    expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(headers.get("Content-Security-Policy")).toBe("sandbox; default-src 'none'");
  }
});

test("widgets are refused them too, file first or last", async () => {
  for (const file of HOSTILE_FILES.filter(
    ({ expected, declared }) => "refused" in expected && declared === undefined,
  )) {
    const client = new GmsClient(server);
    await client.start();
    for (const order of ["upload", "uploadAfter"] as const) {
      const outcome = await client[order](file.name, file.bytes);
      expect([file.what, outcome.ok]).toEqual([file.what, false]);
    }
  }
});

test("every string of the big list of naughty strings is a name that is taken and kept safe, or refused by its field", async () => {
  const { customer } = await openChat(server);
  let taken = 0;
  for (const string of NAUGHTY) {
    const outcome = await customer.ask("uploadFile", { query: { name: `${string}.txt` }, body: textOf(10) });
    if (!outcome.ok) {
      expect([string, outcome.problem]).toMatchObject([string, { status: 400, errors: [{ field: "name" }] }]);
      continue;
    }
    taken += 1;
    expect(outcome.value.name).toMatch(/^(?![. ])[^\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069/\\<>:"|?*]+\.txt$/iu);
  }
  expect(NAUGHTY.length).toBeGreaterThan(400);
  expect(taken).toBeGreaterThan(400);
});
