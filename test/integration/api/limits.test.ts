/** What a customer and an agent may send: every limit at its edge, under contention, and what deleting gives back. */
import { describe, expect, test } from "vitest";
import type { Outcome } from "../../support/node/api-client.ts";
import {
  agentToken,
  eventsOf,
  formWith,
  openChat,
  openSession,
  send,
  stateOf,
  textOf,
  upload,
} from "../../support/node/chats.ts";
import { useServer } from "../../support/node/server.ts";
import { SlowUpload } from "../../support/node/slow-upload.ts";

const server = useServer({
  bindings: {
    SERVICE_SMALL: {
      "upload-max-files": 4,
      "upload-max-file-size": 1000,
      "upload-max-total-size": 2500,
      "agent-max-file-size": 5000,
      "agent-file-types": "txt pdf",
      "transcript-email": "never",
    },
    SERVICE_CLOSED: { "upload-max-files": 0, "transcript-email": "never" },
    SERVICE_ATTENDED: { "upload-need-agent": true, "transcript-email": "never" },
    SERVICE_KEEP: { "upload-max-files": 2, "delete-file": "keep-quota", "transcript-email": "never" },
    SERVICE_NODELETE: { "delete-file": "off", "transcript-email": "never" },
  },
});

const small = () => openSession(server, "small");
const statuses = (outcomes: readonly Outcome<unknown>[]) => outcomes.map(({ status }) => status).sort();

describe("the customer's limits", () => {
  test("are told as they stand in the options, with what is used of them", async () => {
    const { customer, opened } = await small();
    await send(customer, "a.txt", textOf(300));
    expect(await customer.must("getLimits")).toEqual({
      ...opened.limits,
      uploadMaxFiles: 4,
      uploadMaxFileSize: 1000,
      uploadMaxTotalSize: 2500,
      uploadNeedAgent: false,
      downloadAttempts: 10,
      deleteFile: "return-quota",
      used: { files: 1, bytes: 300, downloads: 0 },
    });
  });

  test("take a file of exactly the largest size, and refuse one byte more, raw and as a form", async () => {
    const { customer } = await small();
    await send(customer, "exact.txt", textOf(1000));
    await customer.must("uploadFile", { body: formWith("form.txt", textOf(1000)) });
    const before = await stateOf(customer);
    for (const asking of [
      { query: { name: "more.txt" }, body: textOf(1001) },
      { body: formWith("more.txt", textOf(1001)) },
    ]) {
      const problem = await (await small()).customer.refused("uploadFile", asking);
      expect(problem).toMatchObject({ status: 413, code: "file-too-large", limit: 1000 });
    }
    expect(before.used).toEqual({ files: 2, bytes: 2000, downloads: 0 });
  });

  test("refuse what would pass the total, say what is left, and take exactly that", async () => {
    const { customer } = await small();
    for (const name of ["a.txt", "b.txt"]) await send(customer, name, textOf(1000));
    for (const asking of [{ query: { name: "c.txt" }, body: textOf(501) }, { body: formWith("c.txt", textOf(501)) }]) {
      const problem = await customer.refused("uploadFile", asking);
      expect(problem).toMatchObject({ status: 413, code: "total-too-large", limit: 2500, left: 500 });
    }
    await send(customer, "c.txt", textOf(500));
    const problem = await customer.refused("uploadFile", { query: { name: "d.txt" }, body: "x" });
    expect(problem).toMatchObject({ status: 413, code: "total-too-large", left: 0 });
  });

  test("refuse one file more than the number", async () => {
    const { customer } = await small();
    for (const name of ["a.txt", "b.txt", "c.txt", "d.txt"]) await send(customer, name, "x");
    const problem = await customer.refused("uploadFile", { query: { name: "e.txt" }, body: "x" });
    expect(problem).toMatchObject({ status: 409, code: "too-many-files", limit: 4 });
    expect((await stateOf(customer)).used).toEqual({ files: 4, bytes: 4, downloads: 0 });
  });

  test("hold exactly, however many arrive at once", async () => {
    const { customer } = await small();
    const many = Array.from({ length: 20 }, (_, index) => upload(customer, `${index}.txt`, textOf(600)));
    const done = await Promise.all(many);
    expect(statuses(done).filter((status) => status === 201)).toHaveLength(4);
    expect((await stateOf(customer)).used).toEqual({ files: 4, bytes: 2400, downloads: 0 });
    expect((await eventsOf(customer)).filter(({ type }) => type === "FileUploaded")).toHaveLength(4);
  });

  test("count what is still on its way", async () => {
    const { customer } = await small();
    const slow = ["a.txt", "b.txt"].map((name) => new SlowUpload(customer, name, 1000));
    for (const one of slow) await one.write(textOf(1));
    await expect.poll(() => stateOf(customer)).toMatchObject({ used: { files: 2, bytes: 2000 } });
    expect(await upload(customer, "c.txt", textOf(501))).toMatchObject({ problem: { left: 500 } });
    for (const one of slow) one.finish(textOf(1000).subarray(1));
    for (const one of slow) expect(await one.answer).toMatchObject({ status: 201 });
  });

  test("refuse before any byte is sent", async () => {
    const { customer } = await small();
    const cases = [
      [new SlowUpload(customer, "a.txt", 90_000_000), "file-too-large"],
      [new SlowUpload(customer, "a.exe", 10), "type-not-allowed"],
      [new SlowUpload(customer.withToken("wrong"), "a.txt", 10), "unauthenticated"],
    ] as const;
    for (const [waiting, code] of cases) {
      expect(await waiting.problem()).toMatchObject({ code });
      waiting.leave();
    }
  });

  test("of nothing at all refuse every file", async () => {
    const { customer } = await openSession(server, "closed");
    const problem = await customer.refused("uploadFile", { query: { name: "a.txt" }, body: "x" });
    expect(problem).toMatchObject({ status: 403, code: "uploads-disabled" });
  });

  test("may need an agent who is there", async () => {
    const { customer } = await openSession(server, "attended");
    const asking = { query: { name: "a.txt" }, body: "x" };
    expect(await customer.refused("uploadFile", asking)).toMatchObject({ status: 409, code: "agent-needed" });
    const agent = customer.withToken(await agentToken(server));
    await agent.must("joinSession");
    await customer.must("uploadFile", asking);
    await agent.must("leaveSession");
    expect(await customer.refused("uploadFile", asking)).toMatchObject({ code: "agent-needed" });
  });
});

