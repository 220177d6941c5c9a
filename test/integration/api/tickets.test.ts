/** Links to one file that work without a token: for a minute, for one participant, and as often as a browser asks. */
import { decodeJwt, SignJWT } from "jose";
import { beforeEach, describe, expect, test } from "vitest";
import { TICKET_LIFETIME_MS } from "../../../src/protocol/wire.ts";
import type { AnswerOf, ApiClient } from "../../support/node/api-client.ts";
import { readProblem } from "../../support/node/api-client.ts";
import { type Chat, openChat, renewed, sample, send, stateOf, textOf } from "../../support/node/chats.ts";
import { useServer } from "../../support/node/server.ts";

const server = useServer({ bindings: { SERVICE_ONE: { "download-attempts": 1, "transcript-email": "never" } } });
const BYTES = textOf(1000);
let chat: Chat;
let params: { fileId: string };

beforeEach(async () => {
  chat = await openChat(server, "one");
  params = { fileId: (await send(chat.agent, "a.txt", BYTES)).fileId };
});

const linkOf = (who: ApiClient, query = {}): Promise<AnswerOf<"createTicket">> =>
  who.must("createTicket", { params, query });

/** The claims of a link's ticket, changed, signed with this or the server's own secret. */
async function resigned(link: string, change: Record<string, unknown>, secret = server().secrets.TOKEN_SECRETS ?? "") {
  const url = new URL(link);
  const claims = decodeJwt(url.searchParams.get("ticket") ?? "");
  const jwt = new SignJWT({ ...claims, ...change }).setProtectedHeader({ alg: "HS256" });
  url.searchParams.set("ticket", await jwt.sign(Buffer.from(secret, "base64url")));
  return url;
}

describe("a ticket", () => {
  test("takes the attempt; its link then works as often as it is asked, whole, in part, and by HEAD", async () => {
    const { url, expiresAt } = await linkOf(chat.customer);
    const left = Date.parse(expiresAt) - Date.now();
    expect(left).toBeGreaterThan(TICKET_LIFETIME_MS - 5000);
    expect(left).toBeLessThanOrEqual(TICKET_LIFETIME_MS);
    for (const range of [undefined, "bytes=0-9", "bytes=10-", undefined]) {
      const response = await fetch(url, { headers: range === undefined ? {} : { Range: range } });
      expect(response.status).toBe(range === undefined ? 200 : 206);
      const [, first = "0", last = "999"] = /(\d+)-(\d*)/.exec(range ?? "") ?? [];
      const expected = BYTES.subarray(Number(first), Number(last || "999") + 1);
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(expected);
    }
    const head = await fetch(url, { method: "HEAD" });
    expect(head.headers.get("Content-Length")).toBe("1000");
    expect((await stateOf(chat.customer)).used.downloads).toBe(1);
  });

  test("is refused once the attempts are used up, and the one that was given still works", async () => {
    const { url } = await linkOf(chat.customer);
    params = { fileId: (await send(chat.agent, "b.txt", BYTES)).fileId };
    expect(await chat.customer.refused("createTicket", { params })).toMatchObject({ code: "no-downloads-left" });
    expect((await fetch(url)).status).toBe(200);
  });

  test("serves with the same headers as any download, its own CSP included", async () => {
    const { headers } = await fetch((await linkOf(chat.customer)).url);
    expect(headers.get("Content-Security-Policy")).toBe("sandbox; default-src 'none'");
    expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(headers.get("Content-Disposition")).toMatch(/^attachment;/);
    expect(headers.get("Referrer-Policy")).toBe("no-referrer");
  });

  test("for showing shows raster images only, and the link cannot be changed into one", async () => {
    const saving = new URL((await linkOf(chat.agent)).url);
    params = { fileId: (await send(chat.agent, "logo.png", await sample("logo.png"))).fileId };
    const [saved, shown] = [await linkOf(chat.agent), await linkOf(chat.agent, { disposition: "inline" })];
    const disposition = async (url: string | URL) => (await fetch(url)).headers.get("Content-Disposition");
    expect(await disposition(shown.url)).toMatch(/^inline;/);
    expect(await disposition(saved.url)).toMatch(/^attachment;/);
    for (const link of [saving, new URL(saved.url)]) {
      link.searchParams.set("disposition", "inline");
      expect(await disposition(link)).toMatch(/^attachment;/);
    }
  });

  test("is for one file of one session", async () => {
    const link = new URL((await linkOf(chat.customer)).url);
    const other = await openChat(server, "one");
    const beside = (await send(chat.agent, "b.txt", BYTES)).fileId;
    const elsewhere = (await send(other.agent, "c.txt", BYTES)).fileId;
    for (const [sessionId, fileId] of [
      [chat.sessionId, beside],
      [other.sessionId, elsewhere],
      [other.sessionId, params.fileId],
    ] as const) {
      const url = new URL(`/v1/sessions/${sessionId}/files/${fileId}${link.search}`, link);
      expect(await readProblem(await fetch(url))).toMatchObject({ status: 401, code: "unauthenticated" });
    }
  });

  test("opens nothing but its file", async () => {
    const link = new URL((await linkOf(chat.customer)).url);
    const base = `/v1/sessions/${chat.sessionId}`;
    for (const [method, path] of [
      ["GET", base],
      ["GET", `${base}/events`],
      ["GET", `${base}/transcript`],
      ["DELETE", `${base}/files/${params.fileId}`],
      ["POST", `${base}/files/${params.fileId}/ticket`],
    ] as const) {
      const response = await fetch(new URL(`${path}${link.search}`, link), { method });
      expect(await readProblem(response)).toMatchObject({ status: 401, code: "unauthenticated" });
    }
    const bearer = chat.customer.withToken(link.searchParams.get("ticket") ?? "");
    expect(await bearer.refused("getSession")).toMatchObject({ status: 401, code: "unauthenticated" });
  });

  test("ends: one whose minute is over is refused, with the server's own signature under it", async () => {
    const { url } = await linkOf(chat.customer);
    const now = Math.floor(Date.now() / 1000);
    expect((await fetch(await resigned(url, {}))).status).toBe(200);
    const late = await fetch(await resigned(url, { exp: now - 1 }));
    expect(await readProblem(late)).toMatchObject({ status: 401, code: "token-expired" });
    const endless = await fetch(await resigned(url, { exp: undefined }));
    expect(await readProblem(endless)).toMatchObject({ status: 401, code: "unauthenticated" });
  });

  test("that is forged is refused", async () => {
    const { url } = await linkOf(chat.customer);
    const foreign = await resigned(url, {}, "A".repeat(43));
    const asToken = await resigned(url, { aud: "satchel:session" });
    const cut = new URL(url);
    cut.searchParams.set("ticket", cut.searchParams.get("ticket")?.replace(/\.[^.]*$/, ".") ?? "");
    const none = new URL(url);
    none.searchParams.set("ticket", "");
    for (const forged of [foreign, asToken, cut, none]) {
      expect(await readProblem(await fetch(forged))).toMatchObject({ status: 401, code: "unauthenticated" });
    }
  });

  test("goes with the token it was made under, and with the agent's place in the session", async () => {
    const [customers, agents] = [await linkOf(chat.customer), await linkOf(chat.agent)];
    await renewed(chat.customer);
    await chat.agent.must("leaveSession");
    expect(await readProblem(await fetch(customers.url))).toMatchObject({ status: 401, code: "token-revoked" });
    expect(await readProblem(await fetch(agents.url))).toMatchObject({ status: 403, code: "not-joined" });
  });
});
