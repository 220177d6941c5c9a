/** What somebody could try who knows the layout of ids and tokens; with the server's secrets, the control that works. */
import { createHash, createHmac, randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { SignJWT } from "jose";

type Secrets = Readonly<Record<string, string>>;

const DAY_MS = 24 * 60 * 60 * 1000;
const HOUR_S = 60 * 60;

/** The bytes of one of a test server's secrets; of a list, the first. */
export function secretOf(secrets: Secrets, name: string): Buffer {
  const text = (secrets[name] ?? "").replace(/^\d+:/, "");
  if (text === "") throw new Error(`the server has no ${name}`);
  return Buffer.from(text, "base64url");
}

/** A session id by `docs/storage.md`, of a session that was never opened, with the keyed tag of `key`. */
export function sessionIdUnder(key: Buffer, service: string): string {
  const head = Buffer.alloc(20);
  createHash("sha256").update(service).digest().copy(head, 1, 0, 4);
  head.writeUInt16BE(Math.floor(Date.now() / DAY_MS), 6);
  randomBytes(12).copy(head, 8);
  const tagged = createHmac("sha256", key)
    .update(`id\n${service}\n${head.toString("base64url")}`)
    .digest();
  return Buffer.concat([head, tagged.subarray(0, 10)]).toString("base64url");
}

/** Signs claims as the server signs tokens. They last an hour unless they say otherwise. */
export function signClaims(key: Buffer, claims: Readonly<Record<string, unknown>>): Promise<string> {
  const exp = Math.floor(Date.now() / 1000) + HOUR_S;
  return new SignJWT({ exp, ...claims }).setProtectedHeader({ alg: "HS256" }).sign(key);
}

/** Claims of a customer's token. */
export function customerClaims(sessionId: string): Record<string, unknown> {
  return { aud: "satchel:session", iss: sessionId, sub: "1", v: 1 };
}

/** Claims of a development token. */
export function agentClaims(privileges: unknown, name = "Grace"): Record<string, unknown> {
  return { aud: "satchel:agent", iss: "satchel:development", sub: `dev:${name}`, name, privileges };
}

/** Names of the session objects that have ever been woken on this storage: each has a database from then on. */
export async function wokenObjects(storage: string): Promise<readonly string[]> {
  const names = await readdir(join(storage, "data/do/satchel-ChatSession"));
  return names.filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name)).sort();
}
