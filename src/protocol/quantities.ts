/** How operators write sizes, times and numbers: strict schemas that turn `"2MiB"` into bytes and `"45s"` into milliseconds. */
import * as z from "zod";

const SIZE_UNITS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["B", 1],
  ["kB", 1e3],
  ["KB", 1e3],
  ["MB", 1e6],
  ["GB", 1e9],
  ["KiB", 2 ** 10],
  ["MiB", 2 ** 20],
  ["GiB", 2 ** 30],
]);

const SECONDS_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["s", 1],
  ["min", 60],
  ["h", 3600],
]);

/** Whole numbers only: a fraction of a byte or of a second is a slip of the pen, and `"1.5MB"` is not worth a rounding rule. */
const QUANTITY = /^(\d{1,15}) ?([A-Za-z]*)$/;

/** The value of `"10MB"` under `units`, a bare number as it stands, or undefined for anything else. */
function readQuantity(value: unknown, units: ReadonlyMap<string, number>): number | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  const match = typeof value === "string" ? QUANTITY.exec(value) : null;
  const factor = units.get(match?.[2] ?? "");
  if (match === null || factor === undefined) return undefined;
  const amount = Number(match[1]) * factor;
  return Number.isSafeInteger(amount) ? amount : undefined;
}

/** A schema whose only message is `expected`: an operator needs to know what to write, not which rule was broken. */
function quantity(read: (value: unknown) => number | undefined, range: readonly [number, number], expected: string) {
  return z.unknown().transform((value, context) => {
    const amount = read(value);
    if (amount !== undefined && amount >= range[0] && amount <= range[1]) return amount;
    context.addIssue({ code: "custom", message: expected, input: value });
    return z.NEVER;
  });
}

/** A size in bytes: a whole number, or one with B, kB, MB, GB (powers of 1000) or KiB, MiB, GiB (powers of 1024). */
export function size(min: number, max: number, range = "") {
  const expected = `a size in whole bytes, or such as "10MB" or "2MiB"${range}`;
  return quantity((value) => readQuantity(value, SIZE_UNITS), [min, max], expected);
}

/** A time from `min` to `max` seconds, written in seconds or as `"45s"`, `"5min"`, `"1h"`; becomes milliseconds. */
export function duration(min: number, max: number) {
  const expected = `a time from ${min} to ${max} seconds, in whole seconds or such as "45s" or "5min"`;
  const seconds = quantity((value) => readQuantity(value, SECONDS_PER_UNIT), [min, max], expected);
  return seconds.transform((amount) => amount * 1000);
}

/** A whole number from `min` to `max`; `"3"` counts as 3, because some ways to set a variable know only text. */
export function count(min: number, max: number) {
  const expected = `a whole number from ${min} to ${max}`;
  return quantity((value) => readQuantity(value, new Map([["", 1]])), [min, max], expected);
}
