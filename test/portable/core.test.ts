/** A whole chat decided on plain data: the core gives the same answers under Node and Deno as inside workerd. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fixtures from "../support/core-chat.ts";
import { ANNA, accepted, CUSTOMER, DAY, openCommand, reasonOf, SYSTEM } from "../support/core-fixtures.ts";

test("a chat is opened, served, talked in, ended and mailed once, and every event keeps its place", async () => {
  const chat = fixtures.openChat({ transcriptEmail: "always" }, { email: "ada@example.com" });
  accepted(chat.execute(ANNA, { type: "JoinSession" }));
  const hello = accepted(
    chat.execute(CUSTOMER, { type: "SendMessage", text: "Hello", clientId: "m1", visibility: "all" }),
  );
  const again = chat.execute(CUSTOMER, { type: "SendMessage", text: "Hello", clientId: "m1", visibility: "all" });
  assert.deepEqual(accepted(again), hello);
  fixtures.upload(chat, { size: 200 });
  accepted(chat.execute(ANNA, { type: "EndSession" }));
  await chat.runUntil(chat.world.now + DAY);
  assert.deepEqual(fixtures.eventTypes(chat), [
    "ParticipantJoined",
    "ParticipantJoined",
    "Message",
    "FileUploaded",
    "ParticipantLeft",
    "ParticipantLeft",
  ]);
  const positions = chat.events().map(({ position }) => position);
  assert.deepEqual(
    positions,
    [...new Set(positions)].sort((a, b) => a - b),
  );
  assert.deepEqual(chat.mails, ["ada@example.com"]);
});

test("the same commands on the same clock make the same rows, and the session is read back from them unchanged", () => {
  const play = () => {
    const chat = fixtures.chatWithAnna();
    fixtures.upload(chat);
    accepted(chat.execute(ANNA, { type: "SendMessage", text: "Thank you", visibility: "all" }));
    return chat;
  };
  const [one, other] = [play(), play()];
  assert.deepEqual(one.rows.log, other.rows.log);
  const before = one.session;
  one.evict();
  // How fast somebody goes on is counted in memory alone.
  assert.deepEqual(one.session, { ...before, paces: {} });
});

test("quota is held before a byte is stored, and the fourth file of three is refused", () => {
  const chat = fixtures.openChat();
  const first = fixtures.reserved(chat, { size: 1000 });
  fixtures.reserved(chat, { size: 900 });
  assert.equal(reasonOf(fixtures.reserve(chat, { size: 101 })), "total-too-large");
  fixtures.reserved(chat, { size: 100 });
  assert.equal(reasonOf(fixtures.reserve(chat, { size: 1 })), "too-many-files");
  accepted(fixtures.release(chat, first));
  assert.equal(reasonOf(fixtures.reserve(chat, { size: 1000 })), "accepted");
});

test("an upload that falls silent is settled by the alarm: rescued where its object is there, released where not", async () => {
  const chat = fixtures.openChat();
  const [stored, lost] = [fixtures.reserved(chat), fixtures.reserved(chat)];
  chat.world.store.put(stored.key, fixtures.object(100));
  await chat.runUntil(chat.world.now + 70_000);
  assert.deepEqual([fixtures.stateOf(chat, stored), fixtures.stateOf(chat, lost)], ["available", "released"]);
  assert.equal(fixtures.eventTypes(chat).filter((type) => type === "FileUploaded").length, 1);
});

test("a session that was never opened refuses everything but its opening, and after retention it is unknown again", async () => {
  const chat = fixtures.openChat({ retentionDays: 1 });
  fixtures.upload(chat);
  accepted(chat.execute(CUSTOMER, { type: "EndSession" }));
  await chat.runUntil(chat.world.now + 4 * DAY);
  assert.equal(chat.session, undefined);
  assert.deepEqual(chat.world.store.list(""), []);
  assert.equal(reasonOf(chat.execute(ANNA, { type: "JoinSession" })), "unknown-session");
  assert.equal(reasonOf(chat.execute(SYSTEM, openCommand())), "accepted");
});
