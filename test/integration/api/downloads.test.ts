/** The bytes of a file on their way out: ranges, conditions, headers that keep browsers from harm, and download attempts. */
import { beforeAll, describe, expect, test } from "vitest";
import type { AnswerOf, ApiClient } from "../../support/node/api-client.ts";
import { type Chat, openChat, openSession, sample, send, stateOf, textOf } from "../../support/node/chats.ts";
import { useServer } from "../../support/node/server.ts";

const server = useServer({
  bindings: {
    SERVICE_FEW: { "download-attempts": 2, "transcript-email": "never" },
    SERVICE_NONE: { "download-attempts": 0, "transcript-email": "never" },
  },
});
const BYTES = textOf(1000);

/** A download as it comes, whatever it is. */
async function get(who: ApiClient, fileId: string, headers: Record<string, string> = {}, method = "GET", query = {}) {
  const response = await fetch(who.address("downloadFile", { params: { fileId }, query }), {
    method,
    headers: { Authorization: `Bearer ${who.token}`, ...headers },
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, bytes };
}

describe("a file's bytes", () => {
  let chat: Chat;
  let file: AnswerOf<"uploadFile">;
  let etag: string;
  beforeAll(async () => {
    chat = await openChat(server);
    file = await send(chat.customer, "a.txt", BYTES);
    etag = `"${file.sha256}"`;
  });
  const ask = (headers: Record<string, string> = {}, method?: string) => get(chat.agent, file.fileId, headers, method);

  test("come whole, with their length, type and tag", async () => {
    const { status, headers, bytes } = await ask();
    expect(status).toBe(200);
    expect(bytes).toEqual(BYTES);
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-length": "1000",
      "content-type": "text/plain",
      "accept-ranges": "bytes",
      "cache-control": "private, no-cache",
      etag,
    });
    expect(headers.get("Content-Range")).toBeNull();
  });

  test("can neither run nor be sniffed in a browser, nor read by other sites' scripts", async () => {
    const { headers } = await ask();
    expect(headers.get("Content-Security-Policy")).toBe("sandbox; default-src 'none'");
    expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(headers.get("Content-Disposition")).toBe("attachment; filename=a.txt");
    expect(headers.get("Access-Control-Allow-Origin")).toBeNull();
    expect(headers.get("Referrer-Policy")).toBe("no-referrer");
  });

  test.each([
    ["bytes=0-0", 0, 0],
    ["bytes=0-", 0, 999],
    ["bytes=100-199", 100, 199],
    ["bytes=999-", 999, 999],
    ["bytes=990-5000", 990, 999],
    ["bytes=-1", 999, 999],
    ["bytes=-100", 900, 999],
    ["bytes=-5000", 0, 999],
  ])("come in part for %s", async (range, first, last) => {
    const { status, headers, bytes } = await ask({ Range: range });
    expect(status).toBe(206);
    expect(headers.get("Content-Range")).toBe(`bytes ${first}-${last}/1000`);
    expect(headers.get("Content-Length")).toBe(String(last - first + 1));
    expect(bytes).toEqual(BYTES.subarray(first, last + 1));
    expect(headers.get("Content-Security-Policy")).toBe("sandbox; default-src 'none'");
  });

  test.each(["bytes=1000-", "bytes=5000-6000", "bytes=-0"])("are refused for %s beyond the end", async (range) => {
    const outcome = await chat.agent.ask("downloadFile", {
      params: { fileId: file.fileId },
      headers: { Range: range },
    });
    expect(outcome).toMatchObject({ ok: false, status: 416, problem: { code: "range-not-satisfiable" } });
    expect(outcome.headers.get("Content-Range")).toBe("bytes */1000");
  });

  test.each(["bytes=5-2", "bytes=a-b", "bytes=-", "bytes=0-1,5-6", "items=0-1", "bytes 0-1"])(
    "come whole where the range %s is to be ignored",
    async (range) => {
      const { status, bytes } = await ask({ Range: range });
      expect({ status, length: bytes.length }).toEqual({ status: 200, length: 1000 });
    },
  );

  test("come in part under If-Range with their tag, and whole under another", async () => {
    expect((await ask({ Range: "bytes=0-9", "If-Range": etag })).status).toBe(206);
    const others = [`"other"`, `W/${etag}`, "Mon, 23 Nov 2026 00:00:00 GMT"];
    for (const other of others) expect((await ask({ Range: "bytes=0-9", "If-Range": other })).status).toBe(200);
  });

  test("do not come again where the client has them", async () => {
    for (const known of ["*", `"x", W/${"etag"}`].map((value) => value.replace("etag", etag)).concat(etag)) {
      const { status, headers, bytes } = await ask({ "If-None-Match": known, Range: "bytes=0-9" });
      expect({ status, length: bytes.length, etag: headers.get("ETag") }).toEqual({ status: 304, length: 0, etag });
    }
    expect((await ask({ "If-None-Match": `"x"` })).status).toBe(200);
  });

  test("are described by HEAD as GET would, ranges aside", async () => {
    const [head, whole] = [await ask({ Range: "bytes=0-9" }, "HEAD"), await ask()];
    expect({ status: head.status, length: head.bytes.length }).toEqual({ status: 200, length: 0 });
    for (const name of ["content-length", "content-type", "etag", "content-disposition", "content-security-policy"])
      expect(head.headers.get(name)).toBe(whole.headers.get(name));
    expect((await ask({ "If-None-Match": etag }, "HEAD")).status).toBe(304);
  });

  test.each(["unknown", "..", "%00", "a".repeat(64)])("of a file %j that is not here are not there", async (fileId) => {
    const response = await fetch(`${server().url}/v1/sessions/${chat.sessionId}/files/${fileId}`, {
      headers: { Authorization: `Bearer ${chat.customer.token}` },
    });
    expect(response.status).toBe(404);
  });

  test("are not to be had with anything of another session", async () => {
    const other = await openChat(server);
    const params = { fileId: file.fileId };
    for (const who of [other.customer, other.agent]) {
      expect(await who.refused("downloadFile", { params })).toMatchObject({ status: 404, code: "unknown-file" });
      expect(await who.refused("createTicket", { params })).toMatchObject({ status: 404, code: "unknown-file" });
    }
    const crossed = other.customer.inSession(chat.sessionId);
    expect(await crossed.refused("downloadFile", { params })).toMatchObject({ status: 401, code: "unauthenticated" });
  });
});

