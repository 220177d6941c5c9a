/** Sessions as they begin: what a customer may say of themselves, repeats of an opening, and renewed tokens. */
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ApiClient } from "../../support/node/api-client.ts";
import { agentToken, openChat, openSession, renewed } from "../../support/node/chats.ts";
import { useServer } from "../../support/node/server.ts";

const server = useServer();
const params = { service: "customer-support" };
const anybody = () => new ApiClient(() => server().url);

const EVERYTHING = {
  nickname: "Ada ✨",
  firstName: "Ada",
  lastName: "Lovelace",
  email: "ada@example.com",
  subject: "Where is my parcel?",
  language: "de-AT",
  timeZone: "Europe/Vienna",
  userData: { order: "4711", größe: "XL" },
};

describe("opening a session", () => {
  test("takes every field, and answers token, participant, position and limits", async () => {
    const { opened, customer } = await openSession(server, "customer-support", EVERYTHING);
    expect(opened).toMatchObject({
      participantId: 1,
      position: 1,
      limits: { uploadMaxFiles: 3, uploadMaxFileSize: 2097152, used: { files: 0, bytes: 0, downloads: 0 } },
    });
    expect(Date.parse(opened.tokenExpiresAt)).toBeGreaterThan(Date.now());
    expect(await customer.must("getSession")).toMatchObject({
      sessionId: opened.sessionId,
      service: "customer-support",
      phase: "open",
      subject: "Where is my parcel?",
      participants: [{ participantId: 1, nickname: "Ada ✨", type: "Client", readPosition: 0 }],
    });
    expect(await customer.must("getTranscript")).toMatchObject({ language: "de-AT", timeZone: "Europe/Vienna" });
  });

  test("makes a nickname of first and last name where there is none", async () => {
    const json = { firstName: "Grace", lastName: "Hopper" };
    const { sessionId, token } = await anybody().must("openSession", { params, json });
    const { participants } = await new ApiClient(() => server().url, sessionId, token).must("getSession");
    expect(participants).toMatchObject([{ nickname: "Grace Hopper" }]);
  });

  test("shows the customer's address and attached data to agents who ask for the session, and in no event", async () => {
    const { customer, agent } = await openChat(server, undefined, EVERYTHING);
    const secret = /ada@example|4711/;
    expect(JSON.stringify(await agent.must("getSession"))).toMatch(secret);
    for (const seen of [await customer.must("getEvents"), await agent.must("getEvents")])
      expect(JSON.stringify(seen)).not.toMatch(secret);
  });

  test("shows the customer where the transcript goes, and none of what the page attached", async () => {
    const { customer } = await openChat(server, undefined, EVERYTHING);
    const session = await customer.must("getSession");
    expect(session).toMatchObject({ transcriptEmail: { offered: true, to: EVERYTHING.email } });
    expect(JSON.stringify(session)).not.toMatch(/4711/);
  });

  test.each([
    ["no name", {}, "nickname"],
    ["only a first name", { firstName: "Ada" }, "nickname"],
    ["an empty nickname", { nickname: "   " }, "nickname"],
    ["a nickname that reverses text", { nickname: "Ada\u202egnp.exe" }, "nickname"],
    ["an address that is none", { nickname: "Ada", email: "nobody" }, "email"],
    ["two addresses in one", { nickname: "Ada", email: "a@example.com\r\nBcc: b@example.com" }, "email"],
    ["an unknown time zone", { nickname: "Ada", timeZone: "Mars/Olympus" }, "timeZone"],
    ["a language that is none", { nickname: "Ada", language: "english please" }, "language"],
    ["data that is no text", { nickname: "Ada", userData: { order: 4711 } }, "userData.order"],
    ["a field nobody knows", { nickname: "Ada", admin: true }, "admin"],
  ])("with %s is refused, and names the field", async (_what, json, field) => {
    const problem = await anybody().refused("openSession", { params, json });
    expect(problem).toMatchObject({ status: 400, code: "bad-request", errors: [{ field }] });
  });

  test("of a service that does not exist is refused", async () => {
    const asking = { params: { service: "nothing" }, json: { nickname: "Ada" } };
    expect(await anybody().refused("openSession", asking)).toMatchObject({ status: 404, code: "unknown-service" });
  });
});

