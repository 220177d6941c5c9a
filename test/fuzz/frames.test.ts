/** Frames to a real session's socket, mutated: each is answered, refused or closes the socket, and the session stays whole. */
import fc from "fast-check";
import { afterAll, expect, vi } from "vitest";
import { ClientFrameSchema } from "../../src/protocol/frames.ts";
import { CLOSE, MAX_FRAME_LENGTH } from "../../src/protocol/wire.ts";
import { type Chat, openedChat, stopClock } from "../support/chats.ts";
import { CUSTOMER } from "../support/core-fixtures.ts";
import { fuzz } from "../support/fuzz.ts";
import { connect, greet, type LiveClient } from "../support/live-client.ts";
import { mutatedJson, mutatedText } from "../support/mutations.ts";

stopClock();
afterAll(() => void vi.useRealTimers());

const FRAMES = [
  { type: "hello", position: 0 },
  { type: "message", text: "né 😀", clientId: "client-1", messageType: "plain", visibility: "all" },
  { type: "typing", typing: true, preview: "so far" },
  { type: "read", position: 1 },
];
const WORDS = [
  "type",
  "hello",
  "message",
  "typing",
  "read",
  "position",
  "text",
  "clientId",
  "visibility",
  "agents",
  "__proto__",
  "\ud800",
  "\0",
];
const frames = fc.oneof(
  mutatedJson(FRAMES, WORDS).map((frame) => JSON.stringify(frame)),
  mutatedText(
    FRAMES.map((frame) => JSON.stringify(frame)),
    [...WORDS, ..."{}[],:", "\\ud800", "1e999", "-0", "9007199254740993", "[".repeat(5000)],
  ),
);
const bursts = fc.array(frames, { minLength: 1, maxLength: 6 });

/** Codes with which the session may end a socket for what came over it. */
const CODES: readonly number[] = Object.values(CLOSE);
const FRAMES_PER_CHAT = 500;

let chat: Chat | undefined;
let client: LiveClient | undefined;
let sent = 0;

/** What the protocol promises for a frame: the end of the socket, an answer to it, or perhaps nothing. */
function promised(text: string): "end" | "answer" | "any" {
  if (text.length > MAX_FRAME_LENGTH) return "end";
  try {
    const parsed = ClientFrameSchema.safeParse(JSON.parse(text));
    return !parsed.success || parsed.data.type === "message" ? "answer" : "any";
  } catch {
    return "end";
  }
}

/** Says hello, and reads until the page that answers it: then everything sent before has been dealt with. */
async function settle(live: LiveClient): Promise<{ readonly closed: boolean; readonly answers: number }> {
  live.send({ type: "hello", position: 0x7fffffff });
  for (let answers = 0; ; ) {
    const frame = await live.next();
    if (frame.type === "closed") {
      expect(CODES).toContain(frame.code);
      return { closed: true, answers };
    }
    if (frame.type === "ack" || frame.type === "refused") answers += 1;
    // Only a greeting from there on is answered with a page that has nothing in it.
    if (frame.type === "events" && frame.events.length === 0) return { closed: false, answers };
  }
}

fuzz("a burst of frames leaves the session whole, and every answer is one of the protocol", bursts, async (burst) => {
  if (chat === undefined || sent > FRAMES_PER_CHAT) {
    await client?.close();
    [chat, client, sent] = [await openedChat(), undefined, 0];
  }
  // Half of the sockets were welcomed before; the others hear nonsense first.
  client ??= sent % 2 === 0 ? (await greet(chat.port, CUSTOMER)).client : await connect(chat.port, CUSTOMER);
  for (const text of burst) client.sendText(text);
  sent += burst.length;
  const { closed, answers } = await settle(client);
  if (closed) client = undefined;
  const promises = burst.map(promised);
  if (!closed)
    expect([promises.includes("end"), answers]).toEqual([false, promises.filter((one) => one === "answer").length]);
  const events = await chat.port.events(CUSTOMER, 0);
  if (!events.ok) throw new Error(`the session refuses its customer: ${events.refusal.reason}`);
  const positions = events.value.events.map(({ position }) => position);
  expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
  expect(await chat.phase()).toBe("open");
});
