/** The pipeline of uploads on the real object and the real store: what is stored, judged and announced, and what is refused. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { type Chat, documents, faulty, openedChat, pass, stopClock } from "../../support/chats.ts";
import { ascii } from "../../support/containers.ts";
import { accepted, CUSTOMER, MINUTE, reasonOf, SECOND } from "../../support/core-fixtures.ts";
import { bodyOf, digestOf, FREE, MIB, officeFile, receive, Sender, textOf } from "../../support/uploads.ts";

beforeAll(stopClock);

const ROOMY = { uploadMaxFileSize: 20 * MIB, uploadMaxTotalSize: 40 * MIB };

const down = () => Promise.reject(new Error("down"));

/** What must be so after a refusal: no file, no quota, and in the end no object. */
async function expectNothing(chat: Chat): Promise<void> {
  expect(await chat.used()).toEqual(FREE);
  expect(await chat.eventTypes()).not.toContain("FileUploaded");
  await chat.settle();
  for (const { documentId } of await chat.documents()) {
    const key = `${chat.address.startDay}/${chat.address.sessionId}/${documentId}`;
    expect(await documents().size(key)).toBeUndefined();
  }
}

describe("a file", () => {
  it.each([
    ["of known size", 300_000, 300_000],
    ["of unknown size, within one buffer", undefined, 300_000],
    ["of unknown size, in several parts", undefined, 12 * MIB + 7],
    ["of unknown size, of exactly two parts", undefined, 10 * MIB],
  ])("%s is stored once, with its digest, and announced once", async (_what, size, length) => {
    const chat = await openedChat(ROOMY);
    const content = textOf(length);
    const reservation = await chat.reserve({ size: 20 * MIB, exact: false });
    const pieces = Array.from({ length: Math.ceil(length / 256_000) }, (_, index) =>
      content.subarray(index * 256_000, (index + 1) * 256_000),
    );
    const { file, position } = accepted(await receive(chat, reservation, bodyOf(...pieces), { size }));
    expect(file).toEqual({
      fileId: reservation.fileId,
      name: "a.txt",
      size: length,
      type: "text/plain",
      sha256: await digestOf(content),
    });
    const stored = await env.FILES.get(reservation.key);
    expect(stored?.size).toBe(length);
    expect(await digestOf(new Uint8Array((await stored?.arrayBuffer()) ?? new ArrayBuffer(0)))).toBe(file.sha256);
    expect(await documents().put(reservation.key, textOf(1))).toBe("sealed");
    expect(await chat.eventTypes()).toEqual(["ParticipantJoined", "FileUploaded"]);
    expect(position).toBe(2);
    expect(await chat.used()).toMatchObject({ files: 1, bytes: length });
  });

  it("keeps its lease while its bytes move, however slowly", async () => {
    const chat = await openedChat(ROOMY);
    const sender = new Sender();
    const received = receive(chat, await chat.reserve({ size: 1000 }), sender, { size: 1000 });
    for (let pieces = 0; pieces < 10; pieces += 1) {
      pass(25 * SECOND);
      await sender.send(textOf(100));
      await chat.alarm();
    }
    sender.end();
    expect(reasonOf(await received)).toBe("accepted");
  });
});

