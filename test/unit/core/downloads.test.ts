/** Downloads: who may fetch, which part, and what takes one of the session's attempts. */
import { describe, expect, test } from "vitest";
import { type DownloadRequest, FREE_REPEAT_MS } from "../../../src/core/downloads.ts";
import { usage } from "../../../src/core/quotas.ts";
import { chatWithAnna, openChat, reserved, upload } from "../../support/core-chat.ts";
import { ANNA, accepted, BERT, CUSTOMER, reasonOf, SECOND, SYSTEM } from "../../support/core-fixtures.ts";
import type { MemorySession } from "../../support/memory-session.ts";

type Wish = Partial<Omit<DownloadRequest, "type" | "fileId">>;
const ETAG = '"sha-of-100"';

function open(chat: MemorySession, fileId: string, wish: Wish = {}, who = CUSTOMER) {
  return chat.execute(who, { type: "OpenDownload", fileId, method: "get", ...wish });
}

function attempts(chat: MemorySession): number {
  return chat.session === undefined ? 0 : usage(chat.session).downloads;
}

function chatWithFile(options = {}) {
  const chat = chatWithAnna(options);
  return { chat, ...upload(chat) };
}

describe("a download", () => {
  test("tells the edge where the bytes are and how to describe them", () => {
    const { chat, fileId, key } = chatWithFile();
    expect(accepted(open(chat, fileId))).toEqual({
      status: 200,
      key,
      name: "a.pdf",
      contentType: "application/pdf",
      etag: ETAG,
      size: 100,
      offset: 0,
      length: 100,
      countedAt: chat.world.now,
    });
  });

  test("of a file nobody announced, or that is still on its way, is refused", () => {
    const chat = openChat();
    expect(reasonOf(open(chat, "nothing"))).toBe("unknown-file");
    expect(reasonOf(open(chat, reserved(chat).fileId))).toBe("unknown-file");
  });

  test("by the internal id of a document is refused", () => {
    const { chat, documentId } = chatWithFile();
    expect(reasonOf(open(chat, documentId))).toBe("unknown-file");
  });

  test("by an agent who is not in the session is refused", () => {
    const { chat, fileId } = chatWithFile();
    expect(reasonOf(open(chat, fileId, {}, BERT))).toBe("not-joined");
  });

  test("still works after the end, for the customer and for the agent who was there", () => {
    const { chat, fileId } = chatWithFile();
    accepted(chat.execute(BERT, { type: "JoinSession" }));
    accepted(chat.execute(BERT, { type: "LeaveSession" }));
    chat.world.now += SECOND;
    accepted(chat.execute(CUSTOMER, { type: "EndSession" }));
    expect(reasonOf(open(chat, fileId))).toBe("accepted");
    expect(reasonOf(open(chat, fileId, {}, ANNA))).toBe("accepted");
    expect(reasonOf(open(chat, fileId, {}, BERT))).toBe("not-joined");
  });
});

describe("ranges (RFC 9110 section 14)", () => {
  test.each([
    ["bytes=0-9", 206, 0, 10],
    ["bytes=90-", 206, 90, 10],
    ["bytes=99-99", 206, 99, 1],
    ["bytes=50-5000", 206, 50, 50],
    ["bytes=0-", 206, 0, 100],
    ["bytes=-10", 206, 90, 10],
    ["bytes=-5000", 206, 0, 100],
    [" bytes=0-0 ", 206, 0, 1],
    ["bytes=9-0", 200, 0, 100],
    ["bytes=0-1,5-6", 200, 0, 100],
    ["bytes=-", 200, 0, 100],
    ["bytes=", 200, 0, 100],
    ["bytes=a-b", 200, 0, 100],
    ["bytes=0x1-2", 200, 0, 100],
    ["bytes=1.5-2", 200, 0, 100],
    ["bytes=--1", 200, 0, 100],
    ["lines=0-9", 200, 0, 100],
    ["bytes=99999999999999999999-", 200, 0, 100],
    ["", 200, 0, 100],
  ])("%s answers %i from %i, %i bytes", (range, status, offset, length) => {
    const { chat, fileId } = chatWithFile();
    expect(accepted(open(chat, fileId, { range }))).toMatchObject({ status, offset, length, size: 100 });
  });

  test.each(["bytes=100-", "bytes=100-200", "bytes=-0"])("%s is refused and takes no attempt", (range) => {
    const { chat, fileId } = chatWithFile();
    expect(open(chat, fileId, { range })).toEqual({
      ok: false,
      refusal: { reason: "range-not-satisfiable", size: 100 },
    });
    expect(attempts(chat)).toBe(0);
  });

  test.each([
    ["the same tag", ETAG, 206],
    ["another tag", '"other"', 200],
    ["a weak tag, which never matches strongly", `W/${ETAG}`, 200],
    ["a date", "Sat, 14 Mar 2026 09:00:00 GMT", 200],
  ])("If-Range with %s answers %s", (_what, ifRange, status) => {
    const { chat, fileId } = chatWithFile();
    expect(accepted(open(chat, fileId, { range: "bytes=0-9", ifRange })).status).toBe(status);
  });

  test.each(["bytes=0-9", "bytes=500-"])("%s means nothing to HEAD (section 14.2)", (range) => {
    const { chat, fileId } = chatWithFile();
    expect(accepted(open(chat, fileId, { range, method: "head" }))).toMatchObject({ status: 200, length: 100 });
  });
});

