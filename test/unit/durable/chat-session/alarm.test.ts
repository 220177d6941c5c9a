/** Every duty in time on the real object: the one alarm rings, late, twice or after a crash, and nothing keeps the object awake. */
import { beforeAll, describe, expect, it } from "vitest";
import { PING, PONG } from "../../../../src/protocol/wire.ts";
import { type Chat, faulty, openedChat, pass, stopClock } from "../../../support/chats.ts";
import { accepted, CUSTOMER, DAY, MINUTE, SECOND, SYSTEM } from "../../../support/core-fixtures.ts";
import { greet } from "../../../support/live-client.ts";

beforeAll(stopClock);

const PATIENT = { disconnectTimeout: DAY };

describe("a quiet chat", () => {
  it("is alerted, alerted again and closed, each at its time and told to whoever is connected", async () => {
    const chat = await openedChat({ ...PATIENT, timeoutAlert2: 30 * SECOND });
    await chat.settle();
    const { client } = await greet(chat.port, CUSTOMER);
    const [begin, told] = [Date.now(), []] as [number, string[]];
    for (const after of [255, 285, 330]) {
      expect(await chat.alarmAt()).toBe(begin + after * SECOND);
      pass(begin + after * SECOND - Date.now());
      await chat.alarm();
      const { events } = await client.nextOf("events");
      told.push(...events.map(({ type }) => type));
    }
    expect(told).toEqual(["IdleAlert", "IdleAlert", "IdleClose", "ParticipantLeft"]);
    expect(await chat.phase()).toBe("ended");
    expect((await client.nextOf("ended")).type).toBe("ended");
  });

  it("is left alone until its alarm: ringing early does nothing and arms it again", async () => {
    const chat = await openedChat(PATIENT);
    await chat.settle();
    const at = await chat.alarmAt();
    pass(10 * SECOND);
    await chat.alarm();
    expect(await chat.eventTypes()).toEqual(["ParticipantJoined"]);
    expect(await chat.alarmAt()).toBe(at);
  });

  it("gets the whole countdown from an alert that came late", async () => {
    const chat = await openedChat(PATIENT);
    await chat.settle();
    pass(20 * MINUTE);
    await chat.alarm();
    expect(await chat.eventTypes()).toEqual(["ParticipantJoined", "IdleAlert"]);
    expect(await chat.alarmAt()).toBe(Date.now() + 45 * SECOND);
  });

  it("is alerted once by an alarm that rings twice", async () => {
    const chat = await openedChat(PATIENT);
    await chat.settle();
    pass(255 * SECOND);
    await chat.alarm();
    await chat.alarm();
    expect(await chat.eventTypes()).toEqual(["ParticipantJoined", "IdleAlert"]);
  });

  it("is not closed while a file is on its way", async () => {
    const chat = await openedChat();
    await chat.settle();
    const reservation = await chat.reserve();
    for (let renewals = 0; renewals < 12; renewals += 1) {
      pass(30 * SECOND);
      const { documentId, attempt } = reservation;
      accepted(await chat.port.execute(SYSTEM, { type: "RenewLease", documentId, attempt }));
      await chat.alarm();
    }
    expect(await chat.eventTypes()).toEqual(["ParticipantJoined"]);
  });
});

describe("a customer who is gone", () => {
  it("is noticed when a client that polls stops asking", async () => {
    const chat = await openedChat();
    await chat.settle();
    pass(44 * SECOND);
    accepted(await chat.port.events(CUSTOMER, 0));
    await chat.alarm();
    pass(44 * SECOND);
    await chat.alarm();
    expect(await chat.phase()).toBe("open");
    pass(SECOND);
    await chat.alarm();
    expect(await chat.record()).toMatchObject({ phase: { name: "ended", reason: "disconnected" } });
  });

  it("is noticed, though the socket is open, when a client that pinged pings no more", async () => {
    const chat = await openedChat();
    await chat.settle();
    const answer = await chat.port.connect(CUSTOMER, { kind: "live", after: 0 });
    const { webSocket } = answer;
    if (webSocket === null) throw new Error("no socket");
    const { promise: pong, resolve } = Promise.withResolvers<unknown>();
    webSocket.accept();
    webSocket.addEventListener("message", ({ data }) => resolve(data), { once: true });
    webSocket.send(PING);
    expect(await pong).toBe(PONG);
    // The platform noted the ping by the machine's own clock, which is years behind the tests': long ago.
    pass(45 * SECOND);
    await chat.alarm();
    expect(await chat.record()).toMatchObject({ phase: { name: "ended", reason: "disconnected" } });
  });

  it("is noticed when the socket stays away, and not while there is one", async () => {
    const chat = await openedChat();
    await chat.settle();
    const { client } = await greet(chat.port, CUSTOMER);
    pass(44 * SECOND);
    await client.close();
    pass(44 * SECOND);
    await chat.alarm();
    expect(await chat.phase()).toBe("open");
    pass(SECOND);
    await chat.alarm();
    expect(await chat.record()).toMatchObject({ phase: { name: "ended", reason: "disconnected" } });
  });
});

/** The platform keeps an alarm until its handler has succeeded; the tests' way to ring it takes it away before. */
function keepAlarm(chat: Chat): Promise<void> {
  return chat.inside((_instance, { storage }) => storage.setAlarm(Date.now()));
}

