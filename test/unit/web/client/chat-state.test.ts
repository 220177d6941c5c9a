/** What a page knows of a chat, by what happened: no event twice, nothing unsent that arrived, nobody typing who has written. */
import { describe, expect, it } from "vitest";
import type { WireEvent } from "../../../../src/protocol/chat.ts";
import type { ServerFrame } from "../../../../src/protocol/frames.ts";
import {
  agentsIn,
  agentThere,
  type ChatState,
  type Happening,
  newState,
  reduce,
} from "../../../../src/web/client/chat-state.ts";

const ME = 1;
const from = (participantId: number) => ({
  participantId,
  nickname: participantId === ME ? "Ada" : "Grace",
  type: participantId === ME ? ("Client" as const) : ("Agent" as const),
});
const message = (position: number, participantId = 2, clientId?: string): WireEvent => ({
  type: "Message",
  text: `text ${position}`,
  position,
  from: from(participantId),
  time: "2026-03-14T09:00:00Z",
  ...(clientId === undefined ? {} : { clientId }),
});
const joined = (position: number): WireEvent => ({ ...message(position), type: "ParticipantJoined" });
const told = (...events: WireEvent[]): Happening => ({
  happened: "events",
  events,
  position: Math.max(0, ...events.map(({ position }) => position)),
});
const framed = (frame: ServerFrame): Happening => ({ happened: "frame", frame });
const upon = (...happenings: Happening[]): ChatState => happenings.reduce(reduce, newState(ME));
const positions = ({ events }: ChatState) => events.map(({ position }) => position);

describe("events", () => {
  it("stand in order and once, whichever way and however often they come", () => {
    const state = upon(told(message(2), message(5)), told(message(3)), told(message(2), message(5), message(7)));
    expect(positions(state)).toEqual([2, 3, 5, 7]);
    expect(state.position).toBe(7);
  });

  it("that are known already change nothing", () => {
    const before = upon(told(message(2)));
    expect(reduce(before, told(message(2)))).toBe(before);
  });

  it("of others end their typing and leave what was not sent alone", () => {
    const typing = framed({ type: "typing", from: from(2), typing: true });
    const before = upon({ happened: "written", clientId: "c1", text: "hi" }, typing);
    expect([...before.typing]).toEqual([[2, "Grace"]]);
    const state = reduce(before, told(message(2, 2, "c1")));
    expect(state.typing.size).toBe(0);
    expect(state.unsent).toBe(before.unsent);
  });
});

describe("a message of one's own", () => {
  const written: Happening = { happened: "written", clientId: "c1", text: "hi" };
  const problem = { type: "about:blank", title: "Too long", status: 422, code: "message-too-long" };

  it("is unsent until the transcript has it", () => {
    expect(upon(written).unsent).toEqual([{ clientId: "c1", text: "hi", delivery: "sending" }]);
    expect(upon(written, told(message(2, ME, "c1"))).unsent).toEqual([]);
  });

  it("that was refused says why, and can be tried again or given up", () => {
    const refused = framed({ type: "refused", clientId: "c1", problem });
    expect(upon(written, refused).unsent).toEqual([{ clientId: "c1", text: "hi", delivery: "failed", problem }]);
    const again = upon(written, refused, { happened: "tried again", clientId: "c1" });
    expect(again.unsent).toEqual([{ clientId: "c1", text: "hi", delivery: "sending" }]);
    expect(upon(written, refused, { happened: "discarded", clientId: "c1" }).unsent).toEqual([]);
  });
});

describe("agents", () => {
  it("are there from when they join to when they leave, by the name they have now", () => {
    const renamed: WireEvent = { ...message(3), type: "NicknameUpdated", nickname: "Hopper" };
    const left: WireEvent = { ...message(4), type: "ParticipantLeft", reason: "left" };
    expect(agentsIn(upon(told(joined(2))))).toEqual(["Grace"]);
    expect(agentsIn(upon(told(joined(2), renamed)))).toEqual(["Hopper"]);
    expect(agentThere(upon(told(joined(2), renamed)))).toBe(true);
    expect(agentThere(upon(told(joined(2), renamed, left)))).toBe(false);
  });

  it("that only watch are no agents who are there", () => {
    const supervisor: WireEvent = { ...joined(2), from: { ...from(3), type: "Supervisor" } };
    expect(agentThere(upon(told(supervisor)))).toBe(false);
  });
});

describe("somebody who types", () => {
  it("does so until it is said that they have ceased", () => {
    const typing = framed({ type: "typing", from: from(2), typing: true });
    const ceased: Happening = { happened: "typing ceased", participantId: 2 };
    expect(upon(typing, ceased).typing.size).toBe(0);
    const before = upon();
    expect(reduce(before, ceased)).toBe(before);
  });
});

describe("the session", () => {
  it("that is reached tells its limits, its mail, and what was read meanwhile", () => {
    const limits = {
      uploadMaxFiles: 3,
      uploadMaxFileSize: 5,
      uploadMaxTotalSize: 9,
      uploadFileTypes: ["pdf"],
      uploadNeedAgent: false,
      downloadAttempts: 10,
      deleteFile: "off" as const,
      used: { files: 1, bytes: 2, downloads: 0 },
    };
    const agent = { participantId: 2, nickname: "Grace", type: "Agent" as const, joinedAt: "", readPosition: 7 };
    const session = {
      ...{ sessionId: "s", service: "shop", phase: "open" as const, startedAt: "", waiting: false, position: 9 },
      ...{ limits, participants: [agent], transcriptEmail: { offered: true, to: "ada@example.com" } },
    };
    const state = upon({ happened: "session", session });
    expect(state).toMatchObject({ limits, transcriptEmail: { offered: true, to: "ada@example.com" } });
    expect([...state.read]).toEqual([[2, 7]]);
  });

  it("has a place in the queue until an agent comes", () => {
    const place = framed({ type: "queue", position: 3, waiting: 5, agentsReady: true });
    expect(upon(place).queue).toEqual({ position: 3, waiting: 5, agentsReady: true });
    expect(upon(place, told(joined(2)))).not.toHaveProperty("queue");
  });

  it("is over when the server says so, or the customer has left it", () => {
    expect(upon(framed({ type: "ended" })).phase).toBe("ended");
    const left: WireEvent = { ...message(2, ME), type: "ParticipantLeft", reason: "ended" };
    expect(upon(told(left)).phase).toBe("ended");
    expect(upon(told({ ...left, from: from(2) })).phase).toBe("open");
  });

  it("passes over what it does not know", () => {
    const before = upon();
    expect(reduce(before, framed({ type: "ack", clientId: "c", position: 1 }))).toBe(before);
  });
});