describe("an agent", () => {
  test("is bound by agents' limits and not by the customer's", async () => {
    const { agent, customer } = await openChat(server, "small");
    for (const name of ["a.txt", "b.txt", "c.txt", "d.txt", "e.txt"]) await send(agent, name, textOf(5000));
    expect((await stateOf(customer)).used).toEqual({ files: 0, bytes: 0, downloads: 0 });
    const size = { status: 413, code: "file-too-large", limit: 5000 };
    expect(await agent.refused("uploadFile", { query: { name: "f.txt" }, body: textOf(5001) })).toMatchObject(size);
    expect(await agent.refused("uploadFile", { body: formWith("f.txt", textOf(5001)) })).toMatchObject(size);
    const type = { status: 415, code: "type-not-allowed", allowed: ["txt", "pdf"] };
    expect(await agent.refused("uploadFile", { query: { name: "a.png" }, body: textOf(10) })).toMatchObject(type);
  });

  test.each([
    ["send files", "chat:transfer-file-from-file-system", "uploadFile"],
    ["fetch files", "chat:save-files", "downloadFile"],
    ["get a link to a file", "chat:save-files", "createTicket"],
  ] as const)("needs a privilege to %s", async (_what, privilege, name) => {
    const { customer } = await openChat(server);
    const { fileId } = await send(customer, "a.txt", "x");
    const agent = customer.withToken(await agentToken(server, ["chat:take"], "Plain"));
    await agent.must("joinSession");
    const asking = name === "uploadFile" ? { query: { name: "b.txt" }, body: "x" } : { params: { fileId } };
    const problem = await agent.refused(name, asking);
    expect(problem).toMatchObject({ status: 403, code: "missing-privilege", detail: `needs ${privilege}` });
    const may = customer.withToken(await agentToken(server, ["chat:take", privilege], "Plain"));
    expect(await may.ask(name, asking)).toMatchObject({ ok: true });
  });

  test("who has not joined neither sends nor fetches files", async () => {
    const { customer } = await openSession(server);
    const { fileId } = await send(customer, "a.txt", "x");
    const stranger = customer.withToken(await agentToken(server, undefined, "Stranger"));
    const refused = { status: 403, code: "not-joined" };
    expect(await stranger.refused("uploadFile", { query: { name: "b.txt" }, body: "x" })).toMatchObject(refused);
    for (const name of ["downloadFile", "createTicket", "deleteFile"] as const)
      expect(await stranger.refused(name, { params: { fileId } })).toMatchObject(refused);
  });
});

