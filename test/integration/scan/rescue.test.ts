/** Files whose worker died after they were stored and before they were scanned: nobody sees them before the rescue has had them scanned. */
import { afterAll, describe, expect, test } from "vitest";
import { eventsOf, openChat, textOf, upload } from "../../support/node/chats.ts";
import { EICAR, EICAR_SIGNATURE, NO_CLAMD, startClamd, type TestClamd } from "../../support/node/clamd.ts";
import { useServer } from "../../support/node/server.ts";
import { storedBytes } from "../../support/node/stored-files.ts";

let clamd: TestClamd;

describe.runIf(NO_CLAMD === "")(`a worker that dies before the scan${NO_CLAMD}`, () => {
  const server = useServer(async () => {
    clamd = await startClamd();
    const service = { scan: "required", "transcript-email": "never", "disconnect-timeout": 600 };
    return { bindings: { SCANNER: { url: clamd.url }, SERVICE_CUSTOMER_SUPPORT: service } };
  });
  afterAll(() => clamd?.stop());

  // An upload belongs to nobody a minute after its worker's last sign of life.
  test("leaves files that are announced when they are clean, and rejected when they are not", {
    timeout: 150_000,
  }, async () => {
    const [clean, infected] = [await openChat(server), await openChat(server)];
    const before = await storedBytes(server().storage);
    clamd.suspend();
    const sent = [
      upload(clean.customer, "clean.txt", textOf(1000)),
      upload(infected.customer, "bad.txt", new TextEncoder().encode(EICAR)),
    ].map((answer) => answer.catch(() => "cut off"));
    await expect.poll(() => storedBytes(server().storage), { timeout: 10_000 }).toBe(before + 1000 + EICAR.length);
    await server().restart("kill");
    expect(await Promise.all(sent)).toEqual(["cut off", "cut off"]);
    clamd.resume();
    const fileEvents = async ({ agent }: typeof clean) =>
      (await eventsOf(agent)).filter(({ type }) => type.startsWith("File"));
    expect([await fileEvents(clean), await fileEvents(infected)]).toEqual([[], []]);
    await expect
      .poll(() => fileEvents(clean), { timeout: 100_000, interval: 1000 })
      .toMatchObject([{ type: "FileUploaded", file: { name: "clean.txt", scan: "clean" } }]);
    await expect
      .poll(() => fileEvents(infected), { timeout: 30_000, interval: 1000 })
      .toMatchObject([{ type: "FileRejected", name: "bad.txt", signature: EICAR_SIGNATURE }]);
    await expect.poll(() => storedBytes(server().storage), { timeout: 20_000 }).toBe(before + 1000);
  });
});
