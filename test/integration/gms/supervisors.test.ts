/** What a Genesys client learns of supervisors: that somebody watches, and of an open one who. */
import { expect, test } from "vitest";
import { agentToken } from "../../support/node/chats.ts";
import { GmsClient } from "../../support/node/gms-client.ts";
import { useServer } from "../../support/node/server.ts";

const server = useServer();

test("a poll says that a supervisor is in the session, silent or not, and not who", async () => {
  const client = new GmsClient(server);
  await client.start();
  await client.poll();
  const supervisor = client.native.withToken(await agentToken(server, ["chat:supervise"], "Super"));
  expect(await client.must("refresh")).toMatchObject({ monitored: false });
  await supervisor.must("joinSession", { json: { mode: "silent" } });
  await supervisor.must("setTyping", { json: { typing: true } });
  const watched = await client.must("refresh");
  expect(watched).toMatchObject({ monitored: true, messages: [{ from: { nickname: "Ada" } }] });
  expect(JSON.stringify(watched)).not.toContain("Super");
  await supervisor.must("joinSession", { json: { mode: "supervise" } });
  expect(await client.poll()).toMatchObject([{ type: "ParticipantJoined", from: { nickname: "Super" } }]);
  await supervisor.must("leaveSession");
  expect(await client.must("refresh")).toMatchObject({ monitored: false });
});
