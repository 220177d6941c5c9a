/** The malware scanner in the settings: what is taken, what is filled in, and that each wrong setting is named. */
import { describe, expect, test } from "vitest";
import type { Config } from "../../../src/config.ts";
import { BASE, configOf, KEY, problemsOf } from "../../support/settings.ts";

const ENV = { ...BASE, SERVICE_SHOP: {} };
const scannerOf = (table: object, env: object = {}): Config["scanner"] =>
  configOf({ ...ENV, ...env, SCANNER: table }).scanner;
const keysOf = (table: unknown, env: object = {}) =>
  problemsOf({ ...ENV, ...env, SCANNER: table }).map(({ key }) => key);

describe("the scanner", () => {
  test("is none where none is configured, whatever secret is there", () => {
    expect(configOf({ ...ENV, SCANNER_SECRET: "short" })).not.toHaveProperty("scanner");
  });

  test("is a clamd by its address, with defaults for the rest", () => {
    expect(scannerOf({ url: "tcp://clamd.example.com" })).toEqual({
      address: { transport: "tcp", host: "clamd.example.com", port: 3310 },
      maxFileSize: 100 * 1024 * 1024,
      maxAtOnce: 4,
      queueDeadline: 15_000,
      timeout: 120_000,
    });
  });

  test("takes sizes and times as operators write them", () => {
    const table = {
      url: "tcp://[::1]:33100/",
      "max-file-size": "25MB",
      "max-at-once": "2",
      "queue-deadline": "1min",
      timeout: 30,
    };
    expect(scannerOf(table)).toEqual({
      address: { transport: "tcp", host: "[::1]", port: 33_100 },
      maxFileSize: 25_000_000,
      maxAtOnce: 2,
      queueDeadline: 60_000,
      timeout: 30_000,
    });
  });

  test("is the gateway by its address and secret, on loopback without TLS too", () => {
    const at = (url: string) => scannerOf({ url }, { SCANNER_SECRET: KEY })?.address;
    expect(at("https://scan.example.com/gateway/")).toEqual({
      transport: "http",
      url: "https://scan.example.com/gateway",
      secret: KEY,
    });
    expect(at("http://127.0.0.1:3311")).toEqual({ transport: "http", url: "http://127.0.0.1:3311", secret: KEY });
  });

  test.each([
    "",
    "clamd.example.com",
    "tcp://",
    "tcp://host:0",
    "tcp://host:3310/path",
    "tcp://host:99999",
    "tcp://user:hunter2@host",
    "tcp://host?x",
    "http://scan.example.com",
    "https://user:hunter2@scan.example.com",
    "https://scan.example.com/?x=1",
    "https://scan.example.com/#x",
    "https://scan.example.com/ü",
    "unix:///run/clamd.sock",
    7,
    undefined,
  ])("is not at the address %j", (url) => {
    expect(keysOf({ url }, { SCANNER_SECRET: KEY })).toEqual(["SCANNER.url"]);
  });

  test.each([undefined, "", "k".repeat(31), "k".repeat(513), `${KEY} `, `${KEY}é`])(
    "is not the gateway with the secret %j, which no problem repeats",
    (secret) => {
      const problems = problemsOf({ ...ENV, SCANNER: { url: "https://scan.example.com" }, SCANNER_SECRET: secret });
      expect(problems).toEqual([{ key: "SCANNER_SECRET", expected: expect.stringContaining("32 to 512") }]);
    },
  );

  test.each([
    ["max-file-size", 0],
    ["max-file-size", "1.5MB"],
    ["max-at-once", 0],
    ["max-at-once", 101],
    ["queue-deadline", "11min"],
    ["timeout", 0],
    ["timeout", "2h"],
  ])("has no %s of %j", (name, value) => {
    expect(keysOf({ url: "tcp://clamd.example.com", [name]: value })).toEqual([`SCANNER.${name}`]);
  });

  test("is refused with a setting that there is not, or as something else than a table", () => {
    expect(keysOf({ url: "tcp://clamd.example.com", "max-size": 1 })).toEqual(["SCANNER.max-size"]);
    expect(keysOf("tcp://clamd.example.com")).toEqual(["SCANNER"]);
  });
});
