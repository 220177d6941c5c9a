/** What every scanner promises, as one suite: each implementation runs it inside workerd, over a real clamd and one that is unwell. */
import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { EICAR, EICAR_SIGNATURE, NO_CLAMD, startClamd, type TestClamd } from "./clamd.ts";
import { type Behaviour, close, hang, reset, type StandIn, say, startStandIn, stopReading } from "./clamd-stand-in.ts";
import { deflatedZipOf } from "./deflated-zip.ts";
import { type ScannerRuntime, type Settings, startScannerRuntime, type TestFile } from "./scanner-runtime.ts";

/** A way to a clamd. */
export interface Way {
  /** `[vars.SCANNER]` without its deadlines. */
  readonly settings: Settings;
  /** Processes whose memory is looked at, beside the worker's. */
  readonly pids: readonly number[];
  close(): Promise<void>;
}

/** Makes a way to the clamd at a port of this machine; `patience` in milliseconds. */
export type MakeWay = (port: number, patience: number) => Promise<Way>;

const MIB = 1024 * 1024;
const CLEAN = { verdict: { verdict: "clean" }, opened: true };
const INFECTED = { verdict: { verdict: "infected", signature: EICAR_SIGNATURE }, opened: true };
const unscanned = (why: string, opened: boolean) => ({ verdict: { verdict: "none", why }, opened });
const HARMLESS: TestFile = { size: 1000 };
/** How long those are waited for that never answer, in milliseconds. */
const IMPATIENT = 1000;
const PATIENT = 60_000;

let runtime: ScannerRuntime;

/** Runs the suite over one implementation. */
export function describeScanner(name: string, make: MakeWay): void {
  describe(name, () => {
    beforeAll(async () => {
      runtime = await startScannerRuntime();
    });
    afterAll(async () => {
      await runtime.close();
      // No stray rejection, and nothing of a file or of what was said.
      for (const line of runtime.log().split("\n").filter(Boolean)) {
        expect(line).toMatch(/^{"event":"scanner-unusable","failure":"(limits-are-silent|finds-nothing)"}$/);
      }
    });
    describe.runIf(NO_CLAMD === "")(`with a real clamd${NO_CLAMD}`, () => describeReal(make));
    describe("with a clamd that is unwell", () => describeUnwell(make));
  });
}

