/** The Lobby: who waits, who is offered what, and that it agrees with the sessions again after whatever was lost. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AssignmentReport } from "../../../src/core/assignment.ts";
import { EMPTY_LOBBY, evolveLobby, type Lobby, type LobbyNotice } from "../../../src/core/lobby.ts";
import {
  type AgentState,
  declineOffer,
  FORGET_AGENT_MS,
  forgetSession,
  type LobbyDecision,
  PRESENCE_MS,
  passTime,
  reportSession,
  updateAgent,
} from "../../../src/core/lobby-offers.ts";
import {
  ASK_SERVED_MS,
  ASK_WAITING_MS,
  dueAsks,
  duePlaces,
  nextLobbyWakeup,
  placeOf,
} from "../../../src/core/lobby-queue.ts";
import { MINUTE, SECOND, START } from "../../support/core-fixtures.ts";
import { LobbyModel, type LobbyStep, OFFER_MS } from "../../support/lobby-model.ts";

/** A Lobby at a time, with what agents were told last. */
class Place {
  lobby: Lobby = EMPTY_LOBBY;
  now = START;
  notices: readonly LobbyNotice[] = [];
  readonly connected = new Set<string>();

  get around() {
    return { now: this.now, isConnected: (agentId: string) => this.connected.has(agentId), offerTimeout: OFFER_MS };
  }

  adopt({ changes, notices }: LobbyDecision): this {
    this.lobby = changes.reduce(evolveLobby, this.lobby);
    this.notices = notices;
    return this;
  }

  ready(agentId: string, state: Partial<AgentState> = {}): this {
    this.connected.add(agentId);
    return this.adopt(updateAgent(this.lobby, { agentId, nickname: agentId, ready: true, ...state }, this.around));
  }

  report(sessionId: string, report: Partial<AssignmentReport> = {}): this {
    const usual = {
      version: 1,
      state: "waiting",
      since: this.now,
      startedAt: START,
      agents: [],
      nickname: "Max",
    } as const;
    return this.adopt(reportSession(this.lobby, { sessionId, ...usual, ...report }, this.around));
  }

  later(milliseconds: number): this {
    this.now += milliseconds;
    return this.adopt(passTime(this.lobby, this.around));
  }

  decline(agentId: string, sessionId: string, version = 1): this {
    return this.adopt(declineOffer(this.lobby, { agentId, sessionId, version }, this.around));
  }

  offered(sessionId: string): string | undefined {
    return this.lobby.sessions.get(sessionId)?.offer?.agentId;
  }

  /** What agents were told, in short. */
  told(): string[] {
    return this.notices.map((one) => {
      const session = one.notice === "offer" ? one.session.report.sessionId : "sessionId" in one ? one.sessionId : "";
      return `${one.agentId} ${one.notice} ${session}`.trim();
    });
  }
}

