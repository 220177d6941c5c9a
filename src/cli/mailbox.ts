/** The folder in which mails of a local server end up as `.eml` files. */
import { randomBytes } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A message that was stored. `path` is absolute when the mailbox's folder is. */
export interface StoredMail {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * Writes one message, byte for byte, and returns when it is complete under its name; readers never see half of one. Names
 * sort by time. The folder is made if it is missing; both are for the owner alone, since mails are private.
 */
export async function storeMail(directory: string, bytes: Uint8Array): Promise<StoredMail> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const time = new Date().toISOString().replaceAll(":", "-").replace("Z", "");
  const path = join(directory, `${time}-${randomBytes(4).toString("hex")}.eml`);
  await writeFile(`${path}.part`, bytes, { mode: 0o600, flag: "wx" });
  await rename(`${path}.part`, path);
  return { path, bytes };
}
