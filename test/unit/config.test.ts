/** The operator's settings together: services, rules across options, secrets that stay secret, all problems at once. */
import { env as workerEnv } from "cloudflare:workers";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { configFor, describeProblem } from "../../src/config.ts";
import { BASE, configOf, KEY, OTHER_KEY, optionsOf, problemsOf, refusalsOf, SECRETS } from "../support/settings.ts";

describe("a service's table", () => {
  test("takes larger sizes where the zone's limit is higher, and none above it", () => {
    const table = { "zone-body-limit": "500MB", "agent-max-file-size": "400MB" };
    expect(optionsOf(table).agentMaxFileSize).toBe(400_000_000);
    const problems = refusalsOf({ ...table, "agent-max-file-size": "501MB" });
    expect(problems).toMatchObject([{ key: "SERVICE_SHOP.agent-max-file-size", got: '"501MB"' }]);
  });

  test("takes a jurisdiction whose bucket is bound", () => {
    expect(optionsOf({ jurisdiction: "eu" }, { FILES_EU: {} }).jurisdiction).toBe("eu");
    expect(optionsOf({ jurisdiction: "fedramp" }, { FILES_FEDRAMP: {} }).jurisdiction).toBe("fedramp");
    expect(refusalsOf({ jurisdiction: "eu" }, { FILES_FEDRAMP: {} })).toHaveLength(1);
  });

  test("refuses a files origin that is our own", () => {
    const table = { "files-origin": "https://chat.example" };
    const problems = refusalsOf(table, { PUBLIC_ORIGIN: "https://chat.example" });
    expect(problems).toMatchObject([
      { key: "SERVICE_SHOP.files-origin", expected: expect.stringContaining("PUBLIC_ORIGIN") },
    ]);
    expect(refusalsOf(table, { PUBLIC_ORIGIN: "https://other.example" })).toEqual([]);
  });

  test("needs a sender unless it never mails", () => {
    for (const when of ["on-request", "always"]) {
      const problems = refusalsOf({ "transcript-email": when }, { MAIL_FROM: undefined });
      expect(problems).toMatchObject([{ key: "SERVICE_SHOP.transcript-email-from" }]);
      expect(problems[0]?.expected).toContain("MAIL_FROM");
    }
    expect(refusalsOf({ "transcript-email": "never" }, { MAIL_FROM: undefined })).toEqual([]);
  });

  test.each([
    ["upload-max-file", "upload-max-files"],
    ["uploadMaxFiles", "upload-max-files"],
    ["UPLOAD_MAX_FILES", "upload-max-files"],
    ["retention-day", "retention-days"],
    ["scann", "scan"],
  ])("refuses the unknown name %s and hints at %s", (name, known) => {
    const problems = refusalsOf({ [name]: 1 });
    expect(problems).toMatchObject([{ key: `SERVICE_SHOP.${name}` }]);
    expect(problems[0]?.expected).toContain(`did you mean ${known}?`);
  });

  test("refuses a name that resembles none without guessing", () => {
    expect(refusalsOf({ colour: "red" })[0]?.expected).not.toContain("did you mean");
    expect(refusalsOf(JSON.parse('{"__proto__": 1}'))).toMatchObject([{ key: "SERVICE_SHOP.__proto__" }]);
  });

  test("must fit into one variable, counted in bytes", () => {
    const intro = "é".repeat(1500);
    const footer = "é".repeat(1200);
    const problems = refusalsOf({ "transcript-email-intro": intro, "transcript-email-footer": footer });
    expect(problems).toMatchObject([{ key: "SERVICE_SHOP", got: expect.stringMatching(/^54\d\d bytes$/) }]);
    expect(refusalsOf({ "transcript-email-intro": intro, "transcript-email-footer": "é".repeat(800) })).toEqual([]);
  });

  test.each([["text"], [3], [null], [["a"]], [new Headers()]])("must be a table and not %j", (value) => {
    expect(problemsOf({ ...BASE, SERVICE_SHOP: value })).toMatchObject([{ key: "SERVICE_SHOP" }]);
  });

  test("reports all its problems at once, those across options included", () => {
    const problems = refusalsOf({
      "upload-max-files": -1,
      "delete-file": "odd",
      "agent-max-file-size": "1GB",
      "retention-days": 500,
      wrong: true,
    });
    expect(problems.map((problem) => problem.key).sort()).toEqual([
      "SERVICE_SHOP.agent-max-file-size",
      "SERVICE_SHOP.audit-retention-days",
      "SERVICE_SHOP.delete-file",
      "SERVICE_SHOP.upload-max-files",
      "SERVICE_SHOP.wrong",
    ]);
  });

  test("shows what stood there, cut at 60 characters", () => {
    expect(refusalsOf({ "delete-file": "odd" })[0]?.got).toBe('"odd"');
    expect(refusalsOf({ "delete-file": "x".repeat(500) })[0]?.got).toHaveLength(60);
  });
});