describe("an offer", () => {
  test("goes to the ready agent who has been idle longest", () => {
    const place = new Place().ready("bert");
    place.now += SECOND;
    place.ready("anna").report("a");
    expect(place.told()).toEqual(["bert offer a"]);
    expect(place.report("b").told()).toEqual(["bert offer b"]);
  });

  test("is made for every chat an agent has room for, and no more", () => {
    const place = new Place().ready("anna", { capacity: 2 }).report("a").report("b").report("c");
    expect([place.offered("a"), place.offered("b"), place.offered("c")]).toEqual(["anna", "anna", undefined]);
    place.report("a", { version: 2, state: "served", agents: ["anna"] });
    expect(place.offered("c")).toBeUndefined();
    place.report("a", { version: 2, state: "ended" });
    expect(place.told()).toEqual(["anna offer c"]);
  });

  test("goes on when it is refused, and not back to who refused it", () => {
    const place = new Place().ready("anna").ready("bert").report("a").decline("anna", "a");
    expect(place.told()).toEqual(["bert offer a"]);
    expect(place.decline("bert", "a").told()).toEqual([]);
    expect(place.ready("cleo").told()).toEqual(["cleo offer a"]);
  });

  test("that is let pass goes on, and who let it pass is no longer ready", () => {
    const place = new Place().ready("anna").ready("bert").report("a").later(OFFER_MS);
    expect(place.told()).toEqual(["anna offer-withdrawn a", "anna not-ready", "bert offer a"]);
    expect(place.lobby.agents.get("anna")?.ready).toBe(false);
    expect(place.ready("anna").decline("bert", "a").told()).toEqual(["anna offer a"]);
  });

  test("goes on when its agent is away, who is as ready as before when they come back", () => {
    const place = new Place().ready("anna").ready("bert");
    place.now += PRESENCE_MS;
    place.report("a");
    expect(place.told()).toEqual(["anna offer a"]);
    place.connected.delete("anna");
    expect(place.later(SECOND).told()).toEqual(["anna offer-withdrawn a", "bert offer a"]);
    expect(place.lobby.agents.get("anna")?.ready).toBe(true);
  });

  test("is withdrawn when somebody else takes the session, and stands for who takes it", () => {
    const place = new Place().ready("anna").report("a");
    expect(place.report("a", { version: 2, state: "served", agents: ["bert"] }).told()).toEqual([
      "anna offer-withdrawn a",
    ]);
    const other = new Place().ready("anna").report("a");
    expect(other.report("a", { version: 2, state: "served", agents: ["anna"] }).told()).toEqual([]);
  });

  test("after a transfer goes to who was asked for first, and to who gave it last", () => {
    const given = { version: 3, wanted: "cleo", given: "anna" };
    const place = new Place().ready("anna").ready("bert").ready("cleo").report("a", given);
    expect(place.told()).toEqual(["cleo offer a"]);
    expect(place.decline("cleo", "a", 3).told()).toEqual(["bert offer a"]);
    expect(place.decline("bert", "a", 3).told()).toEqual(["anna offer a"]);
  });

  test("goes on when its agent is not ready any more, who is told so on whatever else they look at", () => {
    const place = new Place().ready("anna").ready("bert").report("a").ready("anna", { ready: false });
    expect(place.told()).toEqual(["anna offer-withdrawn a", "bert offer a"]);
  });

  test("refused under another version means nothing", () => {
    const place = new Place().ready("anna").report("a", { version: 3 });
    expect(place.decline("anna", "a", 2).offered("a")).toBe("anna");
    expect(place.decline("anna", "unknown").told()).toEqual([]);
  });
});

describe("what a session reports", () => {
  test("changes nothing when it is older, and is a sign of life when it is the same", () => {
    const place = new Place().report("a", { version: 2, state: "served", agents: ["anna"] });
    expect(place.report("a", { version: 1 }).lobby.sessions.get("a")?.report.state).toBe("served");
    place.now += MINUTE;
    place.report("a", { version: 2, state: "served", agents: ["anna"] });
    expect(place.lobby.sessions.get("a")?.heardAt).toBe(place.now);
  });

  test("is asked for after a minute of silence while it waits, and rarely while it is served", () => {
    const place = new Place().report("a").report("b", { state: "served", agents: ["anna"] });
    expect(nextLobbyWakeup(place.lobby)).toBe(START + ASK_WAITING_MS);
    expect(dueAsks(place.lobby, START + ASK_WAITING_MS - 1)).toEqual([]);
    expect(dueAsks(place.lobby, START + ASK_WAITING_MS)).toEqual(["a"]);
    expect(dueAsks(place.lobby, START + ASK_SERVED_MS)).toEqual(["a", "b"]);
  });

  test("that it has ended leaves nothing of it, as when nobody knows it any more", () => {
    const place = new Place().report("a").report("b").report("a", { state: "ended" });
    place.adopt(forgetSession(place.lobby, "b", place.around));
    expect(place.lobby.sessions.size).toBe(0);
    expect(nextLobbyWakeup(place.lobby)).toBeUndefined();
  });
});

