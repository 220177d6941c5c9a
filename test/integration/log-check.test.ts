/** The check of the worker's log, which every server of these tests goes through when it stops, finds what is planted. */
import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkLog, problemsOfLog } from "../support/node/log-check.ts";
import { rememberJson, rememberRequest } from "../support/node/private-values.ts";

const line = (fields: object) => `error: ${JSON.stringify(fields)}`;
const GOOD = line({ event: "request-failed", error: "TypeError", requestId: "5c1f-a" });

test("lines of the worker's log pass", () => {
  const effect = { event: "effect-failed", failure: "timed-out", effect: "SendTranscript", sessionId: "a".repeat(40) };
  expect(problemsOfLog([GOOD, line(effect)])).toEqual([]);
  expect(() => checkLog([GOOD])).not.toThrow();
});

describe("a line is found", () => {
  test.each([
    ["that is no JSON", "log: something happened"],
    ["that is a text in JSON", 'log: "something happened"'],
    ["with a message of an error", line({ event: "request-failed", error: "Error", message: "x" })],
    ["with words where a name belongs", line({ event: "request-failed", error: "cannot read x" })],
    ["with an object in it", line({ event: "request-failed", error: "Error", requestId: { x: 1 } })],
    ["without an event", line({ error: "Error" })],
    ["that begins as a known one of the runtime", "error: e = workerd/util/sqlite.c++:910: failed: something else"],
  ])("%s", (_, planted) => {
    expect(problemsOfLog([GOOD, planted])).toHaveLength(1);
    expect(() => checkLog([GOOD, planted])).toThrow("lines that it may not have");
  });
});

describe("what was sent or came back is found wherever it stands, also in a line of the right shape", () => {
  const TOLD = [
    "planted-token",
    "planted-text",
    "planted-email",
    "planted-subject",
    "planted-name",
    "planted-file",
    "planted-data",
    "planted-query",
    "planted-field",
    "planted-answer",
  ];
  const site = createServer((_, response) => {
    response.setHeader("Content-Type", "application/json");
    response.end('{"events":[{"from":{"nickname":"planted-answer"}}]}');
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
    const address = site.address();
    const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/?name=planted-query`;
    const form = new FormData();
    form.set("file", new File(["x"], "planted-file"));
    form.set("nick_name", "planted-field");
    const userData = { order: "planted-data" };
    const json = {
      text: "planted-text",
      email: "planted-email",
      subject: "planted-subject",
      nickname: "planted-name",
      userData,
    };
    const headers = { Authorization: "Bearer planted-token" };
    await (await fetch(url, { method: "POST", body: form })).text();
    await (await fetch(url, { method: "POST", headers, body: JSON.stringify(json) })).text();
  });
  afterAll(() => site.close());

  test.each(TOLD)("%s", async (value) => {
    await expect.poll(() => problemsOfLog([line({ event: "request-failed", failure: value })])).toHaveLength(1);
    expect(problemsOfLog([`log: a line with ${value} in it`])).toEqual([expect.stringContaining("what is private")]);
  });

  test("in frames of sockets, and each line of a text of several", () => {
    rememberJson('{"type":"message","text":"planted first line\\nplanted second line"}');
    expect(problemsOfLog(["warn: planted second line"])).toEqual([expect.stringContaining("what is private")]);
  });

  test("but no id of a session or request, and no word of ours", () => {
    rememberRequest("http://127.0.0.1/", [["X-Request-Id", "request-1"]], '{"sessionId":"session-1","type":"typing"}');
    const fields = { event: "typing", failure: "failed", requestId: "request-1", sessionId: "s".repeat(40) };
    expect(problemsOfLog([line(fields)])).toEqual([]);
  });
});
