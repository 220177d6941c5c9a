/** The secrets of a local server: made once, kept in `.dev.vars`, never shown. */
import { randomBytes } from "node:crypto";
import { chmod, readFile, rename, writeFile } from "node:fs/promises";
import { parseEnv } from "node:util";
import { CommandError, systemCode } from "./project.ts";

/** A new value for each secret that a local server needs, in the text form of `src/protocol/secrets.ts`. */
export function newSecrets(): Record<string, string> {
  const key = () => randomBytes(32).toString("base64url");
  return {
    SESSION_ID_KEYS: `0:${key()}`,
    TOKEN_SECRETS: key(),
    DIRECTORY_KEY: key(),
    DEV_ISSUER_KEY: key(),
  };
}

/** Variables for a local server, and the names of those that had to be made. */
export interface DevVariables {
  readonly values: Readonly<Record<string, string>>;
  readonly made: readonly string[];
}

/**
 * Reads a `.dev.vars` file and adds the secrets that it lacks, or makes the file. What stands there stays as it is, comments
 * included. The file becomes readable for its owner only.
 * @throws CommandError when the file cannot be read or written.
 */
export async function loadDevVariables(path: string): Promise<DevVariables> {
  try {
    return await readAndComplete(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw new CommandError(`${path} cannot be read and written (${code}); give another one with --vars`);
  }
}

async function readAndComplete(path: string): Promise<DevVariables> {
  const text = await readIfThere(path);
  const present = definedIn(text);
  const missing = Object.entries(newSecrets()).filter(([name]) => !present[name]);
  if (missing.length > 0) {
    const kept = text === "" || text.endsWith("\n") ? text : `${text}\n`;
    const added = missing.map(([name, value]) => `${name}="${value}"\n`).join("");
    await writeFile(`${path}.part`, kept + added, { mode: 0o600 });
    await rename(`${path}.part`, path);
  }
  await chmod(path, 0o600);
  return { values: { ...present, ...Object.fromEntries(missing) }, made: missing.map(([name]) => name) };
}

function definedIn(text: string): Record<string, string> {
  const entries = Object.entries(parseEnv(text));
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return "";
    throw error;
  }
}
