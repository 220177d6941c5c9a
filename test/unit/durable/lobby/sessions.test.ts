/** The Lobby and its sessions agree again, whatever was lost between them; and customers learn their place from it. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { AssignmentReport, LobbyTerms } from "../../../../src/core/assignment.ts";
import { type Chat, faulty, pass, stopClock } from "../../../support/chats.ts";
import { ANNA, accepted, BERT, CUSTOMER, DAY, MINUTE, SECOND } from "../../../support/core-fixtures.ts";
import { greet } from "../../../support/live-client.ts";
import { TestLobby } from "../../../support/lobbies.ts";

beforeAll(stopClock);

const idOf = ({ address }: Chat) => address.sessionId;

/** Replaces the way of a session's reports to the Lobby. */
async function reportBy(
  chat: Chat,
  lobby: TestLobby,
  report: (report: AssignmentReport, terms: LobbyTerms) => unknown,
) {
  await chat.replace(() => ({ LOBBY: { getByName: () => ({ report, unread: lobby.stub.unread }) } }));
}

/** What the Lobby thinks of its sessions. */
async function known(lobby: TestLobby): Promise<string[]> {
  const rows = await lobby.rows("SELECT body FROM sessions ORDER BY session_id");
  return rows.map(({ body }) => {
    const { report } = JSON.parse(String(body)) as { report: AssignmentReport };
    return `${report.state} ${report.version} ${report.agents.join()}`.trim();
  });
}

describe("a report", () => {
  it("that the Lobby stored and its session does not know of is given again, and makes no second offer", async () => {
    const lobby = new TestLobby();
    const anna = await lobby.ready(ANNA);
    const chat = await lobby.unheardChat();
    await reportBy(chat, lobby, async (report, terms) => {
      await lobby.stub.report(report, terms);
      throw new Error("crashed before it was told that all went well");
    });
    await chat.alarm();
    await anna.nextOf("offer");
    expect((await chat.effects()).map(({ kind }) => kind)).toContain("ReportAssignment");
    await chat.evict();
    pass(2 * SECOND);
    await chat.settle();
    expect((await chat.effects()).map(({ kind }) => kind)).not.toContain("ReportAssignment");
    expect(await known(lobby)).toEqual(["waiting 1"]);
    expect(anna.waiting).toEqual([]);
  });

  it("that a crash of the Lobby lost is given again", async () => {
    const lobby = new TestLobby();
    const chat = await lobby.unheardChat();
    await reportBy(chat, lobby, () => Promise.reject(new Error("the Lobby was restarted")));
    await chat.alarm();
    await chat.evict();
    pass(2 * SECOND);
    await chat.settle();
    expect(await known(lobby)).toEqual(["waiting 1"]);
  });

  it("of a session that has ended leaves nothing of it", async () => {
    const lobby = new TestLobby();
    const chat = await lobby.chat();
    accepted(await chat.port.execute(CUSTOMER, { type: "EndSession" }));
    await chat.settle();
    expect(await known(lobby)).toEqual([]);
    await lobby.alarm();
    expect(await lobby.alarmAt()).toBeNull();
  });
});

