/** What shipped clients put into their requests: oddities that must be taken, and headers that mean nothing here. */
import { expect, test } from "vitest";
import { eventsOf } from "../../support/node/chats.ts";
import { ENCODINGS, GmsClient } from "../../support/node/gms-client.ts";
import { useServer } from "../../support/node/server.ts";

const server = useServer();
const FORM = { "Content-Type": "application/x-www-form-urlencoded" };

async function started(fields: Readonly<Record<string, string>> = {}): Promise<GmsClient> {
  const client = new GmsClient(server);
  await client.start({ nickname: "Ada", ...fields });
  return client;
}

/** The credentials as they stand in a body. */
const keys = ({ credentials: { userId, secureKey, alias } }: GmsClient) =>
  new URLSearchParams({ userId, secureKey, alias }).toString();

test("a chat starts with a slash at the end of the address and without it", async () => {
  for (const slash of ["/", ""]) {
    const address = `${server().url}/genesys/2/chat/customer-support${slash}`;
    const response = await fetch(address, { method: "POST", headers: FORM, body: "nickname=Ada" });
    expect(await response.json()).toMatchObject({ statusCode: 0, nextPosition: 2 });
  }
});

test("operations take a slash at the end of the address too", async () => {
  const client = await started();
  expect(await client.must("refresh/")).toMatchObject({ nextPosition: 2 });
  expect(await client.must("file/limits/")).toMatchObject({ messages: [{ type: "Notice" }] });
});

test("a body may begin with &", async () => {
  const client = await started();
  const answer = await client.post("send", `&message=hello&${keys(client)}`, FORM);
  expect(answer).toMatchObject({ ok: true });
  expect(await client.poll()).toMatchObject([{ index: 2, text: "hello" }]);
});

test.each(ENCODINGS)(
  "a start takes empty credentials and an empty subject, address and text, in %s",
  async (encoding) => {
    const client = new GmsClient(server);
    const empty = { userId: "", secureKey: "", alias: "", subject: "", emailAddress: "", text: "" };
    await client.start({ ...empty, firstName: "Ada", lastName: "Lovelace", nickname: "" }, encoding);
    expect(client.drawn).toMatchObject([{ from: { nickname: "Ada Lovelace" } }]);
  },
);

test("a blank is sent as + or as %20", async () => {
  const client = await started();
  for (const message of ["a+b", "a%20b", "a%2Bb"])
    await client.post("send", `message=${message}&${keys(client)}`, FORM);
  expect((await client.poll()).map(({ text }) => text)).toEqual(["a b", "a b", "a+b"]);
});

test("the content type may say its character set in any case", async () => {
  const client = await started();
  for (const type of ["application/x-www-form-urlencoded; charset=UTF-8", "Application/X-WWW-Form-URLencoded"]) {
    const answer = await client.post("send", `message=%C3%A4&${keys(client)}`, { "Content-Type": type });
    expect(answer).toMatchObject({ ok: true });
  }
  expect((await client.poll()).map(({ text }) => text)).toEqual(["ä", "ä"]);
});

test("parameters that nobody knows are ignored on every operation", async () => {
  const client = await started({ endpoint: "Environment:default", tenantName: "Environment", "x[y]": "z", "": "w" });
  for (const operation of ["send", "refresh", "startTyping", "stopTyping", "updateNickname", "customNotice"]) {
    const fields = { message: "x", nickname: "Ada", unknown: "1", "eventAttributes[x]": "{", verbose: "true" };
    await client.must(operation, fields);
  }
});

test("eventAttributes on a message are taken, and the message is sent", async () => {
  const client = await started();
  const eventAttributes = JSON.stringify({ "general-properties": { "related-event-id": "1" } });
  await client.must("send", { message: "yes", eventAttributes });
  expect(await client.poll()).toMatchObject([{ text: "yes" }]);
});

