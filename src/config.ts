/** Env to Config, once, fail closed: nothing is served under settings that are wrong, and every wrong one is named. */
import * as z from "zod";
import { type NamedIssuer, readAgentIssuers } from "./config/agent-issuers.ts";
import { checkScan, readScanner, type ScannerConfig } from "./config/scanner.ts";
import { readTurnstile, type TurnstileConfig } from "./config/turnstile.ts";
import { type Report, readTable, reportIssues, shown, type Variables } from "./config/values.ts";
import { isForbiddenExtension, isKnownExtension, KNOWN_EXTENSIONS } from "./core/file-types.ts";
import type { ServiceOptions } from "./core/options.ts";
import {
  DEFAULT_ZONE_BODY_LIMIT,
  mailSenderOrNone,
  OPTION_SCHEMAS,
  type OptionName,
  readOption,
  type ServiceTable,
  serviceTable,
} from "./protocol/options.ts";
import { originOrNone } from "./protocol/origins.ts";
import {
  devIssuerKey,
  directoryKey,
  type KeyBytes,
  type SessionIdKeys,
  sessionIdKeys,
  smtpUrl,
  tokenSecrets,
} from "./protocol/secrets.ts";

/** How transcript e-mail leaves: through the binding `EMAIL`, or to an SMTP server (`url` holds its credentials). */
export type MailConfig = { readonly transport: "send_email" } | { readonly transport: "smtp"; readonly url: string };

/** All settings of the deployment, parsed and complete. Holds secrets: never log it. */
export interface Config {
  /** Our own origin, or empty where it is taken from each request. */
  readonly publicOrigin: string;
  /** Options by service name, such as `customer-support`. */
  readonly services: ReadonlyMap<string, ServiceOptions>;
  /** Identity providers of agents by their `iss`. */
  readonly agentIssuers: ReadonlyMap<string, NamedIssuer>;
  readonly mail: MailConfig;
  /** Only where a service has Turnstile. */
  readonly turnstile?: TurnstileConfig;
  /** Only where files can be scanned. */
  readonly scanner?: ScannerConfig;
  readonly sessionIdKeys: SessionIdKeys;
  /** One or two, newest first: the first signs, both verify. */
  readonly tokenSecrets: readonly KeyBytes[];
  readonly directoryKey: KeyBytes;
  /** Only where development tokens may be issued. */
  readonly devIssuerKey?: KeyBytes;
}

/** One wrong setting: its name, what was expected, and what stood there (cut short; never for a secret). */
export interface ConfigProblem {
  readonly key: string;
  readonly expected: string;
  readonly got?: string;
}

/** The configuration, or every problem that was found. */
export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

const SERVICE_PREFIX = "SERVICE_";
const SERVICE_NAME = /^[a-z0-9-]{1,64}$/;

type Visibility = "plain" | "secret";

/** Reads one deployment variable, absent or empty alike; of a wrong secret only the name is reported. */
function read<T extends z.ZodType>(env: Variables, key: string, schema: T, visibility: Visibility, report: Report) {
  const result = schema.safeParse(env[key] ?? "");
  if (result.success) return result.data;
  const expected = result.error.issues[0]?.message ?? "another value";
  report(key, expected, visibility === "plain" ? shown(env[key]) : undefined);
  return undefined;
}

const transportName = z.enum(["", "send_email", "smtp"], { error: "one of send_email, smtp" });

/** The transport, with its secret or its binding; `mailing` tells whether any service sends mail at all. */
function readMail(env: Variables, mailing: boolean, report: Report): MailConfig | undefined {
  const transport = read(env, "MAIL_TRANSPORT", transportName, "plain", report);
  if (transport === undefined) return undefined;
  if (transport === "smtp") {
    const url = read(env, "SMTP_URL", smtpUrl, "secret", report);
    return url === undefined ? undefined : { transport, url };
  }
  if (mailing && !env.EMAIL) {
    report("EMAIL", "a [[send_email]] binding of this name, or MAIL_TRANSPORT = smtp, since a service sends mail");
  }
  return { transport: "send_email" };
}

/** What the rules across options need to know about the deployment. */
interface Deployment {
  readonly env: Variables;
  readonly publicOrigin: string | undefined;
  /** `MAIL_FROM`; undefined when it is wrong, which is reported once and not again for each service. */
  readonly mailFrom: string | undefined;
  /** Undefined where there is none, or where it is wrong, which is reported once. */
  readonly scanner: ScannerConfig | undefined;
}

type ReportOption = (name: OptionName, expected: string) => void;