describe("If-None-Match (RFC 9110 section 13.1.2)", () => {
  test.each([ETAG, `W/${ETAG}`, "*", `"other", ${ETAG}`])("%s answers 304 and takes no attempt", (ifNoneMatch) => {
    const { chat, fileId } = chatWithFile();
    const answer = accepted(open(chat, fileId, { ifNoneMatch, range: "bytes=500-" }));
    expect(answer).toMatchObject({ status: 304, etag: ETAG, length: 0 });
    expect(answer).not.toHaveProperty("countedAt");
    expect(attempts(chat)).toBe(0);
  });

  test.each(['"other"', "sha-of-100", ""])("%s answers the file", (ifNoneMatch) => {
    const { chat, fileId } = chatWithFile();
    expect(accepted(open(chat, fileId, { ifNoneMatch })).status).toBe(200);
  });
});

describe("download attempts", () => {
  test("may be taken up to the limit of the session, over all its files", () => {
    const { chat, fileId } = chatWithFile({ downloadAttempts: 2 });
    const other = upload(chat);
    accepted(open(chat, fileId));
    accepted(open(chat, other.fileId));
    chat.world.now += FREE_REPEAT_MS;
    expect(open(chat, fileId)).toEqual({ ok: false, refusal: { reason: "no-downloads-left", limit: 2 } });
    expect(attempts(chat)).toBe(2);
  });

  test("are none where the limit is 0", () => {
    const { chat, fileId } = chatWithFile({ downloadAttempts: 0 });
    expect(reasonOf(open(chat, fileId))).toBe("no-downloads-left");
    expect(reasonOf(open(chat, fileId, { method: "head" }))).toBe("accepted");
  });

  test("are not taken by repeats within ten seconds of the counted request, however many", () => {
    const { chat, fileId } = chatWithFile({ downloadAttempts: 1 });
    accepted(open(chat, fileId));
    chat.world.now += FREE_REPEAT_MS - SECOND;
    expect(accepted(open(chat, fileId))).not.toHaveProperty("countedAt");
    chat.world.now += SECOND - 1;
    expect(reasonOf(open(chat, fileId, { range: "bytes=5-" }))).toBe("accepted");
    chat.world.now += 1;
    expect(reasonOf(open(chat, fileId))).toBe("no-downloads-left");
  });

  test("are not given away by a clock that went back", () => {
    const { chat, fileId } = chatWithFile();
    accepted(open(chat, fileId));
    chat.world.now -= 5 * SECOND;
    accepted(open(chat, fileId));
    expect(attempts(chat)).toBe(2);
  });

  test.each(["head", "ticketed"] as const)("are not taken by %s", (method) => {
    const { chat, fileId } = chatWithFile();
    accepted(open(chat, fileId, { method }));
    expect(attempts(chat)).toBe(0);
  });

  test("are taken by a ticket, whose download then takes none", () => {
    const { chat, fileId } = chatWithFile({ downloadAttempts: 1 });
    expect(accepted(chat.execute(CUSTOMER, { type: "TakeTicket", fileId }))).toEqual({ name: "a.pdf" });
    chat.world.now += FREE_REPEAT_MS;
    expect(reasonOf(open(chat, fileId, { method: "ticketed" }))).toBe("accepted");
    expect(reasonOf(chat.execute(CUSTOMER, { type: "TakeTicket", fileId }))).toBe("no-downloads-left");
  });

  test("are not taken by agents, whose every download is audited", () => {
    const { chat, fileId } = chatWithFile({ downloadAttempts: 0 });
    accepted(open(chat, fileId, {}, ANNA));
    accepted(open(chat, fileId, {}, ANNA));
    accepted(chat.execute(ANNA, { type: "TakeTicket", fileId }));
    expect(attempts(chat)).toBe(0);
    const downloads = chat.audit().filter(({ action }) => action === "file-downloaded");
    expect(downloads).toHaveLength(3);
    expect(downloads[0]).toMatchObject({ participantId: 2, agentId: "anna", fileId });
  });

  test("of the customer are audited once each", () => {
    const { chat, fileId } = chatWithFile();
    accepted(open(chat, fileId));
    accepted(open(chat, fileId));
    const downloads = chat.audit().filter(({ action }) => action === "file-downloaded");
    expect(downloads).toEqual([{ at: chat.world.now, participantId: 1, action: "file-downloaded", fileId }]);
  });
});

describe("an attempt whose store failed before the first byte", () => {
  const giveBack = (chat: MemorySession, fileId: string, countedAt: number) =>
    accepted(chat.execute(SYSTEM, { type: "ReturnDownload", fileId, countedAt }));

  test("comes back once", () => {
    const { chat, fileId } = chatWithFile();
    const { countedAt = 0 } = accepted(open(chat, fileId));
    giveBack(chat, fileId, countedAt);
    giveBack(chat, fileId, countedAt);
    expect(attempts(chat)).toBe(0);
    chat.world.now += SECOND;
    accepted(open(chat, fileId));
    expect(attempts(chat)).toBe(1);
  });

  test("does not take back one that was counted later", () => {
    const { chat, fileId } = chatWithFile();
    const { countedAt = 0 } = accepted(open(chat, fileId));
    chat.world.now += FREE_REPEAT_MS;
    accepted(open(chat, fileId));
    giveBack(chat, fileId, countedAt);
    expect(attempts(chat)).toBe(2);
  });

  test("of a file that is gone is nothing to give back", () => {
    const { chat, fileId } = chatWithFile();
    const { countedAt = 0 } = accepted(open(chat, fileId));
    accepted(chat.execute(CUSTOMER, { type: "DeleteFile", fileId }));
    giveBack(chat, fileId, countedAt);
    expect(attempts(chat)).toBe(1);
  });
});
