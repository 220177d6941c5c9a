/** Rescue of uploads whose worker died when their bytes were stored: judged as any other, announced once, or removed. */
import { createExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { UploadRescue } from "../../../src/api/rescue.ts";
import { PART_BYTES } from "../../../src/backends/documents.ts";
import { inspectionOf } from "../../../src/core/inspection.ts";
import { type Chat, documents, faulty, openedChat, pass, type Reserved, stopClock } from "../../support/chats.ts";
import { ascii, zipOf } from "../../support/containers.ts";
import { accepted, CUSTOMER, MINUTE, reasonOf, SECOND, SYSTEM } from "../../support/core-fixtures.ts";
import { digestOf, FREE, MIB, officeFile, PATIENT, textOf } from "../../support/uploads.ts";

beforeAll(stopClock);

const ROOMY = {
  ...PATIENT,
  uploadMaxFileSize: 20 * MIB,
  uploadMaxTotalSize: 40 * MIB,
  uploadFileTypes: ["txt", "pdf", "docx"],
};
const ANNOUNCED = ["ParticipantJoined", "FileUploaded"];

/** What the alarm hands over. */
function abandoned(chat: Chat, { documentId, attempt, key }: Reserved, extension = "txt") {
  const place = { sessionId: chat.address.sessionId, jurisdiction: "", documentId, attempt, key, extension } as const;
  return { ...place, inspection: inspectionOf({}), patient: true } as const;
}

/** The entrypoint over another store than the real one. */
function rescueOver(faults: Record<string, (...args: never[]) => unknown>): UploadRescue {
  return new UploadRescue(createExecutionContext(), { ...env, FILES: faulty(env.FILES, faults) });
}

/** The files of the transcript. */
async function files(chat: Chat) {
  const { events } = accepted(await chat.port.events(SYSTEM, 0));
  return events.flatMap((event) => (event.type === "FileUploaded" ? [event.file] : []));
}

async function expire(chat: Chat): Promise<void> {
  pass(MINUTE);
  await chat.alarm();
  await chat.settle();
}

describe("the rescue announces", () => {
  it("an office file by the directory at its end, with digest and true size", async () => {
    const chat = await openedChat(ROOMY);
    const content = officeFile("word/document.xml");
    const reservation = await chat.reserve({ name: "a.docx", extension: "docx", size: content.length });
    await documents().put(reservation.key, content);
    await expire(chat);
    const type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    const { fileId } = reservation;
    const digest = await digestOf(content);
    expect(await files(chat)).toEqual([{ fileId, name: "a.docx", size: content.length, type, sha256: digest }]);
  });

  it("a form that was completed in parts, and gives back what was held beyond its size", async () => {
    const chat = await openedChat(ROOMY);
    const { key, documentId, attempt } = await chat.reserve({ size: 30 * MIB, exact: false });
    expect(await chat.used()).toMatchObject({ files: 1, bytes: 20 * MIB });
    const parts = await documents().openParts(key);
    const { multipartId } = parts;
    accepted(await chat.port.execute(SYSTEM, { type: "AttachMultipart", documentId, attempt, multipartId }));
    await parts.send(textOf(PART_BYTES));
    await parts.send(textOf(7));
    await parts.complete();
    await expire(chat);
    expect(await files(chat)).toMatchObject([{ size: PART_BYTES + 7, sha256: await digestOf(textOf(PART_BYTES + 7)) }]);
    expect(await chat.used()).toEqual({ files: 1, bytes: PART_BYTES + 7, downloads: 0 });
    expect((await chat.documents())[0]).not.toHaveProperty("multipartId");
  });

  it("a file once, though two alarms and the worker itself come to it at the same time", async () => {
    const chat = await openedChat(ROOMY);
    const reservation = await chat.reserve();
    await documents().put(reservation.key, textOf(100));
    const upload = abandoned(chat, reservation);
    const { documentId, attempt } = reservation;
    const file = { size: 100, sha256: await digestOf(textOf(100)), contentType: "text/plain" };
    const [own] = await Promise.all([
      chat.port.execute(SYSTEM, { type: "CommitUpload", documentId, attempt, ...file }),
      exports.UploadRescue.rescue(upload),
      exports.UploadRescue.rescue(upload),
    ]);
    const again = await chat.port.execute(SYSTEM, { type: "CommitUpload", documentId, attempt, ...file });
    expect(again).toEqual(own);
    expect(await chat.eventTypes()).toEqual(ANNOUNCED);
    expect(await chat.used()).toMatchObject({ files: 1, bytes: 100 });
  });

  it("the last file of a session that is closing, which ends only then", async () => {
    const chat = await openedChat(ROOMY);
    const reservation = await chat.reserve();
    await documents().put(reservation.key, textOf(100));
    accepted(await chat.port.execute(CUSTOMER, { type: "EndSession" }));
    expect(await chat.phase()).toBe("closing");
    await expire(chat);
    expect(await chat.eventTypes()).toEqual([...ANNOUNCED, "ParticipantLeft"]);
    expect(await chat.phase()).toBe("ended");
  });
});

describe("the rescue rejects, gives the quota back and has the object removed where", () => {
  it.each([
    ["a page is dressed as PDF", "pdf", ascii("<html><script>alert(1)</script></html>")],
    ["a table is dressed as a letter", "docx", officeFile("xl/workbook.xml")],
  ])("%s", async (_what, extension, content) => {
    const chat = await openedChat(ROOMY);
    const reservation = await chat.reserve({ name: `a.${extension}`, extension, size: content.length });
    await documents().put(reservation.key, content);
    await expire(chat);
    expect(await chat.state(reservation)).toBe("rejected");
    expect(await chat.used()).toEqual(FREE);
    expect(await chat.eventTypes()).toEqual(["ParticipantJoined"]);
    expect(await chat.keys()).toEqual([]);
  });

  it("it needs a password, and the service takes none that does", async () => {
    const locked = new Uint8Array(zipOf({ "a.txt": "x" }, { encrypted: true }));
    for (const encryptedFiles of ["refuse", "accept"] as const) {
      const chat = await openedChat({ ...ROOMY, uploadFileTypes: ["zip"], encryptedFiles });
      const reservation = await chat.reserve({ name: "a.zip", extension: "zip", size: locked.length });
      await documents().put(reservation.key, locked);
      await expire(chat);
      expect(await chat.state(reservation)).toBe(encryptedFiles === "refuse" ? "rejected" : "available");
    }
  });

  it("more was stored than was ever held for it", async () => {
    const chat = await openedChat(ROOMY);
    const reservation = await chat.reserve({ size: 100 });
    await documents().put(reservation.key, textOf(101));
    await expire(chat);
    expect(await chat.state(reservation)).toBe("rejected");
    expect(await chat.used()).toEqual(FREE);
    expect(await chat.keys()).toEqual([]);
  });
});

describe("the rescue changes nothing", () => {
  it("for an attempt that was taken over: its object goes, and the new attempt goes on", async () => {
    const chat = await openedChat(ROOMY);
    const first = await chat.reserve({ uploadKey: "key" });
    await documents().put(first.key, textOf(100));
    const second = await chat.reserve({ uploadKey: "key" });
    await exports.UploadRescue.rescue(abandoned(chat, first));
    expect(await chat.eventTypes()).toEqual(["ParticipantJoined"]);
    expect(await chat.state(second)).toBe("reserved");
    await chat.settle();
    expect(await documents().size(first.key)).toBeUndefined();
    expect(await chat.used()).toEqual({ files: 1, bytes: 100, downloads: 0 });
  });

  it.each(["nothing", "a tombstone"])("where %s stands at the key", async (what) => {
    const chat = await openedChat(ROOMY);
    const reservation = await chat.reserve();
    if (what === "a tombstone") await documents().seal(reservation.key);
    await exports.UploadRescue.rescue(abandoned(chat, reservation));
    expect(await chat.state(reservation)).toBe("reserved");
    expect(await chat.eventTypes()).toEqual(["ParticipantJoined"]);
  });

  it.each(["head", "get"])("where the store fails in a %s, and can be tried again", async (call) => {
    const chat = await openedChat(ROOMY);
    const reservation = await chat.reserve();
    await documents().put(reservation.key, textOf(100));
    const down = rescueOver({ [call]: () => Promise.reject(new Error("down")) });
    await expect(down.rescue(abandoned(chat, reservation))).rejects.toThrow("down");
    expect(await chat.state(reservation)).toBe("reserved");
    await exports.UploadRescue.rescue(abandoned(chat, reservation));
    expect(await chat.eventTypes()).toEqual(ANNOUNCED);
  });
});

describe("the alarm", () => {
  it("asks for the rescue again until the upload is settled, and decides anew each time", async () => {
    const chat = await openedChat(ROOMY);
    const reservation = await chat.reserve();
    const object = { customMetadata: {} };
    // A store that says that something is there, while the rescue's own look finds nothing.
    const lying = { put: async () => null, head: async () => object };
    await chat.replace((own) => ({ FILES: faulty(own.FILES, lying) }));
    pass(MINUTE);
    await chat.alarm();
    const settling = (await chat.effects()).filter(({ kind }) => kind === "SettleUpload");
    expect(settling).toMatchObject([{ attempts: 1, lastFailure: "not-rescued" }]);
    expect(await chat.used()).toMatchObject({ files: 1 });
    await chat.evict();
    pass(2 * SECOND);
    await chat.settle();
    expect(await chat.state(reservation)).toBe("released");
    expect(await chat.used()).toMatchObject({ files: 0 });
  });

  it("leaves a key alone whose upload was settled while the store was down, and whose file is deleted since", async () => {
    const chat = await openedChat(ROOMY);
    const reservation = await chat.reserve();
    await documents().put(reservation.key, textOf(100));
    await chat.replace((own) => ({ FILES: faulty(own.FILES, { put: () => Promise.reject(new Error("down")) }) }));
    pass(MINUTE);
    await chat.alarm();
    expect((await chat.effects()).map(({ kind }) => kind)).toContain("SettleUpload");
    await exports.UploadRescue.rescue(abandoned(chat, reservation));
    accepted(await chat.port.execute(CUSTOMER, { type: "DeleteFile", fileId: reservation.fileId }));
    await chat.alarm();
    await chat.evict();
    pass(2 * SECOND);
    await chat.settle();
    expect(await chat.state(reservation)).toBe("purged");
    expect(await chat.keys()).toEqual([]);
  });

  it("that rings twice for one lease rescues once", async () => {
    const chat = await openedChat(ROOMY);
    const reservation = await chat.reserve();
    await documents().put(reservation.key, textOf(100));
    pass(MINUTE);
    await chat.alarm();
    await chat.alarm();
    await chat.evict();
    await chat.alarm();
    expect(await chat.eventTypes()).toEqual(ANNOUNCED);
    const late = { ...reservation, reason: "aborted", rejected: false, object: "unknown" } as const;
    expect(reasonOf(await chat.port.execute(SYSTEM, { type: "ReleaseUpload", ...late }))).toBe("accepted");
    await chat.settle();
    expect(await documents().size(reservation.key)).toBe(100);
  });
});
