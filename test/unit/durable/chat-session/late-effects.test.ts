/** What an effect still does whose time ran out while it hung in a call, and whose call answers after all: nothing. */
import { describe, expect, it } from "vitest";
import { type EffectPorts, runEffect } from "../../../../durable/chat-session/effects.ts";
import type { Effect, EffectBody } from "../../../../src/core/outbox.ts";
import { openChat, release, reserved, stateOf, upload } from "../../../support/core-chat.ts";
import { accepted, CUSTOMER, DAY, HOUR, SECOND, SYSTEM } from "../../../support/core-fixtures.ts";
import { settled } from "../../../support/memory-effects.ts";
import type { MemorySession } from "../../../support/memory-session.ts";

type Seal = "sealed" | "occupied";

/** A chat with an upload on its way whose parts are open. */
function chatWithParts() {
  const chat = openChat({ retentionDays: 1 });
  const { documentId, attempt, key } = reserved(chat, { exact: false });
  const multipartId = chat.world.store.openParts(key);
  accepted(chat.execute(SYSTEM, { type: "AttachMultipart", documentId, attempt, multipartId }));
  return { chat, documentId, attempt, key };
}

/** One try over ports that write down each call; the one of number `hanging` does not answer until the time is over. */
async function tryOnce(
  chat: MemorySession,
  body: EffectBody,
  seals: readonly Seal[],
  hanging: number,
): Promise<string[]> {
  const calls: string[] = [];
  const { promise: hang, resolve: answer } = Promise.withResolvers<void>();
  const called = async <T>(name: string, value: T): Promise<T> => {
    if (calls.push(name) - 1 === hanging) await hang;
    return value;
  };
  const answers = [...seals];
  const pages = [{ keys: ["a"], cursor: "a" }, { keys: ["b"] }, { keys: ["a", "b"] }];
  const ports: EffectPorts = {
    session: () => chat.session,
    // What settles an upload is due when its lease has run out.
    now: () => chat.world.now + HOUR,
    documents: () => ({
      abort: () => called("abort", undefined),
      list: () => called("list", pages.shift() ?? { keys: [] }),
      remove: () => called("remove", undefined),
      seal: () => called("seal", answers.shift() ?? "sealed"),
    }),
    rescue: () => called("rescue", undefined),
    release: () => void calls.push("release"),
    sendTranscript: () => called("sendTranscript", { ok: true }),
    report: () => called("report", undefined),
    reportAssignment: () => called("reportAssignment", undefined),
    beginErasure: (objects) => {
      calls.push("beginErasure");
      return objects;
    },
    leaveLibrary: () => called("leaveLibrary", undefined),
    eraseEntry: () => called("eraseEntry", undefined),
    destroy: () => called("destroy", undefined),
  };
  let ring = () => {};
  const effect: Effect = { ...body, effectId: "e", attempts: 0, dueAt: 0 };
  const outcome = runEffect(effect, ports, (_milliseconds, late) => {
    ring = late;
    return () => {};
  });
  await settled();
  ring();
  answer();
  await outcome;
  await settled();
  return calls;
}

