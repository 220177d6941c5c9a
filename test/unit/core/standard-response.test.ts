/** Sending standard responses: what the customer gets, what is refused whole, and that the library's objects are left alone. */
import { describe, expect, test } from "vitest";
import { chatWithAnna } from "../../support/core-chat.ts";
import { ANNA, accepted, BERT, CUSTOMER, reasonOf, SYSTEM } from "../../support/core-fixtures.ts";
import type { MemorySession } from "../../support/memory-session.ts";

const TERMS = { documentId: "terms", name: "terms.pdf", extension: "pdf", key: "library/support/terms", size: 700 };
const FILE = { ...TERMS, sha256: "abc", type: "application/pdf" };
const TEXT = "{{customer.nickname}}, {{agent.nickname}}, {{service}}";

const send = (chat: MemorySession, more: { text?: string; files?: (typeof FILE)[]; clientId?: string } = {}) => {
  const { text = TEXT, files = [FILE], ...rest } = more;
  return chat.execute(ANNA, { type: "SendStandardResponse", response: { text, files }, ...rest });
};
const begin = (chat: MemorySession, clientId?: string) =>
  chat.execute(ANNA, { type: "BeginStandardResponse", ...(clientId === undefined ? {} : { clientId }) });
const tail = (chat: MemorySession, count: number) => chat.events().slice(-count);
const fileIdOf = (chat: MemorySession) => {
  const [event] = tail(chat, 1);
  if (event?.type !== "FileUploaded") throw new Error("no file was announced");
  return event.file.fileId;
};

describe("a standard response that is sent", () => {
  test("is a message with its variables filled in, and an announcement of each file, all of the agent", () => {
    const chat = chatWithAnna();
    const { position } = accepted(send(chat, { files: [FILE, { ...FILE, name: "more.pdf" }] }));
    const from = { nickname: "anna", type: "Agent" };
    expect(tail(chat, 3)).toMatchObject([
      { type: "Message", position, text: "Cleo, anna, shop", from },
      { type: "FileUploaded", position: position + 1, from, file: { name: "terms.pdf", size: 700, sha256: "abc" } },
      { type: "FileUploaded", position: position + 2, from, file: { name: "more.pdf" } },
    ]);
  });

  test("shows the customer the library's own object, and each fetching takes a download attempt", () => {
    const chat = chatWithAnna({ downloadAttempts: 1 });
    accepted(send(chat));
    const fetched = () => chat.execute(CUSTOMER, { type: "OpenDownload", fileId: fileIdOf(chat), method: "get" });
    expect(accepted(fetched())).toMatchObject({ key: TERMS.key, size: 700, contentType: "application/pdf" });
    chat.world.now += 60_000;
    expect(reasonOf(fetched())).toBe("no-downloads-left");
  });

  test("counts nothing against the customer's quota of uploads", () => {
    const chat = chatWithAnna({ uploadMaxFiles: 0 });
    accepted(send(chat));
    expect(accepted(begin(chat))).toEqual({});
  });

  test("is sent once for a client id: the repeat answers the message, before anything is taken again", () => {
    const chat = chatWithAnna();
    accepted(begin(chat, "r-1"));
    const sent = accepted(send(chat, { clientId: "r-1" }));
    const events = chat.events().length;
    expect(accepted(begin(chat, "r-1"))).toEqual(sent);
    expect(accepted(send(chat, { clientId: "r-1" }))).toEqual(sent);
    expect(chat.events()).toHaveLength(events);
  });

  test("twice without one is two messages and two files", () => {
    const chat = chatWithAnna();
    accepted(send(chat));
    const first = fileIdOf(chat);
    accepted(send(chat));
    expect(fileIdOf(chat)).not.toBe(first);
  });
});

describe("a standard response is refused whole", () => {
  test.each([
    ["with a file of a type that agents may not send", "type-not-allowed", { extension: "exe" }],
    ["with a file that is larger than agents may send", "file-too-large", { size: 1_000_000_000 }],
  ])("%s", (_what, reason, change) => {
    const chat = chatWithAnna();
    const before = chat.session;
    expect(reasonOf(send(chat, { files: [FILE, { ...FILE, ...change }] }))).toBe(reason);
    expect(chat.session).toBe(before);
  });

  test("with a text that is too long once its variables are filled in", () => {
    const chat = chatWithAnna({ maxMessageLength: "Cleo, anna, shop".length - 1 });
    const before = chat.session;
    expect(reasonOf(send(chat))).toBe("message-too-long");
    expect(chat.session).toBe(before);
  });

  test("from agents who are not in the session, and after its end", () => {
    const chat = chatWithAnna();
    expect(reasonOf(chat.execute(BERT, { type: "BeginStandardResponse" }))).toBe("not-joined");
    accepted(chat.execute(CUSTOMER, { type: "EndSession" }));
    expect(reasonOf(begin(chat))).toBe("session-ended");
    expect(reasonOf(send(chat))).toBe("session-ended");
  });
});

describe("the library's object", () => {
  test("is left alone when an agent deletes the file from the chat, which then cannot be fetched", () => {
    const chat = chatWithAnna();
    accepted(send(chat));
    const fileId = fileIdOf(chat);
    const effects = chat.session?.effects;
    accepted(chat.execute(ANNA, { type: "DeleteFile", fileId }));
    expect(chat.session?.effects).toEqual(effects);
    expect(reasonOf(chat.execute(CUSTOMER, { type: "OpenDownload", fileId, method: "get" }))).toBe("file-deleted");
    expect(reasonOf(chat.execute(SYSTEM, { type: "ReturnDownload", fileId, countedAt: 1 }))).toBe("accepted");
  });

  test("is let go by the erasure of exactly those sessions that began to take something", async () => {
    const chats = [chatWithAnna(), chatWithAnna(), chatWithAnna()] as const;
    const [used, begun, never] = chats;
    accepted(begin(used));
    accepted(send(used));
    accepted(begin(begun));
    for (const chat of chats) {
      accepted(chat.execute(CUSTOMER, { type: "EndSession" }));
      await chat.runUntil(chat.world.now + 4000 * 24 * 60 * 60 * 1000);
      expect(chat.session).toBeUndefined();
    }
    expect([used, begun, never].map(({ libraryLeavings }) => libraryLeavings)).toEqual([1, 1, 0]);
  });
});
