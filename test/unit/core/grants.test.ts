/** Uploads that an agent grants beyond the service's limits: for this customer, in this session, and no further. */
import { describe, expect, test } from "vitest";
import { limitsOf } from "../../../src/core/quotas.ts";
import { MAX_GRANTED_BYTES, MAX_GRANTED_FILES } from "../../../src/protocol/wire.ts";
import { chatWithAnna, held, openChat, reserve, upload } from "../../support/core-chat.ts";
import { ANNA, accepted, agent, BERT, CUSTOMER, reasonOf } from "../../support/core-fixtures.ts";
import type { MemorySession } from "../../support/memory-session.ts";

const grant = (chat: MemorySession, files: number, bytes: number, clientId?: string, who = ANNA) =>
  chat.execute(who, { type: "GrantUploads", files, bytes, ...(clientId === undefined ? {} : { clientId }) });

const limits = (chat: MemorySession) => {
  if (chat.session === undefined) throw new Error("no session");
  const { uploadMaxFiles, uploadMaxFileSize, uploadMaxTotalSize } = limitsOf(chat.session);
  return [uploadMaxFiles, uploadMaxFileSize, uploadMaxTotalSize];
};

describe("a grant", () => {
  test("adds to number and total, leaves the size of one file, and is told to everybody", () => {
    const chat = chatWithAnna();
    expect(accepted(grant(chat, 2, 500))).toMatchObject({
      type: "UploadsGranted",
      files: 2,
      bytes: 500,
      visibility: "all",
    });
    expect(limits(chat)).toEqual([5, 1000, 2500]);
    accepted(grant(chat, 1, 0));
    expect(limits(chat)).toEqual([6, 1000, 2500]);
    chat.evict();
    expect(limits(chat)).toEqual([6, 1000, 2500]);
  });

  test("lets exactly the granted files in once the service's own are used up", () => {
    const chat = chatWithAnna({ uploadMaxFiles: 1 });
    upload(chat);
    expect(reasonOf(reserve(chat))).toBe("too-many-files");
    accepted(grant(chat, 1, 0));
    upload(chat);
    expect(reserve(chat)).toMatchObject({ refusal: { reason: "too-many-files", limit: 2 } });
  });

  test("lets the granted bytes in, and tells what is left of the raised total", () => {
    const chat = chatWithAnna({ uploadMaxTotalSize: 1000 });
    upload(chat, { size: 1000 });
    accepted(grant(chat, 0, 300));
    expect(reserve(chat, { size: 301 })).toMatchObject({
      refusal: { reason: "total-too-large", limit: 1300, left: 300 },
    });
    upload(chat, { size: 300 });
  });

  test("follows options that change later", () => {
    const chat = chatWithAnna();
    accepted(grant(chat, 2, 500));
    chat.changeOptions({ uploadMaxFiles: 10 });
    expect(limits(chat)).toEqual([12, 1000, 2500]);
  });

  test("is of this session alone", () => {
    const chat = chatWithAnna();
    accepted(grant(chat, 2, 500));
    expect(limits(openChat({}, { sessionId: "session-b" }, chat.world))).toEqual([3, 1000, 2000]);
  });

  test("with the same clientId again gives the same event and adds nothing", () => {
    const chat = chatWithAnna();
    const first = accepted(grant(chat, 1, 100, "g-1"));
    expect(accepted(grant(chat, 1, 100, "g-1"))).toEqual(first);
    expect(limits(chat)).toEqual([4, 1000, 2100]);
  });

  test("has a bound over the whole session, named by its field", () => {
    const chat = chatWithAnna();
    accepted(grant(chat, MAX_GRANTED_FILES, MAX_GRANTED_BYTES));
    expect(grant(chat, 1, 0)).toMatchObject({ refusal: { fields: [{ field: "files" }] } });
    expect(grant(chat, 0, 1)).toMatchObject({ refusal: { fields: [{ field: "bytes" }] } });
    expect(grant(chat, 0, 0)).toMatchObject({ refusal: { fields: [{ field: "files" }] } });
  });

  test("is for agents in the session: not for customers, strangers, or a silent supervisor", () => {
    const chat = chatWithAnna();
    expect(reasonOf(chat.execute(CUSTOMER, { type: "GrantUploads", files: 1, bytes: 1 }))).toBe("bad-token");
    expect(reasonOf(grant(chat, 1, 1, undefined, BERT))).toBe("not-joined");
    const boss = agent("boss", ["chat:take", "chat:supervise"]);
    accepted(chat.execute(boss, { type: "JoinSession", mode: "silent" }));
    expect(grant(chat, 1, 1, undefined, boss)).toMatchObject({ refusal: { fields: [{ field: "mode" }] } });
    accepted(chat.execute(boss, { type: "JoinSession", mode: "supervise" }));
    accepted(grant(chat, 1, 1, undefined, boss));
  });
});

describe("where the service takes no files", () => {
  const DISABLED = { uploadMaxFiles: 0, uploadMaxFileSize: 1000, uploadMaxTotalSize: 2000 };

  test("a grant opens exactly what was granted, each file within the granted bytes", () => {
    const chat = chatWithAnna(DISABLED);
    expect(reasonOf(reserve(chat))).toBe("uploads-disabled");
    accepted(grant(chat, 1, 1500));
    expect(limits(chat)).toEqual([1, 1500, 1500]);
    expect(reserve(chat, { size: 1501 })).toMatchObject({ refusal: { reason: "file-too-large", limit: 1500 } });
    upload(chat, { size: 1500 });
    expect(reasonOf(reserve(chat))).toBe("too-many-files");
  });

  test("no file is larger than an agent's may be", () => {
    const chat = chatWithAnna(DISABLED);
    accepted(grant(chat, 2, 100_000));
    expect(limits(chat)).toEqual([2, 5000, 100_000]);
  });

  test("files without bytes open nothing, and a Genesys upload waits within what was granted", () => {
    const chat = chatWithAnna(DISABLED);
    accepted(grant(chat, 1, 0));
    expect(reasonOf(reserve(chat))).toBe("uploads-disabled");
    accepted(grant(chat, 0, 700));
    expect(held(chat).held).toBe(700);
  });
});