describe("a session that has been silent for a minute", () => {
  /** A chat that somebody took while the way to the Lobby swallowed all reports. */
  async function diverged() {
    const lobby = new TestLobby();
    const chat = await lobby.chat();
    await lobby.alarm();
    await reportBy(chat, lobby, async () => {});
    await lobby.join(chat, BERT, 1);
    expect(await known(lobby)).toEqual(["waiting 1"]);
    return { lobby, chat };
  }

  it("is asked how it stands, also by a Lobby that lost its memory", async () => {
    const { lobby } = await diverged();
    expect(await lobby.alarmAt()).toBe(Date.now() + MINUTE);
    await lobby.evict();
    pass(MINUTE);
    await lobby.alarm();
    expect(await known(lobby)).toEqual(["served 2 bert"]);
  });

  it("that does not answer is asked again a minute later, and nothing else waits for it", async () => {
    const { lobby } = await diverged();
    const other = await lobby.chat();
    const down = () => Promise.reject(new Error("down"));
    const broken = faulty(env.SESSIONS.getByName("x"), { assignment: down, tellPlace: down });
    await lobby.replace(() => ({ SESSIONS: { getByName: () => broken } }));
    pass(MINUTE);
    await lobby.alarm();
    expect(await known(lobby)).toEqual(["waiting 1", "waiting 1"]);
    expect(await lobby.alarmAt()).toBe(Date.now() + MINUTE);
    await lobby.evict();
    pass(MINUTE);
    await lobby.alarm();
    expect((await known(lobby)).sort()).toEqual(["served 2 bert", "waiting 1"]);
    expect((await lobby.port.view(ANNA)).waiting).toMatchObject([{ sessionId: idOf(other) }]);
  });

  it("and was erased is forgotten", async () => {
    const lobby = new TestLobby();
    const chat = await lobby.chat();
    await reportBy(chat, lobby, async () => {});
    accepted(await chat.port.execute(CUSTOMER, { type: "EndSession" }));
    await chat.settle();
    pass(31 * DAY);
    await chat.settle();
    await chat.alarm();
    await lobby.alarm();
    expect(await known(lobby)).toEqual([]);
  });
});

describe("a customer who waits", () => {
  it("is told the place by the alarm, then when it changes, at most every ten seconds", async () => {
    const lobby = new TestLobby();
    const chats = [await lobby.chat(), await lobby.chat()];
    const [first, second] = [...chats].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
    if (first === undefined || second === undefined) throw new Error("two chats were opened");
    const { client } = await greet(second.port, CUSTOMER);
    expect(await lobby.alarmAt()).toBe(Date.now());
    await lobby.alarm();
    expect(await client.nextOf("queue")).toEqual({ type: "queue", position: 2, waiting: 2, agentsReady: false });
    await lobby.alarm();
    pass(SECOND);
    await lobby.join(first, BERT);
    expect(await lobby.alarmAt()).toBe(Date.now() + 9 * SECOND);
    await lobby.alarm();
    pass(9 * SECOND);
    expect(client.waiting).toEqual([]);
    await lobby.alarm();
    expect(await client.nextOf("queue")).toMatchObject({ position: 1, waiting: 1 });
    expect(await lobby.port.place(idOf(second))).toMatchObject({ position: 1, waiting: 1 });
    expect(await lobby.port.place(idOf(first))).toBeUndefined();
  });

  it("is told also where the Lobby lost its memory before it could, and not again where it had", async () => {
    const lobby = new TestLobby();
    const chat = await lobby.chat();
    const { client } = await greet(chat.port, CUSTOMER);
    await lobby.evict();
    await lobby.alarm();
    expect(await client.nextOf("queue")).toMatchObject({ position: 1 });
    for (let minute = 0; minute < 3; minute += 1) {
      await lobby.evict();
      pass(MINUTE);
      await lobby.alarm();
    }
    expect(client.waiting).toEqual([]);
    await lobby.ready(ANNA);
    pass(10 * SECOND);
    await lobby.alarm();
    expect(await client.nextOf("queue")).toMatchObject({ position: 1, agentsReady: true });
  });
});

it("an alarm that the platform lost is set again by whoever comes next", async () => {
  const lobby = new TestLobby();
  await lobby.chat();
  await lobby.inside((_instance, { storage }) => storage.deleteAlarm());
  await lobby.evict();
  await lobby.port.view(BERT);
  expect(await lobby.alarmAt()).toBe(Date.now());
});

it("an alarm that fails rings again after a minute", async () => {
  const lobby = new TestLobby();
  const chat = await lobby.chat();
  pass(2 * MINUTE);
  await lobby.inside((_instance, { storage }) => {
    storage.sql.exec("ALTER TABLE sessions RENAME TO away");
  });
  await lobby.alarm();
  expect(await lobby.alarmAt()).toBe(Date.now() + MINUTE);
  await lobby.inside((_instance, { storage }) => {
    storage.sql.exec("ALTER TABLE away RENAME TO sessions");
  });
  await lobby.evict();
  pass(MINUTE);
  await lobby.alarm();
  expect((await lobby.port.view(ANNA)).waiting).toMatchObject([{ sessionId: idOf(chat) }]);
});
