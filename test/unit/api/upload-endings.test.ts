/** The end of a session while an upload is in flight: it waits for the file, but not long, and mails only what is final. */
import { beforeAll, describe, expect, it } from "vitest";
import { type Chat, documents, openedChat, pass, stopClock } from "../../support/chats.ts";
import { ANNA, accepted, CUSTOMER, MINUTE, reasonOf, SECOND, SYSTEM } from "../../support/core-fixtures.ts";
import { bodyOf, FREE, PATIENT, receive, Sender, textOf } from "../../support/uploads.ts";

beforeAll(stopClock);

const MAILED = { ...PATIENT, transcriptEmail: "always" } as const;
const ADDRESS = { email: "cleo@example.com" };

/** Kinds of the effects that wait. */
async function waiting(chat: Chat): Promise<string[]> {
  return (await chat.effects()).map(({ kind }) => kind);
}

async function end(chat: Chat): Promise<void> {
  accepted(await chat.port.execute(CUSTOMER, { type: "EndSession" }));
}

/** An upload that has begun, in a session that is closing. */
async function closingWithUpload() {
  const chat = await openedChat(MAILED, ADDRESS);
  await chat.settle();
  const sender = new Sender();
  const reservation = await chat.reserve({ size: 200 });
  const received = receive(chat, reservation, sender, { size: 200 });
  await sender.send(textOf(50));
  await end(chat);
  return { chat, sender, reservation, received };
}

describe("a session that ends while an upload is in flight", () => {
  it("waits, and nothing is mailed until the file is in the transcript", async () => {
    const { chat, sender, reservation, received } = await closingWithUpload();
    expect(await chat.phase()).toBe("closing");
    // Of its end only the Lobby is told.
    expect(await waiting(chat)).toEqual(["ReportAssignment"]);
    void sender.send(textOf(150));
    sender.end();
    const { file } = accepted(await received);
    expect(await chat.eventTypes()).toEqual(["ParticipantJoined", "FileUploaded", "ParticipantLeft"]);
    expect(await chat.phase()).toBe("ended");
    expect(await waiting(chat)).toContain("SendTranscript");
    await chat.settle();
    expect(accepted(await chat.port.frozenMail(CUSTOMER))).toBeDefined();
    expect(await documents().size(reservation.key)).toBe(file.size);
  });

  it("takes no new upload, and lets none last by renewing it", async () => {
    const { chat, sender, received } = await closingWithUpload();
    const wish = { type: "ReserveUpload", name: "b.txt", extension: "txt", size: 100, exact: true } as const;
    expect(reasonOf(await chat.port.execute(CUSTOMER, wish))).toBe("session-ended");
    pass(MINUTE);
    await chat.alarm();
    void sender.send(textOf(50));
    sender.end();
    expect(reasonOf(await received)).toBe("session-ended");
    expect(await chat.phase()).toBe("ended");
    expect(await chat.used()).toEqual(FREE);
    await chat.settle();
    expect(await chat.eventTypes()).toEqual(["ParticipantJoined", "ParticipantLeft"]);
  });

  it("waits for an upload that goes on within its minute, however its pieces come", async () => {
    const { chat, sender, received } = await closingWithUpload();
    pass(25 * SECOND);
    await chat.alarm();
    void sender.send(textOf(150));
    sender.end();
    expect(reasonOf(await received)).toBe("accepted");
    expect(await chat.phase()).toBe("ended");
    expect(await chat.eventTypes()).toEqual(["ParticipantJoined", "FileUploaded", "ParticipantLeft"]);
  });

  it("ends at once when the upload is given up: its client left", async () => {
    const { chat, sender, received } = await closingWithUpload();
    sender.leave();
    expect(reasonOf(await received)).toBe("size-mismatch");
    expect(await chat.phase()).toBe("ended");
    expect(await waiting(chat)).toContain("SendTranscript");
  });

  it("ends within sixty seconds when nothing is heard of the upload, and a late worker is refused", async () => {
    const { chat, sender, reservation, received } = await closingWithUpload();
    expect(await chat.alarmAt()).toBeLessThanOrEqual(Date.now() + MINUTE);
    pass(MINUTE);
    await chat.alarm();
    expect(await chat.phase()).toBe("ended");
    const { documentId, attempt } = reservation;
    const file = { size: 200, sha256: "ab", contentType: "text/plain" };
    const late = await chat.port.execute(SYSTEM, { type: "CommitUpload", documentId, attempt, ...file });
    expect(reasonOf(late)).toBe("upload-expired");
    void sender.send(textOf(150));
    sender.end();
    // Whether the store or the session says so first is theirs.
    expect(["upload-expired", "session-ended"]).toContain(reasonOf(await received));
    await chat.settle();
    expect(await documents().size(reservation.key)).toBeUndefined();
    expect(await chat.eventTypes()).toEqual(["ParticipantJoined", "ParticipantLeft"]);
    expect(await chat.used()).toEqual(FREE);
  });

  it("waits for the last of several uploads, those of agents too", async () => {
    const chat = await openedChat(MAILED, ADDRESS);
    await chat.join();
    const one = await chat.reserve();
    const other = await chat.reserve({ name: "b.pdf", extension: "pdf" }, ANNA);
    await end(chat);
    accepted(await receive(chat, one, bodyOf(textOf(100))));
    expect(await chat.phase()).toBe("closing");
    const { documentId, attempt } = other;
    const gone = { reason: "aborted", rejected: false, object: "unknown" } as const;
    accepted(await chat.port.execute(SYSTEM, { type: "ReleaseUpload", documentId, attempt, ...gone }));
    expect(await chat.phase()).toBe("ended");
    expect((await chat.eventTypes()).filter((type) => type === "FileUploaded")).toHaveLength(1);
  });

  it("stays closing through an eviction, and ends all the same", async () => {
    const { chat, sender, received } = await closingWithUpload();
    await chat.evict();
    expect(await chat.phase()).toBe("closing");
    void sender.send(textOf(150));
    sender.end();
    accepted(await received);
    expect(await chat.phase()).toBe("ended");
    expect((await waiting(chat)).filter((kind) => kind === "SendTranscript")).toHaveLength(1);
  });

  it("can still have the upload cancelled by its sender, and then ends", async () => {
    const chat = await openedChat(MAILED, ADDRESS);
    await chat.reserve({ uploadKey: "key" });
    await end(chat);
    accepted(await chat.port.execute(CUSTOMER, { type: "CancelUpload", uploadKey: "key" }));
    expect(await chat.phase()).toBe("ended");
    expect(await chat.used()).toEqual(FREE);
  });
});
