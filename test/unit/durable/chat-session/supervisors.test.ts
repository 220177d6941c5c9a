/** A silent supervisor on sockets: agents hear of them, the customer's socket does not. */
import { beforeAll, expect, it } from "vitest";
import { openedChat, stopClock } from "../../../support/chats.ts";
import { ANNA, accepted, agent, CUSTOMER } from "../../../support/core-fixtures.ts";
import { greet } from "../../../support/live-client.ts";

beforeAll(stopClock);

const SUPER = agent("super", ["chat:supervise"]);

it("what a silent supervisor does reaches agents' sockets and no customer's, also after an eviction", async () => {
  const chat = await (await openedChat()).join();
  const [{ client: customer }, { client: anna }] = [await greet(chat.port, CUSTOMER), await greet(chat.port, ANNA)];
  accepted(await chat.port.execute(SUPER, { type: "JoinSession", mode: "silent" }));
  await chat.evict();
  accepted(await chat.port.execute(SUPER, { type: "SetTyping", typing: true }));
  accepted(await chat.port.execute(SUPER, { type: "MarkRead", position: 2 }));
  accepted(await chat.port.execute(SUPER, { type: "LeaveSession" }));
  await chat.say("hello", ANNA);
  // Frames come in order: the first thing the customer hears is what was said to everybody.
  expect(await customer.next()).toMatchObject({ type: "events", events: [{ text: "hello" }] });
  const heard = [await anna.next(), await anna.next(), await anna.next(), await anna.next()];
  expect(heard).toMatchObject([
    { type: "events", events: [{ type: "ParticipantJoined", visibility: "agents" }] },
    { type: "typing" },
    { type: "read" },
    { type: "events", events: [{ type: "ParticipantLeft", visibility: "agents" }] },
  ]);
});
