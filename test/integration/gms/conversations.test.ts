/** Whole chats of a widget with an agent at the native door, as people have them, to the end by each side. */
import { beforeEach, describe, expect, test } from "vitest";
import type { ApiClient } from "../../support/node/api-client.ts";
import { sample, send, textOf } from "../../support/node/chats.ts";
import { readOutcome, refused } from "../../support/node/gms-answers.ts";
import { GmsClient } from "../../support/node/gms-client.ts";
import { useServer } from "../../support/node/server.ts";
import { openLive } from "../../support/node/socket-client.ts";

const server = useServer({
  bindings: {
    SERVICE_SHOP: {
      "transcript-email": "never",
      "upload-max-files": 2,
      "upload-max-file-size": "1MiB",
      "upload-max-total-size": "1500kB",
      "upload-file-types": "jpg pdf txt",
      "upload-need-agent": true,
      "download-attempts": 2,
    },
  },
});
let widget: GmsClient;
let agent: ApiClient;

beforeEach(async () => {
  widget = new GmsClient(server, "shop");
  const names = { firstName: "Ada", lastName: "Lovelace", emailAddress: "ada@example.com", subject: "My bill" };
  await widget.start({ ...names, "userData[TimeZone]": "60", "userData[GCTI_LanguageCode]": "en-US" });
});

/** An agent comes; the widget hears of it, and asks for the limits once more, as widgets do. */
async function agentComes(): Promise<void> {
  agent = await widget.agent();
  expect(await widget.poll()).toMatchObject([
    { type: "ParticipantJoined", from: { type: "Agent", nickname: "Grace" } },
  ]);
  expect(await widget.limits()).toMatchObject({ "upload-need-agent": "true" });
}

const types = () => widget.drawn.map(({ type }) => type);

test("files go both ways to the last that is allowed, and a page that is loaded again shows the same chat", async () => {
  expect(refused(await widget.upload("bill.pdf", await sample("Ärger im Büro.pdf")))).toMatchObject({ code: 1020 });
  await agentComes();
  await agent.must("sendMessage", { json: { text: "What is it about?" } });
  await widget.must("startTyping");
  await widget.must("send", { message: "This bill." });
  await widget.must("stopTyping");
  const bill = await widget.send("bill.pdf", await sample("Ärger im Büro.pdf"));
  expect(refused(await widget.upload("bill.exe", textOf(10)))).toMatchObject({ http: 400, code: 203 });
  expect(refused(await widget.upload("long.txt", textOf(1_048_577)))).toMatchObject({ code: 202, advice: "1048576" });
  const second = await widget.send("notes.txt", textOf(500_000));
  expect(refused(await widget.upload("more.txt", textOf(10)))).toMatchObject({ code: 201, advice: "2" });
  await widget.must(`file/${second}/delete`);
  await widget.send("more.txt", textOf(10));

  const { fileId } = await send(agent, "offer.pdf", await sample("Ärger im Büro.pdf"));
  expect((await agent.must("downloadFile", { params: { fileId: bill } })).length).toBeGreaterThan(0);
  await widget.poll();
  for (const id of [fileId, bill]) expect((await widget.download(id)).status).toBe(200);
  const third = await send(agent, "terms.txt", textOf(10));
  expect(refused(await readOutcome(await widget.download(third.fileId)))).toMatchObject({ code: 1032, advice: "2" });
  await widget.poll();

  const again = widget.reloaded();
  await again.poll({ transcriptPosition: "1" });
  expect(again.drawn).toEqual(widget.drawn);
  expect(types().filter((type) => !type.startsWith("Typing"))).toEqual([
    ...["ParticipantJoined", "ParticipantJoined", "Message", "Message", "FileUploaded", "FileUploaded"],
    ...["FileDeleted", "FileUploaded", "FileUploaded", "FileUploaded"],
  ]);
  expect(await again.limits()).toMatchObject({ "used-upload-max-files": "2", "used-download-attempts": "2" });
});

describe("the chat ends", () => {
  beforeEach(agentComes);

  test("when the customer closes it: the agent is told, and another poll still tells the customer", async () => {
    const socket = await openLive(agent, 2);
    await widget.must("disconnect");
    const { events } = await socket.next("events");
    expect(events[0]).toMatchObject({ type: "ParticipantLeft", from: { participantId: 1 } });
    expect((await widget.poll()).map(({ type }) => type)).toEqual(["ParticipantLeft", "ParticipantLeft"]);
    expect(await widget.refused("send", { message: "one more" })).toMatchObject({
      http: 200,
      code: 249,
      chatEnded: true,
    });
  });

  test("when the agent closes it: the next poll says so, and its page does not come back to it", async () => {
    await agent.must("sendMessage", { json: { text: "Goodbye" } });
    await agent.must("endSession");
    expect((await widget.poll()).map(({ type }) => type)).toEqual(["Message", "ParticipantLeft", "ParticipantLeft"]);
    expect(widget.ended).toBe(true);
    expect(await widget.reloaded().must("refresh", { transcriptPosition: "1" })).toMatchObject({ chatEnded: true });
  });

  test("not when the agent leaves: the widget hides its button, and the chat goes on with another agent", async () => {
    await agent.must("leaveSession");
    expect(await widget.poll()).toMatchObject([{ type: "ParticipantLeft", from: { type: "Agent" } }]);
    expect(widget.ended).toBe(false);
    expect(refused(await widget.upload("a.txt", textOf(10)))).toMatchObject({ code: 1020, chatEnded: false });
    await widget.agent();
    await widget.send("a.txt", textOf(10));
    expect((await widget.poll()).map(({ type }) => type)).toEqual(["ParticipantJoined", "FileUploaded"]);
  });
});

test("a chat outlives a server that is killed: the widget polls on, and nothing is missing or comes twice", async () => {
  await agentComes();
  await widget.must("send", { message: "before" });
  await widget.poll();
  const fileId = await widget.send("a.txt", textOf(10));
  await server().restart("kill");
  await agent.must("sendMessage", { json: { text: "after" } });
  expect((await widget.poll()).map(({ type, text }) => [type, text])).toEqual([
    ["FileUploaded", "file-uploaded"],
    ["Message", "after"],
  ]);
  expect((await widget.download(fileId)).status).toBe(200);
});

test("a hundred widgets that poll at once are all answered within a widget's patience", async () => {
  await agentComes();
  const started = performance.now();
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => widget.ask("refresh", { transcriptPosition: "3" })),
  );
  expect(answers.every(({ ok }) => ok)).toBe(true);
  expect(performance.now() - started).toBeLessThan(3000);
});
