/** Inactivity control and lost connections: what is due, when, and what makes the clocks start anew. */
import { describe, expect, test } from "vitest";
import type { ServiceOptions } from "../../../src/core/options.ts";
import { commit, effectsOf, eventTypes, openChat, phaseName, release, reserved } from "../../support/core-chat.ts";
import { ANNA, accepted, CUSTOMER, DAY, MINUTE, SECOND, START, SYSTEM } from "../../support/core-fixtures.ts";
import type { MemorySession } from "../../support/memory-session.ts";

/** A chat whose customer has a socket, so that only the inactivity control can close it. */
function connected(options: Partial<ServiceOptions> = {}): MemorySession {
  const chat = openChat(options);
  chat.presence = { customerConnected: true };
  return chat;
}

function say(chat: MemorySession): void {
  accepted(chat.execute(CUSTOMER, { type: "SendMessage", text: "hi", visibility: "all" }));
}

function idleEvents(chat: MemorySession) {
  return chat.events().filter(({ type }) => type === "IdleAlert" || type === "IdleClose");
}

describe("a chat in which nobody says anything", () => {
  test("is alerted with the seconds that remain, then closed", async () => {
    const chat = connected();
    await chat.runUntil(START + 255 * SECOND - 1);
    expect(idleEvents(chat)).toEqual([]);
    await chat.runUntil(START + 255 * SECOND);
    expect(idleEvents(chat)).toMatchObject([
      { type: "IdleAlert", text: "Are you still there?", next: "close", seconds: 45, from: { type: "System" } },
    ]);
    await chat.runUntil(START + 300 * SECOND - 1);
    expect(phaseName(chat)).toBe("open");
    await chat.runUntil(START + 300 * SECOND);
    expect(eventTypes(chat).slice(-2)).toEqual(["IdleClose", "ParticipantLeft"]);
    expect(chat.session?.phase).toMatchObject({ name: "ended", reason: "inactivity" });
  });

  test("is alerted twice where the service has a second alert", async () => {
    const chat = connected({ timeoutAlert2: 60 * SECOND });
    await chat.runUntil(START + 255 * SECOND);
    expect(idleEvents(chat)).toMatchObject([{ next: "alert", seconds: 60 }]);
    await chat.runUntil(START + 315 * SECOND);
    expect(idleEvents(chat)).toMatchObject([{}, { text: "Closing soon.", next: "close", seconds: 45 }]);
    await chat.runUntil(START + 360 * SECOND);
    expect(phaseName(chat)).toBe("ended");
  });

  test.each([
    ["the first alert", { messageAlert: "", timeoutAlert2: 60 * SECOND }, ["Closing soon."], 315],
    ["the second alert", { messageAlert2: "", timeoutAlert2: 60 * SECOND }, ["Are you still there?"], 255],
    ["both alerts", { messageAlert: "", messageAlert2: "", timeoutAlert2: 60 * SECOND }, [], 359],
  ])("is not sent %s where its text is empty, and closes at the same time", async (_which, options, texts, first) => {
    const chat = connected(options);
    await chat.runUntil(START + first * SECOND);
    const sent = idleEvents(chat).flatMap((event) => (event.type === "IdleAlert" ? [event.text] : []));
    expect(sent).toEqual(texts);
    await chat.runUntil(START + 360 * SECOND - 1);
    expect(phaseName(chat)).toBe("open");
    await chat.runUntil(START + 360 * SECOND);
    expect(phaseName(chat)).toBe("ended");
  });

  test("closes without a word where the closing text is empty", async () => {
    const chat = connected({ messageClose: "" });
    await chat.runUntil(START + 300 * SECOND);
    expect(eventTypes(chat)).not.toContain("IdleClose");
    expect(phaseName(chat)).toBe("ended");
  });
});

describe("activity", () => {
  test("starts the inactivity control anew, also after an alert", async () => {
    const chat = connected();
    await chat.runUntil(START + 290 * SECOND);
    say(chat);
    await chat.runUntil(START + 290 * SECOND + 255 * SECOND - 1);
    expect(idleEvents(chat)).toHaveLength(1);
    await chat.runUntil(START + 290 * SECOND + 300 * SECOND);
    expect(idleEvents(chat).map(({ type }) => type)).toEqual(["IdleAlert", "IdleAlert", "IdleClose"]);
  });

  test("is remembered when the object was evicted between alert and close", async () => {
    const chat = connected();
    await chat.runUntil(START + 260 * SECOND);
    chat.evict();
    expect(chat.nextWakeup()).toBe(START + 300 * SECOND);
  });

  test("is not what the customer merely types", async () => {
    const chat = connected();
    await chat.runUntil(START + 200 * SECOND);
    accepted(chat.execute(CUSTOMER, { type: "SetTyping", typing: true }));
    await chat.runUntil(START + 255 * SECOND);
    expect(idleEvents(chat)).toHaveLength(1);
  });
});

