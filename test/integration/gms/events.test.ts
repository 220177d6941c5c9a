/** Events as widgets read them, with both doors open to one session at once: numbers, positions, and typing between. */
import { describe, expect, test } from "vitest";
import type { ApiClient } from "../../support/node/api-client.ts";
import { eventsOf, send, textOf } from "../../support/node/chats.ts";
import type { GmsEvent } from "../../support/node/gms-answers.ts";
import { GmsClient } from "../../support/node/gms-client.ts";
import { useServer } from "../../support/node/server.ts";
import { openLive } from "../../support/node/socket-client.ts";

const server = useServer();

async function started(): Promise<{ client: GmsClient; agent: ApiClient }> {
  const client = new GmsClient(server);
  await client.start();
  return { client, agent: await client.agent() };
}

/** What an event is, in short. */
const shortly = ({ index, type, from, text }: GmsEvent) => [index, type, from.type, text];

describe("with both doors open", () => {
  test("everything that either side does is drawn by the widget, once, in its order", async () => {
    const { client, agent } = await started();
    await agent.must("sendMessage", { json: { text: "Hello", messageType: "greeting" } });
    await agent.must("setTyping", { json: { typing: true, preview: "wait" } });
    await agent.must("setTyping", { json: { typing: false } });
    await agent.must("pushUrl", { json: { url: "https://example.com/" } });
    await agent.must("sendNotice", { json: { text: "form", userData: { step: "1" } } });
    await agent.must("updateNickname", { json: { nickname: "Dr. Hopper" } });
    const { fileId } = await send(agent, "offer.txt", textOf(10));
    await agent.must("deleteFile", { params: { fileId } });
    await client.must("send", { message: "Thanks" });
    await agent.must("leaveSession");
    expect((await client.poll()).map(shortly)).toEqual([
      [2, "ParticipantJoined", "Agent", undefined],
      [3, "Message", "Agent", "Hello"],
      [4, "TypingStarted", "Agent", "wait"],
      [5, "TypingStopped", "Agent", undefined],
      [6, "PushUrl", "Agent", "https://example.com/"],
      [7, "CustomNotice", "Agent", "form"],
      [8, "NicknameUpdated", "Agent", "Dr. Hopper"],
      [9, "FileUploaded", "Agent", "file-uploaded"],
      [10, "FileDeleted", "Agent", "file-deleted"],
      [11, "Message", "Client", "Thanks"],
      [12, "ParticipantLeft", "Agent", undefined],
    ]);
    expect(client.drawn.map(({ from }) => from.nickname).slice(6, 8)).toEqual(["Grace", "Dr. Hopper"]);
    expect(await client.poll()).toEqual([]);
  });

  test("an agent's file is announced with everything a widget uses, as text, and not with the stored document", async () => {
    const { client, agent } = await started();
    const { fileId } = await send(agent, "Angebot für Sie.txt", textOf(2048));
    const [, file] = await client.poll();
    expect(file).toEqual({
      index: 3,
      type: "FileUploaded",
      utcTime: expect.any(Number),
      from: { nickname: "Grace", participantId: 2, type: "Agent" },
      text: "file-uploaded",
      userData: {
        "file-id": fileId,
        "file-name": "Angebot für Sie.txt",
        "file-size": "2048",
        "file-source": "ucs",
        "file-upload-type": "file-system",
      },
    });
  });

  test("the agent's socket tells of everything the widget does", async () => {
    const { client, agent } = await started();
    const socket = await openLive(agent, 2);
    const told = async () => (await socket.next("events")).events.map(({ type, position }) => [position, type]);
    await client.must("startTyping", { message: "He" });
    expect(await socket.next("typing")).toMatchObject({ typing: true, preview: "He" });
    await client.must("send", { message: "Help" });
    expect(await told()).toEqual([[4, "Message"]]);
    const fileId = await client.send("bill.txt", textOf(10));
    expect(await told()).toEqual([[5, "FileUploaded"]]);
    await client.must("readReceipt", { transcriptPosition: "2" });
    expect(await socket.next("read")).toMatchObject({ participantId: 1, position: 2 });
    await client.must(`file/${fileId}/delete`);
    expect(await told()).toEqual([[6, "FileDeleted"]]);
    await client.must("disconnect");
    expect((await told())[0]).toEqual([7, "ParticipantLeft"]);
    await socket.next("ended");
  });

  test("agents' notes are for agents: the widget sees neither them nor that there was one", async () => {
    const { client, agent } = await started();
    await agent.must("sendMessage", { json: { text: "difficult", visibility: "agents" } });
    await agent.must("sendMessage", { json: { text: "Hello" } });
    expect((await client.poll()).map(({ text }) => text)).toEqual([undefined, "Hello"]);
    expect((await client.must("refresh", { transcriptPosition: "-1" })).messages).toMatchObject([{ text: "Hello" }]);
  });
});

