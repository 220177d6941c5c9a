/** Bytes that arrive before anybody has said who sends them (Genesys widgets): held, claimed or deleted. */
import { describe, expect, test } from "vitest";
import { LEASE_MS } from "../../../src/core/documents.ts";
import { usage } from "../../../src/core/quotas.ts";
import {
  chatWithAnna,
  claim,
  commit,
  held,
  object,
  openChat,
  phaseName,
  release,
  reserved,
  stateOf,
  upload,
} from "../../support/core-chat.ts";
import { ANNA, accepted, CUSTOMER, HOUR, reasonOf, SYSTEM } from "../../support/core-fixtures.ts";
import type { MemorySession } from "../../support/memory-session.ts";

function hold(chat: MemorySession, extension = "pdf") {
  return chat.execute(SYSTEM, { type: "HoldUpload", name: `a.${extension}`, extension });
}

describe("a held upload", () => {
  test("takes no quota and may be as large as file limit and remaining total allow", () => {
    const chat = openChat();
    upload(chat, { size: 900 });
    upload(chat, { size: 800 });
    const one = held(chat);
    expect(one.held).toBe(300);
    expect(chat.session && usage(chat.session)).toMatchObject({ files: 2, bytes: 1700 });
  });

  test("has at most one other beside it", () => {
    const chat = openChat();
    held(chat);
    const second = held(chat);
    expect(hold(chat)).toEqual({ ok: false, refusal: { reason: "too-many-pending", limit: 2 } });
    accepted(release(chat, second));
    expect(reasonOf(hold(chat))).toBe("accepted");
  });

  test.each([
    ["uploads are switched off", { uploadMaxFileSize: 0 }, "uploads-disabled"],
    ["an agent must be there first", { uploadNeedAgent: true }, "agent-needed"],
    ["the type is not allowed", { uploadFileTypes: ["txt"] }, "type-not-allowed"],
  ] as const)("is refused where %s", (_why, options, reason) => {
    expect(reasonOf(hold(openChat(options)))).toBe(reason);
  });

  test("is refused where nothing is left to upload", () => {
    const files = openChat({ uploadMaxFiles: 1 });
    upload(files);
    expect(reasonOf(hold(files))).toBe("too-many-files");
    const bytes = openChat({ uploadMaxTotalSize: 100 });
    upload(bytes);
    expect(reasonOf(hold(bytes))).toBe("total-too-large");
  });

  test("cannot be committed without its sender", () => {
    const chat = openChat();
    const one = held(chat);
    expect(reasonOf(commit(chat, one))).toBe("unknown-upload");
    expect(stateOf(chat, one)).toBe("pending");
  });

  test("keeps its lease while bytes move", async () => {
    const chat = openChat();
    const one = held(chat);
    chat.world.now += LEASE_MS - 1;
    accepted(chat.execute(SYSTEM, { type: "RenewLease", ...one }));
    chat.world.now += LEASE_MS - 1;
    await chat.alarm();
    expect(stateOf(chat, one)).toBe("pending");
  });

  test.each([
    ["never came", false],
    ["are all there", true],
  ])("whose credentials never came is always deleted, also where its bytes %s", async (_what, there) => {
    const chat = openChat({ disconnectTimeout: HOUR });
    const one = held(chat);
    if (there) chat.world.store.put(one.key, object(100));
    await chat.runUntil(chat.world.now + LEASE_MS);
    expect(stateOf(chat, one)).toBe("released");
    expect(chat.world.store.entries.get(one.key)).toBe("tombstone");
    expect(reasonOf(claim(chat, one))).toBe("upload-expired");
  });
});

describe("claiming", () => {
  test("reserves and announces in one step, in the customer's name", () => {
    const chat = openChat();
    const one = held(chat);
    const { file, position } = accepted(claim(chat, one, 300));
    expect(chat.events(position - 1)).toMatchObject([{ type: "FileUploaded", file, from: { participantId: 1 } }]);
    expect(chat.session && usage(chat.session)).toMatchObject({ files: 1, bytes: 300 });
    expect(accepted(commit(chat, one, 300))).toEqual({ file, position });
  });

  test("is refused when the limits went while the bytes arrived", () => {
    const files = openChat({ uploadMaxFiles: 1 });
    const one = held(files);
    upload(files);
    expect(reasonOf(claim(files, one))).toBe("too-many-files");
    expect(stateOf(files, one)).toBe("pending");

    const bytes = openChat({ uploadMaxTotalSize: 300 });
    const other = held(bytes);
    upload(bytes, { size: 250 });
    expect(reasonOf(claim(bytes, other, 51))).toBe("total-too-large");
    expect(reasonOf(claim(bytes, other, 50))).toBe("accepted");
  });

  test.each([
    ["empty", 0, "empty-file"],
    ["larger than a file may be", 1001, "file-too-large"],
  ] as const)("what is %s is refused", (_what, size, reason) => {
    const chat = openChat();
    expect(reasonOf(claim(chat, held(chat), size))).toBe(reason);
  });

  test("is only for the customer, and only for what is held", () => {
    const chat = chatWithAnna();
    expect(reasonOf(claim(chat, held(chat), 100, ANNA))).toBe("bad-token");
    expect(reasonOf(claim(chat, reserved(chat)))).toBe("upload-finished");
    expect(reasonOf(claim(chat, { documentId: "nobody", attempt: 1 }))).toBe("unknown-upload");
  });

  test("works while the session closes, and lets it end", () => {
    const chat = openChat();
    const one = held(chat);
    accepted(chat.execute(CUSTOMER, { type: "EndSession" }));
    expect(phaseName(chat)).toBe("closing");
    accepted(claim(chat, one));
    expect(phaseName(chat)).toBe("ended");
  });
});
