/** Set-up of tests inside workerd: what is written on the console must be a line of the worker's log, in each test. */
import { afterEach, expect } from "vitest";
import { strangeness } from "./log-lines.ts";

const strange: string[] = [];

for (const method of ["debug", "error", "info", "log", "trace", "warn"] as const) {
  const write = console[method].bind(console);
  console[method] = (...values: unknown[]) => {
    const text = values.map(String).join(" ");
    const why = strangeness(text);
    if (why !== undefined) strange.push(`${why}: ${text}`);
    write(...values);
  };
}

afterEach(() => {
  expect(strange.splice(0), "lines that the worker's log may not have").toEqual([]);
});
