/** Bytes that come before their sender's credentials, in the real object and store: held, claimed in one step, or deleted. */
import { beforeAll, describe, expect, it } from "vitest";
import { PART_BYTES } from "../../../src/backends/documents.ts";
import type { ServiceOptions } from "../../../src/core/options.ts";
import type { Principal } from "../../../src/core/principal.ts";
import { type Chat, documents, openedChat, pass, type Reserved, stopClock } from "../../support/chats.ts";
import {
  ANNA,
  accepted,
  CUSTOMER,
  DAY,
  MINUTE,
  RENEWED,
  reasonOf,
  SECOND,
  SYSTEM,
} from "../../support/core-fixtures.ts";
import { FREE, MIB, PATIENT, textOf } from "../../support/uploads.ts";

beforeAll(stopClock);

const FILE = { size: 100, sha256: "ab", contentType: "text/plain" };

function hold(chat: Chat) {
  return chat.port.execute(SYSTEM, { type: "HoldUpload", name: "a.txt", extension: "txt" });
}

/** A chat, and bytes that wait in it for their sender. */
async function held(options: Partial<ServiceOptions> = {}): Promise<{ chat: Chat; waiting: Reserved }> {
  const chat = await openedChat({ ...PATIENT, ...options });
  const waiting = accepted(await hold(chat));
  if (waiting.kind !== "reserved") throw new Error("not held");
  await documents().put(waiting.key, textOf(100));
  return { chat, waiting };
}

function claim(chat: Chat, { documentId, attempt }: Reserved, who: Principal = CUSTOMER) {
  return chat.port.execute(who, { type: "ClaimUpload", documentId, attempt, ...FILE });
}

async function expire(chat: Chat): Promise<void> {
  pass(MINUTE);
  await chat.alarm();
  await chat.settle();
}

async function expectDeleted(chat: Chat, waiting: Reserved): Promise<void> {
  expect(await chat.eventTypes()).not.toContain("FileUploaded");
  expect(await documents().size(waiting.key)).toBeUndefined();
  expect(await chat.used()).toEqual(FREE);
  pass(DAY);
  await chat.settle();
  expect(await chat.keys()).toEqual([]);
  expect(await chat.state(waiting)).toBe("forgotten");
}

describe("bytes without a sender", () => {
  it("take no quota until they are claimed, and then all of it in the step that announces them", async () => {
    const { chat, waiting } = await held();
    expect(await chat.used()).toEqual(FREE);
    const { file, position } = accepted(await claim(chat, waiting));
    expect(file).toMatchObject({ fileId: waiting.fileId, name: "a.txt", size: 100 });
    const { events } = accepted(await chat.port.events(CUSTOMER, position - 1));
    expect(events).toMatchObject([{ type: "FileUploaded", from: { participantId: 1 } }]);
    expect(await chat.used()).toEqual({ files: 1, bytes: 100, downloads: 0 });
    pass(DAY);
    await chat.settle();
    expect(await documents().size(waiting.key)).toBe(100);
  });

  it("wait two at a time at most, however many come at once", async () => {
    const chat = await openedChat(PATIENT);
    const answers = await Promise.all(Array.from({ length: 50 }, () => hold(chat)));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(2);
    expect(new Set(answers.map(reasonOf))).toEqual(new Set(["accepted", "too-many-pending"]));
    await expire(chat);
    expect(reasonOf(await hold(chat))).toBe("accepted");
  });

  it("are deleted when nobody claims them, though they are all there and are what they say", async () => {
    const { chat, waiting } = await held();
    await expire(chat);
    expect(await chat.state(waiting)).toBe("released");
    expect(reasonOf(await claim(chat, waiting))).toBe("upload-expired");
    await expectDeleted(chat, waiting);
  });

  it("are never announced by a worker's word or by a rescue, which both have no credentials", async () => {
    const { chat, waiting } = await held();
    const { documentId, attempt } = waiting;
    const word = { type: "CommitUpload", documentId, attempt, ...FILE } as const;
    expect(reasonOf(await chat.port.execute(SYSTEM, word))).toBe("unknown-upload");
    pass(MINUTE);
    await chat.alarm();
    expect(reasonOf(await chat.port.execute(SYSTEM, word))).toBe("upload-expired");
    await chat.settle();
    await expectDeleted(chat, waiting);
  });

  it("that still come in parts when their time is over never become an object", async () => {
    const chat = await openedChat({ ...PATIENT, uploadMaxFileSize: 20 * MIB, uploadMaxTotalSize: 20 * MIB });
    const waiting = accepted(await hold(chat));
    if (waiting.kind !== "reserved") throw new Error("not held");
    const { key, documentId, attempt } = waiting;
    const parts = await documents().openParts(key);
    const { multipartId } = parts;
    accepted(await chat.port.execute(SYSTEM, { type: "AttachMultipart", documentId, attempt, multipartId }));
    await parts.send(textOf(PART_BYTES));
    await expire(chat);
    expect(await parts.complete()).toBe("aborted");
    await expectDeleted(chat, waiting);
  });

  it("keep their place while they move", async () => {
    const { chat, waiting } = await held();
    const { documentId, attempt } = waiting;
    for (let renewals = 0; renewals < 4; renewals += 1) {
      pass(25 * SECOND);
      await chat.alarm();
      accepted(await chat.port.execute(SYSTEM, { type: "RenewLease", documentId, attempt }));
    }
    expect(reasonOf(await claim(chat, waiting))).toBe("accepted");
  });
});

describe("a claim", () => {
  it("is held against the limits of its own moment, and what it cannot have is deleted", async () => {
    const { chat, waiting } = await held({ uploadMaxFiles: 1 });
    await chat.reserve();
    expect(reasonOf(await claim(chat, waiting))).toBe("too-many-files");
    pass(MINUTE);
    await chat.alarm();
    await chat.settle();
    await expectDeleted(chat, waiting);
  });

  it("is the customer's alone", async () => {
    const { chat, waiting } = await held();
    await chat.join();
    expect(reasonOf(await claim(chat, waiting, ANNA))).toBe("bad-token");
    accepted(await chat.port.execute(CUSTOMER, { type: "RotateToken" }));
    accepted(await chat.port.execute(RENEWED, { type: "Stay" }));
    expect(reasonOf(await claim(chat, waiting, CUSTOMER))).toBe("token-revoked");
    expect(await chat.eventTypes()).not.toContain("FileUploaded");
  });

  it("reaches nothing that waits in another session", async () => {
    const { waiting } = await held();
    const other = await openedChat(PATIENT);
    expect(reasonOf(await claim(other, waiting))).toBe("unknown-upload");
    expect(await other.eventTypes()).not.toContain("FileUploaded");
  });

  it("works while the session closes, and ends it; nothing can be held in it any more", async () => {
    const { chat, waiting } = await held();
    accepted(await chat.port.execute(CUSTOMER, { type: "EndSession" }));
    expect(await chat.phase()).toBe("closing");
    expect(reasonOf(await hold(chat))).toBe("session-ended");
    accepted(await claim(chat, waiting));
    expect(await chat.phase()).toBe("ended");
  });
});