/** Sizes within the zone's limit, and only file types whose content can be verified and that no page can be made of. */
function checkFileOptions(table: Variables, report: ReportOption): void {
  const limit = readOption(table, "zone-body-limit") ?? Number.MAX_SAFE_INTEGER;
  for (const name of ["upload-max-file-size", "upload-max-total-size", "agent-max-file-size"] as const) {
    if ((readOption(table, name) ?? 0) <= limit) continue;
    const highest = limit === DEFAULT_ZONE_BODY_LIMIT ? "95MB, unless zone-body-limit allows more" : "zone-body-limit";
    report(name, `a size of at most ${highest}`);
  }
  for (const name of ["upload-file-types", "agent-file-types"] as const) {
    for (const extension of readOption(table, name) ?? []) {
      if (isForbiddenExtension(extension)) report(name, `no ${extension}: opening such a file can run a program`);
      else if (!isKnownExtension(extension)) {
        report(name, `no ${extension}: its content cannot be verified, only that of ${KNOWN_EXTENSIONS.join(" ")}`);
      }
    }
  }
}

/** Rules across options: each looks at the values it needs and is silent where one of those is wrong by itself. */
function checkTogether(table: Variables, deployment: Deployment, report: ReportOption): void {
  checkFileOptions(table, report);
  checkScan(table, deployment.env, deployment.scanner, report);
  const mail = readOption(table, "transcript-email") ?? "never";
  const from = readOption(table, "transcript-email-from");
  if (mail !== "never" && from === "" && deployment.mailFrom === "") {
    report("transcript-email-from", `a sender, here or in MAIL_FROM, because transcript-email is ${mail}`);
  }
  const days = readOption(table, "retention-days") ?? 0;
  if ((readOption(table, "audit-retention-days") ?? days) < days) {
    report("audit-retention-days", `at least retention-days (${days})`);
  }
  const filesOrigin = readOption(table, "files-origin") ?? "";
  if (filesOrigin !== "" && filesOrigin === deployment.publicOrigin) {
    report("files-origin", "another origin than PUBLIC_ORIGIN, since files must not share it with our own pages");
  }
  const bucket = `FILES_${readOption(table, "jurisdiction")?.toUpperCase() ?? ""}`;
  if (bucket !== "FILES_" && !deployment.env[bucket]) {
    report("jurisdiction", `an R2 bucket binding ${bucket}, made in that jurisdiction`);
  }
}

/** The core's names for a parsed table. */
function toOptions(table: ServiceTable, mailFrom: string): ServiceOptions {
  return {
    uploadMaxFiles: table["upload-max-files"],
    uploadMaxFileSize: table["upload-max-file-size"],
    uploadMaxTotalSize: table["upload-max-total-size"],
    uploadFileTypes: table["upload-file-types"],
    uploadNeedAgent: table["upload-need-agent"],
    downloadAttempts: table["download-attempts"],
    deleteFile: table["delete-file"],
    agentMaxFileSize: table["agent-max-file-size"],
    agentFileTypes: table["agent-file-types"],
    encryptedFiles: table["encrypted-files"],
    macroFiles: table["macro-files"],
    pictureMaxPixels: table["picture-max-pixels"],
    scan: table.scan,
    transcriptEmail: table["transcript-email"],
    transcriptEmailFrom: table["transcript-email-from"] || mailFrom,
    transcriptEmailSubject: table["transcript-email-subject"],
    transcriptEmailIntro: table["transcript-email-intro"],
    transcriptEmailFooter: table["transcript-email-footer"],
    transcriptEmailLanguages: table["transcript-email-languages"],
    timeoutAlert: table["timeout-alert"],
    timeoutAlert2: table["timeout-alert2"],
    timeoutClose: table["timeout-close"],
    messageAlert: table["message-alert"],
    messageAlert2: table["message-alert2"],
    messageClose: table["message-close"],
    disconnectTimeout: table["disconnect-timeout"],
    offerTimeout: table["offer-timeout"],
    maxMessageLength: table["max-message-length"],
    maxMessagesPerMinute: table["max-messages-per-minute"],
    maxUploadsPerMinute: table["max-uploads-per-minute"],
    maxFramesPerMinute: table["max-frames-per-minute"],
    retentionDays: table["retention-days"],
    auditRetentionDays: table["audit-retention-days"],
    allowedOrigins: table["allowed-origins"],
    filesOrigin: table["files-origin"],
    turnstileSiteKey: table["turnstile-site-key"],
    genesysApiKey: table["genesys-api-key"],
    jurisdiction: table.jurisdiction ?? "",
  };
}

/** One `SERVICE_…` variable; undefined, and everything wrong reported, unless all of it is right. */
function readService(key: string, deployment: Deployment, report: Report): ServiceOptions | undefined {
  const table = readTable(deployment.env, key, "options", report);
  if (table === undefined) return undefined;
  const parsed = serviceTable.safeParse(table, { reportInput: true });
  if (!parsed.success) reportIssues(key, parsed.error, Object.keys(OPTION_SCHEMAS), "an option", report);
  checkTogether(table, deployment, (name, expected) => {
    const got = table[name] === undefined ? undefined : shown(table[name]);
    report(`${key}.${name}`, expected, got);
  });
  return parsed.success ? toOptions(parsed.data, deployment.mailFrom ?? "") : undefined;
}

