/** Where objects and files of a jurisdiction are, and what happens to a call whose object was restarted. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { documentStore, sessionPort, within } from "../../../../durable/kit/objects.ts";
import { faulty } from "../../../support/chats.ts";
import { CUSTOMER } from "../../../support/core-fixtures.ts";

describe("a jurisdiction", () => {
  it("is where the platform keeps its objects; on one's own machine, which has none, they are with all others", () => {
    expect(() => env.SESSIONS.jurisdiction("eu")).toThrow("Jurisdiction restrictions are not implemented in workerd.");
    expect(within(env.SESSIONS, "eu")).toBe(env.SESSIONS);
    const european = { getByName: () => ({}), jurisdiction: () => european };
    const everywhere = { getByName: () => ({}), jurisdiction: () => european };
    expect(within(everywhere, "eu")).toBe(european);
    expect(within(everywhere, "")).toBe(everywhere);
  });

  it("is never left because the platform is in trouble", () => {
    const troubled = {
      getByName: () => ({}),
      jurisdiction(): never {
        throw new Error("internal error");
      },
    };
    expect(() => within(troubled, "eu")).toThrow("internal error");
  });

  it("has a bucket of its own, and is refused where that is not bound", () => {
    expect(() => documentStore(env, "eu")).toThrow("no bucket binding for jurisdiction eu");
  });
});

describe("a call to an object that was restarted", () => {
  /** A session whose first answers fail as the platform says. */
  function failing(...failures: { retryable?: boolean; overloaded?: boolean }[]) {
    const calls: string[] = [];
    const answer = (method: string) => async () => {
      calls.push(method);
      const failure = failures.shift();
      if (failure !== undefined) throw Object.assign(new Error("restarted"), failure);
      return { ok: true, value: undefined };
    };
    const stub = faulty(env.SESSIONS.getByName("a"), { execute: answer("execute"), view: answer("view") });
    const sessions = { getByName: () => stub, jurisdiction: () => sessions };
    return { calls, port: sessionPort({ ...env, SESSIONS: sessions }, { sessionId: "a", jurisdiction: "" }) };
  }
  const say = { type: "SendMessage", text: "hi", visibility: "all" } as const;

  it("is made once more where running twice changes nothing", async () => {
    for (const again of ["view", "keyed"]) {
      const { calls, port } = failing({ retryable: true });
      await (again === "view" ? port.view(CUSTOMER) : port.execute(CUSTOMER, { ...say, clientId: "c" }));
      expect(calls).toHaveLength(2);
    }
  });

  it("is made once where it might be done twice, where the object is overloaded, or where it may not be retried", async () => {
    const single = failing({ retryable: true });
    await expect(single.port.execute(CUSTOMER, say)).rejects.toThrow("restarted");
    const overloaded = failing({ retryable: true, overloaded: true });
    await expect(overloaded.port.view(CUSTOMER)).rejects.toThrow("restarted");
    const final = failing({});
    await expect(final.port.view(CUSTOMER)).rejects.toThrow("restarted");
    expect([single, overloaded, final].map(({ calls }) => calls.length)).toEqual([1, 1, 1]);
  });

  it("fails after its second try", async () => {
    const { calls, port } = failing({ retryable: true }, { retryable: true });
    await expect(port.view(CUSTOMER)).rejects.toThrow("restarted");
    expect(calls).toHaveLength(2);
  });
});
