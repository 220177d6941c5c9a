/** Files of widgets on their way in: what is allowed, each way of saying no with the advice that is shown, and nothing left. */
import { createHash } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { eventsOf, sample, textOf } from "../../support/node/chats.ts";
import { refused } from "../../support/node/gms-answers.ts";
import { GmsClient } from "../../support/node/gms-client.ts";
import { useServer } from "../../support/node/server.ts";
import { SlowRequest } from "../../support/node/slow-upload.ts";
import { storedBytes } from "../../support/node/stored-files.ts";

const MIB = 1024 * 1024;
const quiet = { "transcript-email": "never" };
const server = useServer({
  bindings: {
    SERVICE_SMALL: {
      ...quiet,
      "upload-max-files": 2,
      "upload-max-file-size": 1000,
      "upload-max-total-size": 1500,
      "upload-file-types": "txt pdf",
    },
    SERVICE_STAFFED: { ...quiet, "upload-need-agent": true },
    SERVICE_CLOSED: { ...quiet, "upload-max-files": 0 },
    SERVICE_LARGE: { ...quiet, "upload-max-file-size": "20MiB", "upload-max-total-size": "20MiB" },
  },
});
const ORDERS = ["upload", "uploadAfter"] as const;
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

async function started(service?: string): Promise<GmsClient> {
  const client = new GmsClient(server, service);
  await client.start();
  return client;
}

/** What must be as before: limits used, and the transcript. */
async function state({ native }: GmsClient) {
  const { limits, position } = await native.must("getSession");
  return { used: limits.used, position };
}

let lying = 0;
beforeEach(async () => {
  lying = await storedBytes(server().storage);
});

/** So many bytes more than before this test lie in the store, once what was given up is cleared away. */
async function expectStored(bytes: number): Promise<void> {
  await expect.poll(() => storedBytes(server().storage), { timeout: 5_000 }).toBe(lying + bytes);
}

describe.each(ORDERS)("as %s orders the form", (order) => {
  test.each(["logo.png", "Ärger im Büro.pdf", "отчёт.docx", "写真.jpg", "Notiz 📝.txt", "Archiv.zip"])(
    "%s arrives at the agent as it was sent",
    async (name) => {
      const [client, bytes] = [await started(), await sample(name)];
      const outcome = await client[order](name, bytes);
      if (!outcome.ok) throw new Error(JSON.stringify(outcome.refused));
      const fileId = outcome.answer.userData?.["file-id"] ?? "";
      const agent = await client.agent();
      expect(sha256(await agent.must("downloadFile", { params: { fileId } }))).toBe(sha256(bytes));
      const [announced] = await client.poll();
      const userData = { "file-id": fileId, "file-name": name.normalize("NFC"), "file-size": String(bytes.length) };
      expect(announced).toMatchObject({ index: 2, type: "FileUploaded", from: { type: "Client" }, userData });
      const used = { "used-upload-max-files": "1", "used-upload-max-total-size": String(bytes.length) };
      expect(await client.limits()).toMatchObject(used);
      await client.must(`file/${fileId}/delete`);
      await expectStored(0);
    },
  );

  test.each([5 * MIB - 1, 5 * MIB, 5 * MIB + 1, 10 * MIB, 13 * MIB + 7])("%i bytes arrive whole", async (size) => {
    const [client, bytes] = [await started("large"), textOf(size)];
    const outcome = await client[order]("large.txt", bytes);
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.refused));
    const fileId = outcome.answer.userData?.["file-id"] ?? "";
    const got = await client.download(fileId);
    expect(sha256(new Uint8Array(await got.arrayBuffer()))).toBe(sha256(bytes));
    await client.must(`file/${fileId}/delete`);
    await expectStored(0);
  });

  describe("is refused, with nothing charged and nothing left,", () => {
    const plain = { http: 400, statusCode: 2, chatEnded: false };

    test.each<[string, string, string, number, number, string]>([
      ["a file over the limit of one", "small", "a.txt", 1001, 202, "1000"],
      ["a type that is not allowed", "small", "a.png", 10, 203, "type-not-allowed"],
      ["a name without an extension", "small", "README", 10, 203, "type-not-allowed"],
      ["a file whose content is not what its name says", "small", "a.pdf", 10, 203, "type-mismatch"],
      ["an empty file", "small", "a.txt", 0, 1021, "empty-file"],
      ["a file where no agent is there yet", "staffed", "a.txt", 10, 1020, "agent-needed"],
      ["a file where customers send none", "closed", "a.txt", 10, 201, "0"],
      ["a file without a name", "small", "", 10, 100, "file"],
      ["an extension that is none", "small", "a.t x t", 10, 203, "type-not-allowed"],
    ])("%s", async (_what, service, name, size, code, advice) => {
      const client = await started(service);
      const before = await state(client);
      const seen = refused(await client[order](name, textOf(size)));
      expect(seen).toMatchObject({ ...plain, chatId: client.credentials.chatId, code });
      expect(seen.advice.startsWith(advice), seen.advice).toBe(true);
      expect(await state(client)).toEqual(before);
      await expectStored(0);
    });

    test("a file over a limit of megabytes, as soon as its part begins", async () => {
      const client = await started("customer-support");
      const headers = { "Content-Type": "multipart/form-data; boundary=b", "Content-Length": 3 * MIB };
      const sending = new SlowRequest(client.address("file"), headers);
      const part = (name: string, content: string) =>
        `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${content}\r\n`;
      if (order === "uploadAfter") await sending.write(part("secureKey", client.credentials.secureKey ?? ""));
      await sending.write('--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n');
      const { status, body } = await sending.answer;
      expect({ status, body }).toMatchObject({ status: 400, body: { errors: [{ code: 202, advice: "2097152" }] } });
      sending.leave();
      expect((await state(client)).used).toMatchObject({ files: 0, bytes: 0 });
    });

    test("one file more than the limit, and the advice is the limit", async () => {
      const client = await started("small");
      const files = [await client.send("1.txt", textOf(10)), await client.send("2.txt", textOf(10))];
      const before = await state(client);
      expect(refused(await client[order]("3.txt", textOf(10)))).toMatchObject({ ...plain, code: 201, advice: "2" });
      expect(await state(client)).toEqual(before);
      await expectStored(20);
      for (const fileId of files) await client.must(`file/${fileId}/delete`);
      expect((await client[order]("3.txt", textOf(10))).ok).toBe(true);
      await expectStored(10);
    });

    test("more than is left of the total, and the advice is the whole total", async () => {
      const client = await started("small");
      await client.send("1.txt", textOf(1000));
      const before = await state(client);
      expect(refused(await client[order]("2.txt", textOf(501)))).toMatchObject({ ...plain, code: 202, advice: "1500" });
      expect(await state(client)).toEqual(before);
      expect((await client[order]("2.txt", textOf(500))).ok).toBe(true);
      await expectStored(1500);
    });
  });

  test("a file that needs an agent is taken once one is there, and not when the last has left", async () => {
    const client = await started("staffed");
    const agent = await client.agent();
    expect((await client[order]("a.txt", textOf(10))).ok).toBe(true);
    await agent.must("leaveSession");
    expect(refused(await client[order]("b.txt", textOf(10)))).toMatchObject({ http: 400, code: 1020 });
  });
});

