import { describe, expect, it } from "vitest";
import { CODES, toGms } from "../../../../src/api/gms/status.ts";
import { FACES } from "../../../../src/core/problem.ts";
import type { Refusal, RefusalReason } from "../../../../src/core/refusal.ts";

const REASONS = Object.keys(FACES) as RefusalReason[];

/** A refusal for any reason, with every field that any has. */
const refusalFor = (reason: RefusalReason) =>
  ({ reason, fields: [{ field: "x", problem: "y" }], limit: 3, left: 1, allowed: [], allow: [] }) as Refusal;

const DEAD: readonly RefusalReason[] = [
  "bad-token",
  "token-expired",
  "token-revoked",
  "not-joined",
  "unknown-session",
  "session-ended",
];
const LATER: readonly RefusalReason[] = [
  "busy",
  "store-unavailable",
  "scanner-unavailable",
  "turnstile-unavailable",
  "identity-provider-unavailable",
];

describe("every reason", () => {
  it.each(REASONS)("%s has an answer that clients can read", (reason) => {
    const { http, statusCode, chatEnded, error } = toGms(refusalFor(reason), "r-1");
    expect(Number.isInteger(error.code) && error.code > 0).toBe(true);
    expect(error.advice).not.toBe("");
    // Anything but 200 is no end of the chat, or a widget would stop; anything that ends it is no error of HTTP.
    expect(chatEnded).toBe(http === 200);
    expect(statusCode).toBe(LATER.includes(reason) ? 1 : 2);
  });

  it.each(REASONS)("%s ends a chat only where there is none any more", (reason) => {
    const dead = { http: 200, statusCode: 2, chatEnded: true, error: { code: 249, advice: "reference r-1" } };
    if (DEAD.includes(reason)) expect(toGms(refusalFor(reason), "r-1")).toEqual(dead);
    else expect(toGms(refusalFor(reason), "r-1").chatEnded).toBe(false);
  });
});

it("a number of ours has one meaning", () => {
  const ours = Object.values(CODES).filter((code) => code >= 1000);
  expect(new Set(ours).size).toBe(ours.length);
});

it.each<[Refusal, number, string]>([
  [{ reason: "too-many-files", limit: 3 }, 201, "3"],
  [{ reason: "uploads-disabled" }, 201, "0"],
  [{ reason: "file-too-large", limit: 2097152 }, 202, "2097152"],
  [{ reason: "total-too-large", limit: 5242880, left: 7 }, 202, "5242880"],
  [{ reason: "type-not-allowed", extension: "exe", allowed: ["pdf"] }, 203, "type-not-allowed"],
  [{ reason: "type-mismatch", extension: "pdf" }, 203, "type-mismatch"],
  [{ reason: "message-too-long", limit: 4096 }, 204, "4096"],
  [{ reason: "no-token" }, 100, "secureKey"],
])("%j is told with the limit, as text", (refusal, code, advice) => {
  expect(toGms(refusal, "r")).toEqual({ http: 400, statusCode: 2, chatEnded: false, error: { code, advice } });
});

it.each([
  ["nickname", "is missing", 161],
  ["firstName", "is missing", 102],
  ["lastName", "at most 128 characters", 103],
  ["emailAddress", "a mail address", 364],
  ["message", "is missing", 100],
  ["message", "must not be empty", 1000],
])("the field %s that %s has the number %i", (field, problem, code) => {
  const { http, error } = toGms({ reason: "bad-request", fields: [{ field, problem }] }, "r");
  expect([http, error.code]).toEqual([400, code]);
});
