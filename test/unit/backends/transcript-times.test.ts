/** Zones, durations and sizes as the transcript writes them. */
import { describe, expect, test } from "vitest";
import { createTimes, resolveZone } from "../../../src/backends/transcript-times.ts";

const WINTER = Date.UTC(2026, 10, 3, 9, 2, 11);
const SUMMER = Date.UTC(2026, 6, 3, 9, 2, 11);

test.each([
  ["Europe/Berlin", "Europe/Berlin"],
  ["europe/berlin", "Europe/Berlin"],
  ["+02:00", "+02:00"],
  ["-0330", "-03:30"],
  ["+02", "+02:00"],
  ["-480", "-08:00"],
  ["120", "+02:00"],
  ["+60", "+01:00"],
  ["0", "UTC"],
  ["-0", "UTC"],
  ["UTC", "UTC"],
  ["840", "+14:00"],
  ["841", "UTC"],
  ["+25:00", "UTC"],
  ["Mars/Olympus", "UTC"],
  ["Europe/Berlin\r\nBcc: a", "UTC"],
  ["", "UTC"],
  [undefined, "UTC"],
])("the zone %j is %s", (wanted, zone) => {
  expect(resolveZone(wanted)).toBe(zone);
});

test("clocks follow summer and winter time, and the zone says its offset", () => {
  const times = createTimes("en-GB", "Europe/Berlin");
  expect([times.time(WINTER), times.zone(WINTER)]).toEqual(["10:02:11", "Europe/Berlin (GMT+01:00)"]);
  expect([times.time(SUMMER), times.zone(SUMMER)]).toEqual(["11:02:11", "Europe/Berlin (GMT+02:00)"]);
});

test("an invalid zone is UTC and says so", () => {
  const times = createTimes("en-GB", "Mars/Olympus");
  expect([times.full(WINTER), times.zone(WINTER)]).toEqual(["Tuesday, 3 November 2026 at 09:02:11", "UTC"]);
  expect(times.day(WINTER)).toBe("Tuesday, 3 November 2026 (UTC)");
});

test("an offset is named once", () => {
  expect(createTimes("en-GB", "-480").zone(WINTER)).toBe("GMT-08:00");
});

describe("durations and sizes", () => {
  const times = createTimes("en-GB", undefined);

  test.each([
    [-5, "0 seconds"],
    [999, "0 seconds"],
    [61_000, "1 minute, 1 second"],
    [3_600_000, "1 hour"],
    [100 * 3_600_000 + 5000, "100 hours, 5 seconds"],
  ])("%d milliseconds are %s", (milliseconds, words) => {
    expect(times.duration(milliseconds)).toBe(words);
  });

  test.each([
    [0, "0 bytes"],
    [1, "1 byte"],
    [999, "999 bytes"],
    [1000, "1 kB (1,000 bytes)"],
    [2_097_152, "2.1 MB (2,097,152 bytes)"],
    [5_000_000_000, "5 GB (5,000,000,000 bytes)"],
  ])("%d bytes are %s", (bytes, words) => {
    expect(times.size(bytes)).toBe(words);
  });
});
