/** Mails of a local server, as they lie in its folder. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import PostalMime, { type Email } from "postal-mime";
import { vi } from "vitest";

/** One mail: its bytes as text (mails are ASCII), and what a parser that is not ours makes of it. */
export interface ReceivedMail {
  readonly raw: string;
  readonly mail: Email;
}

/** A header's value; undefined where there is none. */
export function headerOf({ mail }: ReceivedMail, name: string): string | undefined {
  return mail.headers.find(({ key }) => key === name)?.value;
}

/** The mails of a session so far, in the order they came. */
export async function mailsOf(mailDir: string, sessionId: string): Promise<readonly ReceivedMail[]> {
  const names = (await readdir(mailDir)).filter((name) => name.endsWith(".eml")).sort();
  const raws = await Promise.all(names.map((name) => readFile(join(mailDir, name), "latin1")));
  const all = await Promise.all(raws.map(async (raw) => ({ raw, mail: await PostalMime.parse(raw) })));
  return all.filter((one) => headerOf(one, "x-satchel-session") === sessionId);
}

/** The mails of a session as soon as there are so many; throws where there are more, or not enough after 15 seconds. */
export function awaitMails(mailDir: string, sessionId: string, count: number): Promise<readonly ReceivedMail[]> {
  const look = async () => {
    const mails = await mailsOf(mailDir, sessionId);
    if (mails.length !== count) throw new Error(`${mails.length} mails of the session, not ${count}`);
    return mails;
  };
  return vi.waitFor(look, { timeout: 15_000, interval: 50 });
}
