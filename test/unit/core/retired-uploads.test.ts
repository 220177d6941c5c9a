/** Uploads that come to nothing cost rows and calls of the store, and no quota: their number has a bound of its own. */
import { describe, expect, test } from "vitest";
import { MAX_RETIRED, RETIRED_MS } from "../../../src/core/documents.ts";
import type { ServiceOptions } from "../../../src/core/options.ts";
import { chatWithAnna, commit, openChat, release, reserve, reserved, upload } from "../../support/core-chat.ts";
import { ANNA, accepted, CUSTOMER, HOUR, reasonOf, SYSTEM } from "../../support/core-fixtures.ts";
import type { MemorySession } from "../../support/memory-session.ts";

const REFUSED = { ok: false, refusal: { reason: "too-many-uploads", limit: MAX_RETIRED } };
/** A session that lasts longer than the test. */
const PATIENT: Partial<ServiceOptions> = { timeoutAlert: 48 * HOUR, disconnectTimeout: 48 * HOUR };

function fail(chat: MemorySession, times: number): void {
  for (let count = 0; count < times; count += 1) accepted(release(chat, reserved(chat)));
}

describe("uploads that failed", () => {
  test("are borne up to a number, and the next is refused before it takes quota", () => {
    const chat = openChat();
    fail(chat, MAX_RETIRED);
    const rows = chat.session?.documents.size;
    expect(reserve(chat)).toEqual(REFUSED);
    expect(chat.session?.documents.size).toBe(rows);
  });

  test("of the customer stop no agent", () => {
    const chat = chatWithAnna();
    fail(chat, MAX_RETIRED);
    expect(reasonOf(reserve(chat, {}, ANNA))).toBe("accepted");
  });

  test("stop bytes that come before their credentials too", () => {
    const chat = openChat();
    fail(chat, MAX_RETIRED);
    expect(chat.execute(SYSTEM, { type: "HoldUpload", name: "a.pdf", extension: "pdf" })).toEqual(REFUSED);
  });

  test("count whether refused, deleted or taken over by a repeat", () => {
    const chat = openChat();
    fail(chat, MAX_RETIRED - 3);
    accepted(release(chat, reserved(chat), "sealed", true));
    const { fileId } = upload(chat);
    accepted(chat.execute(CUSTOMER, { type: "DeleteFile", fileId }));
    const first = reserved(chat, { uploadKey: "k" });
    const second = reserved(chat, { uploadKey: "k" });
    expect(second).toMatchObject({ fileId: first.fileId, attempt: 2 });
    expect(reserve(chat, { uploadKey: "k" })).toEqual(REFUSED);
    expect(reasonOf(commit(chat, second))).toBe("accepted");
  });

  test("are told of their success again, however many failed since", () => {
    const chat = openChat();
    const done = reserved(chat, { uploadKey: "k" });
    accepted(commit(chat, done));
    fail(chat, MAX_RETIRED);
    expect(reserve(chat, { uploadKey: "k" })).toMatchObject({ ok: true, value: { kind: "repeated" } });
  });

  test("are forgotten with their rows a day later", async () => {
    const chat = openChat(PATIENT);
    fail(chat, MAX_RETIRED);
    await chat.runUntil(chat.world.now + RETIRED_MS + 2 * HOUR);
    expect(reasonOf(reserve(chat))).toBe("accepted");
  });
});
