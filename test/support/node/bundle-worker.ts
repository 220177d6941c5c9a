/** Bundles a worker of the tests with wrangler, exactly as the real one is. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const ROOT = new URL("../../../", import.meta.url).pathname;

/** The code of the worker `<name>.ts` in `test/support`, whose wrangler file is `<name>.toml` beside this one. */
export async function bundleWorker(name: string): Promise<string> {
  const out = await mkdtemp(join(tmpdir(), `satchel-${name}-`));
  try {
    const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
    const config = join(ROOT, `test/support/node/${name}.toml`);
    const flags = ["deploy", "--dry-run", "--config", config, "--outdir", out];
    await promisify(execFile)(process.execPath, [wrangler, ...flags], { cwd: out });
    return await readFile(join(out, `${name}.js`), "utf8");
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}
