/** Agents take sessions, join colleagues, supervise and give sessions on, over HTTP: whoever is first has it. */
import { expect, test } from "vitest";
import { PRIVILEGES } from "../../../src/protocol/wire.ts";
import { agentToken, eventsOf, openSession, send, textOf, upload } from "../../support/node/chats.ts";
import { useServer } from "../../support/node/server.ts";

const server = useServer();

/** A session that waits, and two agents outside of it. */
async function waiting() {
  const { customer } = await openSession(server);
  const enter = async (name: string) => customer.withToken(await agentToken(server, PRIVILEGES, name));
  return { customer, grace: await enter("Grace"), linus: await enter("Linus") };
}

test("of two agents who accept the same offer at once one gets in, and the other is told why not", async () => {
  const { customer, grace, linus } = await waiting();
  const accept = { json: { assignment: 1 } };
  const outcomes = await Promise.all([grace, linus].map((one) => one.ask("joinSession", accept)));
  const refused = outcomes.filter(({ ok }) => !ok);
  expect(refused).toHaveLength(1);
  expect(refused[0]).toMatchObject({ problem: { status: 409, code: "already-assigned" } });
  expect((await customer.must("getSession")).participants).toHaveLength(2);
});

test("a colleague joins without an offer, and a repeat of the first acceptance changes nothing", async () => {
  const { customer, grace, linus } = await waiting();
  const first = await grace.must("joinSession", { json: { assignment: 1 } });
  await linus.must("joinSession");
  expect(await grace.must("joinSession", { json: { assignment: 1 } })).toMatchObject({
    participantId: first.participantId,
  });
  expect((await customer.must("getSession")).participants).toHaveLength(3);
});

test("an agent who gave the session on is out of it, and another can have it by the next version", async () => {
  const { customer, grace, linus } = await waiting();
  await grace.must("joinSession", { json: { assignment: 1 } });
  await grace.must("transferSession", { json: { to: "dev:Linus" } });
  expect(await grace.refused("sendMessage", { json: { text: "still here?" } })).toMatchObject({ code: "not-joined" });
  expect(await linus.refused("joinSession", { json: { assignment: 2 } })).toMatchObject({ code: "already-assigned" });
  await linus.must("joinSession", { json: { assignment: 3 } });
  const types = (await eventsOf(customer)).map(({ type, from }) => `${type} ${from.nickname}`);
  expect(types.slice(1)).toEqual(["ParticipantJoined Grace", "ParticipantLeft Grace", "ParticipantJoined Linus"]);
  // Back to the queue, which needs no body at all.
  await linus.must("transferSession");
});

test.each([
  ["joinSession", { assignment: 0 }, "assignment"],
  ["joinSession", { assignment: "1" }, "assignment"],
  ["transferSession", { to: "" }, "to"],
  ["transferSession", { to: "x".repeat(256) }, "to"],
  ["transferSession", { to: "dev:Grace" }, "to"],
] as const)("%s with %o is refused with the field named", async (name, json, field) => {
  const { grace } = await waiting();
  if (name === "transferSession") await grace.must("joinSession");
  expect(await grace.refused(name, { json })).toMatchObject({ status: 400, errors: [{ field }] });
});

test("a silent supervisor hears all, shows to agents alone, and is seen by everybody once they join openly", async () => {
  const { customer, grace } = await waiting();
  await grace.must("joinSession");
  const supervisor = customer.withToken(await agentToken(server, ["chat:supervise"], "Super"));
  await supervisor.must("joinSession", { json: { mode: "silent" } });
  await supervisor.must("sendMessage", { json: { text: "offer a refund", visibility: "agents" } });
  expect(await supervisor.refused("sendMessage", { json: { text: "hello" } })).toMatchObject({
    status: 400,
    errors: [{ field: "visibility" }],
  });
  expect(JSON.stringify([await customer.must("getSession"), await eventsOf(customer)])).not.toContain("Super");
  expect((await grace.must("getSession")).participants.at(-1)).toMatchObject({ type: "Supervisor", silent: true });
  expect(JSON.stringify(await eventsOf(grace))).toContain("offer a refund");
  await supervisor.must("joinSession", { json: { mode: "supervise" } });
  await supervisor.must("sendMessage", { json: { text: "hello" } });
  expect((await customer.must("getSession")).participants.at(-1)).toMatchObject({
    type: "Supervisor",
    nickname: "Super",
  });
  expect((await eventsOf(customer)).slice(-2)).toMatchObject([{ type: "ParticipantJoined" }, { text: "hello" }]);
});

test.each(["supervise", "silent"])("joining to %s needs chat:supervise, and no chat:take", async (mode) => {
  const { customer } = await waiting();
  const others = PRIVILEGES.filter((one) => one !== "chat:supervise");
  const agent = customer.withToken(await agentToken(server, others));
  const refused = await agent.refused("joinSession", { json: { mode } });
  expect(refused).toMatchObject({ status: 403, code: "missing-privilege", detail: "needs chat:supervise" });
  await customer
    .withToken(await agentToken(server, ["chat:supervise"], "Super"))
    .must("joinSession", { json: { mode } });
});

test("a granted file is taken beyond the service's limit, and the customer sees grant and limits", async () => {
  const { customer, grace } = await waiting();
  await grace.must("joinSession");
  for (const name of ["1.txt", "2.txt", "3.txt"]) await send(customer, name, textOf(10));
  const grant = { json: { files: 1, bytes: 1000, clientId: "g-1" } };
  expect(await grace.must("grantUploads", grant)).toMatchObject({ type: "UploadsGranted", files: 1, bytes: 1000 });
  await grace.must("grantUploads", grant);
  expect(await customer.must("getLimits")).toMatchObject({ uploadMaxFiles: 4, used: { files: 3 } });
  await send(customer, "4.txt", textOf(10));
  const fifth = await upload(customer, "5.txt", textOf(10));
  expect(fifth).toMatchObject({ problem: { code: "too-many-files", limit: 4 } });
});

test.each([
  [{ files: 1 }, "bytes"],
  [{ files: -1, bytes: 0 }, "files"],
  [{ files: 101, bytes: 0 }, "files"],
  [{ files: 0, bytes: 2 ** 31 }, "bytes"],
  [{ files: 0, bytes: 0 }, "files"],
])("a grant of %o is refused with the field named", async (json, field) => {
  const { grace } = await waiting();
  await grace.must("joinSession");
  expect(await grace.refused("grantUploads", { json })).toMatchObject({ status: 400, errors: [{ field }] });
});
