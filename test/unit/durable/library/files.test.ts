/** Files of a library: stored like any other, kept while a session shows them, and gone for good when nobody does. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { documents, faulty, pass, stopClock } from "../../../support/chats.ts";
import { accepted, DAY, MINUTE, reasonOf, SECOND } from "../../../support/core-fixtures.ts";
import { AGENT, LIMITS, TestLibrary } from "../../../support/libraries.ts";
import { bodyOf, digestOf, MIB, Sender, textOf } from "../../../support/uploads.ts";

beforeAll(stopClock);

const SESSION = "session-1";
const take = (library: TestLibrary, session = SESSION, language?: string) =>
  library.port.takeForSession(session, "r", language);
const filesOf = async (library: TestLibrary) => accepted(await library.port.response(AGENT, "r")).files;
const withFile = async (name?: string) => {
  const library = new TestLibrary();
  await library.add("Response", { translations: { de: "Antwort" } }, "r");
  return { library, documentId: await library.send("r", name) };
};
const down = () => ({ FILES: faulty(env.FILES, { delete: () => Promise.reject(new Error("down")) }) });

describe("an upload", () => {
  it("has a row before its bytes, and is part of its response once it is judged", async () => {
    const library = new TestLibrary();
    await library.add("Response", {}, "r");
    const reservation = await library.reserve("r");
    expect(await library.state(reservation.documentId)).toBe("storing");
    expect(await filesOf(library)).toEqual([]);
    const { file, version } = accepted(await library.receive(reservation));
    const sha256 = await digestOf(textOf(100));
    expect(file).toMatchObject({ name: "a.txt", size: 100, type: "text/plain", sha256 });
    expect(version).toBe(2);
    expect(await filesOf(library)).toEqual([file]);
    expect(await library.keys()).toEqual([file.documentId]);
    expect(reservation.key).toBe(`library/${library.service}/${file.documentId}`);
    expect(await documents().size(reservation.key)).toBe(100);
  });

  it("of unknown size goes in parts, and is aborted with its row", async () => {
    const library = new TestLibrary();
    await library.add("Response", {}, "r");
    const whole = await library.reserve("r", { size: Number.MAX_SAFE_INTEGER, exact: false });
    const pieces = Array.from({ length: 12 }, () => textOf(MIB));
    expect(accepted(await library.receive(whole, bodyOf(...pieces), "unknown")).file.size).toBe(12 * MIB);
    const left = await library.reserve("r", { name: "b.txt", size: 12 * MIB, exact: false });
    const sender = new Sender();
    const received = library.receive(left, sender, "unknown");
    await sender.send(textOf(6 * MIB));
    void sender.send(textOf(100));
    sender.leave();
    await expect(received).rejects.toThrow("the sender is gone");
    expect(await library.state(left.documentId)).toBe("gone");
    await library.alarm();
    expect(await documents().size(left.key)).toBeUndefined();
  });

  it("of what is not as its name says is refused, and leaves nothing after a day", async () => {
    const library = new TestLibrary();
    await library.add("Response", {}, "r");
    const reservation = await library.reserve("r");
    const program = Uint8Array.from({ length: 100 }, (_, index) => [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1][index] ?? 0);
    expect(reasonOf(await library.receive(reservation, bodyOf(program)))).toBe("type-mismatch");
    expect(await filesOf(library)).toEqual([]);
    await library.alarm();
    pass(DAY);
    await library.alarm();
    expect([await library.state(reservation.documentId), await library.keys()]).toEqual(["forgotten", []]);
    expect(await library.alarmAt()).toBeNull();
  });

  it("is held to the agents' limits and to ten files", async () => {
    const library = new TestLibrary();
    await library.add("Response", {}, "r");
    const place = { service: library.service, jurisdiction: "" } as const;
    const wish = { name: "a.exe", extension: "exe", size: 1, exact: true };
    expect(reasonOf(await library.port.reserveFile(place, "r", wish, LIMITS))).toBe("type-not-allowed");
    expect(reasonOf(await library.port.reserveFile(place, "x", wish, LIMITS))).toBe("unknown-response");
    for (let index = 0; index < 10; index += 1) await library.reserve("r", { name: `${index}.txt` });
    const more = { ...wish, name: "more.txt", extension: "txt" };
    expect(await library.port.reserveFile(place, "r", more, LIMITS)).toMatchObject({
      refusal: { reason: "library-full", limit: 10 },
    });
  });

  it("lasts while bytes move, by a lease that is renewed", async () => {
    const library = new TestLibrary();
    await library.add("Response", {}, "r");
    const reservation = await library.reserve("r", { size: 200 });
    const sender = new Sender();
    const received = library.receive(reservation, sender, 200);
    for (let minutes = 0; minutes < 4; minutes += 1) {
      await sender.send(textOf(50));
      pass(30 * SECOND);
      await library.alarm();
    }
    sender.end();
    expect(accepted(await received).file.size).toBe(200);
  });

  it("that answered is answered the same again, and changes nothing", async () => {
    const { library, documentId } = await withFile();
    const before = await library.documents();
    const file = { documentId, attempt: 1, size: 100, sha256: "other", contentType: "text/html" };
    expect(accepted(await library.port.commitFile(file)).file.type).toBe("text/plain");
    accepted(await library.port.releaseFile({ documentId, attempt: 1 }, { reason: "aborted", object: "unknown" }));
    expect(await library.documents()).toEqual(before);
  });
});

describe("an upload whose worker died", () => {
  it("before its bytes arrived is sealed by the alarm and forgotten a day later", async () => {
    const library = new TestLibrary();
    await library.add("Response", {}, "r");
    const { key, documentId } = await library.reserve("r");
    expect(await library.alarmAt()).toBe(Date.now() + MINUTE);
    await library.evict();
    pass(MINUTE);
    await library.alarm();
    expect(await library.state(documentId)).toBe("gone");
    expect(await documents().put(key, textOf(100))).toBe("sealed");
    expect(reasonOf(await library.port.renewFile({ documentId, attempt: 1 }))).toBe("upload-expired");
    pass(DAY);
    await library.alarm();
    expect([await library.state(documentId), await library.keys()]).toEqual(["forgotten", []]);
  });

  it("after its bytes arrived is rescued: judged, and part of its response", async () => {
    const library = new TestLibrary();
    await library.add("Response", {}, "r");
    const { key, documentId } = await library.reserve("r");
    await documents().put(key, textOf(100));
    pass(MINUTE);
    await library.alarm();
    expect(await filesOf(library)).toMatchObject([{ documentId, size: 100, sha256: await digestOf(textOf(100)) }]);
  });

  it("after wrong bytes arrived is refused and removed", async () => {
    const library = new TestLibrary();
    await library.add("Response", {}, "r");
    const { key, documentId } = await library.reserve("r", { name: "a.pdf", extension: "pdf" });
    await documents().put(key, textOf(100));
    pass(MINUTE);
    await library.alarm();
    await library.alarm();
    expect([await library.state(documentId), await library.keys()]).toEqual(["forgotten", []]);
  });

  it("while the store is down is settled once it is back", async () => {
    const library = new TestLibrary();
    await library.add("Response", {}, "r");
    const { documentId } = await library.reserve("r");
    await library.replace(() => ({ FILES: faulty(env.FILES, { put: () => Promise.reject(new Error("down")) }) }));
    pass(MINUTE);
    await library.alarm();
    expect(await library.state(documentId)).toBe("storing");
    expect(await library.alarmAt()).toBe(Date.now() + 2 * SECOND);
    await library.evict();
    pass(2 * SECOND);
    await library.alarm();
    expect(await library.state(documentId)).toBe("gone");
  });
});

describe("a file", () => {
  it("replaces the one of the same name", async () => {
    const { library, documentId } = await withFile();
    const second = await library.send("r");
    expect((await filesOf(library)).map((file) => file.documentId)).toEqual([second]);
    await library.alarm();
    expect([await library.state(documentId), await library.keys()]).toEqual(["forgotten", [second]]);
  });

  it("is opened whole, in part, or not at all where the reader has it", async () => {
    const { library, documentId } = await withFile();
    const open = (conditions: object, id = documentId) =>
      library.port.openFile("r", id, { method: "get", ...conditions });
    const whole = accepted(await open({}));
    expect(whole).toMatchObject({ status: 200, name: "a.txt", contentType: "text/plain", length: 100 });
    expect(accepted(await open({ range: "bytes=10-19" }))).toMatchObject({ status: 206, offset: 10, length: 10 });
    expect(accepted(await open({ ifNoneMatch: whole.etag })).status).toBe(304);
    expect(reasonOf(await open({ range: "bytes=500-" }))).toBe("range-not-satisfiable");
    expect(reasonOf(await open({}, "x"))).toBe("unknown-file");
    await library.add("Other", {}, "o");
    expect(reasonOf(await library.port.openFile("o", documentId, { method: "get" }))).toBe("unknown-file");
    expect(reasonOf(await library.port.openFile("x", documentId, { method: "get" }))).toBe("unknown-response");
  });

  it("goes when it is taken from its response, and when that is removed, uploads under way too", async () => {
    const { library, documentId } = await withFile();
    accepted(await library.port.deleteFile("r", documentId));
    expect(reasonOf(await library.port.deleteFile("r", documentId))).toBe("unknown-file");
    await library.alarm();
    expect(await library.keys()).toEqual([]);
    await library.send("r", "b.txt");
    const sender = new Sender();
    const underWay = await library.reserve("r", { name: "c.txt" });
    const received = library.receive(underWay, sender);
    await sender.send(textOf(50));
    accepted(await library.port.deleteResponse("r"));
    void sender.send(textOf(50));
    sender.end();
    expect(reasonOf(await received)).toBe("upload-expired");
    await library.alarm();
    pass(DAY);
    await library.alarm();
    expect([await library.documents(), await library.keys()]).toEqual([[], []]);
  });
});

describe("a session that takes a response", () => {
  it("gets the text in its language and the files where they lie, and refers to them", async () => {
    const { library, documentId } = await withFile();
    const taken = accepted(await take(library, SESSION, "de"));
    const key = `library/${library.service}/${documentId}`;
    expect(taken).toMatchObject({ title: "Response", language: "de", text: "Antwort", files: [{ documentId, key }] });
    expect(taken.files[0]).toMatchObject({ name: "a.txt", size: 100, type: "text/plain" });
    expect(await library.port.isReferenced(documentId)).toBe(true);
    expect(accepted(await take(library, SESSION, "de"))).toEqual(taken);
    expect(await library.rows("SELECT * FROM uses")).toHaveLength(1);
    expect(reasonOf(await library.port.takeForSession(SESSION, "x"))).toBe("unknown-response");
  });

  it("keeps what was replaced or deleted since, until the last such session is erased", async () => {
    const { library, documentId } = await withFile();
    const { files } = accepted(await take(library));
    accepted(await take(library, "session-2"));
    const second = await library.send("r");
    accepted(await library.port.deleteResponse("r"));
    await library.alarm();
    await library.evict();
    expect(await library.keys()).toEqual([documentId]);
    expect(await library.state(second)).toBe("forgotten");
    expect(await documents().size(files[0]?.key ?? "")).toBe(100);
    await library.port.dropSession(SESSION);
    await library.alarm();
    expect(await library.keys()).toEqual([documentId]);
    await library.port.dropSession("session-2");
    await library.alarm();
    expect([await library.keys(), await library.documents()]).toEqual([[], []]);
    expect(await library.port.isReferenced(documentId)).toBe(false);
  });

  it("leaves a response its files when it is erased", async () => {
    const { library, documentId } = await withFile();
    accepted(await take(library));
    await library.port.dropSession(SESSION);
    await library.alarm();
    expect(await library.keys()).toEqual([documentId]);
    expect(await filesOf(library)).toHaveLength(1);
    expect(await library.port.isReferenced(documentId)).toBe(false);
  });

  it("gets nothing any more once it is erased, and is forgotten a day later", async () => {
    const { library } = await withFile();
    await library.port.dropSession(SESSION);
    await library.port.dropSession(SESSION);
    expect(reasonOf(await take(library))).toBe("unknown-session");
    expect(await library.rows("SELECT * FROM uses")).toEqual([]);
    accepted(await take(library, "session-2"));
    pass(DAY);
    await library.alarm();
    expect(await library.rows("SELECT * FROM dropped")).toEqual([]);
    expect(await library.alarmAt()).toBeNull();
  });
});

describe("a purge", () => {
  it("is tried again while the store fails, for ever, and through evictions", async () => {
    const { library, documentId } = await withFile();
    await library.replace(down);
    accepted(await library.port.deleteFile("r", documentId));
    const waits = [];
    for (let tries = 0; tries < 9; tries += 1) {
      await library.alarm();
      expect(await library.keys()).toEqual([documentId]);
      const at = (await library.alarmAt()) ?? 0;
      waits.push((at - Date.now()) / SECOND);
      pass(at - Date.now());
    }
    expect(waits).toEqual([2, 5, 15, 60, 300, 900, 3600, 3600, 3600]);
    await library.evict();
    await library.alarm();
    expect([await library.keys(), await library.state(documentId)]).toEqual([[], "forgotten"]);
  });

  it("that crashed after the object was gone is repeated and ends the same", async () => {
    const { library, documentId } = await withFile();
    accepted(await library.port.deleteFile("r", documentId));
    await env.FILES.delete(`library/${library.service}/${documentId}`);
    expect(await library.state(documentId)).toBe("gone");
    await library.evict();
    await library.alarm();
    expect([await library.state(documentId), await library.alarmAt()]).toEqual(["forgotten", null]);
  });

  it("works through many, five at each ring", async () => {
    const library = new TestLibrary();
    await library.add("Response", {}, "r");
    for (let index = 0; index < 7; index += 1) await library.send("r", `${index}.txt`);
    accepted(await library.port.deleteResponse("r"));
    await library.alarm();
    expect(await library.keys()).toHaveLength(2);
    expect(await library.alarmAt()).toBeLessThanOrEqual(Date.now());
    await library.alarm();
    expect(await library.keys()).toEqual([]);
  });

  it("of one file leaves every session's files alone", async () => {
    const { library, documentId } = await withFile();
    const other = `2040-01-15/library/${documentId}`;
    await documents().put(other, textOf(1));
    accepted(await library.port.deleteFile("r", documentId));
    await library.alarm();
    expect(await documents().size(other)).toBe(1);
  });
});

describe("a file in which a later scan found malware", () => {
  it("is taken from its response at once, names the sessions that show it, and is purged when they let it go", async () => {
    const { library, documentId } = await withFile();
    accepted(await take(library, "session-b"));
    accepted(await take(library, "session-a"));
    expect(await library.port.quarantineFile(documentId)).toEqual(["session-a", "session-b"]);
    expect(await filesOf(library)).toEqual([]);
    expect(accepted(await take(library, "session-c")).files).toEqual([]);
    expect(await library.port.quarantineFile(documentId)).toEqual(["session-a", "session-b"]);
    await library.port.purgeFile(documentId);
    await library.port.purgeFile(documentId);
    await library.alarm();
    expect(await library.keys()).toEqual([]);
    expect(await library.port.storedFiles("", 10)).toEqual([]);
  });

  it("is found again where whoever looked died between the two steps", async () => {
    const { library, documentId } = await withFile();
    await library.port.quarantineFile(documentId);
    const key = `library/${library.service}/${documentId}`;
    expect(await library.port.storedFiles("", 10)).toEqual([{ documentId, key, size: 100 }]);
  });
});

it("what is stored is listed a part at a time, uploads under way left out", async () => {
  const { library, documentId } = await withFile("a.txt");
  const other = await library.send("r", "b.txt");
  await library.reserve("r", { name: "c.txt" });
  const [first = "", second = ""] = [documentId, other].sort();
  const part = await library.port.storedFiles("", 1);
  expect(part.map((file) => file.documentId)).toEqual([first]);
  expect((await library.port.storedFiles(first, 5)).map((file) => file.documentId)).toEqual([second]);
  expect(await new TestLibrary().port.storedFiles("", 5)).toEqual([]);
});