describe("transcriptPosition", () => {
  async function spoken(): Promise<GmsClient> {
    const { client } = await started();
    for (const message of ["a", "b", "c"]) await client.must("send", { message });
    return client;
  }
  const indexes = ({ messages }: { messages: readonly GmsEvent[] }) => messages.map(({ index }) => index);

  test.each<[string, Record<string, string>, number[]]>([
    ["0 gives nothing", { transcriptPosition: "0" }, []],
    ["1 gives the whole transcript", { transcriptPosition: "1" }, [1, 2, 3, 4, 5]],
    ["n gives what begins there", { transcriptPosition: "4" }, [4, 5]],
    ["of the last event gives that one", { transcriptPosition: "5" }, [5]],
    ["of nextPosition gives nothing", { transcriptPosition: "6" }, []],
    ["beyond the end gives nothing", { transcriptPosition: "900" }, []],
    ["-1 gives the last event alone", { transcriptPosition: "-1" }, [5]],
    ["that is absent gives the whole transcript", {}, [1, 2, 3, 4, 5]],
    ["that is empty gives the whole transcript", { transcriptPosition: "" }, [1, 2, 3, 4, 5]],
  ])("%s on a refresh, and nextPosition is behind the last event", async (_what, fields, expected) => {
    const answer = await (await spoken()).must("refresh", fields);
    expect(indexes(answer)).toEqual(expected);
    expect(answer.nextPosition).toBe(6);
  });

  test.each<[string, Record<string, string>, number[]]>([
    ["absent: no events", {}, []],
    ["0: no events", { transcriptPosition: "0" }, []],
    ["n: events from there, the new one too", { transcriptPosition: "5" }, [5, 6]],
  ])("%s on a send, and nextPosition all the same", async (_what, fields, expected) => {
    const answer = await (await spoken()).must("send", { message: "d", ...fields });
    expect(indexes(answer)).toEqual(expected);
    expect(answer.nextPosition).toBe(7);
  });

  test("a page that is loaded again draws the whole chat, every event once", async () => {
    const client = await spoken();
    await client.poll();
    const again = client.reloaded();
    await again.poll();
    expect(again.drawn.map(shortly)).toEqual(client.drawn.map(shortly));
    expect(again.ended).toBe(false);
  });

  test("a transcript of several pages comes whole, and goes on where it was cut", async () => {
    const { client, agent } = await started();
    const live = await openLive(agent, 2);
    for (let count = 0; count < 1010; count += 1) {
      live.send({ type: "message", text: String(count), clientId: `m${count}` });
      await live.next("events");
      await live.next("ack");
    }
    await live.close();
    const again = client.reloaded();
    const polls = [await again.poll(), await again.poll(), await again.poll()];
    expect(polls.map((events) => events.length)).toEqual([1000, 12, 0]);
    expect(again.drawn.map(({ index }) => index)).toEqual(Array.from({ length: 1012 }, (_, at) => at + 1));
  });
});

describe("typing", () => {
  test("takes an index of its own, and is not in the transcript", async () => {
    const { client, agent } = await started();
    await agent.must("setTyping", { json: { typing: true } });
    await agent.must("sendMessage", { json: { text: "Hello" } });
    await client.poll();
    expect(client.drawn.map(({ type }) => type).slice(2)).toEqual(["TypingStarted", "Message"]);
    expect((await eventsOf(agent)).map(({ position, type }) => [position, type])).toEqual([
      [1, "ParticipantJoined"],
      [2, "ParticipantJoined"],
      [4, "Message"],
    ]);
  });

  test("is gone after a restart, and no index that was given is given again", async () => {
    const { client, agent } = await started();
    await agent.must("sendMessage", { json: { text: "before" } });
    for (let count = 0; count < 40; count += 1) await agent.must("setTyping", { json: { typing: count % 2 === 0 } });
    await client.poll();
    const highest = Math.max(...client.drawn.map(({ index = 0 }) => index));
    await server().restart("kill");
    expect(await client.poll()).toEqual([]);
    await client.must("startTyping");
    await agent.must("sendMessage", { json: { text: "after" } });
    const fresh = await client.poll();
    expect(fresh.map(({ type }) => type)).toEqual(["TypingStarted", "Message"]);
    for (const { index = 0 } of fresh) expect(index).toBeGreaterThan(highest);
    const again = client.reloaded();
    await again.poll();
    const stored = (await eventsOf(agent)).map(({ position }) => position);
    expect(stored.filter((position) => !again.drawn.some(({ index }) => index === position))).toEqual([]);
    expect(again.drawn.filter(({ type }) => type === "Message").map(({ text }) => text)).toEqual(["before", "after"]);
  });

  test("with a preview that no reader could take is shown without what is wrong in it", async () => {
    const { client, agent } = await started();
    const socket = await openLive(agent, 2);
    await client.must("startTyping", { message: `a\0b${"x".repeat(2000)}` });
    const { preview } = await socket.next("typing");
    expect(preview).toBe(`a b${"x".repeat(1021)}`);
    await socket.close();
  });
});