test("a position of a session that knows none is taken on every operation", async () => {
  const client = await started();
  const given = { transcriptPosition: "1", message: "x", pushUrl: "https://example.com/", nickname: "Ada" };
  for (const operation of ["send", "refresh", "startTyping", "stopTyping", "pushUrl", "updateNickname"]) {
    const { messages } = await client.must(operation, given);
    expect(messages[0], operation).toMatchObject({ index: 1, type: "ParticipantJoined" });
  }
  const { messages } = await client.must("disconnect", given);
  expect(messages.at(-1)).toMatchObject({ type: "ParticipantLeft" });
});

test("what stands in the input box rides on a refresh and is shown to agents, and is no message", async () => {
  const client = await started();
  const agent = await client.agent();
  await client.must("refresh", { message: "not yet sent", transcriptPosition: "3" });
  await client.must("disconnect", { message: "nor this" });
  expect((await eventsOf(agent)).filter(({ type }) => type === "Message")).toEqual([]);
});

test("user data is taken in every notation that was seen", async () => {
  const client = await started();
  const notations = {
    "userData[plain]": "1",
    "userData[outer][inner]": "2",
    'userData["quoted"]': "3",
    "userData['single']": "4",
  };
  await client.must("customNotice", { message: "x", ...notations });
  const userData = { plain: "1", "outer.inner": "2", quoted: "3", single: "4" };
  expect(await client.poll()).toMatchObject([{ type: "CustomNotice", userData }]);
});

test("a start takes what widgets attach by themselves, with addresses of pages as long as they get", async () => {
  const page = `https://www.example.com/?q=${"x".repeat(4000)}`;
  const attached = {
    GCTI_LanguageCode: "en-US",
    _genesys_source: "web",
    _genesys_referrer: page,
    _genesys_url: page,
    _genesys_pageTitle: "Ärger mit der Rechnung – Hilfe",
    _genesys_browser: "Chrome",
    _genesys_OS: "Windows",
    _genesys_widgets: "9.0.018.04",
    TimeZone: "-480",
  };
  const fields = Object.entries(attached).map(([key, value]) => [`userData[${key}]`, value]);
  const client = await started(Object.fromEntries(fields));
  expect(await client.poll()).toEqual([]);
});

test("a start's text is the customer's first message, and comes with the first refresh", async () => {
  const client = await started({ text: "My lamp is broken." });
  expect(client.next).toBe(2);
  expect(await client.poll()).toMatchObject([{ index: 2, type: "Message", text: "My lamp is broken." }]);
});

test("headers of widgets and SDKs mean nothing where the service has no key", async () => {
  const headers = {
    apikey: "abc",
    "x-api-key": "def",
    gms_user: "ada",
    Authorization: "Basic YTpi",
    "X-Requested-With": "XMLHttpRequest",
  };
  const client = new GmsClient(server, "customer-support", headers);
  await client.start();
  await client.must("send", { message: "hello" });
  expect(await client.poll()).toMatchObject([{ text: "hello" }]);
  const stranger = client.with({ secureKey: "x" });
  expect(await stranger.refused("refresh")).toMatchObject({ http: 200, code: 249 });
});

test("alias and userId need not be sent; a userId that is sent must be the customer's own", async () => {
  const client = await started();
  const { secureKey, userId } = client.credentials;
  const ask = (fields: Record<string, string>) => client.post("refresh", new URLSearchParams(fields));
  expect(await ask({ secureKey })).toMatchObject({ ok: true });
  expect(await ask({ secureKey, alias: "117" })).toMatchObject({ ok: true });
  expect(await ask({ secureKey, userId })).toMatchObject({ ok: true });
  expect(await ask({ secureKey, userId: "0000000000000002" })).toMatchObject({ ok: false, refused: { code: 249 } });
});

test("the same credentials open the native door to the same session", async () => {
  const client = await started();
  await client.native.must("sendMessage", { json: { text: "from the other door" } });
  expect(await client.poll()).toMatchObject([
    { type: "Message", text: "from the other door", from: { type: "Client" } },
  ]);
});
