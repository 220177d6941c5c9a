/** The scan gateway by itself: what it asks of its callers, what it answers, and that nobody can hold it up. */
import { once } from "node:events";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { Readable } from "node:stream";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { EICAR, EICAR_SIGNATURE, NO_CLAMD, startClamd, type TestClamd } from "../../support/node/clamd.ts";
import { type Behaviour, hang, type StandIn, say, startStandIn } from "../../support/node/clamd-stand-in.ts";
import { type Command, runCommand } from "../../support/node/command.ts";
import {
  GATEWAY_SECRET,
  startTestGateway,
  type TestGateway,
  type TestGatewayOptions,
} from "../../support/node/scan-gateway.ts";

const AUTHORIZED = { Authorization: `Bearer ${GATEWAY_SECRET}` };

function scan(url: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = AUTHORIZED) {
  return fetch(`${url}/scan`, { method: "POST", body, headers });
}

describe.runIf(NO_CLAMD === "")(`the command, with a real clamd${NO_CLAMD}`, () => {
  let clamd: TestClamd;
  let command: Command;
  let url = "";

  beforeAll(async () => {
    clamd = await startClamd();
    const env = { SCANNER_SECRET: GATEWAY_SECRET, SCAN_GATEWAY_LISTEN: "127.0.0.1:0", SCAN_GATEWAY_TIMEOUT: "30" };
    command = runCommand("scan-gateway/main", ["--clamd", clamd.url, "--max-file-size", "1MiB"], env);
    url = (await command.printed(/http:\/\/\S+/))[0];
  });
  afterAll(async () => {
    command.kill("SIGTERM");
    await command.ended;
    await clamd.stop();
  });

  test("answers what clamd says of a file", async () => {
    const clean = await scan(url, "nothing");
    expect([clean.status, await clean.json()]).toEqual([200, { verdict: "clean" }]);
    const infected = await scan(url, `before ${EICAR}`);
    expect([infected.status, await infected.json()]).toEqual([
      200,
      { verdict: "infected", signature: EICAR_SIGNATURE },
    ]);
  });

  test("tells version and signatures", async () => {
    const state = await fetch(`${url}/state`, { headers: AUTHORIZED });
    expect([state.status, await state.json()]).toEqual([
      200,
      { version: expect.stringMatching(/^ClamAV \d/), signaturesAt: null },
    ]);
  });

  test("refuses a file over its limit by the length that it is said to have", async () => {
    const refused = await scan(url, new Uint8Array(1024 * 1024 + 1));
    expect([refused.status, await refused.json()]).toEqual([413, { verdict: "none", why: "too-large" }]);
  });

  test("finishes what it has begun when it is told to stop, and takes no more", async () => {
    const env = { SCANNER_SECRET: GATEWAY_SECRET };
    const own = runCommand("scan-gateway/main", ["--clamd", clamd.url, "--listen", "127.0.0.1:0"], env);
    const [address] = await own.printed(/http:\/\/\S+/);
    const sending = request(`${address}/scan`, { method: "POST", headers: { ...AUTHORIZED, "Content-Length": 8 } });
    const answered = once(sending, "response");
    // The answer shows that the connection before it was taken.
    sending.write("1234");
    expect((await fetch(`${address}/healthz`)).status).toBe(200);
    own.kill("SIGTERM");
    await expectRefused(Number(new URL(address).port));
    sending.end("5678");
    const [response] = await answered;
    expect(response.statusCode).toBe(200);
    expect((await own.ended).code).toBe(0);
  });

  test("reaches a clamd by a socket of the machine", async () => {
    const path = `/tmp/satchel-clamd-${process.pid}.sock`;
    const local = await startClamd({ LocalSocket: path });
    const env = { SCANNER_SECRET: GATEWAY_SECRET };
    const own = runCommand("scan-gateway/main", ["--clamd", `unix:${path}`, "--listen", "127.0.0.1:0"], env);
    const [address] = await own.printed(/http:\/\/\S+/);
    expect((await scan(address, EICAR)).status).toBe(200);
    own.kill("SIGINT");
    expect((await own.ended).code).toBe(0);
    await local.stop();
  });

  test("says in its log what is wrong with a clamd that it cannot use, and nothing else", async () => {
    const silent = await startClamd({ AlertExceedsMax: "no" });
    const env = { SCANNER_SECRET: GATEWAY_SECRET };
    const own = runCommand("scan-gateway/main", ["--clamd", silent.url, "--listen", "127.0.0.1:0"], env);
    const [address] = await own.printed(/http:\/\/\S+/);
    for (const path of ["/scan?name=private.txt", "/state"]) {
      const method = path === "/state" ? "GET" : "POST";
      const answer = await fetch(`${address}${path}`, { method, headers: AUTHORIZED });
      expect([answer.status, await answer.json()]).toEqual([503, { verdict: "none", why: "down" }]);
    }
    own.kill("SIGTERM");
    const { output } = await own.ended;
    expect(output.split("\n").slice(1)).toEqual(['{"event":"scanner-unusable","failure":"limits-are-silent"}', ""]);
    await silent.stop();
  });
});

