/** Settings, mutated: a deployment is configured or every wrong setting is named, no secret is repeated, and nothing throws. */
import fc from "fast-check";
import { expect } from "vitest";
import { describeProblem, parseConfig } from "../../src/config.ts";
import { OPTION_SCHEMAS } from "../../src/protocol/options.ts";
import { fuzz } from "../support/fuzz.ts";
import { mutatedJson, mutatedText } from "../support/mutations.ts";
import { BASE, KEY, SECRETS } from "../support/settings.ts";

const NAMES = Object.keys(OPTION_SCHEMAS);
const VALUES = [
  "10MB",
  "2MiB",
  "1e3",
  "0x10",
  "-1",
  "25 s",
  "2 min",
  "pdf",
  "html pdf",
  "https://example.com",
  "https://*.example.com",
  "eu",
  "always",
  "off",
  "Shop <shop@example.com>",
  "{subject}",
  "__proto__",
];
const TABLE = {
  "upload-max-files": 3,
  "upload-max-file-size": "2MiB",
  "upload-max-total-size": "5MB",
  "upload-file-types": "pdf jpg",
  "upload-need-agent": true,
  "transcript-email": "always",
  "transcript-email-from": "Shop <shop@example.com>",
  "transcript-email-languages": "en de",
  "timeout-alert": "255 s",
  "message-alert": "Are you there?",
  "allowed-origins": "https://example.com https://www.example.com:8443",
  "files-origin": "https://files.example.com",
  jurisdiction: "eu",
};
const texts = mutatedText(VALUES, [" ", ",", ";", "\t", "https://", ":", "/", "@", "*", ".."]);
const tables = fc.oneof(
  mutatedJson([TABLE], [...NAMES, ...VALUES]),
  fc.record({ name: fc.constantFrom(...NAMES), value: texts }).map(({ name, value }) => ({ ...TABLE, [name]: value })),
);

function check(env: Record<string, unknown>): void {
  const result = parseConfig(env);
  if (result.ok) return expect(result.config.services.size).toBeGreaterThan(0);
  expect(result.problems.length).toBeGreaterThan(0);
  for (const problem of result.problems) expect(describeProblem(problem)).not.toBe("");
}

fuzz("a service's table is options, or every wrong one is named", tables, (table) => {
  const files = { FILES_EU: {}, FILES_FEDRAMP: {} };
  check({ ...BASE, ...files, PUBLIC_ORIGIN: "https://chat.example.com", SERVICE_SHOP: table });
});

const VARIABLES = {
  ...SECRETS,
  TOKEN_SECRETS: `${KEY},${"o".repeat(43)}`,
  DEV_ISSUER_KEY: KEY,
  MAIL_FROM: "chat@example.com",
  MAIL_TRANSPORT: "smtp",
  SMTP_URL: "smtps://user:geheim@mail.example.com:465",
  PUBLIC_ORIGIN: "https://chat.example.com",
  AGENT_ISSUER_DESK: {
    issuer: "https://id.example.com",
    audience: "satchel",
    "jwks-url": "https://id.example.com/keys",
    grants: [{ claim: "group", value: "desk", services: "*", privileges: "chat:take" }],
  },
};

const changed = mutatedJson(
  [VARIABLES],
  [...Object.keys(VARIABLES), "0:AAAA,1:BBBB", "smtp://", "javascript:1", "SERVICE_X"],
);
const smtpUrls = mutatedText(
  [VARIABLES.SMTP_URL, "smtp://mail.example.com:587?tls=required"],
  ["@", ":", "//", "?", "%", "#"],
);
const secrets = mutatedText([VARIABLES.TOKEN_SECRETS, VARIABLES.SESSION_ID_KEYS], [",", ":", "=", "-", "0:", "1:"]);
const variables = fc.oneof(
  changed,
  smtpUrls.map((SMTP_URL) => ({ ...VARIABLES, SMTP_URL })),
  secrets.map((secret) => ({ ...VARIABLES, SESSION_ID_KEYS: secret, TOKEN_SECRETS: secret, DIRECTORY_KEY: secret })),
);

fuzz("a deployment's variables are right, or named without what is secret in them", variables, (values) => {
  const env = { ...BASE, SERVICE_SHOP: {}, ...(typeof values === "object" ? values : {}) };
  check(env);
  const result = parseConfig(env);
  const told = result.ok ? "" : result.problems.map(describeProblem).join("\n");
  expect(told).not.toMatch(/k{8}|o{8}|geheim/);
});
