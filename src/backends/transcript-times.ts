/** Times, durations and sizes as the customer reads them: own language, own time zone, the zone always named. */

/** Formatters of one transcript; they are costly to make, so they are made once. */
export interface Times {
  /** The zone for people, as in `Europe/Berlin (GMT+01:00)`, with the offset that was in force at `at`. */
  zone(at: number): string;
  /** Day and offset, as in `Tuesday, 3 November 2026 (GMT+01:00)`: changes at midnight and when clocks are put back. */
  day(at: number): string;
  /** Time of day with seconds. */
  time(at: number): string;
  /** Full date and time. */
  full(at: number): string;
  /** Length of time from milliseconds; below zero counts as zero. */
  duration(milliseconds: number): string;
  /** Human size and exact bytes, as in `1.2 MB (1,234,567 bytes)`; below 1000 bytes the exact one alone. */
  size(bytes: number): string;
}

/** UTC is at most this many minutes away (Kiribati). */
const MAX_OFFSET = 14 * 60;

/** Formatters for a locale and for a zone that may be wrong, which then means UTC. Times are milliseconds. */
export function createTimes(locale: string, timeZone: string | undefined): Times {
  const zoneName = resolveZone(timeZone);
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { ...options, timeZone: zoneName });
  const day = format({ dateStyle: "full" });
  const time = format({ timeStyle: "medium" });
  const offsets = format({ timeZoneName: "longOffset" });
  const offset = (at: number) =>
    zoneName === "UTC" ? "UTC" : (offsets.formatToParts(at).find(({ type }) => type === "timeZoneName")?.value ?? "");
  const bare = zoneName === "UTC" || /^[+-]/u.test(zoneName);
  const full = format({ dateStyle: "full", timeStyle: "medium" });
  return {
    zone: (at) => (bare ? offset(at) : `${zoneName} (${offset(at)})`),
    day: (at) => `${day.format(at)} (${offset(at)})`,
    time: (at) => time.format(at),
    full: (at) => full.format(at),
    duration: (milliseconds) => formatDuration(locale, milliseconds),
    size: createSizes(locale),
  };
}

/**
 * The zone as Intl knows it: an IANA name, an offset such as `+02:00` or `+02`, or minutes east of UTC such as `-480`
 * (Genesys clients send these). Anything else is UTC. The answer is Intl's own spelling, never the caller's text.
 */
export function resolveZone(timeZone: string | undefined): string {
  const wanted = timeZone?.trim() ?? "";
  try {
    const zone = /^[+-]?\d{1,3}$/u.test(wanted) ? offsetOf(wanted) : wanted;
    return zone === "" ? "UTC" : new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return "UTC";
  }
}

function offsetOf(text: string): string {
  // With a sign and two digits it is ISO 8601's short form while there are such hours.
  const hours = /^[+-]\d\d$/u.test(text) && Math.abs(Number(text)) <= 14;
  const minutes = Number(text) * (hours ? 60 : 1);
  const distance = Math.abs(minutes);
  if (distance > MAX_OFFSET) return "";
  const digits = (value: number) => String(value).padStart(2, "0");
  return distance === 0
    ? "UTC"
    : `${minutes < 0 ? "-" : "+"}${digits(Math.floor(distance / 60))}:${digits(distance % 60)}`;
}

function formatDuration(locale: string, milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const parts = [
    { unit: "hour", value: Math.floor(seconds / 3600) },
    { unit: "minute", value: Math.floor(seconds / 60) % 60 },
    { unit: "second", value: seconds % 60 },
  ].filter(({ unit, value }) => value > 0 || (unit === "second" && seconds === 0));
  const words = parts.map(({ unit, value }) => unitFormat(locale, unit, "long").format(value));
  return new Intl.ListFormat(locale, { type: "unit" }).format(words);
}

const SIZES = [
  { unit: "gigabyte", bytes: 1e9 },
  { unit: "megabyte", bytes: 1e6 },
  { unit: "kilobyte", bytes: 1e3 },
] as const;

function createSizes(locale: string): (bytes: number) => string {
  const exact = unitFormat(locale, "byte", "long");
  const human = SIZES.map(({ unit, bytes }) => ({ bytes, format: unitFormat(locale, unit, "short") }));
  return (bytes) => {
    const size = human.find((step) => bytes >= step.bytes);
    const whole = exact.format(bytes);
    return size === undefined ? whole : `${size.format.format(bytes / size.bytes)} (${whole})`;
  };
}

function unitFormat(locale: string, unit: string, unitDisplay: "long" | "short"): Intl.NumberFormat {
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay, maximumFractionDigits: 1 });
}
