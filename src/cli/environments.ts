/** What is wrong with the deployment's settings in `wrangler.toml`, at the top level and in each `[env.*]`. */
import { type ConfigProblem, parseConfig } from "../config.ts";
import { CLIENT_SECRET_PREFIX } from "../protocol/agent-issuers.ts";

type Named = { readonly name?: string; readonly binding?: string };

/** What is read of one environment: the part of wrangler's own type that names variables and bindings. */
export interface Environment {
  readonly vars: Readonly<Record<string, unknown>>;
  readonly durable_objects: { readonly bindings: readonly Named[] };
  readonly r2_buckets: readonly Named[];
  readonly send_email: readonly Named[];
  readonly ratelimits: readonly Named[];
  readonly kv_namespaces: readonly Named[];
  readonly services?: readonly Named[] | undefined;
}

const DUMMY_KEY = "A".repeat(43);

/** Stand-ins: secrets lie elsewhere and have no place in this check. */
const DUMMY_SECRETS: Readonly<Record<string, string>> = {
  SESSION_ID_KEYS: `0:${DUMMY_KEY}`,
  TOKEN_SECRETS: DUMMY_KEY,
  DIRECTORY_KEY: DUMMY_KEY,
  SMTP_URL: "smtps://mail.invalid",
  SCANNER_SECRET: DUMMY_KEY,
  TURNSTILE_SECRET: DUMMY_KEY,
  // Left out of the parsed settings when empty.
  DEV_ISSUER_KEY: "",
};

/** Names of all bindings of an environment. */
function bindingNames(environment: Environment): string[] {
  const bindings = [
    ...environment.durable_objects.bindings,
    ...environment.r2_buckets,
    ...environment.send_email,
    ...environment.ratelimits,
    ...environment.kv_namespaces,
    ...(environment.services ?? []),
  ];
  return bindings.map((binding) => binding.binding ?? binding.name).filter((name) => name !== undefined);
}

/** Problems of one environment by itself, found by the same parser that the worker uses. */
export function environmentProblems(environment: Environment): ConfigProblem[] {
  const misplaced = Object.keys(environment.vars)
    .filter((name) => name in DUMMY_SECRETS || name.startsWith(CLIENT_SECRET_PREFIX))
    .map((key) => ({ key, expected: "no secret in this file: `wrangler secret put`, or .dev.vars for local use" }));
  const bindings = Object.fromEntries(bindingNames(environment).map((name) => [name, {}]));
  const result = parseConfig({ ...bindings, ...environment.vars, ...DUMMY_SECRETS });
  return [...misplaced, ...(result.ok ? [] : result.problems)];
}

/** What `environment` lacks of the top level: wrangler inherits neither variables nor bindings. */
export function missingProblems(top: Environment, environment: Environment): ConfigProblem[] {
  const lacking = (kind: string, wanted: readonly string[], present: readonly string[]) =>
    wanted
      .filter((key) => !present.includes(key))
      .map((key) => ({ key, expected: `a ${kind}, as at the top level, since environments do not inherit it` }));
  return [
    ...lacking("variable", Object.keys(top.vars), Object.keys(environment.vars)),
    ...lacking("binding", bindingNames(top), bindingNames(environment)),
  ];
}

/** All problems of a configuration; the keys of those in `[env.staging]` begin with `env.staging.`. */
export function configurationProblems(
  top: Environment,
  environments: ReadonlyMap<string, Environment>,
): readonly ConfigProblem[] {
  const problems = environmentProblems(top);
  for (const [name, environment] of environments) {
    const missing = missingProblems(top, environment);
    const wrong = environmentProblems(environment).filter(({ key }) => missing.every((one) => one.key !== key));
    const found = [...missing, ...wrong];
    problems.push(...found.map((problem) => ({ ...problem, key: `env.${name}.${problem.key}` })));
  }
  return problems;
}