describe("an effect whose time is over", () => {
  const retire = (sealed: boolean) => (documentId: string) => ({ kind: "RetireObject", documentId, sealed }) as const;
  const settle = (documentId: string) => ({ kind: "SettleUpload", documentId }) as const;

  it.each<[string, (documentId: string) => EffectBody, Seal[], string[]]>([
    ["settling an upload that never arrived", settle, ["sealed"], ["abort", "seal", "release"]],
    ["settling one that arrived", settle, ["occupied"], ["abort", "seal", "rescue"]],
    ["emptying a key that nothing else can be put to", retire(false), [], ["abort", "remove"]],
    ["sealing a key", retire(true), ["sealed"], ["abort", "seal"]],
    ["sealing a key that is taken", retire(true), ["occupied", "sealed"], ["abort", "seal", "remove", "seal"]],
    ["forgetting an object", (documentId) => ({ kind: "ForgetObject", documentId }), [], ["remove"]],
    ["mailing", () => ({ kind: "SendTranscript", to: "a@example.com" }), [], ["sendTranscript"]],
    ["reporting", () => ({ kind: "ReportSession", version: 1 }), [], ["report"]],
    [
      "erasing",
      () => ({ kind: "EraseSession" }),
      [],
      ["abort", "list", "list", "beginErasure", "list", "remove", "list", "eraseEntry", "destroy"],
    ],
  ])("%s asks and changes nothing more, wherever it hung", async (_what, effect, seals, all) => {
    const { chat, documentId } = chatWithParts();
    expect(await tryOnce(chat, effect(documentId), seals, Number.POSITIVE_INFINITY)).toEqual(all);
    for (const [index, call] of all.entries()) {
      // These two are synchronous: they cannot hang.
      if (call === "release" || call === "beginErasure") continue;
      expect(await tryOnce(chat, effect(documentId), seals, index)).toEqual(all.slice(0, index + 1));
    }
  });

  it("leaves no tombstone in the place of a session that was erased meanwhile", async () => {
    const { chat, hanging } = await hangingRetirement();
    accepted(chat.execute(CUSTOMER, { type: "EndSession" }));
    await chat.runUntil(chat.world.now + 2 * DAY);
    expect(chat.session).toBeUndefined();
    expect(hanging.halted).toBe("answer");
    await chat.finishLateEffects();
    expect(chat.world.store.entries.size).toBe(0);
  });

  it("leaves no tombstone at a key that was forgotten meanwhile", async () => {
    const { chat, one } = await hangingRetirement();
    await chat.runUntil(chat.world.now + HOUR);
    expect(chat.world.store.entries.get(one.key)).toBe("tombstone");
    await chat.runUntil(chat.world.now + DAY);
    expect(stateOf(chat, one)).toBeUndefined();
    await chat.finishLateEffects();
    expect(chat.world.store.entries.size).toBe(0);
  });

  /** A cancelled upload's object was removed, but the answer of the store does not come within ten seconds. */
  async function hangingRetirement() {
    const chat = openChat({ retentionDays: 1, timeoutAlert: 10 * DAY, disconnectTimeout: 10 * DAY });
    const one = reserved(chat);
    chat.world.store.put(one.key, { size: 100, sha256: "ab", contentType: "application/pdf", acceptable: true });
    accepted(release(chat, one));
    await chat.beginAlarm();
    const pick = chat.running.findIndex(({ effect }) => effect.kind === "RetireObject");
    const hanging = chat.running[pick];
    if (hanging === undefined) throw new Error("nothing is to be retired");
    // The seal and its answer, then the removal.
    for (let step = 0; step < 3; step += 1) await chat.stepEffect(pick);
    expect(chat.world.store.entries.size).toBe(0);
    await chat.timeOutEffect(pick);
    await chat.finishEffects();
    expect([...(chat.session?.effects.values() ?? [])]).toContainEqual(
      expect.objectContaining({ kind: "RetireObject", attempts: 1, lastFailure: "timed-out" }),
    );
    return { chat, one, hanging };
  }
});

describe("a second try of settling an upload", () => {
  it("leaves the key alone where the upload was announced and deleted since the first", async () => {
    const { chat, documentId } = chatWithParts();
    const there = upload(chat);
    const settle = (id: string) => tryOnce(chat, { kind: "SettleUpload", documentId: id }, ["sealed"], -1);
    expect(await settle(documentId)).not.toEqual([]);
    expect(await settle(there.documentId)).toEqual([]);
    accepted(chat.execute(CUSTOMER, { type: "DeleteFile", fileId: there.fileId }));
    await chat.runUntil(chat.world.now + SECOND);
    expect(stateOf(chat, there)).toBe("purged");
    expect(await settle(there.documentId)).toEqual([]);
  });
});
