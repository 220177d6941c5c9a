/** A session that is ended while a file is on its way: closing until the file is settled, and only then over. */
import { beforeEach, expect, test } from "vitest";
import { CLOSE } from "../../../src/protocol/wire.ts";
import { type Chat, eventsOf, openChat, stateOf, textOf, upload } from "../../support/node/chats.ts";
import { awaitMails, mailsOf } from "../../support/node/mails.ts";
import { useServer } from "../../support/node/server.ts";
import { SlowUpload } from "../../support/node/slow-upload.ts";
import { openLive, type SocketClient } from "../../support/node/socket-client.ts";

const server = useServer();
let chat: Chat;
let slow: SlowUpload;
let socket: SocketClient;

beforeEach(async () => {
  chat = await openChat(server, undefined, { email: "ada@example.com" });
  await chat.customer.must("requestTranscriptEmail");
  socket = await openLive(chat.agent);
  slow = new SlowUpload(chat.customer, "last.txt", 1000, { "Idempotency-Key": "last" });
  await slow.write(textOf(500));
  await expect.poll(() => stateOf(chat.customer)).toMatchObject({ used: { files: 1, bytes: 1000 } });
  await chat.customer.must("endSession");
});

/** The session is over: the last events come over the socket, then the end, and one mail. */
async function expectOver(types: readonly string[]): Promise<void> {
  const got: string[] = [];
  while (got.length < types.length) got.push(...(await socket.next("events")).events.map(({ type }) => type));
  expect(got).toEqual(types);
  await socket.next("ended");
  expect(await socket.closed).toMatchObject({ code: CLOSE.ended });
  expect(await chat.customer.must("getEvents")).toMatchObject({ ended: true });
  await awaitMails(server().mailDir, chat.sessionId, 1);
}

test("it is closing: nothing new is taken, nothing has ended, and no mail is sent", async () => {
  expect(await chat.agent.must("getSession")).toMatchObject({ phase: "closing" });
  const refused = { status: 409, code: "session-ended" };
  for (const who of [chat.customer, chat.agent]) {
    expect(await who.refused("sendMessage", { json: { text: "more" } })).toMatchObject(refused);
    expect(await upload(who, "more.txt", textOf(10))).toMatchObject({ ok: false, problem: refused });
  }
  const page = await chat.customer.must("getEvents");
  expect({ ended: page.ended, count: page.events.length }).toEqual({ ended: false, count: 2 });
  expect(await mailsOf(server().mailDir, chat.sessionId)).toEqual([]);
  slow.leave();
});

test("the file still arrives, is the last thing said, and stands in the mail", async () => {
  slow.finish(textOf(1000).subarray(500));
  expect(await slow.answer).toMatchObject({ status: 201, body: { name: "last.txt", size: 1000 } });
  await expectOver(["FileUploaded", "ParticipantLeft", "ParticipantLeft"]);
  const [sent] = await awaitMails(server().mailDir, chat.sessionId, 1);
  expect(sent?.mail.text).toContain("last.txt");
});

test("it is over as soon as the file is given up", async () => {
  await chat.customer.must("cancelUpload", { params: { key: "last" } });
  await expectOver(["ParticipantLeft", "ParticipantLeft"]);
  slow.finish(textOf(1000).subarray(500));
  expect(await slow.problem()).toMatchObject({ status: 409 });
  expect(await stateOf(chat.customer)).toMatchObject({ used: { files: 0, bytes: 0 }, phase: "ended" });
});

test("it is over as soon as the sender has gone away", async () => {
  slow.leave();
  await expectOver(["ParticipantLeft", "ParticipantLeft"]);
  expect((await eventsOf(chat.agent)).some(({ type }) => type === "FileUploaded")).toBe(false);
});
