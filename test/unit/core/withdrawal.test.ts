/** Files in which a later scan finds malware: gone for everybody, and only agents and the audit learn why. */
import { describe, expect, test } from "vitest";
import { usage } from "../../../src/core/quotas.ts";
import { chatWithAnna, eventTypes, phaseName, stateOf, upload } from "../../support/core-chat.ts";
import { ANNA, accepted, CUSTOMER, reasonOf, SYSTEM } from "../../support/core-fixtures.ts";
import type { MemorySession } from "../../support/memory-session.ts";

const signature = "Win.Test.EICAR_HDB-1";
const LIBRARY_KEY = "library/shop/bill";

function withdraw(chat: MemorySession, which: { fileId: string } | { libraryKey: string }) {
  return chat.execute(SYSTEM, { type: "WithdrawFile", signature, ...which });
}

/** Two messages with the same file of the library. */
function chatWithResponse(): MemorySession {
  const chat = chatWithAnna();
  const file = { documentId: "bill", name: "bill.pdf", extension: "pdf", key: LIBRARY_KEY, size: 10, sha256: "ab" };
  const response = { text: "your bill", files: [{ ...file, type: "application/pdf" }] };
  for (let sent = 0; sent < 2; sent += 1) accepted(chat.execute(ANNA, { type: "SendStandardResponse", response }));
  return chat;
}

describe("a withdrawn file", () => {
  test("is announced as deleted by the system, and its object goes with its share of the quota", async () => {
    const chat = chatWithAnna({ deleteFile: "keep-quota" });
    const one = upload(chat);
    expect(accepted(withdraw(chat, one))).toBe(1);
    const told = chat.events(one.position);
    expect(told[0]).toMatchObject({
      type: "FileDeleted",
      fileId: one.fileId,
      from: { type: "System" },
      visibility: "all",
    });
    expect(chat.session && usage(chat.session)).toEqual({ files: 0, bytes: 0, downloads: 0 });
    await chat.alarm();
    expect(stateOf(chat, one)).toBe("purged");
    expect(chat.world.store.entries.size).toBe(0);
  });

  test("is told to agents and the audit by the malware's name", () => {
    const chat = chatWithAnna();
    const one = upload(chat);
    accepted(withdraw(chat, one));
    const { fileId } = one;
    expect(chat.events(one.position)[1]).toMatchObject({
      type: "FileRejected",
      fileId,
      signature,
      visibility: "agents",
    });
    expect(chat.audit().at(-1)).toMatchObject({ action: "file-rejected", participantId: 1, fileId, signature });
  });

  test("can be fetched by nobody any more", () => {
    const chat = chatWithAnna();
    const { fileId } = upload(chat);
    accepted(withdraw(chat, { fileId }));
    for (const who of [CUSTOMER, ANNA])
      expect(reasonOf(chat.execute(who, { type: "OpenDownload", fileId, method: "get" }))).toBe("file-deleted");
  });

  test("goes once: a repeat changes nothing", () => {
    const chat = chatWithAnna();
    const one = upload(chat);
    accepted(withdraw(chat, one));
    const types = eventTypes(chat);
    expect(accepted(withdraw(chat, one))).toBe(0);
    expect(eventTypes(chat)).toEqual(types);
  });

  test("goes after the session has ended, too", () => {
    const chat = chatWithAnna();
    const one = upload(chat);
    accepted(chat.execute(CUSTOMER, { type: "EndSession" }));
    expect(phaseName(chat)).toBe("ended");
    expect(accepted(withdraw(chat, one))).toBe(1);
  });
});

describe("a file of the library", () => {
  test("is withdrawn wherever the session shows it, and its object is left to the library", async () => {
    const chat = chatWithResponse();
    chat.world.store.put(LIBRARY_KEY, { size: 10, sha256: "ab", contentType: "application/pdf", acceptable: true });
    expect(accepted(withdraw(chat, { libraryKey: LIBRARY_KEY }))).toBe(2);
    expect(eventTypes(chat).filter((type) => type === "FileDeleted")).toHaveLength(2);
    await chat.alarm();
    expect([...chat.world.store.entries.keys()]).toContain(LIBRARY_KEY);
  });

  test("is not listed with the session's own, nor withdrawn as one of them", () => {
    const chat = chatWithResponse();
    const own = upload(chat);
    const listed = accepted(chat.execute(SYSTEM, { type: "ListFiles" }));
    expect(listed).toEqual([{ fileId: own.fileId, key: own.key, size: 100 }]);
    const shown = chat.events().flatMap((event) => (event.type === "FileUploaded" ? [event.file.fileId] : []));
    expect(accepted(withdraw(chat, { fileId: shown[0] ?? "" }))).toBe(0);
  });
});

test("nobody but Satchel itself may withdraw or list", () => {
  const chat = chatWithAnna();
  const { fileId } = upload(chat);
  for (const who of [CUSTOMER, ANNA]) {
    expect(reasonOf(chat.execute(who, { type: "WithdrawFile", fileId, signature }))).toBe("bad-token");
    expect(reasonOf(chat.execute(who, { type: "ListFiles" }))).toBe("bad-token");
  }
});
