/** The way of an upload: reservation, lease, commit, repeats and every way out. */
import { describe, expect, test } from "vitest";
import { LEASE_MS, RETIRED_MS } from "../../../src/core/documents.ts";
import { usage } from "../../../src/core/quotas.ts";
import {
  chatWithAnna,
  commit,
  effectsOf,
  eventTypes,
  object,
  openChat,
  phaseOf,
  release,
  reserve,
  reserved,
  stateOf,
  upload,
} from "../../support/core-chat.ts";
import { ANNA, accepted, CUSTOMER, HOUR, reasonOf, SECOND, SYSTEM } from "../../support/core-fixtures.ts";
import type { MemorySession } from "../../support/memory-session.ts";

function usedOf(chat: MemorySession) {
  if (chat.session === undefined) throw new Error("there is no session");
  return usage(chat.session);
}

describe("a reservation", () => {
  test("holds the declared size under a key that only the server makes", () => {
    const chat = openChat();
    const reservation = reserved(chat, { size: 700 });
    expect(reservation).toMatchObject({ held: 700, attempt: 1 });
    expect(reservation.key).toBe(`2026-03-14/session-a/${reservation.documentId}`);
    expect(reservation.fileId).not.toBe(reservation.documentId);
    expect(usedOf(chat)).toMatchObject({ files: 1, bytes: 700 });
  });

  test("of no bytes is refused as an empty file", () => {
    expect(reasonOf(reserve(openChat(), { size: 0 }))).toBe("empty-file");
  });

  test("announces nothing by itself", () => {
    const chat = openChat();
    const before = chat.events().length;
    reserved(chat);
    expect(chat.events()).toHaveLength(before);
  });
});

describe("a lease", () => {
  test("lasts a minute from each renewal", () => {
    const chat = openChat();
    const one = reserved(chat);
    chat.world.now += LEASE_MS - 1;
    accepted(chat.execute(SYSTEM, { type: "RenewLease", ...one }));
    expect(stateOf(chat, one)).toBe("storing");
    chat.world.now += LEASE_MS - 1;
    expect(reasonOf(chat.execute(SYSTEM, { type: "RenewLease", ...one }))).toBe("accepted");
  });

  test("that ran out cannot be renewed, so that its worker aborts", () => {
    const chat = openChat();
    const one = reserved(chat);
    chat.world.now += LEASE_MS;
    expect(reasonOf(chat.execute(SYSTEM, { type: "RenewLease", ...one }))).toBe("upload-expired");
    expect(reasonOf(chat.execute(SYSTEM, { type: "AttachMultipart", ...one, multipartId: "m" }))).toBe(
      "upload-expired",
    );
  });

  test("of an upload nobody knows is refused", () => {
    const nobody = { documentId: "nobody", attempt: 1 };
    expect(reasonOf(openChat().execute(SYSTEM, { type: "RenewLease", ...nobody }))).toBe("unknown-upload");
    expect(reasonOf(commit(openChat(), nobody))).toBe("unknown-upload");
    expect(reasonOf(release(openChat(), nobody))).toBe("unknown-upload");
  });

  test("lasts as long as it would have while the session closes, and no longer", () => {
    const chat = openChat();
    const one = reserved(chat);
    accepted(chat.execute(CUSTOMER, { type: "EndSession" }));
    const before = phaseOf(chat, one);
    chat.world.now += LEASE_MS - 1;
    accepted(chat.execute(SYSTEM, { type: "RenewLease", ...one }));
    expect(phaseOf(chat, one)).toEqual(before);
    chat.world.now += 1;
    expect(reasonOf(chat.execute(SYSTEM, { type: "RenewLease", ...one }))).toBe("upload-expired");
  });
});

