/** What design sections 4 and 5 exist to prevent: workers that die, puts that come late, repeats, cancels, ends in mid-upload. */
import { beforeAll, describe, expect, it } from "vitest";
import { PART_BYTES } from "../../../src/backends/documents.ts";
import type { Named } from "../../../src/core/chat.ts";
import type { CommandType } from "../../../src/core/commands.ts";
import { type Chat, documents, faulty, openedChat, pass, type Reserved, stopClock } from "../../support/chats.ts";
import { accepted, CUSTOMER, DAY, MINUTE, reasonOf, SECOND, SYSTEM } from "../../support/core-fixtures.ts";
import { bodyOf, digestOf, FREE, MIB, PATIENT, receive, Sender, textOf } from "../../support/uploads.ts";

beforeAll(stopClock);

/** The lease runs out and the alarm finds out what became of the upload. */
async function expire(chat: Chat): Promise<void> {
  pass(MINUTE);
  await chat.alarm();
  await chat.settle();
}

/** Everything that was given up is looked at once more and forgotten; what stays are announced files. */
async function aDayLater(chat: Chat): Promise<void> {
  pass(DAY);
  await chat.settle();
}

/** A session port whose calls of one command fail, before or after they had their effect. */
function losing(chat: Chat, lost: readonly CommandType[], when: "before" | "after") {
  return faulty(chat.port, {
    execute: async (principal: typeof SYSTEM, command: Named<CommandType>) => {
      const failing = lost.includes(command.type);
      if (failing && when === "before") throw new Error(`restarted before ${command.type}`);
      const answer = await chat.port.execute(principal, command);
      if (failing) throw new Error(`lost the answer to ${command.type}`);
      return answer;
    },
  });
}

describe("a worker that dies", () => {
  it("before the put: the quota is free again, and a put that comes late never lands", async () => {
    const chat = await openedChat(PATIENT);
    const reservation = await chat.reserve();
    await expire(chat);
    expect(await chat.used()).toEqual(FREE);
    expect(await chat.state(reservation)).toBe("released");
    expect(await documents().put(reservation.key, textOf(100))).toBe("sealed");
    await aDayLater(chat);
    expect(await chat.keys()).toEqual([]);
    expect(await chat.state(reservation)).toBe("forgotten");
  });

  it("during the put: it can no longer land, nothing is announced, and the quota is free again", async () => {
    const chat = await openedChat(PATIENT);
    const reservation = await chat.reserve();
    const put = documents().openSized(reservation.key, 100);
    await put.write(textOf(50));
    await expire(chat);
    expect(await chat.used()).toEqual(FREE);
    const late = await put.write(textOf(50)).catch(() => "failed");
    expect(await (late === "sealed" ? late : put.finish())).toBe("sealed");
    await put.abort();
    expect(await documents().size(reservation.key)).toBeUndefined();
    expect(await chat.eventTypes()).not.toContain("FileUploaded");
  });

  it("after the put: the file is rescued, judged and announced with its digest, once", async () => {
    const chat = await openedChat(PATIENT);
    const reservation = await chat.reserve({ size: 900 });
    await documents().put(reservation.key, textOf(900));
    await expire(chat);
    const { events } = accepted(await chat.port.events(CUSTOMER, 0));
    expect(events.filter(({ type }) => type === "FileUploaded")).toMatchObject([
      { file: { fileId: reservation.fileId, name: "a.txt", size: 900, type: "text/plain" } },
    ]);
    const digest = events.flatMap((event) => (event.type === "FileUploaded" ? [event.file.sha256] : []));
    expect(digest).toEqual([await digestOf(textOf(900))]);
    await aDayLater(chat);
    expect(await chat.keys()).toHaveLength(1);
  });

  it("after the put of a file that is not what its name says: it is rejected, and its object goes", async () => {
    const chat = await openedChat({ ...PATIENT, uploadFileTypes: ["pdf"] });
    const reservation = await chat.reserve({ name: "a.pdf", extension: "pdf" });
    await documents().put(reservation.key, textOf(100));
    await expire(chat);
    expect(await chat.state(reservation)).toBe("rejected");
    expect(await chat.used()).toEqual(FREE);
    await aDayLater(chat);
    expect(await chat.keys()).toEqual([]);
  });

  it("before the last part of a form is confirmed: completing it late makes no object", async () => {
    const chat = await openedChat({ ...PATIENT, uploadMaxFileSize: 20 * MIB, uploadMaxTotalSize: 20 * MIB });
    const { key, documentId, attempt } = await chat.reserve({ size: 20 * MIB, exact: false });
    const parts = await documents().openParts(key);
    const { multipartId } = parts;
    accepted(await chat.port.execute(SYSTEM, { type: "AttachMultipart", documentId, attempt, multipartId }));
    await parts.send(textOf(PART_BYTES));
    await expire(chat);
    expect(await chat.used()).toEqual(FREE);
    expect(await parts.complete()).toBe("aborted");
    expect(await documents().size(key)).toBeUndefined();
  });

  it("while the store is down: the upload is settled once it is back", async () => {
    const chat = await openedChat(PATIENT);
    const reservation = await chat.reserve();
    await documents().put(reservation.key, textOf(100));
    await chat.replace((own) => ({ FILES: faulty(own.FILES, { put: () => Promise.reject(new Error("down")) }) }));
    await expire(chat);
    expect(await chat.used()).toMatchObject({ files: 1 });
    await chat.evict();
    pass(2 * SECOND);
    await chat.settle();
    expect(await chat.eventTypes()).toContain("FileUploaded");
  });
});