describe("an upload that is on its way", () => {
  async function keepStoring(chat: MemorySession, one: ReturnType<typeof reserved>, until: number): Promise<void> {
    while (chat.world.now < until) {
      await chat.runUntil(chat.world.now + 30 * SECOND);
      accepted(chat.execute(SYSTEM, { type: "RenewLease", ...one }));
    }
  }

  test("counts as activity and as presence as long as it takes", async () => {
    const chat = openChat();
    await keepStoring(chat, reserved(chat), START + 10 * MINUTE);
    expect(phaseName(chat)).toBe("open");
    expect(idleEvents(chat)).toEqual([]);
  });

  test.each([
    ["was announced", commit],
    ["was given up", (chat: MemorySession, one: ReturnType<typeof reserved>) => release(chat, one)],
    ["was refused", (chat: MemorySession, one: ReturnType<typeof reserved>) => release(chat, one, "stored", true)],
  ])("and then %s leaves the customer the whole time to come back", async (_how, settle) => {
    const chat = openChat();
    const one = reserved(chat);
    await keepStoring(chat, one, START + 10 * MINUTE);
    accepted(settle(chat, one));
    await chat.runUntil(START + 10 * MINUTE + 45 * SECOND - 1);
    expect(phaseName(chat)).toBe("open");
    await chat.runUntil(START + 10 * MINUTE + 45 * SECOND);
    expect(chat.session?.phase).toMatchObject({ name: "ended", reason: "disconnected" });
  });

  test("and then was refused does not close a chat that had been alerted before", async () => {
    const chat = connected();
    await chat.runUntil(START + 280 * SECOND);
    const one = reserved(chat);
    await keepStoring(chat, one, START + 10 * MINUTE);
    accepted(release(chat, one, "stored", true));
    await chat.runUntil(chat.world.now + 45 * SECOND - 1);
    expect(phaseName(chat)).toBe("open");
    await chat.runUntil(chat.world.now + 1);
    expect(phaseName(chat)).toBe("ended");
  });
});

describe("a customer who is gone", () => {
  test("is recognised after the time the service gives", async () => {
    const chat = openChat();
    await chat.runUntil(START + 45 * SECOND - 1);
    expect(phaseName(chat)).toBe("open");
    await chat.runUntil(START + 45 * SECOND);
    expect(chat.session?.phase).toMatchObject({ name: "ended", reason: "disconnected" });
    expect(chat.events().at(-1)).toMatchObject({ type: "ParticipantLeft", reason: "disconnected" });
  });

  test("is not one who keeps asking", async () => {
    const chat = openChat();
    for (let second = 20; second <= 200; second += 20) {
      await chat.runUntil(START + second * SECOND);
      accepted(chat.execute(CUSTOMER, { type: "MarkSeen", always: false }));
    }
    expect(phaseName(chat)).toBe("open");
  });

  test("is not one whose socket is alive", async () => {
    const chat = connected();
    await chat.runUntil(START + 200 * SECOND);
    expect(phaseName(chat)).toBe("open");
  });

  test("is not alerted once the chat has ended, however late the alarm rings", async () => {
    const chat = openChat();
    chat.world.now = START + DAY;
    await chat.alarm();
    expect(eventTypes(chat)).toEqual(["ParticipantJoined", "ParticipantLeft"]);
    expect(chat.session?.phase).toMatchObject({ name: "ended", reason: "disconnected" });
  });
});

describe("the alarm", () => {
  test("that is late still leaves the promised countdown after the alert", async () => {
    const chat = connected();
    chat.world.now = START + DAY;
    await chat.alarm();
    expect(idleEvents(chat)).toMatchObject([{ type: "IdleAlert", seconds: 45 }]);
    expect(chat.nextWakeup()).toBe(START + DAY + 45 * SECOND);
  });

  test("that is early, or rings twice, changes nothing", async () => {
    const chat = connected();
    await chat.alarm();
    const quiet = chat.session;
    chat.world.now += 100 * SECOND;
    await chat.alarm();
    await chat.alarm();
    expect(chat.session).toBe(quiet);
  });

  test("rings next for what is due first", async () => {
    const chat = connected();
    await chat.alarm();
    expect(chat.nextWakeup()).toBe(START + 255 * SECOND);
    reserved(chat);
    expect(chat.nextWakeup()).toBe(START + 60 * SECOND);
  });

  test("rings no more for a lease that is being settled, but for the next try of settling it", async () => {
    const chat = connected();
    reserved(chat);
    chat.world.store.down = true;
    chat.world.now += MINUTE;
    await chat.alarm();
    expect(chat.nextWakeup()).toBe(START + MINUTE + 2 * SECOND);
  });
});

describe("leases", () => {
  test("run out each at its own time, also while the store cannot say what became of another", async () => {
    const chat = openChat();
    const first = reserved(chat, { name: "a.pdf" });
    chat.world.now += 10 * SECOND;
    const second = reserved(chat, { name: "b.pdf" });
    chat.world.store.down = true;
    await chat.runUntil(START + 60 * SECOND);
    expect(effectsOf(chat)).toContain("SettleUpload");
    await chat.runUntil(START + 70 * SECOND);
    const settling = [...(chat.session?.effects.values() ?? [])].flatMap((effect) =>
      effect.kind === "SettleUpload" ? [effect.documentId] : [],
    );
    expect(settling.sort()).toEqual([first.documentId, second.documentId].sort());
  });
});

describe("a customer without a socket", () => {
  test("who only writes is not gone, also after an eviction and whatever others write meanwhile", async () => {
    const chat = openChat({ timeoutAlert: DAY });
    accepted(chat.execute(ANNA, { type: "JoinSession" }));
    for (let minutes = 0; minutes < 10; minutes += 1) {
      say(chat);
      for (let answers = 0; answers < 9; answers += 1)
        accepted(chat.execute(ANNA, { type: "SendMessage", text: "hm", visibility: "all" }));
      chat.evict();
      await chat.runUntil(chat.world.now + 44 * SECOND);
      expect(phaseName(chat)).toBe("open");
    }
    await chat.runUntil(chat.world.now + SECOND);
    expect(chat.session?.phase).toMatchObject({ name: "ended", reason: "disconnected" });
  });
});