describe("an opening with Idempotency-Key", () => {
  const open = (key: string, json: object, service = "customer-support") =>
    anybody().ask("openSession", { params: { service }, json, headers: { "Idempotency-Key": key } });

  test("opens one session, however often and however close together it is repeated", async () => {
    const key = randomUUID();
    const all = await Promise.all(Array.from({ length: 5 }, () => open(key, EVERYTHING)));
    const ids = all.map((one) => (one.ok ? one.value.sessionId : one.problem.code));
    expect(new Set(ids)).toEqual(new Set([ids[0]]));
    const [first] = all;
    if (first?.ok !== true) throw new Error("the first opening was refused");
    const customer = new ApiClient(() => server().url, first.value.sessionId, first.value.token);
    expect((await customer.must("getEvents")).events).toHaveLength(1);
  });

  test("with another body is refused, and shows nothing of the session", async () => {
    const key = randomUUID();
    expect(await open(key, EVERYTHING)).toMatchObject({ ok: true });
    const { ok, ...again } = await open(key, { ...EVERYTHING, nickname: "Eve" });
    expect({ ok, ...again }).toMatchObject({ ok: false, problem: { status: 422, code: "idempotency-key-reused" } });
  });

  test("is another session in another service", async () => {
    const key = randomUUID();
    const [one, other] = [await open(key, EVERYTHING), await open(key, EVERYTHING, "sales")];
    if (!one.ok || !other.ok) throw new Error("an opening was refused");
    expect(one.value.sessionId).not.toBe(other.value.sessionId);
  });

  test("is refused once the session has ended", async () => {
    const key = randomUUID();
    const first = await open(key, EVERYTHING);
    if (!first.ok) throw new Error("the opening was refused");
    await new ApiClient(() => server().url, first.value.sessionId, first.value.token).must("endSession");
    expect(await open(key, EVERYTHING)).toMatchObject({ problem: { code: "idempotency-key-reused" } });
  });

  test("that could be guessed is refused", async () => {
    const problem = { status: 400, errors: [{ field: "header Idempotency-Key" }] };
    expect(await open("short", EVERYTHING)).toMatchObject({ ok: false, problem });
  });
});

describe("a renewed token", () => {
  test("works, and its first use revokes every earlier one of the customer", async () => {
    const { customer } = await openSession(server);
    const second = await renewed(customer);
    const third = await renewed(second);
    for (const revoked of [customer, second]) {
      expect(await revoked.refused("getSession")).toMatchObject({ status: 401, code: "token-revoked" });
      expect(await revoked.refused("getEvents", { query: { wait: "5" } })).toMatchObject({ code: "token-revoked" });
      expect(await revoked.refused("renewToken")).toMatchObject({ code: "token-revoked" });
      expect(await revoked.refused("sendMessage", { json: { text: "me" } })).toMatchObject({ code: "token-revoked" });
    }
    expect(await third.must("getSession")).toMatchObject({ phase: "open" });
  });

  test("whose answer was lost is asked for again with the old one", async () => {
    const { customer } = await openSession(server);
    await customer.must("renewToken");
    expect(await (await renewed(customer)).must("getSession")).toMatchObject({ phase: "open" });
    expect(await customer.refused("getSession")).toMatchObject({ status: 401, code: "token-revoked" });
  });

  test("leaves the agent's token alone, who cannot renew the customer's", async () => {
    const { customer, agent } = await openChat(server);
    expect(await agent.refused("renewToken")).toMatchObject({ status: 401, code: "unauthenticated" });
    await customer.must("renewToken");
    expect(await agent.must("getSession")).toMatchObject({ phase: "open" });
  });

  test("is to be had after the end too, so that the transcript can still be read", async () => {
    const { customer } = await openSession(server);
    await customer.must("endSession");
    const { token } = await customer.must("renewToken");
    expect(await customer.withToken(token).must("getTranscript")).toMatchObject({ service: "customer-support" });
  });
});

test("a development token says what it is good for, and wrong privileges are refused by name", async () => {
  expect(await agentToken(server)).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  const json = { name: "Grace", privileges: ["chat:everything"] };
  const problem = await anybody().refused("createDevelopmentAgentToken", { json });
  expect(problem).toMatchObject({ status: 400, errors: [{ field: "privileges" }] });
});
