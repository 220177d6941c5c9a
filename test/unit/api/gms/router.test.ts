/** What a start and the operations leave in the session, and what polling costs: no answer of any door tells that. */
import { describe, expect, it } from "vitest";
import type { SessionPort } from "../../../../durable/kit/objects.ts";
import { faulty } from "../../../support/chats.ts";
import { type MemoryApp, memoryApp } from "../../../support/memory-app.ts";

type Fields = Readonly<Record<string, string>>;

async function post(app: MemoryApp, path: string, fields: Fields): Promise<Record<string, unknown>> {
  const request = new Request(`http://localhost/genesys/2/chat/shop${path}`, {
    method: "POST",
    body: new URLSearchParams(fields),
  });
  return (await app.fetch(request)).json();
}

async function started(app: MemoryApp, fields: Fields = {}) {
  const { chatId, secureKey } = await post(app, "", { nickname: "Ada", ...fields });
  const keys = { secureKey: String(secureKey) };
  const id = String(chatId);
  return { id, ask: (operation: string, more: Fields = {}) => post(app, `/${id}/${operation}`, { ...keys, ...more }) };
}

it("a start keeps subject, address, language, time zone and what is attached", async () => {
  const app = memoryApp();
  const { id } = await started(app, {
    subject: "My bill",
    emailAddress: "ada@example.com",
    "userData[GCTI_LanguageCode]": "de",
    "userData[TimeZone]": "-480",
    "userData[_genesys_url]": "https://example.com/",
  });
  expect(app.sessions.session(id).session).toMatchObject({
    service: "shop",
    subject: "My bill",
    email: "ada@example.com",
    language: "de",
    timeZone: "-08:00",
    userData: { GCTI_LanguageCode: "de", TimeZone: "-480", _genesys_url: "https://example.com/" },
  });
});

it("updateData merges, and an empty value takes its key away", async () => {
  const app = memoryApp();
  const { id, ask } = await started(app, { "userData[a]": "1", "userData[b]": "2" });
  await ask("updateData", { "userData[b]": "3", "userData[c][d]": "4", "userData[a]": "" });
  expect(app.sessions.session(id).session?.userData).toEqual({ b: "3", "c.d": "4" });
});

it("a send with a wrong position sends nothing", async () => {
  const app = memoryApp();
  const { id, ask } = await started(app);
  expect(await ask("send", { message: "x", transcriptPosition: "two" })).toMatchObject({ errors: [{ code: 1000 }] });
  expect(app.sessions.session(id).events()).toHaveLength(1);
});

describe("polling", () => {
  it("with nothing new costs one call of the session", async () => {
    const app = memoryApp();
    const { id, ask } = await started(app);
    const calls: string[] = [];
    const port: SessionPort = app.sessions.port({ sessionId: id });
    const counted =
      (name: keyof SessionPort) =>
      (...given: never[]) => {
        calls.push(name);
        return (port[name] as (...all: never[]) => unknown)(...given);
      };
    app.sessions.port = () =>
      faulty(port, { execute: counted("execute"), poll: counted("poll"), view: counted("view") });
    for (let count = 0; count < 10; count += 1) {
      expect(await ask("refresh", { transcriptPosition: "2" })).toMatchObject({ messages: [], nextPosition: 2 });
    }
    expect(calls).toEqual(Array.from({ length: 10 }, () => "poll"));
  });
});
