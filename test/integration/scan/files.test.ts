/** Files of a service that scans, from the door to a real clamd and back: nobody opens what it has not called clean. */
import { afterAll, describe, expect, test } from "vitest";
import { eventsOf, openChat, openSession, send, stateOf, textOf, upload } from "../../support/node/chats.ts";
import { EICAR, EICAR_SIGNATURE, NO_CLAMD, startClamd, type TestClamd } from "../../support/node/clamd.ts";
import { fillLibrary } from "../../support/node/route-expectations.ts";
import { useServer } from "../../support/node/server.ts";

const MIB = 2 ** 20;
/** Every upload of these tests fits, so that only the scan refuses. */
const ROOMY = {
  "upload-max-files": 50,
  "upload-max-file-size": "95MB",
  "upload-max-total-size": "5GB",
  "agent-max-file-size": "95MB",
  "zone-body-limit": "5GB",
  "disconnect-timeout": 300,
  "transcript-email": "never",
};
const eicar = () => new TextEncoder().encode(EICAR);
/** Text with the signature at its very end. */
const infectedAtItsEnd = (bytes: number) => {
  const content = textOf(bytes);
  content.set(eicar(), bytes - EICAR.length);
  return content;
};

let clamd: TestClamd;
let port: number;

describe.runIf(NO_CLAMD === "")(`a service that scans${NO_CLAMD}`, () => {
  const server = useServer(async () => {
    clamd = await startClamd();
    ({ port } = clamd);
    return {
      bindings: {
        SCANNER: { url: clamd.url, "max-at-once": 8 },
        SERVICE_CUSTOMER_SUPPORT: { ...ROOMY, scan: "required" },
        SERVICE_SALES: { ...ROOMY, scan: "best-effort" },
      },
    };
  });
  afterAll(() => clamd?.stop());

  test("announces a clean file with its verdict, which agents see", async () => {
    const { customer, agent } = await openChat(server);
    const { fileId } = await send(customer, "a.txt", textOf(1000));
    expect((await eventsOf(agent)).at(-1)).toMatchObject({ type: "FileUploaded", file: { fileId, scan: "clean" } });
  });

  test.each([
    ["of the customer's", "customer"],
    ["of an agent's", "agent"],
  ] as const)("refuses an infected file %s, tells no signature, and keeps nothing", async (_whose, who) => {
    const chat = await openChat(server);
    const before = await stateOf(chat[who]);
    const problem = (await upload(chat[who], "a.txt", eicar())) as { ok: false; problem: object };
    expect(problem.problem).toMatchObject({ status: 422, code: "malware-found" });
    expect(JSON.stringify(problem)).not.toContain("Eicar");
    const { used, phase } = await stateOf(chat[who]);
    expect([used, phase]).toEqual([before.used, before.phase]);
    const rejected = { type: "FileRejected", name: "a.txt", signature: EICAR_SIGNATURE, visibility: "agents" };
    expect((await eventsOf(chat.agent)).at(-1)).toMatchObject(rejected);
    expect((await eventsOf(chat.customer)).map(({ type }) => type)).not.toContain("FileRejected");
  });

  test("finds what stands in the last bytes of 90 MiB", { timeout: 60_000 }, async () => {
    const { customer } = await openSession(server);
    const refused = await upload(customer, "a.txt", infectedAtItsEnd(90 * MIB));
    expect(refused).toMatchObject({ ok: false, problem: { code: "malware-found" } });
    expect((await stateOf(customer)).used).toMatchObject({ files: 0, bytes: 0 });
  });

  test("scans eight at once, each with its own verdict", { timeout: 60_000 }, async () => {
    const { customer } = await openSession(server);
    const contents = Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? textOf(MIB) : infectedAtItsEnd(MIB)));
    const answers = await Promise.all(contents.map((content, index) => upload(customer, `${index}.txt`, content)));
    expect(answers.map(({ ok }) => ok)).toEqual([true, false, true, false, true, false, true, false]);
  });

  test("refuses an infected file of a standard response", async () => {
    const { agent } = await openChat(server);
    const { service, responseId } = await fillLibrary(agent);
    const asking = { params: { service, responseId }, query: { name: "b.txt" }, body: eicar() };
    expect(await agent.refused("uploadLibraryFile", asking)).toMatchObject({ status: 422, code: "malware-found" });
    const { files } = await agent.must("getStandardResponse", { params: { responseId }, query: { service } });
    expect(files).toMatchObject([{ name: "a.txt", scan: "clean" }]);
  });

  test("has nothing of a refused file in its log", () => {
    expect(server().log.join("\n")).not.toMatch(/a\.txt|Eicar|STANDARD-ANTIVIRUS/);
  });
});

describe.runIf(NO_CLAMD === "")(`while the scanner is down${NO_CLAMD}`, () => {
  const server = useServer(async () => {
    const gone = await startClamd();
    ({ port } = gone);
    await gone.stop();
    return {
      bindings: {
        SCANNER: { url: `tcp://127.0.0.1:${port}` },
        SERVICE_CUSTOMER_SUPPORT: { ...ROOMY, scan: "required" },
        SERVICE_SALES: { ...ROOMY, scan: "best-effort" },
      },
    };
  });

  test("a service that requires scans refuses for now, charges nothing, and says when to come back", async () => {
    const { customer } = await openSession(server);
    const answer = await fetch(customer.address("uploadFile", { query: { name: "a.txt" } }), {
      method: "POST",
      headers: { Authorization: `Bearer ${customer.token}` },
      body: textOf(100),
    });
    expect([answer.status, answer.headers.get("Retry-After")]).toEqual([503, "5"]);
    expect(await answer.json()).toMatchObject({ code: "scanner-unavailable" });
    expect((await stateOf(customer)).used).toMatchObject({ files: 0, bytes: 0 });
  });

  test("another service announces the file, and agents see that it was not scanned", async () => {
    const { customer, agent } = await openChat(server, "sales");
    await send(customer, "a.txt", textOf(100));
    expect((await eventsOf(agent)).at(-1)).toMatchObject({ type: "FileUploaded", file: { scan: "skipped" } });
  });
});