describe("services", () => {
  test("are named after their variables", () => {
    const table = { "transcript-email": "never" };
    const config = configOf({ ...BASE, SERVICE_CUSTOMER_SUPPORT: table, SERVICE_A1: table });
    expect([...config.services.keys()].sort()).toEqual(["a1", "customer-support"]);
  });

  test.each(["SERVICE_", "SERVICE_A.B", "SERVICE_É", `SERVICE_${"A".repeat(65)}`])("cannot be named %s", (key) => {
    expect(problemsOf({ ...BASE, [key]: {} })).toMatchObject([{ key }]);
  });

  test("cannot be two of one name", () => {
    const problems = problemsOf({ ...BASE, SERVICE_A_B: {}, SERVICE_a_b: {} });
    expect(problems).toMatchObject([{ key: "SERVICE_a_b" }]);
  });

  test("cannot be none at all", () => {
    expect(problemsOf(BASE)).toMatchObject([{ key: "SERVICE_*" }]);
  });
});

describe("a service that scans its files", () => {
  const SCANNER = { url: "tcp://127.0.0.1:3310", "max-file-size": "10MiB" };

  test.each(["required", "best-effort"])("needs a scanner for scan = %s", (scan) => {
    const problems = problemsOf({ ...BASE, SERVICE_SHOP: { scan } });
    expect(problems).toEqual([
      { key: "SERVICE_SHOP.scan", expected: "off, or a scanner in [vars.SCANNER]", got: JSON.stringify(scan) },
    ]);
    expect(
      configOf({ ...BASE, SCANNER, SERVICE_SHOP: { scan, "agent-max-file-size": "10MiB" } }).scanner,
    ).toBeDefined();
  });

  test("takes no file that its scanner does not take", () => {
    const table = { scan: "required", "upload-max-file-size": "11MiB" };
    expect(problemsOf({ ...BASE, SCANNER, SERVICE_SHOP: table })).toMatchObject([
      { key: "SERVICE_SHOP.upload-max-file-size" },
      { key: "SERVICE_SHOP.agent-max-file-size" },
    ]);
    expect(configOf({ ...BASE, SCANNER, SERVICE_SHOP: { scan: "off" } }).services.size).toBe(1);
  });
});

