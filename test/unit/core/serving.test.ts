/** Who serves a session: versions that grow with each change, the first who comes with one wins, and the Lobby is told. */
import { describe, expect, test } from "vitest";
import { assignmentOf, viewAssignment } from "../../../src/core/serving.ts";
import type { Session } from "../../../src/core/session.ts";
import { chatWithAnna, effectsOf, openChat, upload } from "../../support/core-chat.ts";
import { ANNA, accepted, BERT, CUSTOMER, reasonOf, SECOND, START } from "../../support/core-fixtures.ts";
import type { MemorySession } from "../../support/memory-session.ts";

const join = (chat: MemorySession, who = ANNA, assignment?: number) =>
  chat.execute(who, { type: "JoinSession", ...(assignment === undefined ? {} : { assignment }) });

async function told(chat: MemorySession) {
  await chat.alarm();
  return chat.assignments.at(-1);
}

describe("a session that was just opened", () => {
  test("waits in version 1, and says so to the Lobby with what agents see of it", async () => {
    const chat = openChat({}, { subject: "An order" });
    expect(await told(chat)).toEqual({
      sessionId: "session-a",
      version: 1,
      state: "waiting",
      since: START,
      startedAt: START,
      agents: [],
      nickname: "Cleo",
      subject: "An order",
    });
    expect(chat.assignments).toHaveLength(1);
  });

  test("is told once, as it stands then, where the Lobby was slower than the changes", async () => {
    const chat = openChat();
    accepted(join(chat));
    accepted(join(chat, BERT));
    expect(effectsOf(chat).filter((kind) => kind === "ReportAssignment")).toHaveLength(1);
    expect(await told(chat)).toMatchObject({ version: 3, state: "served", agents: ["anna", "bert"] });
  });
});

describe("an offer", () => {
  test("goes to the first who accepts it; the second is refused and does not get in", async () => {
    const chat = openChat();
    accepted(join(chat, ANNA, 1));
    expect(reasonOf(join(chat, BERT, 1))).toBe("already-assigned");
    expect(await told(chat)).toMatchObject({ version: 2, state: "served", agents: ["anna"] });
  });

  test("may be accepted twice by the same agent, whose first answer got lost", () => {
    const chat = openChat();
    const first = accepted(join(chat, ANNA, 1));
    expect(accepted(join(chat, ANNA, 1))).toEqual(first);
    expect(chat.session?.assignment?.version).toBe(2);
  });

  test("does not keep an agent out who means to join a colleague", async () => {
    const chat = openChat();
    accepted(join(chat, ANNA, 1));
    accepted(join(chat, BERT));
    expect(await told(chat)).toMatchObject({ version: 3, state: "served", agents: ["anna", "bert"] });
  });

  test("of before the last agent left is worthless", () => {
    const chat = openChat();
    accepted(join(chat, ANNA, 1));
    accepted(chat.execute(ANNA, { type: "LeaveSession" }));
    expect(reasonOf(join(chat, BERT, 1))).toBe("already-assigned");
    accepted(join(chat, BERT, 3));
  });
});

describe("leaving", () => {
  test("makes the session wait again when the last serving agent goes, since then", async () => {
    const chat = chatWithAnna();
    chat.world.now += 30 * SECOND;
    accepted(chat.execute(ANNA, { type: "LeaveSession" }));
    expect(await told(chat)).toMatchObject({
      version: 3,
      state: "waiting",
      since: START + 30 * SECOND,
      startedAt: START,
      agents: [],
    });
  });

  test("leaves the session served while another agent is there, since the first came", async () => {
    const chat = chatWithAnna();
    chat.world.now += 30 * SECOND;
    accepted(join(chat, BERT));
    accepted(chat.execute(ANNA, { type: "LeaveSession" }));
    expect(await told(chat)).toMatchObject({ version: 4, state: "served", since: START, agents: ["bert"] });
  });
});

describe("giving a session on", () => {
  const transfer = (chat: MemorySession, to?: string, who = ANNA) =>
    chat.execute(who, { type: "TransferSession", ...(to === undefined ? {} : { to }) });

  test("to a colleague makes it wait for them, and the giver is out of it", async () => {
    const chat = chatWithAnna();
    accepted(transfer(chat, "bert"));
    expect(chat.events().at(-1)).toMatchObject({ type: "ParticipantLeft", reason: "left", from: { nickname: "anna" } });
    expect(await told(chat)).toMatchObject({ version: 3, state: "waiting", wanted: "bert", given: "anna", agents: [] });
    expect(reasonOf(transfer(chat, "bert"))).toBe("not-joined");
  });

  test("back to the queue names nobody; whoever comes ends the wait and clears who gave it", async () => {
    const chat = chatWithAnna();
    accepted(transfer(chat));
    expect(await told(chat)).not.toHaveProperty("wanted");
    accepted(join(chat, BERT, 3));
    expect(await told(chat)).toMatchObject({ version: 4, state: "served", agents: ["bert"] });
    expect(chat.assignments.at(-1)).not.toHaveProperty("given");
  });

  test("makes it wait though a colleague is still there, and goes on waiting when they leave", async () => {
    const chat = chatWithAnna();
    accepted(join(chat, BERT));
    accepted(transfer(chat, "cora"));
    expect(await told(chat)).toMatchObject({ state: "waiting", wanted: "cora", agents: ["bert"] });
    accepted(chat.execute(BERT, { type: "LeaveSession" }));
    expect(await told(chat)).toMatchObject({ state: "waiting", wanted: "cora", given: "anna", agents: [] });
  });

  test("to oneself is refused, with the field named", () => {
    const chat = chatWithAnna();
    expect(transfer(chat, "anna")).toMatchObject({ refusal: { fields: [{ field: "to" }] } });
  });

  test("is not for customers", () => {
    expect(reasonOf(chatWithAnna().execute(CUSTOMER, { type: "TransferSession" }))).toBe("bad-token");
  });
});

describe("the end", () => {
  test("is told when it begins, with nobody serving, and once", async () => {
    const chat = chatWithAnna();
    await chat.alarm();
    upload(chat);
    accepted(chat.execute(CUSTOMER, { type: "EndSession" }));
    expect(await told(chat)).toMatchObject({ version: 3, state: "ended", since: START, agents: [] });
    expect(chat.assignments).toHaveLength(2);
  });
});

describe("a session opened before there were assignments", () => {
  const old = (chat: MemorySession): Session => {
    const { assignment: _unknown, ...session } = chat.session as Session;
    return session;
  };

  test("counts as version 1, by who is in it", () => {
    expect(assignmentOf(old(openChat()))).toEqual({ version: 1, state: "waiting", since: START });
    expect(viewAssignment(old(chatWithAnna()))).toMatchObject({ version: 1, state: "served", agents: ["anna"] });
  });

  test("goes on with version 2", () => {
    const chat = openChat();
    chat.session = old(chat);
    accepted(join(chat, ANNA, 1));
    expect(chat.session?.assignment).toMatchObject({ version: 2, state: "served" });
  });
});
