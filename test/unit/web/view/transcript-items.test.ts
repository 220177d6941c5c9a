/** The transcript as it is shown. */
import { describe, expect, it } from "vitest";
import type { WireEvent } from "../../../../src/protocol/chat.ts";
import { newState } from "../../../../src/web/client/chat-state.ts";
import { itemsOf, newestOwn, openAlert, unreadAfter } from "../../../../src/web/view/transcript-items.ts";

const ADA = { participantId: 1, nickname: "Ada", type: "Client" as const };
const GRACE = { participantId: 2, nickname: "Grace", type: "Agent" as const };
const SYSTEM = { participantId: 0, nickname: "", type: "System" as const };
const TIME = "2026-03-14T12:00:00Z";
const base = (position: number, from: WireEvent["from"] = GRACE) => ({ position, from, time: TIME });
const message = (position: number, from?: WireEvent["from"]): WireEvent => ({
  ...base(position, from),
  type: "Message",
  text: "hi",
});
const uploaded = (position: number): WireEvent => ({
  ...base(position),
  type: "FileUploaded",
  file: { fileId: "f1", name: "a.pdf", size: 5, type: "application/pdf", sha256: "0" },
});
const stateOf = (...events: WireEvent[]) => ({ ...newState(ADA.participantId), events });
const shown = (...events: WireEvent[]) => itemsOf(stateOf(...events)).filter(({ kind }) => kind !== "day");

describe("items", () => {
  it("begin with their day, and with each new one", () => {
    const later = { ...message(3), time: "2026-03-17T12:00:00Z" };
    expect(itemsOf(stateOf(message(1), message(2), later)).map(({ kind }) => kind)).toEqual([
      "day",
      "message",
      "message",
      "day",
      "message",
    ]);
  });

  it("name their author where another's came before, after a notice, and on a new day", () => {
    const renamed = { ...message(5), from: { ...GRACE, nickname: "Amazing Grace" } };
    const left: WireEvent = { ...base(6), type: "ParticipantLeft", reason: "left" };
    const later = { ...message(8), time: "2026-03-17T12:00:00Z" };
    const items = shown(message(1), message(2), message(3, ADA), message(4), renamed, left, message(7), later);
    expect(items.map((item) => item.kind === "message" && item.first)).toEqual([
      true,
      false,
      true,
      true,
      true,
      false,
      true,
      true,
    ]);
  });

  it("say which of them are one's own, and that a file is gone", () => {
    const deleted: WireEvent = { ...base(3), type: "FileDeleted", fileId: "f1" };
    expect(shown(message(1, ADA), uploaded(2), deleted)).toMatchObject([
      { kind: "message", own: true },
      { kind: "message", own: false, deleted: true },
    ]);
  });

  it("leave out that the customer joined, and notices without words", () => {
    const joined: WireEvent = { ...base(1, ADA), type: "ParticipantJoined" };
    const notice: WireEvent = { ...base(3), type: "CustomNotice", text: "" };
    expect(shown(joined, { ...joined, position: 2, from: GRACE }, notice).map(({ key }) => key)).toEqual(["2"]);
  });
});

describe("the newest own message", () => {
  it("was read once another has read as far", () => {
    const state = stateOf(message(1, ADA), message(2), message(3, ADA), message(4));
    expect(newestOwn(state)).toEqual({ position: 3, read: false });
    expect(newestOwn({ ...state, read: new Map([[2, 2]]) })).toEqual({ position: 3, read: false });
    expect(newestOwn({ ...state, read: new Map([[1, 9]]) })).toEqual({ position: 3, read: false });
    expect(newestOwn({ ...state, read: new Map([[2, 3]]) })).toEqual({ position: 3, read: true });
    expect(newestOwn(stateOf(message(1)))).toBeUndefined();
  });
});

it("unread is what others have said, not what they did or what one said oneself", () => {
  const joined: WireEvent = { ...base(2), type: "ParticipantJoined" };
  const state = stateOf(message(1), joined, message(3), message(4, ADA), uploaded(5));
  expect(unreadAfter(state, 1)).toBe(2);
  expect(unreadAfter(state, 5)).toBe(0);
});

describe("an idle alert", () => {
  const alert: WireEvent = { ...base(2, SYSTEM), type: "IdleAlert", text: "still there?", next: "close", seconds: 45 };

  it("is open until somebody does something, or the chat is over", () => {
    expect(openAlert(stateOf(message(1), alert))).toBe(alert);
    expect(openAlert(stateOf(message(1), alert, message(3)))).toBeUndefined();
    expect(openAlert({ ...stateOf(alert), phase: "ended" })).toBeUndefined();
    expect(openAlert(stateOf(message(1)))).toBeUndefined();
  });

  it("is not answered by somebody who leaves", () => {
    const left: WireEvent = { ...base(3), type: "ParticipantLeft", reason: "left" };
    expect(openAlert(stateOf(alert, left))).toBe(alert);
  });
});
