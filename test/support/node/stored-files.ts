/** What really lies in the buckets of a test's server: no request of any door tells that something was left behind. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** Bytes of every object and of every part of an unfinished upload. A tombstone has none. */
export async function storedBytes(storage: string): Promise<number> {
  const folder = join(storage, "data/r2/satchel-documents/blobs");
  // The simulator makes the folder with the first object.
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(
    names.map(async (name) => (await stat(join(folder, name)).catch(() => undefined))?.size),
  );
  return sizes.reduce<number>((sum, size = 0) => sum + size, 0);
}