describe("a commit", () => {
  test("settles the quota with the true size and announces the file", () => {
    const chat = openChat();
    const one = reserved(chat, { size: 900, exact: false });
    const { file, position } = accepted(commit(chat, one, 250));
    expect(file).toEqual({
      fileId: one.fileId,
      name: "a.pdf",
      size: 250,
      type: "application/pdf",
      sha256: "sha-of-250",
    });
    expect(chat.events(position - 1)).toMatchObject([{ type: "FileUploaded", file, from: { participantId: 1 } }]);
    expect(usedOf(chat)).toMatchObject({ files: 1, bytes: 250 });
  });

  test("that is repeated gets the same answer and announces once", () => {
    const chat = openChat();
    const one = reserved(chat);
    const first = accepted(commit(chat, one));
    expect(accepted(commit(chat, one))).toEqual(first);
    expect(eventTypes(chat).filter((type) => type === "FileUploaded")).toHaveLength(1);
  });

  test("after the lease ran out but before it was settled still counts", () => {
    const chat = openChat();
    const one = reserved(chat);
    chat.world.now += LEASE_MS + SECOND;
    expect(reasonOf(commit(chat, one))).toBe("accepted");
  });

  test("after the tombstone won is refused", async () => {
    const chat = openChat();
    const one = reserved(chat);
    chat.world.now += LEASE_MS;
    await chat.alarm();
    expect(chat.world.store.put(one.key, object(100))).toBe("sealed");
    expect(reasonOf(commit(chat, one))).toBe("upload-expired");
    expect(usedOf(chat)).toMatchObject({ files: 0, bytes: 0 });
  });

  test.each([
    ["more bytes than were held", 101, "file-too-large"],
    ["no bytes", 0, "empty-file"],
  ] as const)("of %s is refused, gives the quota back and removes the object", async (_what, size, reason) => {
    const chat = openChat();
    const one = reserved(chat, { size: 100 });
    chat.world.store.put(one.key, object(size));
    expect(reasonOf(commit(chat, one, size))).toBe(reason);
    expect(stateOf(chat, one)).toBe("rejected");
    expect(usedOf(chat)).toMatchObject({ files: 0, bytes: 0 });
    await chat.alarm();
    expect(chat.world.store.entries.size).toBe(0);
  });

  test("names an agent who has left meanwhile as the sender", () => {
    const chat = chatWithAnna();
    const one = reserved(chat, {}, ANNA);
    accepted(chat.execute(ANNA, { type: "LeaveSession" }));
    const { position } = accepted(commit(chat, one));
    expect(chat.events(position - 1)).toMatchObject([{ from: { participantId: 2, type: "Agent" } }]);
  });
});

describe("the same upload again", () => {
  const wish = { uploadKey: "key-1" };

  test("while the first still stores takes it over: next attempt, new key, same file and quota", () => {
    const chat = openChat();
    const first = reserved(chat, wish);
    const second = reserved(chat, wish);
    expect(second).toMatchObject({ attempt: 2, fileId: first.fileId, held: first.held });
    expect(second.key).not.toBe(first.key);
    expect(usedOf(chat)).toMatchObject({ files: 1, bytes: 100 });
  });

  test("makes the old attempt worthless", () => {
    const chat = openChat();
    const first = reserved(chat, wish);
    reserved(chat, wish);
    expect(reasonOf(commit(chat, first))).toBe("upload-superseded");
    expect(reasonOf(chat.execute(SYSTEM, { type: "RenewLease", ...first }))).toBe("upload-superseded");
    expect(usedOf(chat).bytes).toBe(100);
  });

  test("seals the old attempt's key, so that its put cannot land late", async () => {
    const chat = openChat();
    const first = reserved(chat, wish);
    const second = reserved(chat, wish);
    await chat.alarm();
    expect(chat.world.store.put(first.key, object(100))).toBe("sealed");
    expect(chat.world.store.put(second.key, object(100))).toBe("stored");
    expect(reasonOf(commit(chat, second))).toBe("accepted");
  });

  test("does not let the old attempt's release touch the new one", () => {
    const chat = openChat();
    const first = reserved(chat, wish);
    const second = reserved(chat, wish);
    expect(reasonOf(release(chat, first))).toBe("accepted");
    expect(stateOf(chat, second)).toBe("reserved");
    expect(reasonOf(release(chat, { ...second, attempt: 1 }))).toBe("unknown-upload");
    expect(stateOf(chat, second)).toBe("reserved");
  });

  test("takes over an upload whose lease ran out, without asking for quota again", () => {
    const chat = openChat({ uploadMaxFiles: 1 });
    reserved(chat, wish);
    chat.world.now += LEASE_MS + SECOND;
    expect(reserved(chat, wish).attempt).toBe(2);
  });

  test("after success gets the first answer and stores nothing", () => {
    const chat = openChat();
    const first = upload(chat, wish);
    const rows = chat.rows.log.length;
    expect(accepted(reserve(chat, wish))).toEqual({ kind: "repeated", file: first.file, position: first.position });
    expect(chat.rows.log).toHaveLength(rows);
  });

  test.each([
    ["name", { name: "b.pdf" }],
    ["size", { size: 101 }],
    ["size", { exact: false }],
  ])("with another %s is refused, before and after success", (field, change) => {
    const chat = openChat();
    const first = reserved(chat, wish);
    const refused = { ok: false, refusal: { reason: "idempotency-key-reused", field } };
    expect(reserve(chat, { ...wish, ...change })).toEqual(refused);
    accepted(commit(chat, first));
    expect(reserve(chat, { ...wish, ...change })).toEqual(refused);
  });

  test.each([
    ["released", false],
    ["rejected", true],
  ])("after it was %s begins anew: only success is remembered", (_state, rejected) => {
    const chat = openChat();
    const first = reserved(chat, wish);
    accepted(release(chat, first, "unknown", rejected));
    const again = reserved(chat, { ...wish, name: "b.pdf" });
    expect(again).toMatchObject({ attempt: 1 });
    expect(again.fileId).not.toBe(first.fileId);
  });

  test("of another participant is another upload", () => {
    const chat = chatWithAnna();
    const mine = reserved(chat, wish);
    const hers = reserved(chat, wish, ANNA);
    expect(hers).toMatchObject({ attempt: 1 });
    expect(hers.fileId).not.toBe(mine.fileId);
  });

  test("aborts the multipart upload of the old attempt and does not hand it on", async () => {
    const chat = openChat();
    const first = reserved(chat, wish);
    const multipartId = chat.world.store.openParts(first.key);
    accepted(chat.execute(SYSTEM, { type: "AttachMultipart", ...first, multipartId }));
    const second = reserved(chat, wish);
    expect(chat.session?.documents.get(second.documentId)).not.toHaveProperty("multipartId");
    await chat.alarm();
    expect(chat.world.store.complete(multipartId, object(100))).toBe("aborted");
  });
});