function describeReal(make: MakeWay): void {
  let clamd: TestClamd;
  let way: Way;
  const scan = (file: TestFile) => runtime.scan({ settings: way.settings, file });

  beforeAll(async () => {
    clamd = await startClamd();
    way = await make(clamd.port, PATIENT);
  });
  afterAll(async () => {
    await way.close();
    await clamd.stop();
  });

  test.each([
    ["a harmless file", HARMLESS],
    ["a file of one byte", { size: 1 }],
    ["an empty file", { size: 0 }],
    ["a file of several mebibytes, in uneven pieces", { size: 5 * MIB + 7 }],
  ])("calls %s clean", async (_name, file) => {
    expect(await scan(file)).toEqual(CLEAN);
  });

  test.each([
    ["the whole file", Buffer.from(EICAR)],
    ["the end of a file, up to its last byte", { size: 3 * MIB + 1, end: EICAR }],
    ["the beginning of a file", { size: 3 * MIB, begin: EICAR }],
    ["a file in a ZIP", deflatedZipOf({ "harmless.txt": "nothing", "folder/eicar.com": EICAR })],
    ["a file in a ZIP in a ZIP", deflatedZipOf({ "inner.zip": deflatedZipOf({ "eicar.com": EICAR }) })],
  ])("finds malware that is %s, and says its name", async (_name, file) => {
    expect(await scan(file)).toEqual(INFECTED);
  });

  test("tells the engine's version, and no age of signatures that have none", async () => {
    expect(await runtime.state(way.settings)).toEqual({ state: { version: expect.stringMatching(/^ClamAV \d/) } });
  });

  test("scans 90 MiB with flat memory, eight files at once too", { timeout: 120_000 }, async () => {
    const large = { size: 90 * MIB, end: EICAR };
    expect(await scan(HARMLESS)).toEqual(CLEAN);
    const before = await resident([runtime.pid(), ...way.pids]);
    expect(await scan(large)).toEqual(INFECTED);
    const files = Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? large : { size: 90 * MIB - index }));
    const verdicts = await Promise.all(files.map((file) => scan(file)));
    expect(verdicts).toEqual(files.map((_, index) => (index % 2 === 0 ? INFECTED : CLEAN)));
    const grown = (await resident([runtime.pid(), ...way.pids])).map((peak, index) => peak - (before[index] ?? 0));
    // Eight files are 720 MiB.
    for (const growth of grown) expect(growth).toBeLessThan(150);
  });

  test("refuses a file over the limit without opening it, and one of just the limit not", async () => {
    const settings = { ...way.settings, "max-file-size": 1000 };
    expect(await runtime.scan({ settings, file: { size: 1000 } })).toEqual(CLEAN);
    expect(await runtime.scan({ settings, file: { size: 1001 } })).toEqual(unscanned("too-large", false));
  });

  test("fails where the file is longer or shorter than it should be, or gone", async () => {
    for (const claimed of [999, 1001]) {
      const { fault } = await runtime.scan({ settings: way.settings, file: { size: 1000 }, claimed });
      expect(fault).toBe("the file to be scanned has another size than it should");
    }
    const gone = await runtime.scan({ settings: way.settings, file: HARMLESS, gone: true });
    expect(gone).toEqual({ fault: "the file to be scanned is gone", opened: true });
    expect(await scan(HARMLESS)).toEqual(CLEAN);
  });

  test("is down when the daemon is killed in the middle of a file, and well again with the next one", async () => {
    const first = await startClamd();
    const to = await make(first.port, PATIENT);
    const file = { size: 64 * MIB, meanwhile: () => first.kill() };
    expect(await runtime.scan({ settings: to.settings, file })).toEqual(unscanned("down", true));
    expect(await runtime.scan({ settings: to.settings, file: HARMLESS })).toEqual(unscanned("down", false));
    const second = await startClamd({}, first.port);
    expect(await runtime.scan({ settings: to.settings, file: HARMLESS })).toEqual(CLEAN);
    await to.close();
    await Promise.all([first.stop(), second.stop()]);
  });

  test("takes the daemon's word for it where its limit is lower than ours", async () => {
    const small = await startClamd({ StreamMaxLength: "1M" });
    const to = await make(small.port, PATIENT);
    expect(await runtime.scan({ settings: to.settings, file: { size: MIB + 1 } })).toEqual(
      unscanned("too-large", true),
    );
    await to.close();
    await small.stop();
  });

  test("takes no verdict of a clamd that is silent about its limits, or that finds nothing", async () => {
    for (const settings of [{ AlertExceedsMax: "no" }, { MaxRecursion: "200" }]) {
      const silent = await startClamd(settings);
      const to = await make(silent.port, PATIENT);
      expect(await runtime.scan({ settings: to.settings, file: HARMLESS })).toEqual(unscanned("down", false));
      expect(await runtime.state(to.settings)).toEqual({ fault: "no verdict: down", opened: false });
      await to.close();
      await silent.stop();
    }
    const blind = await startClamd({}, undefined, "Another-Signature:0:*:deadbeefdeadbeef");
    const to = await make(blind.port, PATIENT);
    expect(await runtime.scan({ settings: to.settings, file: Buffer.from(EICAR) })).toEqual(unscanned("down", false));
    await to.close();
    await blind.stop();
  });

  test("says that a file is too large which is more, or holds more, than the daemon looks into", async () => {
    const shallow = await startClamd({ MaxRecursion: "5", MaxFileSize: "1M" });
    const to = await make(shallow.port, PATIENT);
    const large = { size: 2 * MIB, end: EICAR };
    expect(await runtime.scan({ settings: to.settings, file: large })).toEqual(unscanned("too-large", true));
    let nested = deflatedZipOf({ "eicar.txt": "nothing" });
    for (let depth = 0; depth < 8; depth++) nested = deflatedZipOf({ "inner.zip": nested });
    expect(await runtime.scan({ settings: to.settings, file: nested })).toEqual(unscanned("too-large", true));
    await to.close();
    await shallow.stop();
  });
}

