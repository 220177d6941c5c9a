/** Hostile files through the real doors: each with the answer it must get, and what is taken is served so that it is harmless. */
import NAUGHTY from "big-list-of-naughty-strings" with { type: "json" };
import { beforeEach, describe, expect, test } from "vitest";
import { HOSTILE_FILES } from "../../support/hostile-files.ts";
import type { ApiClient } from "../../support/node/api-client.ts";
import { type Chat, openChat, send, stateOf, textOf } from "../../support/node/chats.ts";
import { GmsClient } from "../../support/node/gms-client.ts";
import { useServer } from "../../support/node/server.ts";

const ROOMY = { "upload-max-files": 1000, "upload-max-total-size": "95MB", "transcript-email": "never" };
const server = useServer({ bindings: { SERVICE_CUSTOMER_SUPPORT: ROOMY } });
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
