/** Turnstile before a chat begins: at both doors, asked of a stand-in on this machine, and shut where it says nothing. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { ApiClient } from "../../support/node/api-client.ts";
import { useServer } from "../../support/node/server.ts";
import { Siteverify, type Vouching } from "../../support/node/siteverify.ts";

const SITE_KEY = "0x4AAAAAAA-site-key";
let siteverify: Siteverify;
const server = useServer(async () => {
  siteverify = await Siteverify.start();
  const guarded = { "turnstile-site-key": SITE_KEY, "transcript-email": "never" };
  return { bindings: { ...siteverify.bindings, SERVICE_GUARDED: guarded } };
});
afterAll(() => siteverify.stop());
beforeEach(() => {
  siteverify.manner = "usual";
});

let count = 0;
const fresh = () => `good-${++count}`;
const open = (more: object, headers: Readonly<Record<string, string>> = {}, service = "guarded") =>
  new ApiClient(() => server().url).ask("openSession", {
    params: { service },
    json: { nickname: "Ada", ...more },
    headers,
  });
const problemOf = async (answer: ReturnType<typeof open>) => {
  const outcome = await answer;
  return outcome.ok ? undefined : outcome.problem;
};

describe("a service with Turnstile", () => {
  test("opens a chat for a fresh token, and for that token once", async () => {
    const turnstileToken = fresh();
    expect((await open({ turnstileToken })).ok).toBe(true);
    expect(await problemOf(open({ turnstileToken }))).toMatchObject({
      status: 403,
      code: "turnstile-failed",
      siteKey: SITE_KEY,
    });
  });

  test("tells a page without a token which key to render", async () => {
    const asked = siteverify.asked;
    expect(await problemOf(open({}))).toMatchObject({ status: 403, code: "turnstile-required", siteKey: SITE_KEY });
    expect(siteverify.asked).toBe(asked);
  });

  test("gives the same chat to the same request sent again, whose token is spent by then", async () => {
    const headers = { "Idempotency-Key": randomUUID() };
    const turnstileToken = fresh();
    const [first, again] = [await open({ turnstileToken }, headers), await open({ turnstileToken }, headers)];
    if (!first.ok || !again.ok) throw new Error("refused");
    expect(again.value.sessionId).toBe(first.value.sessionId);
    expect((await open({ turnstileToken }, { "Idempotency-Key": randomUUID() })).ok).toBe(false);
  });

  test.each<[Vouching, object]>([
    ["foreign", { status: 403, code: "turnstile-failed" }],
    ["other-action", { status: 403, code: "turnstile-failed" }],
    ["wrong-secret", { status: 503, code: "turnstile-unavailable" }],
    ["silence", { status: 503, code: "turnstile-unavailable" }],
    ["garbage", { status: 503, code: "turnstile-unavailable" }],
    ["broken", { status: 503, code: "turnstile-unavailable" }],
  ])("stays shut where the answer is: %s", async (manner, expected) => {
    siteverify.manner = manner;
    expect(await problemOf(open({ turnstileToken: fresh() }))).toMatchObject(expected);
  });

  test("takes no token that is longer than any", async () => {
    const problem = await problemOf(open({ turnstileToken: "g".repeat(2049) }));
    expect(problem).toMatchObject({ status: 400, errors: [{ field: "turnstileToken" }] });
  });

  test("asks widgets for it too, in what pages attach, and keeps nothing of it there", async () => {
    const url = `${server().url}/genesys/2/chat/guarded`;
    const start = (fields: Record<string, string>) =>
      fetch(url, { method: "POST", body: new URLSearchParams({ nickname: "Ada", ...fields }) });
    expect(await (await start({})).json()).toMatchObject({ statusCode: 2, errors: [{ code: 1016 }] });
    const started = await (await start({ "userData[turnstileToken]": fresh(), "userData[order]": "7" })).json();
    expect(started).toMatchObject({ statusCode: 0, chatId: expect.any(String) });
    const agent = new ApiClient(() => server().url, (started as { chatId: string }).chatId);
    const { token } = await agent.must("createDevelopmentAgentToken", {
      json: { name: "Grace", privileges: ["chat:supervise"] },
    });
    const seen = await agent.withToken(token).must("getSession");
    expect(seen.customer?.userData).toEqual({ order: "7" });
  });
});

test("a service without it asks nobody", async () => {
  const asked = siteverify.asked;
  expect((await open({}, {}, "sales")).ok).toBe(true);
  expect(siteverify.asked).toBe(asked);
});
