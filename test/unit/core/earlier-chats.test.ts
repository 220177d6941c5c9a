/** Earlier chats: which months are asked, who may know of them, and what is shown. */
import { describe, expect, test } from "vitest";
import type { DirectoryEntry } from "../../../src/core/directory.ts";
import { admitToEarlier, findEarlier } from "../../../src/core/earlier-chats.ts";
import type { Session } from "../../../src/core/session.ts";
import { chatWithAnna } from "../../support/core-chat.ts";
import { ANNA, agent, agentWithout, CUSTOMER, DAY, HOUR, reasonOf, SYSTEM } from "../../support/core-fixtures.ts";

const RETENTION_DAYS = 300;
const session = opened();

function opened(): Session {
  const { session } = chatWithAnna({ retentionDays: RETENTION_DAYS });
  if (session === undefined) throw new Error("no session");
  return session;
}

const entry = (sessionId: string, startedAt: number): DirectoryEntry => ({
  sessionId,
  startedAt,
  endedAt: startedAt + HOUR,
  version: 3,
  parked: true,
  emailHash: "hash",
});

/** Asks as often as there is a cursor. */
async function all(known: Record<string, DirectoryEntry[]>) {
  const asked: string[][] = [];
  const chats: string[] = [];
  let cursor: string | undefined;
  do {
    const names: string[] = [];
    const page = await findEarlier(session, cursor, async (name) => {
      names.push(name);
      return known[name] ?? [];
    });
    asked.push(names);
    chats.push(...page.chats.map(({ sessionId }) => sessionId));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return { asked, chats };
}

describe("earlier chats", () => {
  test("are looked for from the session's own month backwards, for as long as the service keeps them", async () => {
    const { asked } = await all({});
    const months = asked.flat();
    expect(asked.map(({ length }) => length)).toEqual([6, 6]);
    expect(months.slice(0, 4)).toEqual(["shop:2026-03", "shop:2026-02", "shop:2026-01", "shop:2025-12"]);
    // It ended in May 2025 and is kept still, having begun in April.
    expect(months.at(-1)).toBe("shop:2025-04");
  });

  test("are shown by id and times alone, newest first, without this session and those that began after it", async () => {
    const { startedAt, sessionId } = session;
    const known = {
      "shop:2026-03": [entry("later", startedAt + HOUR), entry(sessionId, startedAt), entry("a", startedAt - HOUR)],
      "shop:2026-01": [entry("b", startedAt - 60 * DAY)],
    };
    expect((await all(known)).chats).toEqual(["a", "b"]);
    const page = await findEarlier(session, undefined, async (name) => known[name as "shop:2026-01"] ?? []);
    expect(page.chats[0]).toEqual({ sessionId: "a", startedAt: startedAt - HOUR, endedAt: startedAt });
  });

  test("ask no further month once an answer holds fifty", async () => {
    const many = Array.from({ length: 60 }, (_, index) => entry(`chat-${index}`, session.startedAt - index - 1));
    const { asked, chats } = await all({ "shop:2026-03": many });
    expect(asked[0]).toEqual(["shop:2026-03"]);
    expect(asked[1]?.[0]).toBe("shop:2026-02");
    expect(chats).toHaveLength(60);
  });

  test("never go on from a month after the session's own", async () => {
    const asked: string[] = [];
    await findEarlier(session, "9999-12", async (name) => {
      asked.push(name);
      return [];
    });
    expect(asked[0]).toBe("shop:2026-03");
  });
});

test.each([
  ["an agent in the session", ANNA, "accepted"],
  ["an agent who is not", agent("bert", ["chat:take"]), "not-joined"],
  ["a supervisor who takes chats", agent("super", ["chat:take", "chat:supervise"]), "accepted"],
  ["an agent in the session who may not take chats", agentWithout("anna", "chat:take"), "missing-privilege"],
  ["the customer", CUSTOMER, "bad-token"],
  ["Satchel itself", SYSTEM, "bad-token"],
] as const)("whether %s may know of them", (_who, principal, reason) => {
  expect(reasonOf(admitToEarlier(session, principal))).toBe(reason);
});
