/** Session ids: only what we made is read, at the edge, and it says where a session lives. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeSessionId, readSessionId } from "../../../src/auth/session-id.ts";
import { fromBase64url, toBase64url } from "../../../src/protocol/encoding.ts";
import { BASE, configOf, KEY, OTHER_KEY } from "../../support/settings.ts";

const NOON = Date.UTC(2026, 10, 23, 12);
const SERVICES = {
  SERVICE_SHOP: { "transcript-email": "never" },
  SERVICE_OTHER: { "transcript-email": "never" },
  SERVICE_ABROAD: { "transcript-email": "never", jurisdiction: "eu" },
};
const BUCKETS = { FILES_EU: {} };
const withKeys = (keys: string, services: object = SERVICES) =>
  configOf({ ...BASE, ...BUCKETS, ...services, SESSION_ID_KEYS: keys });
const config = withKeys(`7:${KEY}`);
const bytesOf = (sessionId: string) => fromBase64url(sessionId) ?? new Uint8Array(0);
const shopId = async () => (await makeSessionId(config, "shop", NOON)).sessionId;

/** The id with some of its bytes replaced, well-formed otherwise. */
function altered(sessionId: string, at: number, ...replaced: readonly number[]): string {
  const bytes = bytesOf(sessionId);
  bytes.set(replaced, at);
  return toBase64url(bytes);
}

describe("an id", () => {
  it("says service, jurisdiction and start day, and is as long as a name of an object may be without escapes", async () => {
    const made = await makeSessionId(config, "abroad", NOON);
    expect(made).toMatchObject({ service: "abroad", jurisdiction: "eu", startDay: "2026-11-23" });
    expect(made.sessionId).toMatch(/^[A-Za-z0-9_-]{40}$/);
    expect(await readSessionId(config, made.sessionId)).toEqual(made);
  });

  it("is another one each time", async () => {
    const ids = await Promise.all(Array.from({ length: 50 }, shopId));
    expect(new Set(ids).size).toBe(50);
  });

  it("starts a new day at midnight UTC", async () => {
    const midnight = Date.UTC(2026, 10, 24);
    expect((await makeSessionId(config, "shop", midnight - 1)).startDay).toBe("2026-11-23");
    expect((await makeSessionId(config, "shop", midnight)).startDay).toBe("2026-11-24");
  });

  it("derived from a secret is the same on one day, and another one for any other secret, service, day or key", async () => {
    const idOf = async (from: typeof config, service: string, now: number, secret: string) =>
      (await makeSessionId(from, service, now, secret)).sessionId;
    const first = await idOf(config, "shop", NOON, "secret-1");
    expect(await idOf(config, "shop", NOON + 1000, "secret-1")).toBe(first);
    const others = await Promise.all([
      idOf(config, "shop", NOON, "secret-2"),
      idOf(config, "other", NOON, "secret-1"),
      idOf(config, "shop", NOON + 24 * 3_600_000, "secret-1"),
      idOf(withKeys(`7:${OTHER_KEY}`), "shop", NOON, "secret-1"),
    ]);
    const random = (sessionId: string) => bytesOf(sessionId).subarray(8, 20).join();
    expect(new Set([first, ...others]).size).toBe(5);
    // The day alone is not in what is derived: it stands in the id itself.
    expect(others.filter((one) => random(one) === random(first))).toHaveLength(1);
  });
});

describe("a forged id is refused:", () => {
  it("one with any single bit turned", async () => {
    const sessionId = await shopId();
    const turned = fc.record({ at: fc.nat(29), bit: fc.nat(7) });
    await fc.assert(
      fc.asyncProperty(turned, async ({ at, bit }) => {
        const byte = bytesOf(sessionId)[at] ?? 0;
        expect(await readSessionId(config, altered(sessionId, at, byte ^ (1 << bit)))).toBeUndefined();
      }),
      { numRuns: 240 },
    );
  });

  it("one of random bytes, also with the tag of a real service and a key id in use", async () => {
    const sessionId = await shopId();
    const bytes = fc.uint8Array({ minLength: 22, maxLength: 22 });
    await fc.assert(
      fc.asyncProperty(bytes, async (rest) => {
        expect(await readSessionId(config, altered(sessionId, 8, ...rest))).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });

  it("one moved to another service, jurisdiction, day or key", async () => {
    const rotated = withKeys(`8:${OTHER_KEY},7:${KEY}`);
    const sessionId = await shopId();
    const other = bytesOf((await makeSessionId(config, "other", NOON)).sessionId);
    expect(await readSessionId(rotated, altered(sessionId, 1, ...other.subarray(1, 5)))).toBeUndefined();
    expect(await readSessionId(rotated, altered(sessionId, 5, 1))).toBeUndefined();
    expect(await readSessionId(rotated, altered(sessionId, 6, 0, 0))).toBeUndefined();
    expect(await readSessionId(rotated, altered(sessionId, 0, 8))).toBeUndefined();
    expect(await readSessionId(rotated, sessionId)).toMatchObject({ service: "shop" });
  });

  it("one with a jurisdiction that does not exist", async () => {
    expect(await readSessionId(config, altered(await shopId(), 5, 3))).toBeUndefined();
    expect(await readSessionId(config, altered(await shopId(), 5, 255))).toBeUndefined();
  });

  it("one written in another way: padded, in plain base64, cut, longer, with spaces, or empty", async () => {
    const sessionId = await shopId();
    const ways = [
      "",
      sessionId.slice(0, 39),
      `${sessionId}A`,
      `${sessionId}=`,
      ` ${sessionId}`,
      `${sessionId.slice(0, 39)}=`,
      `${sessionId.slice(0, 39)}\n`,
      `${sessionId.slice(0, 39)}\u212a`,
      `+${sessionId.slice(1)}`,
      `/${sessionId.slice(1)}`,
      `${"../".repeat(13)}x`,
      "\0".repeat(40),
    ];
    for (const way of ways) expect(await readSessionId(config, way)).toBeUndefined();
  });
});

describe("an id made elsewhere is refused:", () => {
  it("under another deployment's key of the same number", async () => {
    const { sessionId } = await makeSessionId(withKeys(`7:${OTHER_KEY}`), "shop", NOON);
    expect(await readSessionId(config, sessionId)).toBeUndefined();
  });

  it("under a key that we do not have", async () => {
    const { sessionId } = await makeSessionId(withKeys(`9:${KEY}`), "shop", NOON);
    expect(await readSessionId(config, sessionId)).toBeUndefined();
  });

  it("for a service that is not configured any more", async () => {
    const onlyOther = withKeys(`7:${KEY}`, { SERVICE_OTHER: SERVICES.SERVICE_OTHER });
    expect(await readSessionId(onlyOther, await shopId())).toBeUndefined();
  });
});

describe("after a rotation of the keys", () => {
  const rotated = withKeys(`8:${OTHER_KEY},7:${KEY}`);

  it("ids of the earlier key are still read, since a session keeps its id", async () => {
    const sessionId = await shopId();
    expect(await readSessionId(rotated, sessionId)).toMatchObject({ sessionId, service: "shop" });
  });

  it("new ids are made with the first key, and mean nothing to who has only the earlier one", async () => {
    const { sessionId } = await makeSessionId(rotated, "shop", NOON);
    expect(bytesOf(sessionId)[0]).toBe(8);
    expect(await readSessionId(rotated, sessionId)).toMatchObject({ service: "shop" });
    expect(await readSessionId(config, sessionId)).toBeUndefined();
  });
});