describe("the deployment", () => {
  const env = { ...BASE, SERVICE_SHOP: {} };

  test("reads its keys into bytes", () => {
    const config = configOf({
      ...env,
      SESSION_ID_KEYS: `7:${OTHER_KEY}, 0:${KEY}`,
      TOKEN_SECRETS: `${KEY},${OTHER_KEY}`,
    });
    expect(config.sessionIdKeys.current).toBe(7);
    expect([...config.sessionIdKeys.keys.keys()]).toEqual([7, 0]);
    expect(config.sessionIdKeys.keys.get(0)).toHaveLength(32);
    expect(config.tokenSecrets.map((secret) => secret.length)).toEqual([32, 32]);
    expect(config.directoryKey).toBeInstanceOf(Uint8Array);
    expect("devIssuerKey" in config).toBe(false);
    expect(configOf({ ...env, DEV_ISSUER_KEY: KEY }).devIssuerKey).toHaveLength(32);
  });

  test("decodes base64url", () => {
    const config = configOf({ ...env, DIRECTORY_KEY: `${"_".repeat(42)}-A` });
    expect([...config.directoryKey.slice(0, 31)]).toEqual(Array(31).fill(255));
  });

  test.each(["SESSION_ID_KEYS", "TOKEN_SECRETS", "DIRECTORY_KEY"])(
    "names the missing secret %s and its maker",
    (key) => {
      for (const value of [undefined, ""]) {
        const problems = problemsOf({ ...env, [key]: value });
        expect(problems).toMatchObject([{ key }]);
        expect(problems[0]?.expected).toContain("npm start");
        expect(problems[0]?.expected).toContain("wrangler secret put");
      }
    },
  );

  test.each([
    ["SESSION_ID_KEYS", `256:${KEY}`],
    ["SESSION_ID_KEYS", `0:${KEY},0:${OTHER_KEY}`],
    ["SESSION_ID_KEYS", `0:${KEY}AA`],
    ["SESSION_ID_KEYS", `0:${KEY},`],
    ["SESSION_ID_KEYS", KEY],
    ["TOKEN_SECRETS", `${KEY},${KEY},${KEY}`],
    ["TOKEN_SECRETS", "kkkkkkkkkkkkkkkk"],
    ["TOKEN_SECRETS", `${KEY}=`],
    ["DIRECTORY_KEY", `${KEY}k+/kk`],
    ["DEV_ISSUER_KEY", "kkkkkkkkkkkkkkkk"],
  ])("refuses a wrong %s without showing it", (key, value) => {
    const problems = problemsOf({ ...env, [key]: value });
    expect(problems).toMatchObject([{ key }]);
    expect(problems[0]).not.toHaveProperty("got");
    expect(JSON.stringify(problems)).not.toContain("kkkk");
  });

  test("never shows any part of a secret, whatever it is", () => {
    const names = ["SESSION_ID_KEYS", "TOKEN_SECRETS", "DIRECTORY_KEY", "DEV_ISSUER_KEY", "SMTP_URL"];
    const secret = fc.string({ minLength: 8, maxLength: 60, unit: fc.constantFrom("Ж", "ß", "7", ":", ",", "/", "=") });
    const property = fc.property(fc.constantFrom(...names), secret, (name, value) => {
      const settings = { ...env, MAIL_TRANSPORT: "smtp", SMTP_URL: "smtp://a", [name]: value };
      const problems = JSON.stringify(problemsOf(settings));
      expect(problems).not.toBe("[]");
      expect(problems).not.toContain(value.slice(0, 8));
    });
    expect(() => fc.assert(property)).not.toThrow();
  });

  test("mails by the platform's binding, which must be there when a service mails", () => {
    expect(configOf(env).mail).toEqual({ transport: "send_email" });
    expect(problemsOf({ ...env, EMAIL: undefined })).toMatchObject([{ key: "EMAIL" }]);
    const silent = { ...env, EMAIL: undefined, SERVICE_SHOP: { "transcript-email": "never" } };
    expect(problemsOf(silent)).toEqual([]);
  });

  test("mails by SMTP where it is told to, and keeps the URL to itself", () => {
    const smtp = { ...env, EMAIL: undefined, MAIL_TRANSPORT: "smtp" };
    const url = "smtps://user:kkkkpass@mail.example:465";
    expect(configOf({ ...smtp, SMTP_URL: url }).mail).toEqual({ transport: "smtp", url });
    expect(problemsOf(smtp)).toMatchObject([{ key: "SMTP_URL" }]);
    for (const wrong of ["https://kkkk@mail.example", "smtp:kkkk", "kkkk"]) {
      const problems = problemsOf({ ...smtp, SMTP_URL: wrong });
      expect(problems).toMatchObject([{ key: "SMTP_URL" }]);
      expect(JSON.stringify(problems)).not.toContain("kkkk");
    }
  });

  test.each([
    ["PUBLIC_ORIGIN", "https://chat.example/"],
    ["PUBLIC_ORIGIN", 7],
    ["MAIL_TRANSPORT", "pigeon"],
    ["MAIL_FROM", "nobody"],
  ])("refuses %s = %j", (key, value) => {
    expect(problemsOf({ ...env, [key]: value })).toMatchObject([{ key, got: JSON.stringify(value) }]);
  });

  test.each(["SESSIONS", "DIRECTORY", "LIBRARY", "LOBBY", "FILES"])("needs the binding %s", (key) => {
    expect(problemsOf({ ...env, [key]: undefined })).toMatchObject([
      { key, expected: expect.stringContaining("binding") },
    ]);
  });

  test("reports problems of every part at once", () => {
    const problems = problemsOf({ SERVICE_SHOP: { scan: "on" }, SERVICE_B: { x: 1 }, PUBLIC_ORIGIN: "x" });
    expect(new Set(problems.map((problem) => problem.key))).toEqual(
      new Set([
        "PUBLIC_ORIGIN",
        "SERVICE_SHOP.scan",
        "SERVICE_SHOP.transcript-email-from",
        "SERVICE_B.x",
        "SERVICE_B.transcript-email-from",
        "SESSION_ID_KEYS",
        "TOKEN_SECRETS",
        "DIRECTORY_KEY",
        "SESSIONS",
        "DIRECTORY",
        "LIBRARY",
        "LOBBY",
        "FILES",
      ]),
    );
  });

  test("is parsed once for each env object", () => {
    expect(configFor(env)).toBe(configFor(env));
    expect(configFor({ ...env })).not.toBe(configFor(env));
  });
});

describe("wrangler.toml", () => {
  test("holds services that parse inside the runtime", () => {
    const config = configOf({ ...workerEnv, ...SECRETS });
    expect([...config.services.keys()].sort()).toEqual(["customer-support", "sales"]);
    const support = config.services.get("customer-support");
    expect(support?.disconnectTimeout).toBe(300_000);
    expect(support?.transcriptEmailFrom).toBe("support@example.com");
  });
});

test("a problem reads as one line with key, expectation and value", () => {
  const line = describeProblem({
    key: "SERVICE_SHOP.scan",
    expected: "one of off, required, best-effort",
    got: '"on"',
  });
  expect(line).toBe('SERVICE_SHOP.scan: expected one of off, required, best-effort, got "on"');
});
