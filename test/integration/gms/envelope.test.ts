/** The envelope of every answer, and the numbers of what is refused: what widgets show depends on both. */
import { describe, expect, test } from "vitest";
import { textOf } from "../../support/node/chats.ts";
import { refused } from "../../support/node/gms-answers.ts";
import { GmsClient, type GmsFields } from "../../support/node/gms-client.ts";
import { useServer } from "../../support/node/server.ts";

const server = useServer({
  bindings: { SERVICE_SHORT: { "max-message-length": 5, "transcript-email": "never" } },
});

async function started(service?: string): Promise<GmsClient> {
  const client = new GmsClient(server, service);
  await client.start();
  return client;
}

describe("a start is refused", () => {
  test.each<[string, GmsFields, number, string]>([
    ["without any name", {}, 161, "nickname: is missing"],
    ["with a first name alone", { firstName: "Ada" }, 103, "lastName: is missing"],
    ["with a last name alone", { lastName: "Lovelace" }, 102, "firstName: is missing"],
    [
      "with a nickname on two lines",
      { nickname: "A\nda" },
      161,
      "nickname: no control or direction-changing characters",
    ],
    ["with a first name of blanks", { firstName: " ", lastName: "L" }, 102, "firstName: must not be empty"],
    ["with an address that is none", { nickname: "Ada", emailAddress: "ada at home" }, 364, "emailAddress: "],
    ["with a subject that is too long", { nickname: "Ada", subject: "x".repeat(257) }, 1000, "subject: at most 256"],
    ["with data that is too long", { nickname: "Ada", "userData[a]": "x".repeat(4097) }, 1000, "userData.a: at most"],
    ["with a text over the limit", { nickname: "Ada", text: "x".repeat(4097) }, 204, "4096"],
  ])("%s", async (_what, fields, code, advice) => {
    const outcome = await new GmsClient(server).post(undefined, new URLSearchParams(fields));
    const seen = refused(outcome);
    expect(seen).toMatchObject({ http: 400, statusCode: 2, chatEnded: false, chatId: "", code });
    expect(seen.advice.startsWith(advice), seen.advice).toBe(true);
  });

  test.each(["nobody", "customer_support", "constructor"])("on the service %s, which is none", async (name) => {
    const outcome = await new GmsClient(server, name).post(undefined, new URLSearchParams({ nickname: "Ada" }));
    expect(refused(outcome)).toMatchObject({ http: 400, statusCode: 2, chatEnded: false, code: 306 });
  });
});

describe("an operation is refused", () => {
  test.each<[string, GmsFields, number, string]>([
    ["send", {}, 100, "message"],
    ["send", { message: "" }, 100, "message"],
    ["send", { message: "x".repeat(4097) }, 204, "4096"],
    ["send", { message: "a\0b" }, 1000, "message: well-formed Unicode without NUL"],
    ["send", { message: "a", messageType: "a\nb" }, 1000, "messageType: no control"],
    ["send", { message: "a", transcriptPosition: "two" }, 1000, "transcriptPosition: "],
    ["refresh", { transcriptPosition: "1.5" }, 1000, "transcriptPosition: "],
    ["refresh", { transcriptPosition: "-2" }, 1000, "transcriptPosition: "],
    ["pushUrl", {}, 100, "pushUrl"],
    ["pushUrl", { pushUrl: "javascript:alert(1)" }, 1000, "pushUrl: an http or https URL"],
    ["updateNickname", {}, 161, "nickname: must not be empty"],
    ["updateNickname", { nickname: "\u202eadA" }, 161, "nickname: no control"],
    ["updateData", {}, 100, "userData"],
    ["updateData", { "userData[a]": "x".repeat(4097) }, 1000, "userData.a: at most 4096"],
    ["updateData", { "userData[a\nb]": "x" }, 1000, "userData: a key is wrong"],
    ["readReceipt", {}, 100, "transcriptPosition"],
    ["readReceipt", { transcriptPosition: "0" }, 1000, "transcriptPosition: "],
    ["file/AAAAAAAAAAAAAAAAAAAAAA/delete", {}, 1030, "unknown-file"],
    ["file/AAAAAAAAAAAAAAAAAAAAAA/download", {}, 1030, "unknown-file"],
  ])("%s with %j", async (operation, fields, code, advice) => {
    const client = await started();
    const { used, position } = await state(client);
    const seen = await client.refused(operation, fields);
    expect(seen).toMatchObject({ http: 400, statusCode: 2, chatEnded: false, chatId: client.credentials.chatId, code });
    expect(seen.advice.startsWith(advice), seen.advice).toBe(true);
    expect(await state(client)).toEqual({ used, position });
  });

  test.each(["", "sendMessage", "file/limits/more", "file//download", "file/AAAA", "file/AAAA/upload", "constructor"])(
    "where there is none: %s",
    async (operation) => {
      const client = await started();
      const seen = await client.refused(operation || "file/AAAA/x");
      expect(seen).toMatchObject({ http: 404, statusCode: 2, chatEnded: false, code: 1004 });
    },
  );

  test("by the service's own limit of a message, which the advice tells", async () => {
    const client = await started("short");
    await client.must("send", { message: "12345" });
    expect(await client.refused("send", { message: "123456" })).toMatchObject({ code: 204, advice: "5" });
  });

  test("by any other method than POST, which the answer names", async () => {
    const client = await started();
    for (const method of ["GET", "PUT", "DELETE"]) {
      const response = await fetch(client.address("refresh"), { method });
      expect(response.status).toBe(405);
      expect(response.headers.get("Allow")).toBe("POST");
      expect(await response.json()).toMatchObject({ statusCode: 2, chatEnded: false, errors: [{ code: 1005 }] });
    }
  });
});

