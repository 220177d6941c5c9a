import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Fields, languageOf, readFields, timeZoneOf } from "../../../../src/api/gms/read.ts";
import type { Result } from "../../../../src/core/refusal.ts";
import { accepted } from "../../../support/core-fixtures.ts";

const refusalOf = (result: Result<unknown>) => (result.ok ? undefined : result.refusal);
const fields = (pairs: Record<string, string>) => new Fields(Object.entries(pairs));

function posted(body: string, type?: string): Request {
  const headers: Record<string, string> = type === undefined ? {} : { "Content-Type": type };
  return new Request("http://localhost/", { method: "POST", body: new TextEncoder().encode(body), headers });
}

describe("user data", () => {
  it.each([
    ["userData[a]", "a"],
    ["userData[a b]", "a b"],
    ["userData[a][b]", "a.b"],
    ["userData[a][b][c]", "a.b.c"],
    ['userData["a"]', "a"],
    ["userData['a']", "a"],
    ['userData["a"]["b"]', "a.b"],
    ["userData[a.b]", "a.b"],
    ['userData["a]', '"a'],
  ])("%s is the key %s", (name, key) => {
    expect(accepted(fields({ [name]: "value" }).userData())).toEqual({ [key]: "value" });
  });

  it.each([
    "userData",
    "userData[",
    "userData[a",
    "userData]a[",
    "xuserData[a]",
    "userData[a]b",
    "userdata[a]",
    "a[userData]",
  ])("%s is no user data", (name) => {
    expect(accepted(fields({ [name]: "value" }).userData())).toBeUndefined();
  });

  it("keeps an empty value, which takes its key away", () => {
    expect(accepted(fields({ "userData[a]": "" }).userData())).toEqual({ a: "" });
  });

  it.each([
    ["an empty key", { "userData[]": "x" }, "userData"],
    ["a key of two lines", { "userData[a\nb]": "x" }, "userData"],
    ["a value of more than 4096 characters", { "userData[a]": "x".repeat(4097) }, "userData.a"],
    ["a value with NUL", { "userData[a]": "\0" }, "userData.a"],
    [
      "more than 64 keys",
      Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`userData[${at}]`, "x"])),
      "userData",
    ],
  ])("is refused with %s", (_what, pairs, field) => {
    expect(refusalOf(fields(pairs).userData())).toMatchObject({ reason: "bad-request", fields: [{ field }] });
  });

  it("never reaches a prototype", () => {
    const read = accepted(fields({ "userData[__proto__]": "x", "userData[a]": "y" }).userData());
    expect(read).toEqual({ a: "y" });
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  });

  it("is read from any names without a fault", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.string().map((key) => `userData[${key}]`),
            fc.string(),
          ),
        ),
        (pairs) => {
          const read = new Fields(pairs).userData();
          for (const value of Object.values((read.ok && read.value) || {})) expect(typeof value).toBe("string");
        },
      ),
    );
  });
});

describe("a parameter", () => {
  it("that is empty is as good as absent", () => {
    const { get, required } = { get: fields({ a: "" }).get("a"), required: fields({ a: "" }).required("a") };
    expect(get).toBeUndefined();
    expect(refusalOf(required)).toMatchObject({ fields: [{ field: "a", problem: "is missing" }] });
  });

  it("that comes twice counts as it came last", () => {
    expect(
      new Fields([
        ["a", "1"],
        ["a", "2"],
      ]).get("a"),
    ).toBe("2");
  });

  it.each<[string, number | undefined]>([
    ["", undefined],
    ["-1", -1],
    ["0", 0],
    ["1", 1],
    ["007", 7],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
  ])("of a position, %j, is %j", (position, expected) => {
    expect(accepted(fields({ position }).position("position"))).toBe(expected);
  });

  it.each(["-2", "1.5", "one", "1e99", "NaN", "9007199254740992"])("of a position, %s, is refused", (position) => {
    expect(refusalOf(fields({ position }).position("position"))).toMatchObject({ fields: [{ field: "position" }] });
  });

  it("that is shortened ends in no half of a character, and holds no NUL", () => {
    expect(fields({ a: "a\0📝" }).shortened("a", 3)).toBe("a \ufffd");
    expect(fields({ a: "" }).shortened("a", 3)).toBeUndefined();
  });
});

describe("a body", () => {
  it("that begins with & is read", async () => {
    const read = accepted(await readFields(posted("&a=1&&b=+%2B&c", "application/x-www-form-urlencoded"), Date.now));
    expect([read.get("a"), read.get("b"), read.get("c")]).toEqual(["1", " +", undefined]);
  });

  it("keeps a byte order mark out of the first name", async () => {
    const read = accepted(await readFields(posted("\ufeffa=1", "application/x-www-form-urlencoded"), Date.now));
    expect(read.get("a")).toBe("1");
  });

  it("of another type is refused, and none is not", async () => {
    expect(refusalOf(await readFields(posted("a=1", "text/plain"), Date.now))).toMatchObject({
      reason: "unsupported-media-type",
    });
    expect(accepted(await readFields(posted("", "text/plain"), Date.now)).get("a")).toBeUndefined();
  });
});

describe("the time zone", () => {
  it.each<[string, string | undefined]>([
    ["0", "+00:00"],
    ["60", "+01:00"],
    ["-480", "-08:00"],
    ["330", "+05:30"],
    ["-210", "-03:30"],
    ["845", "+14:05"],
    ["", undefined],
    ["1.5", undefined],
    ["UTC", undefined],
    ["100000", undefined],
    ["-1440", undefined],
  ])("of %j minutes is %j", (TimeZone, expected) => {
    expect(timeZoneOf({ TimeZone })).toBe(expected);
  });

  it("of nobody who says nothing is unknown", () => {
    expect([timeZoneOf({}), timeZoneOf(undefined)]).toEqual([undefined, undefined]);
  });
});

it.each<[string | undefined, string | undefined]>([
  ["en", "en"],
  ["en-US", "en-US"],
  ["pt_BR", "pt-BR"],
  ["English (US)", undefined],
  ["", undefined],
  [undefined, undefined],
])("the language %j is %j", (given, expected) => {
  expect(languageOf(given === undefined ? {} : { GCTI_LanguageCode: given })).toBe(expected);
});
