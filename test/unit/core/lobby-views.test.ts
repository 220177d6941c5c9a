/** What agents see of a Lobby: whole in order and cut at a bound, and as news only where something visible changed. */
import { describe, expect, it } from "vitest";
import type { AssignmentReport } from "../../../src/core/assignment.ts";
import { EMPTY_LOBBY, type Lobby } from "../../../src/core/lobby.ts";
import { type LobbyDecision, noteFiles, reportSession, updateAgent } from "../../../src/core/lobby-offers.ts";
import { framesFor, newsOf, viewQueue } from "../../../src/core/lobby-views.ts";
import { MAX_LISTED } from "../../../src/protocol/wire.ts";
import { agent, SECOND, START } from "../../support/core-fixtures.ts";

const nobody = () => false;
const around = { now: START, isConnected: nobody, offerTimeout: 20 * SECOND };
const ANNA = agent("anna", ["chat:take"]);
const SUPER = agent("super", ["chat:supervise"]);

function report(sessionId: string, more: Partial<AssignmentReport> = {}): AssignmentReport {
  const usual = { version: 1, state: "waiting", since: START, startedAt: START, agents: [], nickname: "Max" } as const;
  return { sessionId, ...usual, ...more };
}

const reported = (lobby: Lobby, one: AssignmentReport, now = START) => reportSession(lobby, one, { ...around, now });
const told = (before: Lobby, decision: LobbyDecision, who = ANNA) =>
  framesFor(who, newsOf(before, decision, nobody)).map(({ type }) => type);

describe("the queue", () => {
  it("lists who began first first, and of very many only the first, with how many there are", () => {
    let lobby = EMPTY_LOBBY;
    for (let count = MAX_LISTED + 5; count > 0; count -= 1) {
      lobby = reported(lobby, report(`s${count}`, { startedAt: START + count })).lobby;
    }
    const { waiting, totalWaiting } = viewQueue(lobby, ANNA, nobody);
    expect(waiting.map(({ sessionId }) => sessionId)).toEqual(
      Array.from({ length: MAX_LISTED }, (_, index) => `s${index + 1}`),
    );
    expect(totalWaiting).toBe(MAX_LISTED + 5);
  });

  it("shows served sessions to who is in them and to supervisors, and nothing that is not for them of the rest", () => {
    const { lobby } = reported(EMPTY_LOBBY, report("a", { state: "served", agents: ["bert"] }));
    expect(viewQueue(lobby, ANNA, nobody).served).toEqual([]);
    expect(viewQueue(lobby, agent("bert", ["chat:take"]), nobody).served).toHaveLength(1);
    const [seen] = viewQueue(lobby, SUPER, nobody).served;
    expect(seen).toEqual({
      sessionId: "a",
      state: "served",
      assignment: 1,
      since: new Date(START).toISOString(),
      startedAt: new Date(START).toISOString(),
      nickname: "Max",
      agents: ["bert"],
      files: 0,
    });
  });
});

describe("news", () => {
  it("are none where a session only shows that it is alive", () => {
    const { lobby } = reported(EMPTY_LOBBY, report("a"));
    const again = reported(lobby, report("a"), START + SECOND);
    expect(again.changes).toHaveLength(1);
    expect(told(lobby, again)).toEqual([]);
  });

  it("tell who sees it how many files moved in it, and never fewer than before", () => {
    const { lobby } = reported(EMPTY_LOBBY, report("a"));
    const more = noteFiles(lobby, { sessionId: "a", files: 2 }, around);
    expect(more.lobby.sessions.get("a")?.report.files).toBe(2);
    expect(told(lobby, more)).not.toEqual([]);
    expect(noteFiles(more.lobby, { sessionId: "a", files: 1 }, around).changes).toEqual([]);
    expect(noteFiles(lobby, { sessionId: "unknown", files: 1 }, around).changes).toEqual([]);
    expect(reported(more.lobby, report("a")).lobby.sessions.get("a")?.report.files).toBe(2);
    expect(reported(more.lobby, report("a", { files: 3 })).lobby.sessions.get("a")?.report.files).toBe(3);
  });

  it("that a session is gone reach only those who saw it", () => {
    const { lobby } = reported(EMPTY_LOBBY, report("a", { state: "served", agents: ["bert"] }));
    const ended = reported(lobby, report("a", { version: 2, state: "ended" }));
    expect(told(lobby, ended)).toEqual([]);
    expect(told(lobby, ended, SUPER)).toEqual(["session-gone"]);
  });

  it("of an offer reach its agent alone, after the session itself", () => {
    const { lobby } = updateAgent(EMPTY_LOBBY, { agentId: "anna", nickname: "Anna", ready: true }, around);
    const opened = reported(lobby, report("a"));
    expect(told(lobby, opened)).toEqual(["session", "offer"]);
    expect(told(lobby, opened, SUPER)).toEqual(["session"]);
  });
});