describe("is refused, and leaves nothing behind,", () => {
  it.each([
    ["a file that is longer than declared", "size-mismatch", [textOf(60), textOf(60)]],
    ["a file that is shorter than declared", "size-mismatch", [textOf(99)]],
    ["an empty file", "empty-file", []],
  ])("%s", async (_what, reason, pieces) => {
    const chat = await openedChat();
    expect(reasonOf(await receive(chat, await chat.reserve(), bodyOf(...pieces)))).toBe(reason);
    await expectNothing(chat);
  });

  it("a form's file that outgrows what was held for it, with the limit", async () => {
    const chat = await openedChat({ uploadMaxFileSize: 500 });
    const reservation = await chat.reserve({ size: 10_000, exact: false });
    const outcome = await receive(chat, reservation, bodyOf(textOf(400), textOf(400)), { size: undefined });
    expect(outcome).toMatchObject({ refusal: { reason: "file-too-large", limit: 500 } });
    await expectNothing(chat);
  });

  it.each([
    ["a page dressed as PDF", "pdf", ascii("<html><script>alert(1)</script></html>")],
    ["a table dressed as a letter, which only the directory at its end tells", "docx", officeFile("xl/workbook.xml")],
  ])("%s", async (_what, extension, content) => {
    const chat = await openedChat({ ...ROOMY, uploadFileTypes: ["pdf", "docx"] });
    const size = content.length;
    const reservation = await chat.reserve({ name: `a.${extension}`, extension, size });
    const outcome = await receive(chat, reservation, bodyOf(content), { size, extension });
    expect(outcome).toMatchObject({ refusal: { reason: "type-mismatch", extension } });
    expect((await chat.documents()).map(({ phase }) => phase.state)).toEqual(["rejected"]);
    await expectNothing(chat);
  });

  it.each([
    ["a page dressed as PDF, by its first bytes", "pdf", ascii("<html>".repeat(1000)), "type-mismatch"],
    ["a file that is longer than the limit, at the limit", "txt", textOf(6000), "file-too-large"],
  ])("%s, and nothing more of it is read", async (_what, extension, piece, reason) => {
    const chat = await openedChat({ uploadMaxFileSize: 10_000, uploadMaxTotalSize: 20_000 });
    const reservation = await chat.reserve({ name: `a.${extension}`, extension, size: 10_000, exact: false });
    let taken = 0;
    async function* endless() {
      for (; taken < 100; taken += 1) yield piece;
    }
    const outcome = await receive(chat, reservation, endless(), { size: undefined, extension });
    expect(reasonOf(outcome)).toBe(reason);
    expect(taken).toBeLessThan(2);
    await expectNothing(chat);
  });

  it("the file of a client who is gone in mid-upload", async () => {
    const chat = await openedChat();
    const sender = new Sender();
    const received = receive(chat, await chat.reserve(), sender);
    await sender.send(textOf(50));
    sender.leave();
    expect(reasonOf(await received)).toBe("size-mismatch");
    await expectNothing(chat);
  });

  it("a form whose sender is gone, after parts of it were stored", async () => {
    const chat = await openedChat(ROOMY);
    const sender = new Sender();
    const reservation = await chat.reserve({ size: 20 * MIB, exact: false });
    const received = receive(chat, reservation, sender, { size: undefined });
    const failed = expect(received).rejects.toThrow("the sender is gone");
    await sender.send(textOf(6 * MIB));
    sender.leave();
    await failed;
    await expectNothing(chat);
  });

  it.each([
    [
      "does not take it",
      { openSized: (key: string, size: number) => faulty(documents().openSized(key, size), { finish: down }) },
    ],
    ["does not give back what must be judged", { readAt: down }],
  ])("every file while the store %s, and the client is told to come back", async (_what, faults) => {
    const chat = await openedChat({ ...ROOMY, uploadFileTypes: ["docx"] });
    const content = officeFile("word/document.xml");
    const size = content.length;
    const reservation = await chat.reserve({ name: "a.docx", extension: "docx", size });
    const unusual = { size, extension: "docx", documents: faulty(documents(), faults) };
    expect(reasonOf(await receive(chat, reservation, bodyOf(content), unusual))).toBe("store-unavailable");
    await expectNothing(chat);
    const again = await chat.reserve({ name: "a.docx", extension: "docx", size });
    expect(reasonOf(await receive(chat, again, bodyOf(content), { size, extension: "docx" }))).toBe("accepted");
  });

  it("a file that the store takes and never confirms, after thirty seconds", async () => {
    const chat = await openedChat();
    const reservation = await chat.reserve();
    const hanging = faulty(documents(), {
      openSized: () => ({
        write: async () => "written",
        finish: () => new Promise(() => {}),
        abort: async () => {},
      }),
    });
    vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: Date.now() });
    const received = receive(chat, reservation, bodyOf(textOf(100)), { documents: hanging });
    await vi.advanceTimersByTimeAsync(30 * SECOND);
    expect(reasonOf(await received)).toBe("store-unavailable");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    await expectNothing(chat);
  });
});

describe("two hundred at once at the edge of a limit", () => {
  const TIMES = Array.from({ length: 200 }, (_, index) => index);

  it.each([
    ["number of files", { uploadMaxFiles: 17, uploadMaxTotalSize: 1_000_000 }, 17, "too-many-files"],
    ["total size", { uploadMaxFiles: 1000, uploadMaxTotalSize: 100 * 23 + 99 }, 23, "total-too-large"],
  ])("reserve exactly the %s", async (_what, options, most, refusal) => {
    const chat = await openedChat(options);
    const wish = { type: "ReserveUpload", name: "a.txt", extension: "txt", size: 100, exact: true } as const;
    const answers = await Promise.all(TIMES.map(() => chat.port.execute(CUSTOMER, wish)));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(most);
    expect(new Set(answers.map(reasonOf))).toEqual(new Set(["accepted", refusal]));
    expect(await chat.used()).toEqual({ files: most, bytes: most * 100, downloads: 0 });
    await chat.evict();
    expect(await chat.used()).toEqual({ files: most, bytes: most * 100, downloads: 0 });
    pass(MINUTE);
    for (let rings = 0; rings < 10; rings += 1) await chat.alarm();
    expect(await chat.used()).toEqual(FREE);
  });

  it("take exactly as many download attempts as there are", async () => {
    const chat = await openedChat({ downloadAttempts: 13, uploadMaxFiles: 20, uploadMaxTotalSize: 2000 });
    const ids: string[] = [];
    for (let file = 0; file < 20; file += 1) {
      ids.push(accepted(await receive(chat, await chat.reserve(), bodyOf(textOf(100)))).file.fileId);
    }
    const asked = TIMES.map((index) => ids[index % ids.length] ?? "");
    const answers = await Promise.all(
      asked.map(async (fileId) => ({ fileId, ...(await chat.port.execute(CUSTOMER, { type: "TakeTicket", fileId })) })),
    );
    // Repeats of a counted request within ten seconds are free, so what counts is how many files were given out.
    const given = new Set(answers.filter(({ ok }) => ok).map(({ fileId }) => fileId));
    expect(given.size).toBe(13);
    expect(new Set(answers.map(reasonOf))).toEqual(new Set(["accepted", "no-downloads-left"]));
    expect((await chat.used()).downloads).toBe(13);
  });
});