describe("a release", () => {
  test("gives the quota back and seals the key, for a put may still be in flight", async () => {
    const chat = openChat();
    const one = reserved(chat);
    accepted(release(chat, one));
    expect(phaseOf(chat, one)).toMatchObject({ state: "released", reason: "aborted" });
    expect(usedOf(chat)).toMatchObject({ files: 0, bytes: 0 });
    await chat.alarm();
    expect(chat.world.store.put(one.key, object(100))).toBe("sealed");
  });

  test("of an object that is there removes it and leaves no tombstone", async () => {
    const chat = openChat();
    const one = reserved(chat);
    chat.world.store.put(one.key, object(100));
    accepted(release(chat, one, "stored", true));
    await chat.alarm();
    expect(stateOf(chat, one)).toBe("rejected");
    expect(chat.world.store.entries.size).toBe(0);
  });

  test("that is repeated, or comes after the commit, changes nothing", () => {
    const chat = openChat();
    const [given, kept] = [reserved(chat), upload(chat)];
    accepted(release(chat, given));
    const before = chat.session;
    expect(reasonOf(release(chat, given))).toBe("accepted");
    expect(reasonOf(release(chat, kept))).toBe("accepted");
    expect(chat.session).toBe(before);
  });

  test("keeps row and tombstone for a day, then looks once more and forgets both", async () => {
    const chat = openChat({ timeoutAlert: 48 * HOUR, disconnectTimeout: 48 * HOUR });
    const one = reserved(chat);
    accepted(release(chat, one));
    await chat.runUntil(chat.world.now + RETIRED_MS - 1);
    expect(chat.world.store.entries.get(one.key)).toBe("tombstone");
    await chat.runUntil(chat.world.now + 1);
    expect(stateOf(chat, one)).toBeUndefined();
    expect(chat.world.store.entries.size).toBe(0);
  });

  test("never forgets the row while its object is not retired, however long the store is down", async () => {
    const chat = openChat({ timeoutAlert: 72 * HOUR, disconnectTimeout: 72 * HOUR });
    const one = reserved(chat);
    accepted(release(chat, one));
    chat.world.store.down = true;
    await chat.runUntil(chat.world.now + RETIRED_MS - SECOND);
    chat.world.store.down = false;
    await chat.runUntil(chat.world.now + RETIRED_MS + 2 * HOUR);
    expect(stateOf(chat, one)).toBeUndefined();
    expect(chat.world.store.entries.size).toBe(0);
  });

  test("is settled in the right order when the alarm is a day late", async () => {
    const chat = openChat({ timeoutAlert: 72 * HOUR, disconnectTimeout: 72 * HOUR });
    const one = reserved(chat);
    accepted(release(chat, one));
    chat.world.now += RETIRED_MS + HOUR;
    await chat.runUntil(chat.world.now + 25 * HOUR);
    expect(stateOf(chat, one)).toBeUndefined();
    expect(chat.world.store.entries.size).toBe(0);
  });
});

