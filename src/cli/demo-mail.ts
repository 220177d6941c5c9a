/** Finds the transcript mail of a session among the mails of a local server. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import PostalMime, { type Email } from "postal-mime";

const WAIT_MS = 20_000;
const LOOK_AGAIN_MS = 100;

/** A mail on disk. */
export interface FoundMail {
  readonly path: string;
  readonly mail: Email;
}

/** The mail of this session as soon as it lies in the folder; undefined where none came within 20 seconds. */
export async function awaitMail(directory: string, sessionId: string): Promise<FoundMail | undefined> {
  const seen = new Set<string>();
  for (const until = Date.now() + WAIT_MS; Date.now() < until; await pause(LOOK_AGAIN_MS)) {
    const names = await readdir(directory).catch(() => []);
    for (const name of names.filter((one) => one.endsWith(".eml") && !seen.has(one))) {
      seen.add(name);
      const path = join(directory, name);
      const mail = await PostalMime.parse(await readFile(path));
      const header = mail.headers.find(({ key }) => key === "x-satchel-session");
      if (header?.value === sessionId) return { path, mail };
    }
  }
  return undefined;
}
