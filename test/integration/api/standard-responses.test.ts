/** Standard responses in chats over the running server: sent once, fetched byte for byte, and readable after they were replaced. */
import { beforeAll, expect, test } from "vitest";
import { PRIVILEGES } from "../../../src/protocol/wire.ts";
import { ApiClient } from "../../support/node/api-client.ts";
import { agentToken, eventsOf, openChat, sample } from "../../support/node/chats.ts";
import { useServer } from "../../support/node/server.ts";

const server = useServer();
const service = "customer-support";
const NAME = "Prüfbericht Größe.pdf";
const TEXT = {
  title: "Report",
  language: "en",
  text: "Hello {{customer.nickname}}, here it is. {{agent.nickname}}",
  translations: { de: "Hallo {{customer.nickname}}, hier ist er. {{agent.nickname}}" },
};

let editor: ApiClient;
let responseId: string;
let bytes: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  editor = new ApiClient(() => server().url, "", await agentToken(server, ["library:edit"], "Editor"));
  ({ responseId } = await editor.must("createStandardResponse", { params: { service }, json: TEXT }));
  bytes = await sample("Ärger im Büro.pdf");
  await editor.must("uploadLibraryFile", { params: { service, responseId }, query: { name: NAME }, body: bytes });
});
const response = () => ({ params: { responseId } });

test("an agent sends one: the customer reads its text, and fetches its file byte for byte", async () => {
  const { agent, customer } = await openChat(server);
  const sent = await agent.must("sendStandardResponse", response());
  expect(sent).toMatchObject({ type: "Message", text: "Hello Ada, here it is. Grace", from: { type: "Agent" } });
  const [message, file] = (await eventsOf(customer)).slice(-2);
  expect(message).toEqual(sent);
  if (file?.type !== "FileUploaded") throw new Error("no file was announced");
  expect(file.file).toMatchObject({ name: NAME, size: bytes.length, type: "application/pdf" });
  expect(JSON.stringify(file)).not.toContain("library");
  const { fileId } = file.file;
  expect(await customer.must("downloadFile", { params: { fileId } })).toEqual(bytes);
  const { used } = await customer.must("getLimits");
  expect(used).toEqual({ files: 0, bytes: 0, downloads: 1 });
});

test("it comes in the customer's language, unless the agent asks for another", async () => {
  const { agent } = await openChat(server, service, { language: "de-AT" });
  expect(await agent.must("sendStandardResponse", response())).toMatchObject({ text: "Hallo Ada, hier ist er. Grace" });
  const english = { ...response(), json: { language: "en" } };
  expect(await agent.must("sendStandardResponse", english)).toMatchObject({ text: "Hello Ada, here it is. Grace" });
});

test("ten repeats at once with one client id send it once", async () => {
  const { agent, customer } = await openChat(server);
  const asking = { ...response(), json: { clientId: "greeting-1" } };
  const answers = await Promise.all(Array.from({ length: 10 }, () => agent.must("sendStandardResponse", asking)));
  expect(new Set(answers.map(({ position }) => position)).size).toBe(1);
  const types = (await eventsOf(customer)).map(({ type }) => type);
  expect(types.filter((type) => type === "Message" || type === "FileUploaded")).toEqual(["Message", "FileUploaded"]);
});

test("a file that was replaced since stays what it was in the chats that got it", async () => {
  const { agent, customer } = await openChat(server);
  await agent.must("sendStandardResponse", response());
  const file = (await eventsOf(customer)).at(-1);
  if (file?.type !== "FileUploaded") throw new Error("no file was announced");
  const other = new Uint8Array([...bytes, 10]);
  await editor.must("uploadLibraryFile", { params: { service, responseId }, query: { name: NAME }, body: other });
  expect(await customer.must("downloadFile", { params: { fileId: file.file.fileId } })).toEqual(bytes);
});

test("an unknown response, and an agent who may not or is not in the chat, are refused and change nothing", async () => {
  const { agent, customer } = await openChat(server);
  const before = await eventsOf(customer);
  const unknown = { params: { responseId: "no-such" } };
  expect(await agent.refused("sendStandardResponse", unknown)).toMatchObject({ status: 404, code: "unknown-response" });
  const others = PRIVILEGES.filter((one) => one !== "chat:transfer-file-from-standard-response");
  const without = agent.withToken(await agentToken(server, others));
  expect(await without.refused("sendStandardResponse", response())).toMatchObject({ code: "missing-privilege" });
  const stranger = agent.withToken(await agentToken(server, PRIVILEGES, "Linus"));
  expect(await stranger.refused("sendStandardResponse", response())).toMatchObject({ code: "not-joined" });
  expect(await eventsOf(customer)).toEqual(before);
});
