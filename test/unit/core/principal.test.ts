/** What a principal may read of a session. */
import { describe, expect, test } from "vitest";
import { type Principal, resolveReader } from "../../../src/core/principal.ts";
import { chatWithAnna } from "../../support/core-chat.ts";
import { ANNA, accepted, agent, BERT, CUSTOMER, reasonOf, SECOND, SYSTEM } from "../../support/core-fixtures.ts";
import type { MemorySession } from "../../support/memory-session.ts";

function readerOf(chat: MemorySession, principal: Principal) {
  if (chat.session === undefined) throw new Error("there is no session");
  return resolveReader(chat.session, principal);
}

describe("a session is read", () => {
  test("by its customer without notes, and by its agents and Satchel with them", () => {
    const chat = chatWithAnna();
    expect([CUSTOMER, ANNA, SYSTEM].map((one) => accepted(readerOf(chat, one)))).toEqual([
      "customer",
      "agent",
      "agent",
    ]);
  });

  test.each(["chat:supervise", "compliance:read"] as const)("by anybody with %s", (privilege) => {
    expect(accepted(readerOf(chatWithAnna(), agent("zoe", [privilege])))).toBe("agent");
  });

  test("by no agent who is not in it, or has left", () => {
    const chat = chatWithAnna();
    expect(reasonOf(readerOf(chat, agent("zoe", ["chat:take", "chat:save-files"])))).toBe("not-joined");
    const plain = agent("anna", ["chat:take"]);
    expect(reasonOf(readerOf(chat, plain))).toBe("accepted");
    accepted(chat.execute(ANNA, { type: "LeaveSession" }));
    expect(reasonOf(readerOf(chat, plain))).toBe("not-joined");
  });

  test("after the end by the agents who were in it then", () => {
    const chat = chatWithAnna();
    accepted(chat.execute(BERT, { type: "JoinSession" }));
    accepted(chat.execute(BERT, { type: "LeaveSession" }));
    chat.world.now += SECOND;
    accepted(chat.execute(CUSTOMER, { type: "EndSession" }));
    expect(reasonOf(readerOf(chat, agent("anna", ["chat:take"])))).toBe("accepted");
    expect(reasonOf(readerOf(chat, agent("bert", ["chat:take"])))).toBe("not-joined");
  });

  test("by no customer whose token is revoked or of another participant", () => {
    const chat = chatWithAnna();
    expect(reasonOf(readerOf(chat, { kind: "customer", participantId: 1, tokenVersion: 2 }))).toBe("token-revoked");
    expect(reasonOf(readerOf(chat, { kind: "customer", participantId: 2, tokenVersion: 1 }))).toBe("bad-token");
  });
});
