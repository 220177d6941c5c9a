/** Later scans of what is stored: with signatures of today they find what those of yesterday let through. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApiClient } from "../../support/node/api-client.ts";
import { agentToken, eventsOf, openChat, openSession, send, stateOf, textOf } from "../../support/node/chats.ts";
import { EICAR, EICAR_SIGNATURE, NO_CLAMD, startClamd, type TestClamd } from "../../support/node/clamd.ts";
import { fillLibrary } from "../../support/node/route-expectations.ts";
import { useServer } from "../../support/node/server.ts";

const signature = EICAR_SIGNATURE;
const service = "customer-support";
const month = new Date().toISOString().slice(0, 7);
let clamd: TestClamd;

/** The service does not scan when files are sent: they are in as if their signature had not been known. */
describe.runIf(NO_CLAMD === "")(`a scan of what is stored${NO_CLAMD}`, () => {
  const server = useServer(async () => {
    clamd = await startClamd();
    return { bindings: { SCANNER: { url: clamd.url } } };
  });
  let officer: ApiClient;
  beforeAll(async () => {
    const { customer } = await openSession(server);
    officer = customer.withToken(await agentToken(server, ["compliance:erase"], "Officer"));
  });
  afterAll(() => clamd?.stop());
  const infected = () => new TextEncoder().encode(EICAR);

  test("of one session withdraws what is infected, and leaves the rest", async () => {
    const { customer, agent, sessionId } = await openChat(server);
    const bad = await send(customer, "bad.txt", infected());
    const good = await send(customer, "good.txt", textOf(100));
    const report = await officer.inSession(sessionId).must("rescanSession");
    expect(report).toEqual({ scanned: 2, unscanned: 0, withdrawn: [{ fileId: bad.fileId, signature }] });
    const told = (await eventsOf(agent)).slice(-2);
    expect(told).toMatchObject([
      { type: "FileDeleted", fileId: bad.fileId, from: { type: "System" } },
      { type: "FileRejected", fileId: bad.fileId, signature },
    ]);
    expect((await eventsOf(customer)).at(-1)).toMatchObject({ type: "FileDeleted", fileId: bad.fileId });
    const gone = await customer.refused("downloadFile", { params: { fileId: bad.fileId } });
    expect(gone).toMatchObject({ status: 410, code: "file-deleted" });
    expect((await customer.ask("downloadFile", { params: { fileId: good.fileId } })).ok).toBe(true);
    expect((await stateOf(customer)).used).toMatchObject({ files: 1, bytes: 100 });
    expect(await officer.inSession(sessionId).must("rescanSession")).toMatchObject({ scanned: 1, withdrawn: [] });
  });

  test("of a month's sessions goes through all of them, a part at a time", async () => {
    const chats = await Promise.all(Array.from({ length: 21 }, () => openSession(server)));
    const marked = chats[7]?.customer ?? officer;
    const { fileId } = await send(marked, "bad.txt", infected());
    // Sessions are told to their directory by their alarms.
    const rescanAll = async () => {
      const withdrawn: object[] = [];
      let sessions = 0;
      for (let cursor: string | undefined = ""; cursor !== undefined; ) {
        const query: Record<string, string> = cursor === "" ? { month } : { month, cursor };
        const part = await officer.must("rescanService", { params: { service }, query });
        sessions += part.sessions;
        withdrawn.push(...part.withdrawn);
        cursor = part.cursor;
      }
      return { sessions, withdrawn };
    };
    const found: object[] = [];
    await expect
      .poll(
        async () => {
          const { sessions, withdrawn } = await rescanAll();
          found.push(...withdrawn);
          return sessions >= 23 ? found : [];
        },
        { timeout: 20_000 },
      )
      .toEqual([{ sessionId: marked.sessionId, fileId, signature }]);
    expect(await officer.must("rescanService", { params: { service }, query: { month: "2020-01" } })).toEqual({
      sessions: 0,
      scanned: 0,
      unscanned: 0,
      withdrawn: [],
    });
  });

  test("of the library takes an infected file from its response and from every session that shows it", async () => {
    const { customer, agent } = await openChat(server);
    const { responseId } = await fillLibrary(agent);
    const asking = { params: { service, responseId }, query: { name: "bad.txt" }, body: infected() };
    const { documentId } = await agent.must("uploadLibraryFile", asking);
    await agent.must("sendStandardResponse", { params: { responseId }, json: {} });
    const report = await officer.must("rescanLibrary", { params: { service } });
    expect(report).toMatchObject({ unscanned: 0, withdrawn: [{ documentId, signature, sessions: 1 }] });
    const { files } = await agent.must("getStandardResponse", { params: { responseId }, query: { service } });
    expect(files.map(({ name }) => name)).toEqual(["a.txt"]);
    const events = await eventsOf(customer);
    const shown = events.flatMap((event) => (event.type === "FileUploaded" ? [event.file] : []));
    const bad = shown.find(({ name }) => name === "bad.txt");
    expect(events.at(-1)).toMatchObject({ type: "FileDeleted", fileId: bad?.fileId });
    expect(await customer.refused("downloadFile", { params: { fileId: bad?.fileId ?? "" } })).toMatchObject({
      status: 410,
    });
    expect(await officer.must("rescanLibrary", { params: { service } })).toMatchObject({ withdrawn: [] });
  });

  test("counts what has no verdict while the scanner is down, and withdraws nothing", async () => {
    const { customer, sessionId } = await openChat(server);
    await send(customer, "bad.txt", infected());
    await clamd.kill();
    const report = await officer.inSession(sessionId).must("rescanSession");
    expect(report).toEqual({ scanned: 0, unscanned: 1, withdrawn: [] });
    expect((await stateOf(customer)).used.files).toBe(1);
  });

  test("of a month that is none is refused by its name", async () => {
    const problem = await officer.refused("rescanService", { params: { service }, query: { month: "2026-13" } });
    expect(problem).toMatchObject({ status: 400, errors: [{ field: "month" }] });
  });
});