/** Lets the object die the moment its mail leaves; answers what left. */
async function dyingMailer(chat: Chat): Promise<string[]> {
  const sent: string[] = [];
  await chat.inside((instance, state) => {
    const own: Env = Reflect.get(instance, "env");
    const send = async (message: { "EmailMessage::raw": ReadableStream }) => {
      sent.push(await new Response(message["EmailMessage::raw"]).text());
      state.abort("died");
    };
    Reflect.set(instance, "env", { ...own, EMAIL: faulty(own.EMAIL, { send }) });
  });
  return sent;
}

describe("an alarm", () => {
  it("that dies in the middle does no duty again, and an effect whose end it did not store once more", async () => {
    const chat = await openedChat({ ...PATIENT, transcriptEmail: "always" }, { email: "cleo@example.com" });
    await chat.settle();
    pass(255 * SECOND);
    await chat.alarm();
    pass(45 * SECOND);
    const first = await dyingMailer(chat);
    await expect(chat.alarm()).rejects.toThrow();
    const told = ["ParticipantJoined", "IdleAlert", "IdleClose", "ParticipantLeft"];
    expect(await chat.eventTypes()).toEqual(told);
    expect(await chat.effects()).toContainEqual(expect.objectContaining({ kind: "SendTranscript", attempts: 0 }));
    await keepAlarm(chat);
    const second = await dyingMailer(chat);
    await expect(chat.alarm()).rejects.toThrow();
    expect(first).toHaveLength(1);
    expect(second).toEqual(first);
    await keepAlarm(chat);
    await chat.settle();
    expect(await chat.eventTypes()).toEqual(told);
    expect(await chat.effects()).toEqual([]);
  });

  it("serves every duty under the last good options while the configuration is wrong", async () => {
    const chat = await openedChat({
      timeoutAlert: 20 * SECOND,
      messageAlert: "From the last good options.",
      ...PATIENT,
    });
    await chat.settle();
    await chat.replace(() => ({ TOKEN_SECRETS: "nonsense", SERVICE_UNCONFIGURED: { "upload-max-files": "many" } }));
    pass(20 * SECOND);
    await chat.alarm();
    const { events } = accepted(await chat.port.events(SYSTEM, 0));
    expect(events.at(-1)).toMatchObject({ type: "IdleAlert", text: "From the last good options." });
  });

  it("that fails rings again in a minute, and never fails towards the platform, which would give it up", async () => {
    const chat = await openedChat();
    await chat.settle();
    await chat.inside(async (instance, { storage }) => {
      await storage.setAlarm(Date.now());
      const broken = () => {
        throw new Error("broken");
      };
      Object.defineProperty(instance, "env", { get: broken, configurable: true });
    });
    pass(45 * SECOND);
    accepted(await chat.port.execute(CUSTOMER, { type: "EndSession" }));
    await chat.alarm();
    expect(await chat.alarmAt()).toBe(Date.now() + MINUTE);
    await chat.evict();
    pass(MINUTE);
    await chat.settle();
    expect((await chat.effects()).filter(({ dueAt }) => dueAt <= Date.now())).toEqual([]);
  });

  it("is set for nothing but the next duty: one that has ended waits for its erasure alone", async () => {
    const chat = await openedChat({ retentionDays: 3 });
    accepted(await chat.port.execute(CUSTOMER, { type: "EndSession" }));
    await chat.settle();
    await chat.alarm();
    expect(await chat.effects()).toEqual([]);
    expect(await chat.alarmAt()).toBe(Date.now() + 3 * DAY);
  });

  it("runs at most five effects, and rings at once for the others", async () => {
    const chat = await openedChat({ uploadMaxFiles: 10, ...PATIENT });
    await chat.settle();
    const asked = new Set<string>();
    await chat.replace((own) => ({
      FILES: faulty(own.FILES, {
        put: (key: string) => {
          asked.add(key);
          return Promise.reject(new Error("down"));
        },
      }),
    }));
    for (let files = 0; files < 7; files += 1) await chat.reserve({ name: `${files}.txt` });
    pass(MINUTE);
    await chat.alarm();
    expect(asked.size).toBe(5);
    expect(await chat.alarmAt()).toBeLessThanOrEqual(Date.now());
    await chat.alarm();
    expect(asked.size).toBe(7);
  });

  it("that the platform gave up is set again by whoever comes next, and still serves what is overdue", async () => {
    const chat = await openedChat({ retentionDays: 3 });
    accepted(await chat.port.execute(CUSTOMER, { type: "EndSession" }));
    await chat.settle();
    await chat.inside((_instance, { storage }) => storage.deleteAlarm());
    await chat.evict();
    expect(await chat.alarmAt()).toBeNull();
    pass(40 * DAY);
    accepted(await chat.port.view(CUSTOMER));
    expect(await chat.alarmAt()).toBeLessThanOrEqual(Date.now());
    await chat.alarm();
    expect(await chat.stored()).toEqual([]);
  });

  it("with several effects is set once, for what is next, and not for what it is doing", async () => {
    const chat = await openedChat({ transcriptEmail: "always", retentionDays: 3 }, { email: "cleo@example.com" });
    await chat.settle();
    accepted(await chat.port.execute(CUSTOMER, { type: "EndSession" }));
    await chat.alarm();
    expect(await chat.effects()).toEqual([]);
    expect(await chat.alarmAt()).toBe(Date.now() + 3 * DAY);
  });
});