describe("a dead session's answer", () => {
  const dead = { http: 200, statusCode: 2, chatEnded: true, code: 249, alias: "1" };

  test("is the answer to each change after the end, and to no reading", async () => {
    const client = await started();
    await client.must("disconnect");
    const fields = { message: "x", pushUrl: "https://example.com/", nickname: "A", "userData[a]": "b" };
    const changes = ["send", "startTyping", "stopTyping", "pushUrl", "updateNickname", "customNotice", "updateData"];
    changes.push("readReceipt", "file/AAAAAAAAAAAAAAAAAAAAAA/delete");
    for (const operation of changes) {
      const seen = await client.refused(operation, { ...fields, transcriptPosition: "1" });
      expect(seen, operation).toMatchObject({ ...dead, chatId: client.credentials.chatId });
      expect(seen.advice).toMatch(/^reference [\w-]+$/);
    }
    for (const how of ["upload", "uploadAfter"] as const)
      expect(refused(await client[how]("a.txt", textOf(10)))).toMatchObject(dead);
    expect(await client.must("file/limits")).toMatchObject({ chatEnded: true, messages: [{ type: "Notice" }] });
    expect(await client.must("refresh", { message: "x" })).toMatchObject({ chatEnded: true, nextPosition: 3 });
  });

  test("is the answer to wrong credentials of every kind, so that nobody learns which sessions exist", async () => {
    const [client, other] = [await started(), await started()];
    const { chatId, secureKey } = client.credentials;
    const forged = `${chatId.slice(0, -1)}${chatId.endsWith("A") ? "B" : "A"}`;
    const wrong = [
      client.with({ secureKey: "0123456789abcdef" }),
      client.with({ secureKey: other.credentials.secureKey }),
      client.with({ secureKey: `${secureKey}x` }),
      client.with({ userId: "0000000000000002" }),
      client.with({ chatId: other.credentials.chatId }),
      client.with({ chatId: forged }),
      client.with({ chatId: "0001AaBBCC1100XY" }),
    ];
    for (const stranger of wrong) {
      const seen = await stranger.refused("send", { message: "x", transcriptPosition: "1" });
      expect(seen).toMatchObject({ ...dead, chatId: stranger.credentials.chatId });
      expect(seen.advice).toMatch(/^reference [\w-]+$/);
    }
    for (const one of [client, other]) expect(await one.poll()).toEqual([]);
  });

  test("is the answer at another service's address", async () => {
    const client = await started();
    const elsewhere = new GmsClient(server, "short").with(client.credentials);
    expect(await elsewhere.refused("refresh")).toMatchObject(dead);
  });

  test("is the answer to a key that was renewed at the other door", async () => {
    const client = await started();
    const { token } = await client.native.must("renewToken");
    expect(await client.with({ secureKey: token }).must("refresh")).toMatchObject({ secureKey: token });
    expect(await client.refused("refresh")).toMatchObject(dead);
  });
});

test("the reference in a dead session's answer is the request's id", async () => {
  const outcome = await (await started()).with({ secureKey: "x" }).ask("refresh");
  expect(refused(outcome).advice).toBe(`reference ${outcome.headers.get("X-Request-Id")}`);
});

test("answers are not kept by anybody on the way", async () => {
  const outcome = await (await started()).ask("refresh");
  expect(outcome.headers.get("Cache-Control")).toBe("no-store");
});

/** What a refusal must leave as it was. */
async function state({ native }: GmsClient) {
  const { limits, position } = await native.must("getSession");
  return { used: limits.used, position };
}
