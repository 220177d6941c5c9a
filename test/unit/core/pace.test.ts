/** How fast customers may go on: exactly so many, the rest told when, and nobody else held up. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { paceOf, takeToken } from "../../../src/core/pace.ts";
import { chatWithAnna, openChat, reserve } from "../../support/core-chat.ts";
import { ANNA, accepted, CUSTOMER, MINUTE, reasonOf, SECOND, SYSTEM } from "../../support/core-fixtures.ts";
import type { MemorySession } from "../../support/memory-session.ts";

const say = (chat: MemorySession, who = CUSTOMER, clientId?: string) =>
  chat.execute(who, {
    type: "SendMessage",
    text: "hi",
    visibility: "all",
    ...(clientId === undefined ? {} : { clientId }),
  });
const rowsOf = (chat: MemorySession) => chat.rows.log.length;

describe("a bucket", () => {
  test("never gives more than a minute's worth and what the time since has filled", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.array(fc.nat(10_000), { maxLength: 200 }), (rate, pauses) => {
        let now = 0;
        let taken = 0;
        let pace: Parameters<typeof takeToken>[0];
        for (const pause of pauses) {
          now += pause;
          const next = takeToken(pace, rate, now);
          if (!next.ok) continue;
          pace = next.value;
          taken += 1;
        }
        expect(taken).toBeLessThanOrEqual(rate + (now * rate) / MINUTE + 1e-6);
      }),
    );
  });

  test("tells when there is a token again, and then there is one", () => {
    const empty = { tokens: 0, at: 1000 };
    for (const rate of [1, 7, 60, 600]) {
      const refused = takeToken(empty, rate, 1000);
      if (refused.ok || refused.refusal.reason !== "too-many-requests") throw new Error("there was one");
      expect(takeToken(empty, rate, 1000 + refused.refusal.retryAfterSeconds * 1000).ok).toBe(true);
    }
  });

  test("is not filled by a clock that jumps back", () => {
    expect(takeToken({ tokens: 0, at: 10 * MINUTE }, 60, 0).ok).toBe(false);
  });
});

describe("a customer", () => {
  test("sends so many messages at once and no more, writes nothing when refused, and goes on a little later", () => {
    const chat = openChat({ maxMessagesPerMinute: 5 });
    for (let sent = 0; sent < 5; sent += 1) accepted(say(chat));
    const before = rowsOf(chat);
    const refused = say(chat);
    expect(refused).toEqual({ ok: false, refusal: { reason: "too-many-requests", retryAfterSeconds: 12 } });
    expect(rowsOf(chat)).toBe(before);
    chat.world.now += 12 * SECOND;
    accepted(say(chat));
  });

  test("is not counted for a message that was sent before", () => {
    const chat = openChat({ maxMessagesPerMinute: 2 });
    for (let again = 0; again < 10; again += 1) accepted(say(chat, CUSTOMER, "same"));
    accepted(say(chat));
    expect(reasonOf(say(chat))).toBe("too-many-requests");
  });

  test("begins so many uploads a minute, whoever claims them", () => {
    const chat = openChat({ maxUploadsPerMinute: 2, uploadMaxFiles: 100 });
    accepted(reserve(chat));
    accepted(chat.execute(SYSTEM, { type: "HoldUpload", name: "a.pdf", extension: "pdf" }));
    expect(reasonOf(reserve(chat))).toBe("too-many-requests");
  });

  test("may always read, and end the chat", () => {
    const chat = openChat({ maxMessagesPerMinute: 1 });
    accepted(say(chat));
    expect(reasonOf(say(chat))).toBe("too-many-requests");
    accepted(chat.execute(CUSTOMER, { type: "MarkRead", position: 1 }));
    accepted(chat.execute(CUSTOMER, { type: "EndSession" }));
  });

  test("loses nothing to somebody with a token of theirs that was revoked", () => {
    const chat = openChat({ maxMessagesPerMinute: 1 });
    const stale = { kind: "customer", participantId: 1, tokenVersion: 99 } as const;
    for (let tries = 0; tries < 5; tries += 1)
      expect(reasonOf(say(chat, stale as typeof CUSTOMER))).toBe("token-revoked");
    accepted(say(chat));
  });
});

test("agents are not counted, and leaving and ending never", () => {
  const chat = chatWithAnna({ maxMessagesPerMinute: 1, maxUploadsPerMinute: 1 });
  for (let sent = 0; sent < 20; sent += 1) accepted(say(chat, ANNA as typeof CUSTOMER));
  for (const type of ["EndSession", "LeaveSession", "CancelUpload", "DeleteFile"] as const)
    expect(paceOf(type)).toBeUndefined();
});