describe("an upload whose worker fell silent", () => {
  test("is released where its bytes never came", async () => {
    const chat = openChat();
    const one = reserved(chat);
    await chat.runUntil(chat.world.now + LEASE_MS);
    expect(phaseOf(chat, one)).toMatchObject({ state: "released", reason: "expired" });
    expect(chat.world.store.entries.get(one.key)).toBe("tombstone");
  });

  test("is announced where its bytes are there and good", async () => {
    const chat = openChat();
    const one = reserved(chat, { size: 400 });
    chat.world.store.put(one.key, object(380));
    await chat.runUntil(chat.world.now + LEASE_MS);
    expect(phaseOf(chat, one)).toMatchObject({ state: "available", size: 380 });
    expect(eventTypes(chat)).toContain("FileUploaded");
  });

  test("is rejected where its bytes are there and not what the name says", async () => {
    const chat = openChat();
    const one = reserved(chat);
    chat.world.store.put(one.key, object(100, false));
    await chat.runUntil(chat.world.now + LEASE_MS);
    expect(stateOf(chat, one)).toBe("rejected");
    expect(chat.world.store.entries.size).toBe(0);
  });

  test("waits as long as the store is down, and holds its quota meanwhile", async () => {
    const chat = openChat();
    const one = reserved(chat);
    chat.world.store.down = true;
    await chat.runUntil(chat.world.now + HOUR);
    expect(stateOf(chat, one)).toBe("reserved");
    expect(effectsOf(chat)).toEqual(["SettleUpload"]);
    chat.world.store.down = false;
    await chat.runUntil(chat.world.now + HOUR);
    expect(stateOf(chat, one)).toBe("released");
  });

  test("has its multipart upload aborted, so that it cannot complete over the tombstone", async () => {
    const chat = openChat();
    const one = reserved(chat);
    const multipartId = chat.world.store.openParts(one.key);
    accepted(chat.execute(SYSTEM, { type: "AttachMultipart", ...one, multipartId }));
    await chat.runUntil(chat.world.now + LEASE_MS);
    expect(chat.world.store.complete(multipartId, object(100))).toBe("aborted");
    expect(stateOf(chat, one)).toBe("released");
  });

  test("commits once when the worker and the rescue both do", async () => {
    const chat = openChat();
    const one = reserved(chat);
    chat.world.store.put(one.key, object(100));
    chat.world.now += LEASE_MS;
    await chat.beginAlarm();
    await chat.stepEffect(0);
    accepted(commit(chat, one));
    await chat.finishEffects();
    expect(eventTypes(chat).filter((type) => type === "FileUploaded")).toHaveLength(1);
  });
});

describe("cancelling", () => {
  const cancel = (chat: MemorySession, who = CUSTOMER) =>
    chat.execute(who, { type: "CancelUpload", uploadKey: "key-1" });

  test("an upload in flight gives its quota back and seals its key", async () => {
    const chat = openChat();
    const one = reserved(chat, { uploadKey: "key-1" });
    accepted(cancel(chat));
    await chat.alarm();
    expect(phaseOf(chat, one)).toMatchObject({ state: "released", reason: "cancelled" });
    expect(chat.world.store.put(one.key, object(100))).toBe("sealed");
    expect(reasonOf(commit(chat, one))).toBe("upload-expired");
  });

  test("an upload that is announced is refused", () => {
    const chat = openChat();
    upload(chat, { uploadKey: "key-1" });
    expect(reasonOf(cancel(chat))).toBe("upload-finished");
  });

  test("an unknown key, or another participant's, is refused", () => {
    const chat = chatWithAnna();
    expect(reasonOf(cancel(chat))).toBe("unknown-upload");
    reserved(chat, { uploadKey: "key-1" });
    expect(reasonOf(cancel(chat, ANNA))).toBe("unknown-upload");
  });
});