test("the limits tell an agent's absence, and what is used after each file", async () => {
  expect(await (await started("staffed")).limits()).toMatchObject({ "upload-need-agent": "true" });
  expect(await (await started("closed")).limits()).toMatchObject({ "upload-max-files": "0" });
  const client = await started("small");
  const used = async () => {
    const limits = await client.limits();
    return [limits["used-upload-max-files"], limits["used-upload-max-total-size"], limits["used-download-attempts"]];
  };
  const fileId = await client.send("1.txt", textOf(700));
  expect(await used()).toEqual(["1", "700", "0"]);
  await client.download(fileId);
  await client.send("2.txt", textOf(800));
  expect(await used()).toEqual(["2", "1500", "1"]);
  await client.must(`file/${fileId}/delete`);
  expect(await used()).toEqual(["1", "800", "1"]);
});

test("a form without a file is refused and names the part", async () => {
  const client = await started();
  const seen = await client.refused("file", {}, "multipart/form-data");
  expect(seen).toMatchObject({ http: 400, code: 100, advice: "file" });
});

test("a form with a second file is refused as a whole, wherever its credentials stand", async () => {
  for (const order of ["files first", "credentials first"]) {
    const client = await started();
    const form = new FormData();
    const credentials = () => {
      for (const [name, value] of Object.entries(client.credentials)) form.append(name, value);
    };
    if (order === "credentials first") credentials();
    form.append("file", new Blob([textOf(10)]), "one.txt");
    form.append("file", new Blob([textOf(20)]), "two.txt");
    if (order === "files first") credentials();
    expect((await client.post("file", form)).ok).toBe(false);
    expect((await eventsOf(client.native)).map(({ type }) => type)).not.toContain("FileUploaded");
  }
});

test("a name is told as it was sent, without a path and without what no line may hold", async () => {
  const client = await started();
  const fields = { "userData[file-description]": "a\u202eb\nc", "userData[other]": "x" };
  await client.send("C:\\Users\\ada\\bill.txt", textOf(10), fields);
  const [event] = await client.poll();
  expect(event?.userData).toMatchObject({ "file-name": "bill.txt", "file-description": "a b c" });
});
