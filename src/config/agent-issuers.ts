/** The identity providers of agents: every `AGENT_ISSUER_…` table, checked against the services that there are. */
import * as z from "zod";
import {
  type AgentIssuer,
  agentIssuerTable,
  CLIENT_SECRET_PREFIX,
  GRANT_SETTINGS,
  ISSUER_SETTINGS,
} from "../protocol/agent-issuers.ts";
import { type Report, readTable, reportIssues, shown, type Variables } from "./values.ts";

const PREFIX = "AGENT_ISSUER_";
const NAME = /^[A-Z0-9_]{1,64}$/;
const CLIENT_SECRET_EXPECTED = "the client's secret as the provider gave it: at most 512 printable ASCII characters";
const clientSecret = z.string().regex(/^[\x21-\x7e]{1,512}$/);
const SETTINGS = [...ISSUER_SETTINGS, ...GRANT_SETTINGS];

/** What the providers are checked against. */
export interface IssuerSurroundings {
  readonly env: Variables;
  /** Names of all services, the wrong ones too: those are reported once already. */
  readonly services: ReadonlySet<string>;
  /** Whether development tokens may be issued: only there a provider may be on this machine without TLS. */
  readonly development: boolean;
}

/** A provider with the name of its table, as our sign-in page calls it. */
export interface NamedIssuer extends AgentIssuer {
  readonly name: string;
}

/** Every provider by its `iss`. */
export function readAgentIssuers(around: IssuerSurroundings, report: Report): ReadonlyMap<string, NamedIssuer> {
  const issuers = new Map<string, NamedIssuer>();
  for (const key of Object.keys(around.env).filter((name) => name.startsWith(PREFIX))) {
    if (!NAME.test(key.slice(PREFIX.length))) report(key, `${PREFIX} and 1 to 64 of the characters A-Z, 0-9 and _`);
    const issuer = readIssuer(key, around, report);
    if (issuer === undefined) continue;
    const again = issuers.has(issuer.issuer);
    if (again) report(key, "one table for each issuer, not two; `audience` may be a list", shown(issuer.issuer));
    issuers.set(issuer.issuer, { ...issuer, name: key.slice(PREFIX.length).toLowerCase().replaceAll("_", "-") });
  }
  return issuers;
}

function readIssuer(key: string, around: IssuerSurroundings, report: Report): AgentIssuer | undefined {
  const table = readTable(around.env, key, "settings", report);
  if (table === undefined) return undefined;
  const parsed = agentIssuerTable.safeParse(table, { reportInput: true });
  if (!parsed.success) {
    reportIssues(key, parsed.error, SETTINGS, "a setting", report);
    return undefined;
  }
  const { issuer, jwksUrl, access, grants, signIn } = parsed.data;
  const plain = (url: string) => !around.development && url.startsWith("http:");
  if (plain(issuer))
    report(`${key}.${access ? "access-team" : "issuer"}`, "https, since this is not development", shown(issuer));
  if (!access && plain(jwksUrl)) report(`${key}.jwks-url`, "https, since this is not development", shown(jwksUrl));
  const { authorizationUrl = "", tokenUrl = "" } = signIn ?? {};
  if (plain(authorizationUrl))
    report(`${key}.authorization-url`, "https, since this is not development", shown(authorizationUrl));
  if (plain(tokenUrl)) report(`${key}.token-url`, "https, since this is not development", shown(tokenUrl));
  for (const [index, { services }] of grants.entries()) {
    for (const service of services === "*" ? [] : services) {
      if (around.services.has(service)) continue;
      const names = [...around.services].join(", ");
      report(`${key}.grants[${index}].services`, `names of services, of which there are ${names}`, shown(service));
    }
  }
  return withSecret(parsed.data, key, around.env, report);
}

/** Of `AGENT_ISSUER_COMPANY` the secret is `AGENT_CLIENT_SECRET_COMPANY`: where the provider wants one of its clients. */
function withSecret(issuer: AgentIssuer, key: string, env: Variables, report: Report): AgentIssuer {
  const name = `${CLIENT_SECRET_PREFIX}${key.slice(PREFIX.length)}`;
  const given = env[name];
  if (given === undefined || given === "") return issuer;
  const secret = clientSecret.safeParse(given);
  if (!secret.success) report(name, CLIENT_SECRET_EXPECTED);
  else if (issuer.signIn === undefined) report(name, `a client to be the secret of: sign-in-client of ${key}`);
  else return { ...issuer, signIn: { ...issuer.signIn, clientSecret: secret.data } };
  return issuer;
}
