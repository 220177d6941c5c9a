/** Standard responses in real objects: their files are read where they lie in the library, until the last session is gone. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { type Chat, faulty, openedChat, pass, stopClock } from "../../../support/chats.ts";
import { ANNA, accepted, CUSTOMER, DAY, MINUTE, reasonOf } from "../../../support/core-fixtures.ts";
import { TestLibrary } from "../../../support/libraries.ts";

beforeAll(stopClock);

/** Chats of one service, and a response with one file in its library. */
async function served(chats: number) {
  const opened = await Promise.all(
    Array.from({ length: chats }, () => openedChat({ retentionDays: 1, agentFileTypes: ["txt"] })),
  );
  const [first] = opened;
  if (first === undefined) throw new Error("no chat");
  const library = new TestLibrary(first.address.service);
  const responseId = `terms-${crypto.randomUUID()}`;
  await library.add("Terms", {}, responseId);
  const documentId = await library.send(responseId);
  return { chats: opened, library, responseId, documentId };
}

/** Sends as the edge does. */
async function send({ port, address }: Chat, library: TestLibrary, responseId: string): Promise<string> {
  accepted(await port.execute(ANNA, { type: "BeginStandardResponse" }));
  const response = accepted(await library.port.takeForSession(address.sessionId, responseId));
  accepted(await port.execute(ANNA, { type: "SendStandardResponse", response }));
  const { events } = accepted(await port.events(CUSTOMER, 0));
  const last = events.at(-1);
  if (last?.type !== "FileUploaded") throw new Error("no file was announced");
  return last.file.fileId;
}

/** Ends the chat and lets its retention pass, without ringing for the erasure. */
async function outlive(chat: Chat): Promise<void> {
  accepted(await chat.port.execute(CUSTOMER, { type: "EndSession" }));
  pass(MINUTE);
  await chat.alarm();
  await chat.settle();
  pass(DAY);
}

describe("a file of a standard response", () => {
  it("is fetched from the library by every session that got it, also after an eviction, and copied by none", async () => {
    const { chats, library, responseId } = await served(2);
    for (const chat of chats) {
      await chat.join();
      const fileId = await send(chat, library, responseId);
      await chat.evict();
      const opened = accepted(await chat.port.execute(CUSTOMER, { type: "OpenDownload", fileId, method: "get" }));
      expect((await env.FILES.head(opened.key))?.size).toBe(100);
      expect(await chat.keys()).toEqual([]);
    }
  });

  it("stays when it is replaced, until the last session that shows it is erased", async () => {
    const { chats, library, responseId, documentId } = await served(2);
    const [first, second] = chats;
    if (first === undefined || second === undefined) throw new Error("no chats");
    for (const chat of [first, second]) {
      await chat.join();
      await send(chat, library, responseId);
    }
    accepted(await library.port.deleteResponse(responseId));
    await outlive(first);
    await first.alarm();
    expect(await first.stored()).toEqual([]);
    expect(await library.state(documentId)).toBe("available");
    await outlive(second);
    await second.alarm();
    expect(await library.state(documentId)).toBe("gone");
    await library.alarm();
    expect(await library.keys()).not.toContain(documentId);
  });

  it("is let go although the response was never sent, and although the library failed at first", async () => {
    const { chats, library, responseId, documentId } = await served(1);
    const [chat] = chats;
    if (chat === undefined) throw new Error("no chat");
    await chat.join();
    accepted(await chat.port.execute(ANNA, { type: "BeginStandardResponse" }));
    await chat.evict();
    accepted(await library.port.takeForSession(chat.address.sessionId, responseId));
    accepted(await library.port.deleteResponse(responseId));
    await outlive(chat);
    await chat.replace((own) => ({
      LIBRARY: faulty(own.LIBRARY, {
        getByName: () => ({ dropSession: () => Promise.reject(new Error("down")) }),
      }),
    }));
    await chat.alarm();
    expect(await chat.stored()).not.toEqual([]);
    expect(reasonOf(await chat.port.view(CUSTOMER))).toBe("unknown-session");
    expect(await library.state(documentId)).toBe("available");
    await chat.evict();
    pass(DAY);
    await chat.alarm();
    expect(await chat.stored()).toEqual([]);
    expect(await library.state(documentId)).toBe("gone");
  });
});
