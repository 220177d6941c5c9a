/** Whether a transcript mail says what it must: every file with name and size, and no file itself. */
import type { Email } from "postal-mime";

/** What a transcript mail has to list. */
export interface ListedFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

/** What is wrong with a transcript mail in English: files it does not list with name and size, and attachments. */
export function faultsOf(mail: Pick<Email, "text" | "attachments">, files: readonly ListedFile[]): string[] {
  const text = unbroken(mail.text ?? "");
  const missing = files.filter((file) => !lists(text, file));
  return [
    ...missing.map(({ name }) => `the mail does not list ${name} with its size`),
    ...(mail.attachments.length === 0 ? [] : ["the mail has attachments"]),
  ];
}

/** A line of files reads `- name, 1.2 MB (1,234,567 bytes) – who`, or `- name, 12 bytes – who`. */
function lists(text: string, { name, size }: ListedFile): boolean {
  const line = `-${unbroken(name)},`;
  const exact = `${size.toLocaleString("en")}byte`;
  for (let at = text.indexOf(line); at >= 0; at = text.indexOf(line, at + 1)) {
    const [, shown] = /^(?:[\d.,]+[kMG]B\()?([\d,]+byte)/.exec(text.slice(at + line.length)) ?? [];
    if (shown === exact) return true;
  }
  return false;
}

/** Without blanks, where long lines were wrapped, and without the marks that keep the direction of names apart. */
function unbroken(text: string): string {
  return text.normalize("NFC").replace(/[\u2066-\u2069\u200e\u200f\s]/g, "");
}
