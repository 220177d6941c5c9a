/** Supervisors: in a session without serving it, in the open or unseen by the customer, and changing from one to the other. */
import { describe, expect, test } from "vitest";
import type { Named } from "../../../src/core/chat.ts";
import { type CommandType, SILENTLY } from "../../../src/core/commands.ts";
import type { JoinMode } from "../../../src/core/joining.ts";
import { viewPoll, viewSession } from "../../../src/core/views.ts";
import { chatWithAnna, commit, openChat, reserve, reserved } from "../../support/core-chat.ts";
import { ANNA, accepted, agent, agentWithout, BERT, CUSTOMER, reasonOf } from "../../support/core-fixtures.ts";
import type { MemorySession } from "../../support/memory-session.ts";

const SUPER = agent("super", ["chat:supervise", "chat:save-files", "chat:push-url"]);
const join = (chat: MemorySession, mode: JoinMode, who = SUPER) => chat.execute(who, { type: "JoinSession", mode });

function watched(mode: JoinMode = "silent"): MemorySession {
  const chat = chatWithAnna();
  accepted(join(chat, mode));
  return chat;
}

const seenBy = (chat: MemorySession, reader: "customer" | "agent") =>
  chat.session === undefined ? [] : viewSession(chat.session, reader).participants.map(({ nickname }) => nickname);
const heard = (chat: MemorySession, visibility: "all" | "agents") =>
  chat.events().filter((event) => event.visibility === visibility && event.from.nickname === "super");

describe("a supervisor", () => {
  test.each(["supervise", "silent"] as const)("needs chat:supervise to %s, and nothing else", (mode) => {
    const chat = chatWithAnna();
    const without = agentWithout("super", "chat:supervise");
    expect(join(chat, mode, without)).toMatchObject({ refusal: { privilege: "chat:supervise" } });
    accepted(join(chat, mode));
    expect(join(chat, "serve")).toMatchObject({ refusal: { privilege: "chat:take" } });
  });

  test.each(["supervise", "silent"] as const)(
    "who is there to %s does not serve: nothing changes for the Lobby",
    (mode) => {
      const chat = openChat({ uploadNeedAgent: true });
      accepted(join(chat, mode));
      expect(chat.session?.assignment).toMatchObject({ version: 1, state: "waiting" });
      expect(reasonOf(reserve(chat))).toBe("agent-needed");
      accepted(chat.execute(SUPER, { type: "LeaveSession" }));
      expect(chat.session?.assignment?.version).toBe(1);
    },
  );

  test("who joins openly is seen by everybody as what they are", () => {
    const chat = watched("supervise");
    expect(heard(chat, "all")).toMatchObject([{ type: "ParticipantJoined", from: { type: "Supervisor" } }]);
    expect(seenBy(chat, "customer")).toEqual(["Cleo", "anna", "super"]);
    expect(chat.execute(SUPER, { type: "TransferSession" })).toMatchObject({ refusal: { privilege: "chat:take" } });
  });

  test("does not give a session on that others serve", () => {
    const chat = chatWithAnna();
    accepted(join(chat, "supervise", BERT));
    expect(chat.execute(BERT, { type: "TransferSession" })).toMatchObject({ refusal: { fields: [{ field: "mode" }] } });
  });
});

