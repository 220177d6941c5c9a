/** Deleting a file, and what becomes of its share of the quota. */
import { describe, expect, test } from "vitest";
import { usage } from "../../../src/core/quotas.ts";
import { chatWithAnna, object, openChat, reserve, stateOf, upload } from "../../support/core-chat.ts";
import { ANNA, accepted, BERT, CUSTOMER, reasonOf } from "../../support/core-fixtures.ts";
import type { MemorySession } from "../../support/memory-session.ts";

function remove(chat: MemorySession, fileId: string, who = CUSTOMER) {
  return chat.execute(who, { type: "DeleteFile", fileId });
}

function usedOf(chat: MemorySession) {
  if (chat.session === undefined) throw new Error("there is no session");
  return usage(chat.session);
}

describe("a deleted file", () => {
  test("is announced as deleted, recorded in the audit, and its object goes", async () => {
    const chat = openChat();
    const one = upload(chat);
    const event = accepted(remove(chat, one.fileId));
    expect(event).toMatchObject({ type: "FileDeleted", fileId: one.fileId, from: { participantId: 1 } });
    expect(chat.audit()).toMatchObject([{ action: "file-deleted", participantId: 1, fileId: one.fileId }]);
    await chat.alarm();
    expect(stateOf(chat, one)).toBe("purged");
    expect(chat.world.store.entries.size).toBe(0);
  });

  test("can no longer be fetched, before and after its object is gone", async () => {
    const chat = openChat();
    const { fileId } = upload(chat);
    accepted(remove(chat, fileId));
    const fetchIt = () => reasonOf(chat.execute(CUSTOMER, { type: "OpenDownload", fileId, method: "get" }));
    expect(fetchIt()).toBe("file-deleted");
    await chat.alarm();
    expect(fetchIt()).toBe("file-deleted");
  });

  test("cannot be deleted again", () => {
    const chat = openChat();
    const { fileId } = upload(chat);
    accepted(remove(chat, fileId));
    expect(reasonOf(remove(chat, fileId))).toBe("unknown-file");
  });

  test("keeps the download attempts that were taken of it", async () => {
    const chat = openChat();
    const { fileId } = upload(chat);
    accepted(chat.execute(CUSTOMER, { type: "OpenDownload", fileId, method: "get" }));
    accepted(remove(chat, fileId));
    await chat.alarm();
    expect(usedOf(chat).downloads).toBe(1);
  });

  test("is not removed from the store while the store is down, and goes later", async () => {
    const chat = openChat();
    const one = upload(chat);
    accepted(remove(chat, one.fileId));
    chat.world.store.down = true;
    await chat.alarm();
    expect(stateOf(chat, one)).toBe("deleted");
    chat.world.store.down = false;
    await chat.runUntil(chat.world.now + 10_000);
    expect(stateOf(chat, one)).toBe("purged");
  });
});

describe("the quota of a deleted file", () => {
  test("comes back where the service returns it", () => {
    const chat = openChat({ deleteFile: "return-quota", uploadMaxFiles: 1 });
    accepted(remove(chat, upload(chat).fileId));
    expect(usedOf(chat)).toMatchObject({ files: 0, bytes: 0 });
    expect(reasonOf(reserve(chat))).toBe("accepted");
  });

  test("stays used where the service keeps it, also after the object is gone", async () => {
    const chat = openChat({ deleteFile: "keep-quota", uploadMaxFiles: 1 });
    accepted(remove(chat, upload(chat).fileId));
    await chat.alarm();
    expect(usedOf(chat)).toMatchObject({ files: 1, bytes: 100 });
    expect(reasonOf(reserve(chat))).toBe("too-many-files");
  });

  test("is decided by the option at the moment of the delete", () => {
    const chat = openChat({ deleteFile: "keep-quota" });
    accepted(remove(chat, upload(chat).fileId));
    chat.changeOptions({ deleteFile: "return-quota" });
    accepted(remove(chat, upload(chat).fileId));
    expect(usedOf(chat)).toMatchObject({ files: 1 });
  });
});

describe("a delete is refused", () => {
  test("to customers where the service switched it off, and not to agents", () => {
    const chat = chatWithAnna({ deleteFile: "off" });
    expect(reasonOf(remove(chat, upload(chat).fileId))).toBe("delete-disabled");
    expect(reasonOf(remove(chat, upload(chat, {}, ANNA).fileId, ANNA))).toBe("accepted");
  });

  test("for somebody else's file, whoever asks", () => {
    const chat = chatWithAnna();
    accepted(chat.execute(BERT, { type: "JoinSession" }));
    const [mine, hers] = [upload(chat), upload(chat, {}, ANNA)];
    expect(reasonOf(remove(chat, mine.fileId, ANNA))).toBe("not-own-file");
    expect(reasonOf(remove(chat, hers.fileId))).toBe("not-own-file");
    expect(reasonOf(remove(chat, hers.fileId, BERT))).toBe("not-own-file");
  });

  test("for a file that is unknown or still on its way", () => {
    const chat = openChat();
    expect(reasonOf(remove(chat, "nothing"))).toBe("unknown-file");
    const reservation = accepted(reserve(chat));
    if (reservation.kind !== "reserved") throw new Error("nothing was reserved");
    chat.world.store.put(reservation.key, object(100));
    expect(reasonOf(remove(chat, reservation.fileId))).toBe("unknown-file");
  });
});
