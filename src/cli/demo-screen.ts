/** What the demo prints: one line per file that moves while bytes do, and refusals and sizes in words. */
import type { Problem } from "../protocol/problem.ts";

const UNITS = ["bytes", "KiB", "MiB", "GiB"];
const REDRAW_MS = 100;

/** A number of bytes for people. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < UNITS.length - 1; unit += 1) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

/** A refusal in words, with the limit where there was one. */
export function refusalText({ title, code, detail, limit, left, allowed, errors }: Problem): string {
  const shown = (amount: number) => (/large|size/.test(code) ? sizeText(amount) : `${amount}`);
  const notes = [
    detail,
    limit === undefined ? undefined : `the limit is ${shown(limit)}`,
    left === undefined ? undefined : `${shown(left)} are left`,
    allowed === undefined ? undefined : `allowed are ${allowed.join(" ")}`,
    ...(errors ?? []).map(({ field, problem }) => `${field}: ${problem}`),
  ].filter((note) => note !== undefined);
  return notes.length === 0 ? title : `${title} (${notes.join("; ")})`;
}

/** Names are other people's text: nothing in them may steer the terminal, or turn the line around. */
export function nameText(name: string): string {
  return name.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, "�");
}

/** The line of one file: drawn again while bytes move on a terminal, printed once at the end elsewhere. */
export interface ProgressLine {
  /** So many bytes have moved. */
  moved(bytes: number): void;
  /** The last state of the line. */
  done(outcome: string): void;
}

/** Begins a line. `what` says who does what, such as `customer sends`. */
export function progressLine(what: string, name: string, size: number): ProgressLine {
  const head = `  ${what.padEnd(19)} ${nameText(name)}, ${sizeText(size)}`;
  const terminal = process.stdout.isTTY;
  let drawnAt = 0;
  return {
    moved(bytes) {
      if (!terminal || Date.now() - drawnAt < REDRAW_MS) return;
      drawnAt = Date.now();
      const percent = size === 0 ? 100 : Math.min(100, Math.floor((bytes / size) * 100));
      process.stdout.write(`\r\u001b[K${head}: ${percent} %`);
    },
    done(outcome) {
      process.stdout.write(`${terminal ? "\r\u001b[K" : ""}${head}: ${outcome}\n`);
    },
  };
}
