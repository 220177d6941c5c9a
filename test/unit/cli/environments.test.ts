/** The check of wrangler.toml: every environment must be complete and right by itself, and hold no secret. */
import { expect, test } from "vitest";
import { configurationProblems, type Environment } from "../../../src/cli/environments.ts";

const COMPLETE: Environment = {
  vars: { PUBLIC_ORIGIN: "", SERVICE_SHOP: { "transcript-email-from": "a@b.example" } },
  durable_objects: { bindings: [{ name: "SESSIONS" }, { name: "DIRECTORY" }, { name: "LIBRARY" }, { name: "LOBBY" }] },
  r2_buckets: [{ binding: "FILES" }],
  send_email: [{ name: "EMAIL" }],
  ratelimits: [],
  kv_namespaces: [],
};

/** Keys of all problems of a complete top level with one environment. */
function keysFor(environment: Partial<Environment>): string[] {
  const staging = { ...COMPLETE, ...environment };
  return configurationProblems(COMPLETE, new Map([["staging", staging]])).map((problem) => problem.key);
}

test("complete environments have no problem, and no secret is asked for", () => {
  expect(keysFor({})).toEqual([]);
});

test("an environment must repeat the variables and bindings of the top level", () => {
  const none = { durable_objects: { bindings: [] }, r2_buckets: [] };
  expect(keysFor({ ...none, vars: { SERVICE_SHOP: { "transcript-email": "never" } } })).toEqual([
    "env.staging.PUBLIC_ORIGIN",
    "env.staging.SESSIONS",
    "env.staging.DIRECTORY",
    "env.staging.LIBRARY",
    "env.staging.LOBBY",
    "env.staging.FILES",
  ]);
});

test("an environment's own options are checked", () => {
  const vars = { ...COMPLETE.vars, SERVICE_SHOP: { "transcript-email": "never", "upload-max-files": -1 } };
  expect(keysFor({ vars })).toEqual(["env.staging.SERVICE_SHOP.upload-max-files"]);
});

test("the top level is checked too", () => {
  const problems = configurationProblems({ ...COMPLETE, send_email: [] }, new Map());
  expect(problems.map((problem) => problem.key)).toEqual(["EMAIL"]);
});

test("a jurisdiction's bucket counts where it is bound", () => {
  const vars = { ...COMPLETE.vars, SERVICE_SHOP: { "transcript-email": "never", jurisdiction: "eu" } };
  expect(keysFor({ vars })).toEqual(["env.staging.SERVICE_SHOP.jurisdiction"]);
  expect(keysFor({ vars, r2_buckets: [{ binding: "FILES" }, { binding: "FILES_EU" }] })).toEqual([]);
});

test.each(["TOKEN_SECRETS", "SMTP_URL", "SCANNER_SECRET", "DEV_ISSUER_KEY"])(
  "the secret %s may not stand in the file",
  (name) => {
    const vars = { ...COMPLETE.vars, [name]: "smtps://user:hunter2@mail.example" };
    const problems = configurationProblems({ ...COMPLETE, vars }, new Map());
    expect(problems.map((problem) => problem.key)).toEqual([name]);
    expect(JSON.stringify(problems)).not.toContain("hunter2");
  },
);
