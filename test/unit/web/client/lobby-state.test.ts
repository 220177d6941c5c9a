/** The queue as an agent's page knows it, frame by frame. */
import { describe, expect, it } from "vitest";
import type { LobbyFrame, WireLobbySession } from "../../../../src/protocol/lobby.ts";
import { afterFrame, type LobbyState, UNKNOWN_LOBBY } from "../../../../src/web/client/lobby-state.ts";

const ME = "me";
const session = (sessionId: string, minute: number, more: Partial<WireLobbySession> = {}): WireLobbySession => ({
  sessionId,
  state: "waiting",
  assignment: 1,
  since: `2026-03-14T09:0${minute}:00Z`,
  startedAt: `2026-03-14T09:0${minute}:00Z`,
  nickname: sessionId,
  agents: [],
  files: 0,
  ...more,
});
const agent = (agentId: string, ready = true) => ({
  ...{ agentId, nickname: agentId, ready },
  ...{ capacity: 3, serving: 0, connected: true },
});
const upon = (...frames: LobbyFrame[]): LobbyState =>
  frames.reduce((state, frame) => afterFrame(state, frame, ME), UNKNOWN_LOBBY);
const queue = (waiting: WireLobbySession[] = [], totalWaiting = waiting.length): LobbyFrame => ({
  ...{ type: "queue", waiting, totalWaiting },
  ...{ served: [], offers: [], agents: [agent(ME)] },
});
const ids = (list: readonly WireLobbySession[]) => list.map(({ sessionId }) => sessionId);

describe("sessions", () => {
  it("wait in the order in which they began, and are counted beyond what is listed", () => {
    const state = upon(queue([session("b", 2)], 201), { type: "session", session: session("a", 1) });
    expect([ids(state.waiting), state.totalWaiting]).toEqual([["a", "b"], 202]);
  });

  it("that change where they stand are counted once", () => {
    const state = upon(queue([session("a", 1)]), { type: "session", session: session("a", 1, { offeredTo: "ben" }) });
    expect([state.totalWaiting, state.waiting[0]?.offeredTo]).toEqual([1, "ben"]);
  });

  it("that are served wait no more, are offered no more, and may wait again", () => {
    const offered: LobbyFrame = { type: "offer", session: session("a", 1), expiresAt: "2026-03-14T09:09:00Z" };
    const served: LobbyFrame = { type: "session", session: session("a", 1, { state: "served", agents: ["ben"] }) };
    const state = upon(queue([session("a", 1)]), offered, served);
    expect([state.waiting, state.offers, ids(state.served), state.totalWaiting]).toEqual([[], [], ["a"], 0]);
    const back = afterFrame(state, { type: "session", session: session("a", 1, { assignment: 3 }) }, ME);
    expect([ids(back.waiting), back.served]).toEqual([["a"], []]);
  });

  it("that are gone are gone everywhere", () => {
    const state = upon(queue([session("a", 1)]), { type: "session-gone", sessionId: "a" });
    expect([state.waiting, state.totalWaiting]).toEqual([[], 0]);
  });
});

describe("offers", () => {
  it("stand once, whichever came last, until they are withdrawn", () => {
    const offer = (expiresAt: string): LobbyFrame => ({ type: "offer", session: session("a", 1), expiresAt });
    const state = upon(queue(), offer("2026-03-14T09:01:00Z"), offer("2026-03-14T09:02:00Z"));
    expect(state.offers.map(({ expiresAt }) => expiresAt)).toEqual(["2026-03-14T09:02:00Z"]);
    expect(afterFrame(state, { type: "offer-withdrawn", sessionId: "a" }, ME).offers).toEqual([]);
  });
});

describe("agents", () => {
  it("stand by name, come and go", () => {
    const state = upon(queue(), { type: "agent", agent: agent("ada") }, { type: "agent", agent: agent("zoe") });
    expect(state.agents.map(({ agentId }) => agentId)).toEqual(["ada", ME, "zoe"]);
    expect(afterFrame(state, { type: "agent-gone", agentId: "ada" }, ME).agents).toHaveLength(2);
  });

  it("who let an offer pass are not ready any more", () => {
    expect(upon(queue(), { type: "not-ready" }).agents).toMatchObject([{ agentId: ME, ready: false }]);
  });
});

it("everything told anew replaces what was known", () => {
  const state = upon(queue([session("a", 1)]), queue([session("b", 2)]));
  expect([state.known, ids(state.waiting)]).toEqual([true, ["b"]]);
});