describe("a place in the queue", () => {
  test("follows who began first, also after a transfer", () => {
    const place = new Place().report("late", { startedAt: START + 2 }).report("early", { startedAt: START + 1 });
    place.report("back", { version: 5, startedAt: START });
    const positions = ["back", "early", "late"].map((id) => placeOf(place.lobby, id, place.around)?.position);
    expect(positions).toEqual([1, 2, 3]);
    expect(placeOf(place.lobby, "unknown", place.around)).toBeUndefined();
  });

  test("says how long it may take from how often sessions were taken, and whether anybody is there", () => {
    const place = new Place();
    for (const id of ["a", "b", "c"]) {
      place.report(id).report(id, { version: 2, state: "served", agents: ["anna"] });
      place.now += 30 * SECOND;
    }
    place.report("d").report("e", { startedAt: START + 1 });
    expect(placeOf(place.lobby, "e", place.around)).toEqual({
      position: 2,
      waiting: 2,
      estimatedWait: 60 * SECOND,
      agentsReady: false,
    });
    expect(placeOf(place.ready("anna", { capacity: 3 }).lobby, "e", place.around)?.agentsReady).toBe(true);
  });

  test("is told to the first twenty, when it is news, and at most every ten seconds", () => {
    const place = new Place();
    for (let index = 0; index < 25; index += 1) place.report(`s${index}`, { startedAt: START + index });
    const first = duePlaces(place.lobby, new Map(), place.around);
    expect(first.due.map(({ place: { position } }) => position)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    const told = new Map(first.due.map((one) => [one.sessionId, { place: one.place, at: place.now }]));
    expect(duePlaces(place.lobby, told, place.around)).toEqual({ due: [] });
    place.report("s0", { version: 2, state: "ended" });
    expect(duePlaces(place.lobby, told, place.around)).toMatchObject({
      due: [{ sessionId: "s20" }],
      nextAt: START + 10_000,
    });
    place.now += 10 * SECOND;
    expect(duePlaces(place.lobby, told, place.around).due).toHaveLength(20);
  });
});

describe("an agent", () => {
  test("costs no row for signs of life that are close together", () => {
    const place = new Place().ready("anna");
    const decide = () => updateAgent(place.lobby, { agentId: "anna", nickname: "anna" }, place.around).changes;
    place.now += PRESENCE_MS / 3 - 1;
    expect(decide()).toEqual([]);
    place.now += 1;
    expect(decide()).toHaveLength(1);
  });

  test("who has not been there for a day and serves nobody is forgotten", () => {
    const place = new Place()
      .ready("anna")
      .ready("bert")
      .report("a", { state: "served", agents: ["bert"] });
    place.connected.clear();
    expect([...place.later(FORGET_AGENT_MS).lobby.agents.keys()]).toEqual(["bert"]);
  });
});

const index = fc.nat(5);
const steps: fc.Arbitrary<LobbyStep[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<LobbyStep>({ step: "open" }, { step: "deliver" }, { step: "deliver" }) },
    { weight: 3, arbitrary: fc.constantFrom<LobbyStep>({ step: "repeat" }, { step: "evict" }, { step: "tick" }) },
    {
      weight: 6,
      arbitrary: fc.record({
        step: fc.constantFrom("take" as const, "give" as const, "leave" as const, "decline" as const),
        session: index,
        agent: index,
      }),
    },
    { weight: 1, arbitrary: fc.record({ step: fc.constantFrom("end" as const, "erase" as const), session: index }) },
    {
      weight: 4,
      arbitrary: fc.record({
        step: fc.constant("ready" as const),
        agent: index,
        ready: fc.boolean(),
        capacity: fc.integer({ min: 1, max: 4 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ step: fc.constant("socket" as const), agent: index, open: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ step: fc.constant("wait" as const), seconds: fc.nat(90) }) },
  ),
  { maxLength: 60 },
);

test("whatever comes late, twice or never: none is offered twice, none out of order, and none is lost", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const model = new LobbyModel();
      // The model throws where a rule is broken.
      for (const step of all) model.perform(step);
      model.comeToRest();
      const expected = [...model.truth.values()].filter(({ state }) => state !== "ended");
      const found = [...model.lobby.sessions.values()].map(({ report }) => report);
      const byId = (a: AssignmentReport, b: AssignmentReport) => (a.sessionId < b.sessionId ? -1 : 1);
      expect(found.sort(byId)).toEqual(expected.sort(byId));
    }),
    { numRuns: 1000 },
  );
});
