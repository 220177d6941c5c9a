/** What a customer can do with everything of another session but its token: nothing, and learn nothing. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ApiClient } from "../../support/node/api-client.ts";
import { eventsOf, openSession, send, stateOf, textOf } from "../../support/node/chats.ts";
import { statusOf } from "../../support/node/raw-request.ts";
import { setScene } from "../../support/node/route-expectations.ts";
import { useServer } from "../../support/node/server.ts";

const server = useServer();
let scene: Awaited<ReturnType<typeof setScene>>;
let before: unknown;
const whole = async () => [await stateOf(scene.customer), await eventsOf(scene.customer)];

beforeAll(async () => {
  scene = await setScene(server);
  before = await whole();
});
afterAll(async () => {
  expect(await whole()).toEqual(before);
  scene.leave();
});

describe("customer A, who knows every id of session B", () => {
  let a: ApiClient;
  beforeAll(async () => {
    a = (await openSession(server)).customer;
    // A file of A's own must not come in its place.
    await send(a, "own.txt", textOf(10));
  });

  test.each(["downloadFile", "createTicket", "deleteFile"] as const)(
    "finds nothing of B by %s in their own",
    async (name) => {
      const problem = await a.refused(name, { params: { fileId: scene.fileId } });
      const nothing = await a.refused(name, { params: { fileId: "x".repeat(22) } });
      expect(problem).toMatchObject({ status: 404, code: "unknown-file" });
      // Not even whether it exists.
      expect({ ...nothing, requestId: "" }).toEqual({ ...problem, requestId: "" });
    },
  );

  test("cancels nothing of B, and a key of B's is free for A", async () => {
    expect(await a.refused("cancelUpload", { params: { key: scene.key } })).toMatchObject({ code: "unknown-upload" });
    const headers = { "Idempotency-Key": scene.key };
    const file = await a.must("uploadFile", { query: { name: "held.txt" }, body: "A's own text", headers });
    expect(file.position).toBe(3);
  });

  test("leaves their own session by no path", async () => {
    const paths = [
      `/v1/sessions/${a.sessionId}/../${scene.sessionId}`,
      `/v1/sessions/${a.sessionId}%2f..%2f${scene.sessionId}`,
      `/v1/sessions/${a.sessionId}/files/..%2f..%2f${scene.sessionId}%2ffiles%2f${scene.fileId}`,
      `/v1/sessions/${a.sessionId}/files/${scene.fileId}%00`,
      `/v1//sessions/${scene.sessionId}`,
      `/v1/sessions/${scene.sessionId}?sessionId=${a.sessionId}`,
    ];
    for (const path of paths) {
      const status = await statusOf(server().url, path, { Authorization: `Bearer ${a.token}` });
      expect([path, status]).toEqual([path, expect.toSatisfy((one: number) => one >= 400 && one < 500)]);
    }
  });
});