/** Until the port takes no connection any more. */
async function expectRefused(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    const taken = await Promise.race([
      once(socket, "connect").then(() => true),
      once(socket, "error").then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (!taken) return;
  }
}

describe("the command", () => {
  test.each([
    ["no secret", [], {}, "SCANNER_SECRET: expected"],
    ["a short secret", [], { SCANNER_SECRET: "hunter2" }, "SCANNER_SECRET: expected"],
    ["no address", ["--listen", "3311"], {}, "--listen or SCAN_GATEWAY_LISTEN: expected"],
    ["no clamd", ["--clamd", "http://127.0.0.1"], {}, "--clamd or SCAN_GATEWAY_CLAMD: expected"],
    ["no number", ["--max-at-once", "many"], {}, "--max-at-once or SCAN_GATEWAY_MAX_AT_ONCE: expected a whole number"],
    ["no size", [], { SCAN_GATEWAY_MAX_FILE_SIZE: "1.5MB" }, "SCAN_GATEWAY_MAX_FILE_SIZE: expected a size"],
    ["a flag that there is not", ["--secret", "hunter2"], {}, "Unknown option '--secret'"],
  ])("does not start with %s, and says why", async (_name, flags, env, said) => {
    const { code, output } = await runCommand("scan-gateway/main", flags, { SCANNER_SECRET: "", ...env }).ended;
    expect(code).toBe(1);
    expect(output).toContain(said);
    expect(output).not.toContain("hunter2");
  });

  test("does not start where it cannot listen", async () => {
    const taken = await startStandIn({});
    const listen = `127.0.0.1:${taken.port}`;
    const env = { SCANNER_SECRET: GATEWAY_SECRET };
    const { code, output } = await runCommand("scan-gateway/main", ["--listen", listen], env).ended;
    await taken.stop();
    expect([code, output]).toEqual([1, `error: cannot listen at ${listen} (EADDRINUSE)\n`]);
  });

  test("explains itself", async () => {
    const { code, output } = await runCommand("scan-gateway/main", ["--help"]).ended;
    expect(code).toBe(0);
    expect(output).toContain("--queue-deadline");
  });
});

describe("a gateway", () => {
  let standIn: StandIn;
  let gateway: TestGateway;
  afterEach(async () => {
    await gateway.stop();
    await standIn.stop();
  });
  async function start(behaviour: Behaviour = {}, options: TestGatewayOptions = {}): Promise<string> {
    standIn = await startStandIn(behaviour);
    gateway = await startTestGateway(standIn.port, options);
    return gateway.url;
  }

  test.each([
    ["none", {}],
    ["another", { Authorization: `Bearer ${"x".repeat(43)}` }],
    ["a longer one", { Authorization: `Bearer ${GATEWAY_SECRET}k` }],
    ["a shorter one", { Authorization: `Bearer ${GATEWAY_SECRET.slice(1)}` }],
    ["one without its scheme", { Authorization: GATEWAY_SECRET }],
  ])("lets nobody in with this secret: %s", async (_name, headers) => {
    const url = await start();
    const answers = [await scan(url, "nothing", headers), await fetch(`${url}/state`, { headers })];
    for (const answer of answers) {
      expect(answer.status).toBe(401);
      expect(answer.headers.get("www-authenticate")).toBe("Bearer");
      expect(await answer.text()).not.toContain(GATEWAY_SECRET.slice(1));
    }
    expect(standIn.files).toBe(0);
  });

  test("says that it is there without a secret, and no more", async () => {
    const url = await start();
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: "ok" });
    expect((await fetch(`${url}/`)).status).toBe(404);
    expect((await fetch(`${url}/scan/x`, { headers: AUTHORIZED })).status).toBe(404);
  });

  test.each([
    ["/scan", "GET", "POST"],
    ["/state", "POST", "GET"],
  ])("knows at %s no %s", async (path, method, allowed) => {
    const url = await start();
    const answer = await fetch(`${url}${path}`, { method, headers: AUTHORIZED });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, allowed]);
  });

  test("wants to know a file's length beforehand", async () => {
    const url = await start();
    const body = new Blob(["nothing"]).stream();
    const init = { method: "POST", body, headers: AUTHORIZED, duplex: "half" } as const;
    expect((await fetch(`${url}/scan`, init)).status).toBe(411);
  });

  test("answers before the body where it need not be seen, and the sender hears it", async () => {
    const url = await start({}, { maxFileSize: 1000 });
    const large = await scan(url, new Uint8Array(8 * 1024 * 1024));
    expect([large.status, await large.json()]).toEqual([413, { verdict: "none", why: "too-large" }]);
    const stranger = await scan(url, new Uint8Array(8 * 1024 * 1024), {});
    expect(stranger.status).toBe(401);
    expect(standIn.files).toBe(0);
  });

  test("keeps a connection on which it has answered early", async () => {
    const url = await start({}, { maxFileSize: 1000 });
    const head = `Host: x\r\nAuthorization: Bearer ${GATEWAY_SECRET}\r\n`;
    const socket = await open(url, `POST /scan HTTP/1.1\r\n${head}Content-Length: 2000\r\n\r\n${"x".repeat(500)}`);
    expect(String(await once(socket, "data"))).toContain("413");
    socket.write(`${"x".repeat(1500)}GET /state HTTP/1.1\r\n${head}\r\n`);
    expect(String(await once(socket, "data"))).toContain("ClamAV 0.0.0");
    socket.destroy();
  });

  test("holds a sender back whose file clamd does not take", async () => {
    const url = await start({ begun: (socket) => socket.pause() }, { stall: 500 });
    let sent = 0;
    function* pieces() {
      for (; sent < 100; sent++) yield Buffer.alloc(1024 * 1024);
    }
    const headers = { ...AUTHORIZED, "Content-Length": 100 * 1024 * 1024 };
    const sending = request(`${url}/scan`, { method: "POST", headers });
    sending.on("error", () => {});
    Readable.from(pieces()).pipe(sending);
    const [response] = await once(sending, "response");
    expect([response.statusCode, sent < 50]).toEqual([503, true]);
    sending.destroy();
  });

  test("is busy where too many files are scanned, and takes the next one when a turn is free", async () => {
    const { promise: begun, resolve } = Promise.withResolvers<Socket>();
    const scanned = (socket: Socket) => (standIn.files === 1 ? resolve(socket) : say("stream: OK")(socket));
    const url = await start({ scanned }, { maxAtOnce: 1, queueDeadline: 200 });
    const first = scan(url, "the first one");
    const socket = await begun;
    const second = await scan(url, "the second one");
    expect([second.status, second.headers.get("retry-after")]).toEqual([503, "10"]);
    expect(await second.json()).toEqual({ verdict: "none", why: "busy" });
    const third = scan(url, "the third one");
    say("stream: OK")(socket);
    expect([(await first).status, (await third).status]).toEqual([200, 200]);
  });

  test("lets go of clamd when nobody waits for the verdict any more", async () => {
    const { promise: begun, resolve } = Promise.withResolvers<Socket>();
    const url = await start({ scanned: resolve });
    const leaving = new AbortController();
    const left = fetch(`${url}/scan`, { method: "POST", body: "x", headers: AUTHORIZED, signal: leaving.signal });
    await begun;
    leaving.abort();
    await expect(left).rejects.toThrow();
    await standIn.idle();
  });

  test("drops a sender who is silent in the middle of a file, and lets go of clamd", { timeout: 10_000 }, async () => {
    const url = await start({}, { deadlines: { silence: 200 } });
    const socket = await open(
      url,
      `POST /scan HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${GATEWAY_SECRET}\r\nContent-Length: 9\r\n\r\nhalf`,
    );
    await once(socket, "close");
    await standIn.idle();
    expect(standIn.files).toBe(0);
  });

  test("drops a sender who takes too long for a file, however steadily it comes", async () => {
    const url = await start({}, { deadlines: { request: 500 } });
    const head = `POST /scan HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${GATEWAY_SECRET}\r\nContent-Length: 1000000\r\n\r\n`;
    const socket = await open(url, head);
    const dripping = setInterval(() => socket.write("x"), 20);
    await once(socket, "close");
    clearInterval(dripping);
    await standIn.idle();
  });

  test("drops a sender who does not come to the end of the head", async () => {
    const url = await start({}, { deadlines: { headers: 200, request: 400 } });
    const socket = await open(url, "POST /scan HTTP/1.1\r\nHost: x\r\n");
    await once(socket, "close");
  });

  test("gives no verdict where clamd hangs, and says so", async () => {
    const url = await start({ pinged: hang }, { stall: 100 });
    const answers = [await scan(url, "nothing"), await fetch(`${url}/state`, { headers: AUTHORIZED })];
    for (const answer of answers) {
      expect([answer.status, await answer.json()]).toEqual([503, { verdict: "none", why: "slow" }]);
    }
    expect(gateway.failures).toEqual([]);
  });

  test("ends scans in flight after a while when it is to stop", async () => {
    const { promise: begun, resolve } = Promise.withResolvers<Socket>();
    const url = await start({ scanned: resolve }, { deadlines: { stop: 100 } });
    const scanning = scan(url, "nothing");
    scanning.catch(() => {});
    await begun;
    await gateway.stop();
    await expect(scanning).rejects.toThrow();
  });
});

/** A connection that has sent this. Whatever comes back is thrown away. */
async function open(url: string, head: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.on("error", () => {});
  socket.resume();
  await once(socket, "connect");
  socket.write(head);
  return socket;
}
