/** The policy of trying again: what is due, how long a failure waits, and when a mail is given up. */
import { describe, expect, test } from "vitest";
import type { Delivery } from "../../../durable/chat-session/effects.ts";
import {
  afterFailure,
  backoff,
  dueEffects,
  EFFECTS_PER_ALARM,
  type Effect,
  nextEffectAt,
} from "../../../src/core/outbox.ts";
import { effectsOf, openChat } from "../../support/core-chat.ts";
import {
  accepted,
  CUSTOMER,
  DAY,
  HOUR,
  MAIL_BUSY,
  MAIL_REFUSED,
  MINUTE,
  SECOND,
  START,
  SYSTEM,
} from "../../support/core-fixtures.ts";

const LATER = { outcome: "later", failure: "busy" } as const;
const FINAL = { outcome: "final", failure: "refused" } as const;

function mail(changes: Partial<Pick<Effect, "effectId" | "attempts" | "dueAt" | "parkedAt">> = {}): Effect {
  return { kind: "SendTranscript", to: "a@example.com", effectId: "e", attempts: 0, dueAt: START, ...changes };
}

describe("due effects", () => {
  test("are those whose time has come, oldest first", () => {
    const effects = [mail({ effectId: "b", dueAt: 20 }), mail({ effectId: "a", dueAt: 10 }), mail({ dueAt: 31 })];
    expect(dueEffects(effects, 30).map(({ effectId }) => effectId)).toEqual(["a", "b"]);
  });

  test("are at most so many in one alarm", () => {
    const effects = Array.from({ length: 9 }, (_, index) => mail({ effectId: `e${index}` }));
    expect(dueEffects(effects, START)).toHaveLength(EFFECTS_PER_ALARM);
  });

  test("are never parked ones, nor does the alarm ring for those", () => {
    const parked = mail({ parkedAt: 1 });
    expect(dueEffects([parked], START)).toEqual([]);
    expect(nextEffectAt([parked])).toBeUndefined();
    expect(nextEffectAt([parked, mail({ dueAt: 50 }), mail({ dueAt: 40 })])).toBe(40);
  });
});

describe("a failure", () => {
  test("of a mail waits longer each time, up to half a day, and then there is no next try", () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 8].map((attempts) => backoff("SendTranscript", attempts));
    expect(waits).toEqual([
      30 * SECOND,
      2 * MINUTE,
      10 * MINUTE,
      30 * MINUTE,
      2 * HOUR,
      6 * HOUR,
      12 * HOUR,
      undefined,
    ]);
  });

  test("of the store waits up to an hour and is never the last", () => {
    expect(backoff("RetireObject", 1)).toBe(2 * SECOND);
    expect(backoff("RetireObject", 7)).toBe(HOUR);
    expect(backoff("EraseSession", 1000)).toBe(HOUR);
  });

  test("keeps its code and counts the try", () => {
    expect(afterFailure(mail(), LATER, START)).toEqual({
      ...mail(),
      attempts: 1,
      lastFailure: "busy",
      dueAt: START + 30 * SECOND,
    });
  });

  test("that is final parks a mail at once, and nothing else", () => {
    expect(afterFailure(mail(), FINAL, START)).toMatchObject({ parkedAt: START });
    const retire: Effect = {
      kind: "RetireObject",
      documentId: "d",
      sealed: true,
      effectId: "e",
      attempts: 0,
      dueAt: 0,
    };
    expect(afterFailure(retire, FINAL, START)).not.toHaveProperty("parkedAt");
  });
});

describe("the transcript mail", () => {
  function endedChat(...answers: Delivery[]) {
    const chat = openChat({ transcriptEmail: "always" }, { email: "a@example.com" });
    chat.mailAnswers.push(...answers);
    accepted(chat.execute(CUSTOMER, { type: "EndSession" }));
    return chat;
  }

  test("leaves once, with the first try that works", async () => {
    const chat = endedChat(MAIL_BUSY, MAIL_BUSY);
    await chat.runUntil(chat.world.now + DAY);
    expect(chat.mails).toEqual(["a@example.com"]);
    expect(effectsOf(chat)).toEqual([]);
  });

  test("that failed to the last stays parked and is shown in the Directory", async () => {
    const chat = endedChat(...Array.from({ length: 8 }, () => MAIL_BUSY));
    await chat.runUntil(chat.world.now + 2 * DAY);
    expect(chat.mails).toEqual([]);
    expect(effectsOf(chat)).toEqual(["SendTranscript"]);
    expect(chat.reports).toEqual([2, 3]);
  });

  test("that was refused for good is parked after one try", async () => {
    const chat = endedChat(MAIL_REFUSED);
    await chat.runUntil(chat.world.now + DAY);
    expect([...(chat.session?.effects.values() ?? [])]).toMatchObject([{ attempts: 1, lastFailure: "refused" }]);
  });
});

describe("finishing an effect", () => {
  test("that is not there any more changes nothing", () => {
    const chat = openChat();
    const before = chat.session;
    accepted(chat.execute(SYSTEM, { type: "FinishEffect", effectId: "gone", outcome: LATER }));
    expect(chat.session).toBe(before);
  });

  test("does not let an older report outlive a newer one", async () => {
    const chat = openChat();
    await chat.beginAlarm();
    accepted(chat.execute(CUSTOMER, { type: "EndSession" }));
    await chat.finishEffects();
    await chat.alarm();
    expect(chat.reports).toEqual([1, 2]);
    expect(effectsOf(chat)).toEqual([]);
  });
});