describe("a silent supervisor", () => {
  test("is heard and seen by agents alone, coming, going, and under a new name", () => {
    const chat = watched();
    accepted(chat.execute(SUPER, { type: "UpdateNickname", nickname: "super" }));
    accepted(chat.execute(SUPER, { type: "SendMessage", text: "a note", visibility: "agents" }));
    expect(seenBy(chat, "customer")).toEqual(["Cleo", "anna"]);
    expect(seenBy(chat, "agent")).toEqual(["Cleo", "anna", "super"]);
    accepted(chat.execute(SUPER, { type: "LeaveSession" }));
    expect(heard(chat, "all")).toEqual([]);
    expect(heard(chat, "agents").map(({ type }) => type)).toEqual([
      "ParticipantJoined",
      "NicknameUpdated",
      "Message",
      "ParticipantLeft",
    ]);
    expect(seenBy(chat, "customer")).toEqual(["Cleo", "anna"]);
  });

  test("leaves unheard when the session ends", () => {
    const chat = watched();
    accepted(chat.execute(CUSTOMER, { type: "EndSession" }));
    expect(heard(chat, "all")).toEqual([]);
  });

  test("types and reads for agents alone, also where a client polls", () => {
    const chat = watched();
    accepted(chat.execute(SUPER, { type: "SetTyping", typing: true }));
    accepted(chat.execute(SUPER, { type: "MarkRead", position: 2 }));
    expect(chat.frames.map(({ frame, visibility }) => [frame, visibility])).toEqual([
      ["typing", "agents"],
      ["read", "agents"],
    ]);
    if (chat.session === undefined) throw new Error("no session");
    const page = { events: chat.events(), more: false };
    const polled = viewPoll(chat.session, page, chat.typing, "customer", 0, chat.world.now);
    expect(polled).toMatchObject({ typing: [], supervised: true });
    expect(polled.events.map(({ from }) => from.nickname)).not.toContain("super");
  });

  test("cannot speak to everybody, and is told which field is wrong", () => {
    const said = watched().execute(SUPER, { type: "SendMessage", text: "hi", visibility: "all" });
    expect(said).toMatchObject({ refusal: { reason: "bad-request", fields: [{ field: "visibility" }] } });
  });

  const loud: Partial<{ [T in CommandType]: Named<T> }> = {
    PushUrl: { type: "PushUrl", url: "https://example.com" },
    SendNotice: { type: "SendNotice", text: "n" },
    EndSession: { type: "EndSession" },
    Stay: { type: "Stay" },
    UpdateUserData: { type: "UpdateUserData", userData: { a: "b" } },
  };
  test.each(Object.values(loud))("cannot $type before joining openly, and then can", (command) => {
    const chat = watched();
    const before = chat.session;
    expect(SILENTLY.has(command.type)).toBe(false);
    expect(chat.execute(SUPER, command)).toMatchObject({ refusal: { fields: [{ field: "mode" }] } });
    expect(chat.session).toBe(before);
    accepted(join(chat, "supervise"));
    accepted(chat.execute(SUPER, command));
  });
});

describe("joining again in another mode", () => {
  test("keeps the participant id, and is a leaving in the old mode and a joining in the new", () => {
    const chat = watched();
    const { participantId } = accepted(join(chat, "supervise"));
    expect(participantId).toBe(3);
    expect(chat.events().slice(-2)).toMatchObject([
      { type: "ParticipantLeft", visibility: "agents" },
      { type: "ParticipantJoined", visibility: "all" },
    ]);
    expect(seenBy(chat, "customer")).toContain("super");
    accepted(join(chat, "silent"));
    expect(heard(chat, "all").map(({ type }) => type)).toEqual(["ParticipantJoined", "ParticipantLeft"]);
    expect(seenBy(chat, "customer")).not.toContain("super");
  });

  test("in the same mode changes nothing", () => {
    const chat = watched();
    const before = chat.session;
    accepted(join(chat, "silent"));
    expect(chat.session).toBe(before);
  });

  test("from serving to supervising leaves the session waiting, and back it is served again", () => {
    const chat = chatWithAnna();
    accepted(join(chat, "silent", ANNA));
    expect(chat.session?.assignment).toMatchObject({ version: 3, state: "waiting" });
    accepted(join(chat, "serve", ANNA));
    expect(chat.session?.assignment).toMatchObject({ version: 4, state: "served" });
  });

  test("silently is refused to who still sends a file: customers would learn of it from somebody they cannot see", () => {
    const chat = chatWithAnna();
    const upload = reserved(chat, {}, ANNA);
    expect(join(chat, "silent", ANNA)).toMatchObject({ refusal: { fields: [{ field: "mode" }] } });
    accepted(chat.execute(ANNA, { type: "LeaveSession" }));
    expect(join(chat, "silent", ANNA)).toMatchObject({ refusal: { fields: [{ field: "mode" }] } });
    accepted(commit(chat, upload));
    accepted(join(chat, "silent", ANNA));
  });
});
