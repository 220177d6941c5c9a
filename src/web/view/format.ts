/** Sizes, times and lists as people of a language write them. */

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** A size in bytes, in the largest unit that it fills, counted as file managers do: 2 MiB is "2 MB". */
export function sizeText(bytes: number, language: string): string {
  const power = bytes < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  const maximumFractionDigits = value < 10 && power > 1 ? 1 : 0;
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: UNITS[power] ?? "byte",
    unitDisplay: power === 0 ? "long" : "short",
    maximumFractionDigits,
  }).format(value);
}

/** The time of day. */
export function timeText(time: string, language: string): string {
  return new Intl.DateTimeFormat(language, { timeStyle: "short" }).format(new Date(time));
}

/** The day as a heading: today and yesterday by name. `now` in milliseconds. */
export function dayText(time: string, now: number, language: string): string {
  const days = Math.round((midnight(new Date(time)) - midnight(new Date(now))) / 86_400_000);
  if (days === 0 || days === -1) return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(days, "day");
  return new Intl.DateTimeFormat(language, { dateStyle: "long" }).format(new Date(time));
}

/** What is left of a time, in seconds: minutes only from one on. */
export function durationText(seconds: number, language: string): string {
  const [value, unit] = seconds < 60 ? ([seconds, "second"] as const) : ([Math.ceil(seconds / 60), "minute"] as const);
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(value);
}

/** A list such as "PDF, JPG and PNG". */
export function listText(items: readonly string[], language: string): string {
  return new Intl.ListFormat(language, { type: "conjunction" }).format(items);
}

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