describe("deleting a file", () => {
  test("announces it, takes the bytes away for everybody, and gives the quota back", async () => {
    const { customer, agent } = await openChat(server);
    const { fileId } = await send(customer, "a.txt", textOf(100));
    const params = { fileId };
    const link = await agent.must("createTicket", { params });
    await customer.must("deleteFile", { params });
    expect((await eventsOf(agent)).at(-1)).toMatchObject({ type: "FileDeleted", fileId, from: { participantId: 1 } });
    for (const who of [customer, agent]) {
      expect(await who.refused("downloadFile", { params })).toMatchObject({ status: 410, code: "file-deleted" });
      expect(await who.refused("createTicket", { params })).toMatchObject({ status: 410, code: "file-deleted" });
    }
    expect((await fetch(link.url)).status).toBe(410);
    expect((await stateOf(customer)).used).toEqual({ files: 0, bytes: 0, downloads: 0 });
    expect(await customer.refused("deleteFile", { params })).toMatchObject({ status: 404, code: "unknown-file" });
  });

  test("may keep its share of the quota, as the service says", async () => {
    const { customer } = await openSession(server, "keep");
    const first = await send(customer, "a.txt", textOf(100));
    await customer.must("deleteFile", { params: { fileId: first.fileId } });
    expect((await stateOf(customer)).used).toEqual({ files: 1, bytes: 100, downloads: 0 });
    await send(customer, "b.txt", textOf(100));
    const problem = await customer.refused("uploadFile", { query: { name: "c.txt" }, body: "x" });
    expect(problem).toMatchObject({ code: "too-many-files" });
  });

  test("may be forbidden to customers, not to agents", async () => {
    const { customer, agent } = await openChat(server, "nodelete");
    const mine = await send(customer, "a.txt", "x");
    const theirs = await send(agent, "b.txt", "x");
    const problem = await customer.refused("deleteFile", { params: { fileId: mine.fileId } });
    expect(problem).toMatchObject({ status: 403, code: "delete-disabled" });
    await agent.must("deleteFile", { params: { fileId: theirs.fileId } });
    expect(await customer.must("downloadFile", { params: { fileId: mine.fileId } })).toHaveLength(1);
  });

  test("is for who sent it", async () => {
    const { customer, agent } = await openChat(server);
    const mine = await send(customer, "a.txt", "x");
    const theirs = await send(agent, "b.txt", "x");
    const refused = { status: 403, code: "not-own-file" };
    expect(await agent.refused("deleteFile", { params: { fileId: mine.fileId } })).toMatchObject(refused);
    expect(await customer.refused("deleteFile", { params: { fileId: theirs.fileId } })).toMatchObject(refused);
  });

  test("keeps the download attempts that were taken of it", async () => {
    const { customer } = await openSession(server);
    const params = { fileId: (await send(customer, "a.txt", "x")).fileId };
    await customer.must("downloadFile", { params });
    await customer.must("deleteFile", { params });
    expect((await stateOf(customer)).used).toEqual({ files: 0, bytes: 0, downloads: 1 });
  });
});
