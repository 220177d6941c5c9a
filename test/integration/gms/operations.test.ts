/** Each operation of the Genesys door, in both encodings, with what it answers and what everybody else sees of it. */
import { describe, expect, test } from "vitest";
import type { ApiClient } from "../../support/node/api-client.ts";
import { eventsOf, textOf } from "../../support/node/chats.ts";
import { ENCODINGS, type Encoding, formOf, GmsClient } from "../../support/node/gms-client.ts";
import { useServer } from "../../support/node/server.ts";
import { openLive } from "../../support/node/socket-client.ts";

const server = useServer();

async function started(encoding: Encoding): Promise<{ client: GmsClient; agent: ApiClient }> {
  const client = new GmsClient(server);
  await client.start({ nickname: "Ada" }, encoding);
  const agent = await client.agent();
  await client.poll();
  return { client, agent };
}

/** The last event, as the agent sees it at the other door. */
const last = async (agent: ApiClient) => (await eventsOf(agent)).at(-1);

const DAY_SECONDS = 24 * 60 * 60;

/** Until a key expires, as it says itself. */
function secondsLeft(secureKey: string): number {
  const claims = Buffer.from(secureKey.split(".")[1] ?? "", "base64url").toString();
  return JSON.parse(claims).exp - Date.now() / 1000;
}