describe("the name of a download", () => {
  test.each([
    ["plain.txt", "plain.txt", undefined],
    ["Ärger im Büro.txt", "Arger im Buro.txt", "Ärger im Büro.txt"],
    ["発表.txt", "__.txt", "発表.txt"],
    ["Notiz 📝.txt", "Notiz _.txt", "Notiz 📝.txt"],
    ["a;b%41'c\".txt", "a_b_41'c_.txt", "a;b%41'c_.txt"],
  ])("of %j is told in ASCII and in full", async (name, ascii, full) => {
    const { customer } = await openSession(server);
    const { fileId } = await send(customer, name, "x");
    const header = (await get(customer, fileId)).headers.get("Content-Disposition") ?? "";
    const [first = "", second] = header.split("; filename*=UTF-8''");
    // RFC 6266 section 4.1: a token, or a quoted string in which nothing here needs a backslash.
    const plain = /^attachment; filename=(?:"([^"\\]+)"|([\w!#$%&'*+.^`|~-]+))$/.exec(first);
    expect(plain?.[1] ?? plain?.[2]).toBe(ascii);
    expect(second === undefined ? undefined : decodeURIComponent(second)).toBe(full);
    // RFC 8187 section 3.2.1: attr-char or percent-encoded, nothing else.
    expect(second ?? "").toMatch(/^(?:[\w!#$&+.^`|~-]|%[0-9A-F]{2})*$/);
  });

  test("may be shown in a page for raster images, and for nothing else", async () => {
    const { customer, agent } = await openChat(server);
    const image = await send(customer, "logo.png", await sample("logo.png"));
    const pdf = await send(customer, "a.pdf", await sample("Ärger im Büro.pdf"));
    const disposition = async (fileId: string, wish?: string) => {
      const query = wish === undefined ? {} : { disposition: wish };
      return (await get(agent, fileId, {}, "GET", query)).headers.get("Content-Disposition");
    };
    expect(await disposition(image.fileId)).toMatch(/^attachment;/);
    expect(await disposition(image.fileId, "inline")).toMatch(/^inline;/);
    expect(await disposition(pdf.fileId, "inline")).toMatch(/^attachment;/);
    const asking = { params: { fileId: image.fileId }, query: { disposition: "run" } };
    expect(await agent.refused("downloadFile", asking)).toMatchObject({ errors: [{ field: "disposition" }] });
  });
});

describe("download attempts", () => {
  test("are taken by each file, once in ten seconds, and refused when they are used up", async () => {
    const { customer } = await openSession(server, "few");
    const files = [];
    for (const name of ["a.txt", "b.txt", "c.txt"]) files.push(await send(customer, name, BYTES));
    const [a = "", b = "", c = ""] = files.map(({ fileId }) => fileId);
    for (const [fileId, taken] of [
      [a, 1],
      [a, 1],
      [b, 2],
      [a, 2],
      [b, 2],
    ] as const) {
      expect((await get(customer, fileId, { Range: "bytes=0-9" })).status).toBe(206);
      expect((await stateOf(customer)).used.downloads).toBe(taken);
    }
    const params = { fileId: c };
    for (const name of ["downloadFile", "createTicket"] as const) {
      const problem = await customer.refused(name, { params });
      expect(problem).toMatchObject({ status: 429, code: "no-downloads-left", limit: 2 });
    }
    expect((await get(customer, c, {}, "HEAD")).status).toBe(200);
    expect((await get(customer, c, { "If-None-Match": "*" })).status).toBe(304);
  });

  test("are not taken by HEAD, 304, 416, refusals, or agents", async () => {
    const { customer, agent } = await openChat(server);
    const { fileId } = await send(customer, "a.txt", BYTES);
    const given = [
      await get(customer, fileId, {}, "HEAD"),
      await get(customer, fileId, { "If-None-Match": "*" }),
      await get(customer, fileId, { Range: "bytes=1000-" }),
      await get(customer, "unknown"),
      await get(customer, fileId, {}, "GET", { disposition: "run" }),
      await get(agent, fileId),
    ];
    expect(given.map(({ status }) => status)).toEqual([200, 304, 416, 404, 400, 200]);
    await agent.must("createTicket", { params: { fileId } });
    expect((await stateOf(customer)).used.downloads).toBe(0);
  });

  test("hold exactly, however many downloads start at once", async () => {
    const { customer } = await openSession(server, "few");
    const files = [];
    for (const name of ["a.txt", "b.txt", "c.txt"]) files.push(await send(customer, name, BYTES));
    const given = await Promise.all(files.map(({ fileId }) => get(customer, fileId)));
    expect(given.map(({ status }) => status).sort()).toEqual([200, 200, 429]);
  });

  test("of none let agents fetch, and no customer", async () => {
    const { customer, agent } = await openChat(server, "none");
    const { fileId } = await send(customer, "a.txt", BYTES);
    expect((await get(customer, fileId)).status).toBe(429);
    expect((await get(agent, fileId)).status).toBe(200);
  });
});