function serviceKeys(env: Variables): string[] {
  return Object.keys(env).filter((key) => key.startsWith(SERVICE_PREFIX));
}

/** `SERVICE_CUSTOMER_SUPPORT` is `customer-support`. */
function serviceName(key: string): string {
  return key.slice(SERVICE_PREFIX.length).toLowerCase().replaceAll("_", "-");
}

/** Every service by its name. */
function readServices(deployment: Deployment, report: Report): ReadonlyMap<string, ServiceOptions> {
  const services = new Map<string, ServiceOptions>();
  const seen = new Set<string>();
  for (const key of serviceKeys(deployment.env)) {
    const name = serviceName(key);
    if (!SERVICE_NAME.test(name)) report(key, "SERVICE_ and 1 to 64 of the characters A-Z, 0-9 and _");
    if (seen.has(name)) report(key, `one table for the service ${name}, not two`);
    seen.add(name);
    const options = readService(key, deployment, report);
    if (options !== undefined) services.set(name, options);
  }
  if (seen.size === 0) report("SERVICE_*", "at least one chat service, such as [vars.SERVICE_CUSTOMER_SUPPORT]");
  return services;
}

/**
 * Reads all settings out of `env` (variables, secrets and bindings of the worker) and reports every problem at once.
 * Absent options get their defaults; unknown options are refused. No problem ever shows a secret.
 */
export function parseConfig(env: Variables): ConfigResult {
  const problems: ConfigProblem[] = [];
  const report: Report = (key, expected, got) =>
    problems.push(got === undefined ? { key, expected } : { key, expected, got });
  for (const [name, expected] of Object.entries(BINDINGS)) if (!env[name]) report(name, expected);
  const publicOrigin = read(env, "PUBLIC_ORIGIN", originOrNone, "plain", report);
  const mailFrom = read(env, "MAIL_FROM", mailSenderOrNone, "plain", report);
  const scanner = env.SCANNER === undefined ? undefined : readScanner(env, report);
  const services = readServices({ env, publicOrigin, mailFrom, scanner }, report);
  const mailing = [...services.values()].some((options) => options.transcriptEmail !== "never");
  const guarded = [...services.values()].some(({ turnstileSiteKey }) => turnstileSiteKey !== "");
  const names = new Set(serviceKeys(env).map(serviceName));
  const agentIssuers = readAgentIssuers({ env, services: names, development: Boolean(env.DEV_ISSUER_KEY) }, report);
  const found = {
    publicOrigin,
    services,
    agentIssuers,
    mail: readMail(env, mailing, report),
    ...(env.SCANNER === undefined ? {} : { scanner }),
    ...(guarded ? { turnstile: readTurnstile(env, report) } : {}),
    sessionIdKeys: read(env, "SESSION_ID_KEYS", sessionIdKeys, "secret", report),
    tokenSecrets: read(env, "TOKEN_SECRETS", tokenSecrets, "secret", report),
    directoryKey: read(env, "DIRECTORY_KEY", directoryKey, "secret", report),
    ...(env.DEV_ISSUER_KEY ? { devIssuerKey: read(env, "DEV_ISSUER_KEY", devIssuerKey, "secret", report) } : {}),
  };
  return problems.length === 0 && isComplete(found) ? { ok: true, config: found } : { ok: false, problems };
}

/** Without these nothing works: the objects of sessions, of their directory, of standard responses and of queues, and the bucket of the files. */
const BINDINGS = {
  SESSIONS: "a Durable Object binding of this name, of class ChatSession",
  DIRECTORY: "a Durable Object binding of this name, of class Directory",
  LIBRARY: "a Durable Object binding of this name, of class Library",
  LOBBY: "a Durable Object binding of this name, of class Lobby",
  FILES: "an [[r2_buckets]] binding of this name",
} as const;

/** Whether nothing is missing; what is missing has been reported already. */
function isComplete(found: { [K in keyof Config]: Config[K] | undefined }): found is Config {
  return Object.values(found).every((value) => value !== undefined);
}

const parsed = new WeakMap<object, ConfigResult>();

/** {@link parseConfig}, once for each `env` object: the platform gives the same one to every request of an isolate. */
export function configFor(env: object): ConfigResult {
  const known = parsed.get(env) ?? parseConfig({ ...env });
  parsed.set(env, known);
  return known;
}

/** A problem as one line for a terminal or a log. */
export function describeProblem(problem: ConfigProblem): string {
  const got = problem.got === undefined ? "" : `, got ${problem.got}`;
  return `${problem.key}: expected ${problem.expected}${got}`;
}
