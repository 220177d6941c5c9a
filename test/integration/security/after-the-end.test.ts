/** A session that has ended takes nothing more, from anybody, by any route that would change it. */
import { afterEach, beforeAll, expect, test } from "vitest";
import type { Asking, OperationName } from "../../support/node/api-client.ts";
import { type Chat, eventsOf, openChat, send, stateOf, textOf } from "../../support/node/chats.ts";
import { JSON_BODIES } from "../../support/node/json-bodies.ts";
import { useServer } from "../../support/node/server.ts";
import { SlowUpload } from "../../support/node/slow-upload.ts";

const server = useServer();
const SPEAKING = [
  "sendMessage",
  "pushUrl",
  "sendNotice",
  "setTyping",
  "markRead",
  "updateNickname",
  "updateUserData",
] as const;
const LATE: readonly [OperationName, Asking][] = [
  ...SPEAKING.map((name): [OperationName, Asking] => [name, { json: JSON_BODIES[name]?.full }]),
  ["uploadFile", { query: { name: "b.txt" }, body: textOf(10) }],
];

let ended: Chat;
let fileId: string;
let last: unknown;
const whole = async () => [await stateOf(ended.customer), await eventsOf(ended.customer)];

beforeAll(async () => {
  ended = await openChat(server);
  ({ fileId } = await send(ended.customer, "a.txt", textOf(100)));
  await ended.customer.must("endSession");
  last = await whole();
  expect(last).toMatchObject([{ phase: "ended" }, {}]);
});
afterEach(async () => expect(await whole()).toEqual(last));

test.each(LATE)("%s is refused, whoever asks, and was not before the end", async (name, asking) => {
  const open = await openChat(server);
  for (const side of ["customer", "agent"] as const) {
    expect(await ended[side].refused(name, asking)).toMatchObject({ status: 409, code: "session-ended" });
    expect(await open[side].ask(name, asking)).toMatchObject({ ok: true });
  }
});

test("nobody joins, leaves, cancels or deletes, and ending it again changes nothing", async () => {
  const refusals = [
    ended.agent.refused("joinSession"),
    ended.agent.refused("leaveSession"),
    ended.customer.refused("deleteFile", { params: { fileId } }),
    ended.customer.refused("cancelUpload", { params: { key: "upload-1" } }),
  ];
  for (const problem of await Promise.all(refusals)) {
    expect(problem).toMatchObject({ status: 409, code: "session-ended" });
  }
  for (const who of [ended.customer, ended.agent]) await who.must("endSession");
});

test("an upload that was under way at the end is settled, and nothing comes after the last event", async () => {
  const chat = await openChat(server);
  const upload = new SlowUpload(chat.customer, "late.txt", 1000);
  await upload.write(textOf(500));
  await expect.poll(() => stateOf(chat.customer)).toMatchObject({ used: { files: 1 } });
  await chat.agent.must("endSession");
  expect((await stateOf(chat.customer)).phase).toBe("closing");
  expect(await chat.customer.refused("sendMessage", { json: { text: "late" } })).toMatchObject({
    code: "session-ended",
  });
  upload.finish(textOf(1000).subarray(500));
  expect((await upload.answer).status).toBe(201);
  expect((await stateOf(chat.customer)).phase).toBe("ended");
  const types = (await eventsOf(chat.customer)).map(({ type }) => type);
  expect(types.indexOf("FileUploaded")).toBeGreaterThan(0);
  expect(types.at(-1)).toBe("ParticipantLeft");
});
