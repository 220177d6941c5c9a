/**
 * How much memory uploads take: peak resident size of workerd under eight uploads at once, beside a bare worker that only
 * does `R2.put(body)` under the same load in the same run. What is compared is the growth over a server that is warm and
 * idle, since code and start-up are not per upload. The figures are requirements (design section 10).
 */
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { openSession } from "../support/node/chats.ts";
import { startTestServer, type TestServer, type TestServerOptions } from "../support/node/server.ts";
import { formBody, rawBody, type Sending, sendStream } from "../support/node/stream-upload.ts";
import { writeTinyWorker } from "../support/node/tiny-worker.ts";

const MIB = 1024 * 1024;
const UPLOADS = 8;
/** Bytes of one upload. Forms are only as large as tells a file that is held whole, for the sake of time. */
const SIZES = { warming: MIB, small: 10 * MIB, form: 30 * MIB, large: 90 * MIB };
/** Most that one upload in flight may take beyond the bare worker, in MiB. */
const PER_UPLOAD = 16;
/** What may pass for the mood of the heap, in MiB: a tenth of what eight large files are more than eight small ones. */
const MOOD = (UPLOADS * (SIZES.large - SIZES.small)) / MIB / 10;

const workerDir = join(tmpdir(), `satchel-memory-test-${process.pid}`);
const allowed = { "upload-max-file-size": "90MiB", "upload-max-total-size": "90MiB", "transcript-email": "never" };

/** Makes the requests of one load. */
type Load = (server: TestServer) => Promise<readonly Sending[]>;

const eight = (make: () => Promise<Sending>) => Promise.all(Array.from({ length: UPLOADS }, make));

const bareLoad =
  (size: number): Load =>
  ({ url }) =>
    eight(async () => rawBody(new URL("/put", url), {}, size));

/** Each upload has a session of its own. */
const satchelLoad =
  (size: number, kind: "raw" | "form" = "raw"): Load =>
  (server) =>
    eight(async () => {
      const { customer } = await openSession(() => server, "sales");
      const headers = { Authorization: `Bearer ${customer.token}` };
      if (kind === "form") return formBody(customer.address("uploadFile"), headers, "large.txt", size);
      return rawBody(customer.address("uploadFile", { query: { name: "large.txt" } }), headers, size);
    });

/** A figure of `/proc/<pid>/status`, in MiB: `VmRSS` is the resident size now, `VmHWM` the highest so far. */
async function resident(server: TestServer, name: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await readFile(`/proc/${server.runtimePid}/status`, "utf8");
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) / 1024;
}

async function run(server: TestServer, load: Load): Promise<void> {
  const answers = await Promise.all((await load(server)).map(sendStream));
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: UPLOADS }, () => 201));
}

/** Peaks over the idle server in MiB, after each load in turn: from small to large, since peaks never fall. */
async function growth(options: TestServerOptions, warming: Load, loads: readonly Load[]): Promise<number[]> {
  const server = await startTestServer(options);
  try {
    await run(server, warming);
    const idle = await resident(server, "VmRSS");
    const peaks: number[] = [];
    for (const load of loads) {
      await run(server, load);
      peaks.push((await resident(server, "VmHWM")) - idle);
    }
    return peaks;
  } finally {
    await server.stop();
    await rm(server.storage, { recursive: true, force: true });
  }
}

const here = process.platform === "linux" ? "" : " (not run here: only Linux tells resident sizes in /proc)";

describe.runIf(here === "")(`eight uploads at once${here}`, () => {
  let bare = { small: 0, large: 0 };
  let satchel = { small: 0, form: 0, large: 0 };

  beforeAll(async () => {
    await writeTinyWorker(workerDir);
    const put = [bareLoad(SIZES.small), bareLoad(SIZES.large)];
    const [small = 0, large = 0] = await growth({ workerDir }, bareLoad(SIZES.warming), put);
    bare = { small, large };
    await rm(workerDir, { recursive: true });
    const uploads = [satchelLoad(SIZES.small), satchelLoad(SIZES.form, "form"), satchelLoad(SIZES.large)];
    const peaks = await growth({ bindings: { SERVICE_SALES: allowed } }, satchelLoad(SIZES.warming), uploads);
    satchel = { small: peaks[0] ?? 0, form: peaks[1] ?? 0, large: peaks[2] ?? 0 };
    console.info("peak resident size over idle, in MiB:", { bare, satchel });
  }, 150_000);

  test("take at most 16 MiB each beyond what storing alone takes", () => {
    expect(bare.large).toBeGreaterThan(0);
    expect((satchel.large - bare.large) / UPLOADS).toBeLessThanOrEqual(PER_UPLOAD);
  });

  test("take no more for large files than for small ones", () => {
    expect(satchel.large - satchel.small - (bare.large - bare.small)).toBeLessThanOrEqual(MOOD);
  });

  test("take no more than that in forms, whose files have no known length", () => {
    expect(satchel.form).toBeGreaterThan(0);
    expect((satchel.form - bare.large) / UPLOADS).toBeLessThanOrEqual(PER_UPLOAD);
  });
});
