/** Clients that only poll: what keeps them in a chat, and how it ends when they, or everybody, fall silent. */
import { describe, expect, test } from "vitest";
import type { GmsEvent } from "../../support/node/gms-answers.ts";
import { GmsClient } from "../../support/node/gms-client.ts";
import { useServer } from "../../support/node/server.ts";

const quick = { "transcript-email": "never", "timeout-alert": 1, "message-alert": "Still there?" };
const server = useServer({
  bindings: {
    SERVICE_TWICE: {
      ...quick,
      "timeout-alert2": 1,
      "timeout-close": 1,
      "message-alert2": "Closing!",
      "message-close": "Closed.",
    },
    SERVICE_PATIENT: { ...quick, "timeout-close": 600, "message-close": "Closed." },
    SERVICE_FORGETFUL: { "transcript-email": "never", "disconnect-timeout": 10 },
  },
});

async function started(service: string): Promise<GmsClient> {
  const client = new GmsClient(server, service);
  await client.start();
  return client;
}

const typesOf = (events: readonly GmsEvent[]) => events.map(({ type }) => type);

/** Polls once, and says what the widget shows then. */
async function shown(client: GmsClient): Promise<readonly GmsEvent["type"][]> {
  await client.poll();
  return typesOf(client.drawn);
}

/** Polls as a widget does until an event of this type has come. */
async function pollUntil(client: GmsClient, type: GmsEvent["type"]): Promise<GmsEvent> {
  const found = () => client.drawn.find((event) => event.type === type);
  await expect.poll(() => shown(client), { timeout: 20_000, interval: 100 }).toContain(type);
  return found() as GmsEvent;
}

describe("in a chat in which nobody speaks", () => {
  test("two alerts tell what is next and when, then the chat is closed and every poll says that it has ended", async () => {
    const client = await started("twice");
    const agent = await client.agent();
    const first = await pollUntil(client, "IdleAlert");
    expect(first).toMatchObject({
      text: "Still there?",
      from: { type: "System", participantId: 0 },
      userData: { "next-idle-timer-type": "ALERT", "next-idle-timer-secs": "1" },
    });
    await pollUntil(client, "IdleClose");
    expect(client.ended).toBe(true);
    const drawn = client.drawn.map(({ type, text }) => [type, text]);
    expect(drawn.slice(2)).toEqual([
      ["IdleAlert", "Still there?"],
      ["IdleAlert", "Closing!"],
      ["IdleClose", "Closed."],
      ["ParticipantLeft", undefined],
      ["ParticipantLeft", undefined],
    ]);
    expect(client.drawn[3]?.userData).toEqual({ "next-idle-timer-type": "CLOSE", "next-idle-timer-secs": "1" });
    expect(await agent.must("getSession")).toMatchObject({ phase: "ended" });
    expect(await client.must("refresh", { transcriptPosition: "4" })).toMatchObject({ chatEnded: true });
    expect(await client.reloaded().refused("send", { message: "wait" })).toMatchObject({ code: 249, chatEnded: true });
  });

  test("polling does not count as speaking, and the countdown runs in its answers", async () => {
    const client = await started("patient");
    expect(await client.must("refresh")).not.toHaveProperty("idleTimerExpire");
    await pollUntil(client, "IdleAlert");
    const { idleTimerExpire = 0 } = await client.must("refresh");
    expect(idleTimerExpire).toBeGreaterThan(590);
    expect(idleTimerExpire).toBeLessThanOrEqual(600);
  });

  test("the widget's answer to an alert starts the control anew, and nobody sees an event", async () => {
    const client = await started("patient");
    await pollUntil(client, "IdleAlert");
    const eventAttributes = JSON.stringify({ purpose: "cancel-idle-timer" });
    const answer = await client.must("customNotice", { eventAttributes });
    expect(answer).not.toHaveProperty("idleTimerExpire");
    await expect
      .poll(() => shown(client), { timeout: 20_000 })
      .toEqual(["ParticipantJoined", "IdleAlert", "IdleAlert"]);
  });

  test("the widget's answer to an alert is remembered over a restart", async () => {
    const client = await started("patient");
    await pollUntil(client, "IdleAlert");
    await client.must("customNotice");
    await server().restart("kill");
    await expect
      .poll(() => shown(client), { timeout: 20_000 })
      .toEqual(["ParticipantJoined", "IdleAlert", "IdleAlert"]);
  });

  test("a message starts the control anew", async () => {
    const client = await started("patient");
    await pollUntil(client, "IdleAlert");
    expect(await client.must("send", { message: "Yes" })).not.toHaveProperty("idleTimerExpire");
  });
});

describe("a customer's widget", () => {
  test("that has stopped asking is disconnected; one that polls, or only sends what it types, stays", {
    timeout: 60_000,
  }, async () => {
    const [gone, polling, typing] = await Promise.all(Array.from({ length: 3 }, () => started("forgetful")));
    if (gone === undefined || polling === undefined || typing === undefined) throw new Error("no chat");
    const agent = await gone.agent();
    const asked = async () => {
      await polling.poll();
      await typing.must("startTyping");
      return (await agent.must("getSession")).phase;
    };
    await expect.poll(asked, { timeout: 40_000, interval: 1000 }).toBe("ended");
    expect(await shown(polling)).toEqual(["ParticipantJoined"]);
    expect([polling.ended, typing.ended]).toEqual([false, false]);
    const left = (await gone.poll()).slice(1);
    expect(left.map(({ type, from }) => [type, from.type])).toEqual([
      ["ParticipantLeft", "Client"],
      ["ParticipantLeft", "Agent"],
    ]);
    expect(gone.ended).toBe(true);
  });
});