describe("a commit", () => {
  it("whose answer is lost leaves one announced file, and the client's repeat is told of it", async () => {
    const chat = await openedChat(PATIENT);
    const reservation = await chat.reserve({ uploadKey: "key" });
    const session = losing(chat, ["CommitUpload"], "after");
    await expect(receive(chat, reservation, bodyOf(textOf(100)), { session })).rejects.toThrow(
      "lost the answer to CommitUpload",
    );
    const again = { name: "a.txt", extension: "txt", size: 100, exact: true, uploadKey: "key" };
    const repeat = accepted(await chat.port.execute(CUSTOMER, { type: "ReserveUpload", ...again }));
    expect(repeat).toMatchObject({ kind: "repeated", file: { fileId: reservation.fileId }, position: 2 });
    await expire(chat);
    expect(await chat.eventTypes()).toEqual(["ParticipantJoined", "FileUploaded"]);
    expect(await chat.used()).toMatchObject({ files: 1, bytes: 100 });
  });

  it("that never arrives, like the release after it, is made up for by the alarm", async () => {
    const chat = await openedChat(PATIENT);
    const session = losing(chat, ["CommitUpload", "ReleaseUpload"], "before");
    await expect(receive(chat, await chat.reserve(), bodyOf(textOf(100)), { session })).rejects.toThrow(
      "restarted before CommitUpload",
    );
    expect(await chat.eventTypes()).toEqual(["ParticipantJoined"]);
    await expire(chat);
    expect(await chat.eventTypes()).toEqual(["ParticipantJoined", "FileUploaded"]);
    expect(await chat.keys()).toHaveLength(1);
  });
});

describe("a renewal", () => {
  it("that is refused stops the upload, and nothing of it stays", async () => {
    const chat = await openedChat(PATIENT);
    const sender = new Sender();
    const received = receive(chat, await chat.reserve(), sender);
    await sender.send(textOf(50));
    await expire(chat);
    void sender.send(textOf(50));
    sender.end();
    expect(reasonOf(await received)).toBe("upload-expired");
    await aDayLater(chat);
    expect(await chat.keys()).toEqual([]);
    expect(await chat.used()).toEqual(FREE);
  });
});

describe("the same upload once more", () => {
  const KEYED = { uploadKey: "key" };
  const settle = (chat: Chat, type: "CommitUpload" | "ReleaseUpload", { documentId, attempt }: Reserved) =>
    type === "CommitUpload"
      ? chat.port.execute(SYSTEM, { type, documentId, attempt, size: 100, sha256: "ab", contentType: "text/plain" })
      : chat.port.execute(SYSTEM, {
          type,
          documentId,
          attempt,
          reason: "aborted",
          rejected: false,
          object: "unknown",
        });

  it("takes over while the first still stores: one file, one quota, and the first is told", async () => {
    const chat = await openedChat(PATIENT);
    const sender = new Sender();
    const first = receive(chat, await chat.reserve(KEYED), sender);
    await sender.send(textOf(50));
    const second = await chat.reserve(KEYED);
    expect(second.attempt).toBe(2);
    expect(await chat.used()).toEqual({ files: 1, bytes: 100, downloads: 0 });
    const announced = accepted(await receive(chat, second, bodyOf(textOf(100))));
    void sender.send(textOf(50));
    sender.end();
    expect(["upload-superseded", "upload-expired"]).toContain(reasonOf(await first));
    await expire(chat);
    await aDayLater(chat);
    expect(announced.file.fileId).toBe(second.fileId);
    expect(await chat.eventTypes()).toEqual(["ParticipantJoined", "FileUploaded"]);
    expect(await chat.keys()).toHaveLength(1);
    expect(await chat.used()).toEqual({ files: 1, bytes: 100, downloads: 0 });
  });

  it("makes every word of the attempt before it worthless", async () => {
    const chat = await openedChat(PATIENT);
    const first = await chat.reserve(KEYED);
    const second = await chat.reserve(KEYED);
    expect(reasonOf(await settle(chat, "CommitUpload", first))).toBe("upload-superseded");
    await settle(chat, "ReleaseUpload", first);
    expect(await chat.state(second)).toBe("reserved");
    const { documentId } = second;
    expect(reasonOf(await settle(chat, "CommitUpload", { ...second, attempt: 1 }))).toBe("unknown-upload");
    expect(await chat.state({ documentId })).toBe("reserved");
  });

  it("but with another name or size is another upload, and refused", async () => {
    const chat = await openedChat(PATIENT);
    await chat.reserve(KEYED);
    const wish = { type: "ReserveUpload", extension: "txt", exact: true, ...KEYED } as const;
    const named = await chat.port.execute(CUSTOMER, { ...wish, name: "b.txt", size: 100 });
    const sized = await chat.port.execute(CUSTOMER, { ...wish, name: "a.txt", size: 101 });
    expect([named, sized]).toMatchObject([
      { refusal: { reason: "idempotency-key-reused", field: "name" } },
      { refusal: { reason: "idempotency-key-reused", field: "size" } },
    ]);
  });
});

describe("an upload in flight", () => {
  it("that is cancelled is stopped, gives its quota back, and can be begun anew under the same key", async () => {
    const chat = await openedChat(PATIENT);
    const sender = new Sender();
    const cancelled = await chat.reserve({ uploadKey: "key" });
    const received = receive(chat, cancelled, sender);
    await sender.send(textOf(50));
    accepted(await chat.port.execute(CUSTOMER, { type: "CancelUpload", uploadKey: "key" }));
    expect(await chat.used()).toEqual(FREE);
    await chat.settle();
    void sender.send(textOf(50));
    sender.end();
    expect(reasonOf(await received)).toBe("upload-expired");
    expect(await documents().size(cancelled.key)).toBeUndefined();
    const again = await chat.reserve({ uploadKey: "key" });
    expect(reasonOf(await receive(chat, again, bodyOf(textOf(100))))).toBe("accepted");
  });
});