describe.each(ENCODINGS)("in %s", (encoding) => {
  test("a start answers the credentials, the customer's own joining at index 1, and where to read on", async () => {
    const client = new GmsClient(server);
    const answer = await client.start({ nickname: "Ada" }, encoding);
    expect(answer).toEqual({
      statusCode: 0,
      chatEnded: false,
      chatId: expect.stringMatching(/^[\w-]{40}$/),
      secureKey: expect.any(String),
      userId: "0000000000000001",
      alias: "1",
      nextPosition: 2,
      monitored: false,
      messages: [
        {
          index: 1,
          type: "ParticipantJoined",
          utcTime: expect.any(Number),
          from: { nickname: "Ada", participantId: 1, type: "Client" },
        },
      ],
    });
    expect(await client.native.must("getSession")).toMatchObject({ sessionId: answer.chatId, phase: "open" });
    // No operation renews it.
    expect(secondsLeft(`${answer.secureKey}`)).toBeGreaterThan(29 * DAY_SECONDS);
  });

  test("send makes a message with the sender's own kind, which comes back with the next refresh", async () => {
    const { client, agent } = await started(encoding);
    const text = "1 + 1 = 2 & more, 100 %\r\nÄrger 日本 📝";
    const answer = await client.must("send", { message: text, messageType: "text" }, encoding);
    expect(answer).toMatchObject({ messages: [], chatEnded: false, nextPosition: 4 });
    expect(await last(agent)).toMatchObject({ type: "Message", text, messageType: "text", position: 3 });
    const drawn = { index: 3, type: "Message", text, messageType: "text", from: { type: "Client", participantId: 1 } };
    expect(await client.poll()).toMatchObject([drawn]);
  });

  test("send gives the events from the position that it names", async () => {
    const { client } = await started(encoding);
    const fields = { message: "one", transcriptPosition: "2" };
    const { messages } = await client.must("send", fields, encoding);
    expect(messages).toMatchObject([
      { index: 2, type: "ParticipantJoined" },
      { index: 3, text: "one" },
    ]);
  });

  test("refresh gives what is new and where to read on, also where nothing is", async () => {
    const { client, agent } = await started(encoding);
    await agent.must("sendMessage", { json: { text: "How can I help?", messageType: "greeting" } });
    const asked = { transcriptPosition: "3" };
    const { messages, nextPosition } = await client.must("refresh", asked, encoding);
    expect(messages).toMatchObject([
      { index: 3, text: "How can I help?", messageType: "greeting", from: { nickname: "Grace", type: "Agent" } },
    ]);
    expect(nextPosition).toBe(4);
    const later = await client.must("refresh", { transcriptPosition: "4" }, encoding);
    expect(later).toMatchObject({ messages: [], nextPosition: 4, chatEnded: false });
  });

  test("disconnect ends the chat, a repeat is as good as the first, and a refresh still tells of the end", async () => {
    const { client, agent } = await started(encoding);
    expect(await client.must("disconnect", {}, encoding)).toMatchObject({ chatEnded: true, messages: [] });
    expect(await client.must("disconnect", { message: "half a word" }, encoding)).toMatchObject({ chatEnded: true });
    expect(await agent.must("getSession")).toMatchObject({ phase: "ended" });
    expect((await client.poll()).map(({ type, from }) => [type, from.nickname])).toEqual([
      ["ParticipantLeft", "Ada"],
      ["ParticipantLeft", "Grace"],
    ]);
    expect(client.ended).toBe(true);
  });

  test.each([
    ["startTyping", true, "TypingStarted"],
    ["stopTyping", false, "TypingStopped"],
  ])("%s tells the agent with its preview, and takes an index", async (operation, typing, type) => {
    const { client, agent } = await started(encoding);
    const socket = await openLive(agent, 2);
    const fields = { message: "I thi", transcriptPosition: "3" };
    const { messages, nextPosition } = await client.must(operation, fields, encoding);
    expect(messages).toMatchObject([{ index: 3, type, text: "I thi", from: { type: "Client" } }]);
    expect(nextPosition).toBe(4);
    expect(await socket.next("typing")).toMatchObject({ typing, preview: "I thi", from: { participantId: 1 } });
    await socket.close();
  });

  test("pushUrl shows a URL to the agent, and to its own sender", async () => {
    const { client, agent } = await started(encoding);
    const pushUrl = "https://www.example.com/a?b=c&d=ä";
    await client.must("pushUrl", { pushUrl }, encoding);
    expect(await last(agent)).toMatchObject({ type: "PushUrl", url: pushUrl });
    expect(await client.poll()).toMatchObject([{ type: "PushUrl", text: pushUrl }]);
  });

  test("updateNickname renames the customer, and the event is from the new name", async () => {
    const { client, agent } = await started(encoding);
    await client.must("updateNickname", { nickname: "Ada L." }, encoding);
    expect(await last(agent)).toMatchObject({ type: "NicknameUpdated", nickname: "Ada L." });
    expect(await client.poll()).toMatchObject([{ type: "NicknameUpdated", from: { nickname: "Ada L." } }]);
  });

  test("customNotice makes a notice with its data", async () => {
    const { client, agent } = await started(encoding);
    const fields = { message: "page", messageType: "x", "userData[step]": "2" };
    await client.must("customNotice", fields, encoding);
    expect(await last(agent)).toMatchObject({ type: "CustomNotice", text: "page", userData: { step: "2" } });
    expect(await client.poll()).toMatchObject([{ type: "CustomNotice", text: "page", userData: { step: "2" } }]);
  });

  test("customNotice without a text makes no event that anybody sees", async () => {
    const { client, agent } = await started(encoding);
    const eventAttributes = JSON.stringify({ purpose: "cancel-idle-timer" });
    expect(await client.must("customNotice", { eventAttributes }, encoding)).toMatchObject({ messages: [] });
    expect(await client.poll()).toEqual([]);
    expect(await eventsOf(agent)).toHaveLength(2);
  });

  test("updateData merges into what is attached, and makes no event", async () => {
    const { client } = await started(encoding);
    await client.must("updateData", { "userData[order]": "7", "userData[empty]": "" }, encoding);
    expect(await client.poll()).toEqual([]);
    expect(await client.refused("updateData", {}, encoding)).toMatchObject({ http: 400, code: 100 });
  });

  test("readReceipt is what the agent sees of how far the customer has read, and never goes back", async () => {
    const { client, agent } = await started(encoding);
    for (const transcriptPosition of ["2", "1"]) {
      const answer = await client.must("readReceipt", { transcriptPosition }, encoding);
      expect(answer).toMatchObject({ messages: [], nextPosition: 3 });
    }
    const { participants } = await agent.must("getSession");
    expect(participants[0]).toMatchObject({ participantId: 1, readPosition: 2 });
  });

  test("file/limits is one notice without index, and its data once more beside it", async () => {
    const { client } = await started(encoding);
    const answer = await client.must("file/limits", {}, encoding);
    const userData = {
      "upload-max-files": "3",
      "upload-max-file-size": "2097152",
      "upload-max-total-size": "5242880",
      "upload-file-types": "jpg:jpeg:png:gif:webp:heic:pdf:txt:csv:doc:docx:xls:xlsx:ppt:pptx:zip",
      "upload-need-agent": "false",
      "download-attempts": "10",
      "delete-file": "return-quota",
      "used-upload-max-files": "0",
      "used-upload-max-total-size": "0",
      "used-download-attempts": "0",
    };
    const from = { nickname: "Ada", participantId: 1, type: "Client" };
    const notice = { type: "Notice", text: "file-client-cfg-get", utcTime: expect.any(Number), from, userData };
    expect(answer).toMatchObject({ chatEnded: false, userData, nextPosition: 3 });
    expect(answer.messages).toEqual([notice]);
    expect(await client.poll()).toEqual([]);
  });

  test("download gives the bytes and delete takes them away", async () => {
    const { client, agent } = await started(encoding);
    const fileId = await client.send("a.txt", textOf(100));
    const got = await client.download(fileId, encoding);
    expect(new Uint8Array(await got.arrayBuffer())).toEqual(textOf(100));
    expect(await client.must(`file/${fileId}/delete`, {}, encoding)).toMatchObject({ messages: [] });
    expect(await last(agent)).toMatchObject({ type: "FileDeleted", fileId });
    expect((await client.poll()).at(-1)).toMatchObject({ type: "FileDeleted", userData: { "file-id": fileId } });
  });

  test("every operation but the start and the download is refused without a key", async () => {
    const { client } = await started(encoding);
    const operations = ["send", "refresh", "disconnect", "startTyping", "stopTyping", "pushUrl", "updateNickname"];
    operations.push("customNotice", "updateData", "readReceipt", "file/limits", "file/AAAA/delete");
    for (const operation of operations) {
      const outcome = await client.post(operation, formOf({ message: "x" }, encoding));
      expect(outcome, operation).toMatchObject({ ok: false, refused: { http: 400, code: 100, advice: "secureKey" } });
    }
  });
});

test("a file is sent as multipart, the file before the credentials or after them", async () => {
  for (const how of ["upload", "uploadAfter"] as const) {
    const { client, agent } = await started(ENCODINGS[0]);
    const outcome = await client[how]("Übersicht 📝.txt", textOf(100), { "userData[file-description]": "the bill" });
    const userData = { "file-id": expect.stringMatching(/^[\w-]{22}$/) };
    expect(outcome).toMatchObject({ ok: true, answer: { messages: [], nextPosition: 4, userData } });
    const file = { name: "Übersicht 📝.txt", size: 100, type: "text/plain", description: "the bill" };
    expect(await last(agent)).toMatchObject({ type: "FileUploaded", file, from: { participantId: 1 } });
    const text = { "file-name": "Übersicht 📝.txt", "file-size": "100", "file-description": "the bill" };
    expect(await client.poll()).toMatchObject([{ type: "FileUploaded", userData: { ...userData, ...text } }]);
  }
});
