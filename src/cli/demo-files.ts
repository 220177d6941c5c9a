/** The files a demo is run on: what stands on the command line, with folders opened. */
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { CommandError } from "./project.ts";

/** A file on this machine's disk. */
export interface LocalFile {
  readonly path: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * The files named, and of folders the files directly inside, sorted by name and without hidden ones.
 * @throws CommandError naming what is not there, or what is neither file nor folder.
 */
export async function collectFiles(paths: readonly string[]): Promise<readonly LocalFile[]> {
  const found: LocalFile[] = [];
  for (const path of paths) found.push(...(await open(path)));
  if (found.length === 0) throw new CommandError("there is no file in what was given");
  return found;
}

async function open(path: string): Promise<LocalFile[]> {
  const entry = await stat(path).catch(() => undefined);
  if (entry === undefined) throw new CommandError(`there is no file ${path}`);
  if (entry.isFile()) return [{ path, name: basename(path), size: entry.size }];
  if (!entry.isDirectory()) throw new CommandError(`${path} is neither a file nor a folder`);
  const files: LocalFile[] = [];
  for (const name of (await readdir(path)).filter((one) => !one.startsWith(".")).sort()) {
    const inside = join(path, name);
    const { size, ...kind } = await describe(inside);
    if (kind.isFile) files.push({ path: inside, name, size });
  }
  return files;
}

/** A link that leads nowhere is no file. */
async function describe(path: string): Promise<{ isFile: boolean; size: number }> {
  const entry = await stat(path).catch(() => undefined);
  return { isFile: entry?.isFile() === true, size: entry?.size ?? 0 };
}
