/** Files on their way out, as a form's navigation fetches them, and files that their sender takes back. */
import { beforeEach, describe, expect, test } from "vitest";
import type { ApiClient } from "../../support/node/api-client.ts";
import { eventsOf, sample, send, textOf } from "../../support/node/chats.ts";
import { readOutcome, refused } from "../../support/node/gms-answers.ts";
import { ENCODINGS, GmsClient } from "../../support/node/gms-client.ts";
import { useServer } from "../../support/node/server.ts";
import { storedBytes } from "../../support/node/stored-files.ts";

const quiet = { "transcript-email": "never" };
const server = useServer({
  bindings: {
    SERVICE_TWICE: { ...quiet, "download-attempts": 2, "genesys-api-key": "the-key" },
    SERVICE_KEEPING: { ...quiet, "delete-file": "keep-quota" },
    SERVICE_FIXED: { ...quiet, "delete-file": "off" },
  },
});
let client: GmsClient;
let agent: ApiClient;

async function begin(service?: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
  client = new GmsClient(server, service, headers);
  await client.start();
  agent = await client.agent();
}

beforeEach(() => begin());

const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());
const refusalOf = async (response: Promise<Response>) => refused(await readOutcome(await response));
const taken = async () => (await client.limits())["used-download-attempts"];

describe("a download", () => {
  test.each<[string, string]>([
    ["Ärger im Büro.pdf", "filename*=UTF-8''%C3%84rger%20im%20B%C3%BCro.pdf"],
    ["отчёт.docx", "filename*=UTF-8''%D0%BE%D1%82%D1%87%D1%91%D1%82.docx"],
    ["写真.jpg", "filename*=UTF-8''%E5%86%99%E7%9C%9F.jpg"],
    ["Notiz 📝.txt", "filename*=UTF-8''Notiz%20%F0%9F%93%9D.txt"],
    ["logo.png", "filename=logo.png"],
  ])("of %s is an attachment of that name with its bytes and its type, in both encodings", async (name, told) => {
    const bytes = await sample(name);
    const { fileId, type } = await send(agent, name, bytes);
    for (const encoding of ENCODINGS) {
      const got = await client.download(fileId, encoding);
      expect(got.status).toBe(200);
      expect(got.headers.get("Content-Type")).toBe(type);
      expect(got.headers.get("Content-Length")).toBe(String(bytes.length));
      const disposition = got.headers.get("Content-Disposition") ?? "";
      expect(disposition).toMatch(/^attachment; /);
      expect(disposition).toContain(told);
      expect(await bytesOf(got)).toEqual(bytes);
    }
    expect(await taken()).toBe("1");
  });

  test("is nothing that a browser would run, and nothing that it keeps for others", async () => {
    const { fileId } = await send(agent, "a.txt", textOf(10));
    const { headers } = await client.download(fileId);
    expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(headers.get("Content-Security-Policy")).toBe("sandbox; default-src 'none'");
    expect(headers.get("Cache-Control")).toBe("private, no-cache");
  });

  test("needs no key of the service: a form cannot send headers", async () => {
    await begin("twice", { apikey: "the-key" });
    const { fileId } = await send(agent, "a.txt", textOf(10));
    expect(await bytesOf(await client.download(fileId))).toEqual(textOf(10));
  });

  test("that a browser sends twice takes one attempt", async () => {
    const { fileId } = await send(agent, "a.txt", textOf(10));
    for (let count = 0; count < 3; count += 1) await bytesOf(await client.download(fileId));
    await Promise.all([client.download(fileId), client.download(fileId)]);
    expect(await taken()).toBe("1");
  });

  test("is refused once all attempts are taken, by either door, and takes nothing more", async () => {
    await begin("twice", { "x-api-key": "the-key" });
    const files = [];
    for (const name of ["1.txt", "2.txt", "3.txt"]) files.push((await send(agent, name, textOf(10))).fileId);
    const [first = "", second = "", third = ""] = files;
    await bytesOf(await client.download(first));
    await client.native.must("createTicket", { params: { fileId: second } });
    const seen = await refusalOf(client.download(third));
    expect(seen).toMatchObject({ http: 400, statusCode: 2, chatEnded: false, code: 1032, advice: "2" });
    expect(await taken()).toBe("2");
    expect(await agent.must("downloadFile", { params: { fileId: third } })).toEqual(textOf(10));
  });

  test("of the customer's own file is a download too", async () => {
    const fileId = await client.send("mine.txt", textOf(10));
    expect(await bytesOf(await client.download(fileId))).toEqual(textOf(10));
    expect(await taken()).toBe("1");
  });

  test("is given after the end of the chat", async () => {
    const { fileId } = await send(agent, "a.txt", textOf(10));
    await client.must("disconnect");
    expect(await bytesOf(await client.download(fileId))).toEqual(textOf(10));
  });

  test("is refused to wrong credentials and to another chat's, and takes nothing", async () => {
    const { fileId } = await send(agent, "a.txt", textOf(10));
    const other = new GmsClient(server);
    await other.start();
    const { secureKey } = other.credentials;
    for (const stranger of [client.with({ secureKey: "x" }), client.with({ secureKey })])
      expect(await refusalOf(stranger.download(fileId))).toMatchObject({ http: 200, code: 249, chatEnded: true });
    expect(await refusalOf(other.download(fileId))).toMatchObject({ http: 400, code: 1030 });
    expect(await taken()).toBe("0");
  });
});

describe("a delete", () => {
  test("takes the bytes away for everybody, and gives the share of the limits back", async () => {
    const before = await storedBytes(server().storage);
    const fileId = await client.send("a.txt", textOf(100));
    await client.must(`file/${fileId}/delete`);
    expect(await client.limits()).toMatchObject({ "used-upload-max-files": "0", "used-upload-max-total-size": "0" });
    expect(await refusalOf(client.download(fileId))).toMatchObject({ http: 400, code: 1031, chatEnded: false });
    expect(await agent.refused("downloadFile", { params: { fileId } })).toMatchObject({ code: "file-deleted" });
    await expect.poll(() => storedBytes(server().storage), { timeout: 10_000 }).toBe(before);
  });

  test("keeps the share where the service says so, and says so in the limits", async () => {
    await begin("keeping");
    const fileId = await client.send("a.txt", textOf(100));
    await client.must(`file/${fileId}/delete`);
    const used = { "used-upload-max-files": "1", "used-upload-max-total-size": "100" };
    expect(await client.limits()).toMatchObject({ "delete-file": "keep-quota", ...used });
  });

  test("is refused where customers may not", async () => {
    await begin("fixed");
    const fileId = await client.send("a.txt", textOf(100));
    expect(await client.refused(`file/${fileId}/delete`)).toMatchObject({ http: 400, code: 1034, chatEnded: false });
    expect(await client.limits()).toMatchObject({ "delete-file": "off", "used-upload-max-files": "1" });
  });

  test("is refused of an agent's file, and of one that is gone already", async () => {
    const { fileId } = await send(agent, "a.txt", textOf(10));
    expect(await client.refused(`file/${fileId}/delete`)).toMatchObject({ http: 400, code: 1035 });
    const own = await client.send("b.txt", textOf(10));
    await client.must(`file/${own}/delete`);
    expect(await client.refused(`file/${own}/delete`)).toMatchObject({ http: 400, code: 1030 });
    expect((await eventsOf(agent)).filter(({ type }) => type === "FileDeleted")).toHaveLength(1);
  });
});