/** Name, what is wrong, the verdict, and whether the file was opened by then. */
const UNWELL: [name: string, behaviour: Behaviour, why: string, opened: boolean][] = [
  ["takes connections and nothing else", { connected: stopReading }, "slow", false],
  ["answers no ping", { pinged: hang }, "slow", false],
  ["answers a ping with garbage", { pinged: say("PANG") }, "nonsense", false],
  [
    "answers a ping with a web page",
    { pinged: (socket) => socket.end("HTTP/1.1 200 OK\r\n\r\n<html>") },
    "down",
    false,
  ],
  ["closes at once", { connected: close }, "down", false],
  ["breaks off at once", { connected: reset }, "down", false],
  ["stops reading in the middle of a file", { begun: stopReading }, "slow", true],
  ["closes in the middle of a file", { begun: close }, "down", true],
  ["breaks off in the middle of a file", { begun: reset }, "down", true],
  ["never answers to a file", { scanned: hang }, "slow", true],
  ["closes without an answer to a file", { scanned: close }, "down", true],
  ["breaks off without an answer to a file", { scanned: reset }, "down", true],
  ["closes in the middle of its answer", { scanned: (socket) => socket.end("stream: OK") }, "down", true],
  ["answers garbage to a file", { scanned: say("stream: \x01\x02 maybe") }, "nonsense", true],
  ["answers nothing but the end of an answer", { scanned: say("") }, "nonsense", true],
  ["says more than an answer", { scanned: say("stream: OK\0stream: OK") }, "nonsense", true],
  ["answers too long", { scanned: say(`stream: ${"x".repeat(5000)} FOUND`) }, "nonsense", true],
  ["talks without end", { scanned: talk }, "nonsense", true],
  ["calls a file clean before its end", { begun: say("stream: OK") }, "nonsense", true],
  ["has no room for a file", { begun: say("INSTREAM size limit exceeded. ERROR") }, "too-large", true],
  ["fails at a file", { scanned: say("stream: Can't allocate memory ERROR") }, "down", true],
];

function talk(socket: { write(text: string): boolean; once(event: "drain", go: () => void): unknown }): void {
  while (socket.write("x".repeat(100))) {}
  socket.once("drain", () => talk(socket));
}

function describeUnwell(make: MakeWay): void {
  let standIn: StandIn;
  let way: Way;
  afterEach(async () => {
    await way.close();
    await standIn.stop();
  });
  async function scanWith(behaviour: Behaviour, file: TestFile = { size: 8 * MIB }) {
    standIn = await startStandIn(behaviour);
    way = await make(standIn.port, IMPATIENT);
    return runtime.scan({ settings: way.settings, file });
  }

  test.each(UNWELL)(
    "gives no verdict of one that %s, and closes every connection",
    async (_name, unwell, why, opened) => {
      expect(await scanWith(unwell)).toEqual(unscanned(why, opened));
      await standIn.idle();
    },
  );

  test("holds a file back which the daemon does not take", async () => {
    let halfway = false;
    const meanwhile = async () => {
      halfway = true;
    };
    const file = { size: 90 * MIB, meanwhile };
    expect(await scanWith({ begun: stopReading }, file)).toEqual(unscanned("slow", true));
    expect(halfway).toBe(false);
  });

  test("is down where nobody listens", async () => {
    standIn = await startStandIn({});
    way = await make(standIn.port, IMPATIENT);
    await standIn.stop();
    expect(await runtime.scan({ settings: way.settings, file: HARMLESS })).toEqual(unscanned("down", false));
    standIn = await startStandIn({});
  });

  test("reads an answer that comes byte by byte", async () => {
    expect(await scanWith({ scanned: (socket) => drip(socket, "stream: Found.It FOUND\0") })).toEqual({
      verdict: { verdict: "infected", signature: "Found.It" },
      opened: true,
    });
    await standIn.idle();
  });

  test("takes malware for found as soon as it is, before all of the file was sent", async () => {
    expect(await scanWith({ begun: say("stream: Found.It FOUND") })).toMatchObject({
      verdict: { verdict: "infected", signature: "Found.It" },
    });
    expect(standIn.files).toBe(0);
    await standIn.idle();
  });

  test("closes its connections after a verdict too", async () => {
    expect(await scanWith({})).toEqual(CLEAN);
    await standIn.idle();
  });
}

/** One byte after the other, each in a packet of its own. */
function drip(socket: Parameters<NonNullable<Behaviour["scanned"]>>[0], text: string): void {
  socket.setNoDelay(true);
  if (text === "") return void socket.end();
  socket.write(text.slice(0, 1), () => setImmediate(() => drip(socket, text.slice(1))));
}

/** Highest resident size so far, in MiB, of each process; none where the system does not tell. */
async function resident(pids: readonly number[]): Promise<number[]> {
  if (process.platform !== "linux") return [];
  const statuses = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/status`, "utf8")));
  return statuses.map((status) => Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024);
}
