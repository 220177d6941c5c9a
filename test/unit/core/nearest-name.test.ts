/** Hints after misspelt names: near ones are found, far ones are not guessed. */
import { expect, test } from "vitest";
import { nearestName } from "../../../src/core/nearest-name.ts";

const NAMES = ["retention-days", "audit-retention-days", "timeout-alert", "timeout-alert2"];

test.each([
  ["retention-dasy", "retention-days"],
  ["retentionDays", "retention-days"],
  ["AUDIT_RETENTION_DAYS", "audit-retention-days"],
  ["timeout-alert1", "timeout-alert"],
  ["timeout-alert2", "timeout-alert2"],
])("%s means %s", (name, meant) => {
  expect(nearestName(name, NAMES)).toBe(meant);
});

test.each(["colour", "", "x".repeat(10_000)])("nothing is guessed for %s", (name) => {
  expect(nearestName(name, NAMES)).toBeUndefined();
});

test("nothing is guessed where no name is known", () => {
  expect(nearestName("a", [])).toBeUndefined();
});
