/** Sizes and times as people of a language write them. */
import { expect, it } from "vitest";
import { dayText, durationText, listText, sizeText } from "../../../../src/web/view/format.ts";

it.each([
  [0, "0 bytes"],
  [1, "1 byte"],
  [1023, "1,023 bytes"],
  [1024, "1 kB"],
  [2 * 1024 * 1024, "2 MB"],
  [2.5 * 1024 * 1024, "2.5 MB"],
  [95_000_000, "91 MB"],
  [1024 ** 4, "1,024 GB"],
])("%d bytes are %s", (bytes, text) => {
  expect(sizeText(bytes, "en")).toBe(text);
});

it("a size is written as the language has it", () => {
  expect(sizeText(2.5 * 1024 * 1024, "de")).toBe("2,5 MB");
});

it("a day is today, yesterday, or a date", () => {
  const now = new Date(2026, 10, 23, 0, 30).getTime();
  const at = (day: number, hour: number) => new Date(2026, 10, day, hour).toISOString();
  expect(dayText(at(23, 0), now, "en")).toBe("today");
  expect(dayText(at(22, 23), now, "en")).toBe("yesterday");
  expect(dayText(at(21, 12), now, "en")).toBe("November 21, 2026");
});

it("a time that is left is counted in seconds below a minute, and in minutes that have begun from one on", () => {
  expect([5, 59, 60, 61, 300].map((seconds) => durationText(seconds, "en"))).toEqual([
    "5 seconds",
    "59 seconds",
    "1 minute",
    "2 minutes",
    "5 minutes",
  ]);
});

it("a list is one of the language's", () => {
  expect(listText(["PDF", "JPG", "PNG"], "de")).toBe("PDF, JPG und PNG");
});
