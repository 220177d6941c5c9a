/** Requests of Genesys clients as plain fields: forms of both kinds, `userData[…]` in every notation seen (reference 1). */
import * as z from "zod";
import { ok, type Result, refuse, refuseField } from "../../core/refusal.ts";
import { UpdateUserDataSchema } from "../../protocol/chat.ts";
import { LanguageSchema, TimeZoneSchema } from "../../protocol/locale.ts";
import { check, readAtMost } from "../body.ts";
import { isForm, readParts } from "../form.ts";
import { MISSING } from "./status.ts";

/** Largest body of an operation that carries no file, in bytes; a form's fields have the same bound. */
const MAX_BODY_BYTES = 256 * 1024;
const MINUTE = 60;

/** The parameters of one request. Absent and empty are the same: widgets send both (reference 1, "body oddities"). */
export class Fields {
  readonly #values: ReadonlyMap<string, string>;

  constructor(pairs: Iterable<readonly [string, string]>) {
    this.#values = new Map(pairs);
  }

  /** The last value under this name; undefined where there is none, or an empty one. */
  get(name: string): string | undefined {
    return this.#values.get(name) || undefined;
  }

  /** Text that goes along and is never refused: cut to its first characters, and without any that readers cannot take. */
  shortened(name: string, max: number): string | undefined {
    return this.get(name)?.slice(0, max).replaceAll("\0", " ").toWellFormed();
  }

  /** A parameter that must be there. */
  required(name: string): Result<string> {
    const value = this.get(name);
    return value === undefined ? refuseField(name, MISSING) : ok(value);
  }

  /** What was attached, flat: `userData[a][b]` becomes `a.b`, quotes around keys go. Undefined where there is nothing. */
  userData(): Result<Readonly<Record<string, string>> | undefined> {
    const found = [...this.#values].flatMap(([name, value]) => {
      const key = userDataKey(name);
      return key === undefined ? [] : [[key, value] as const];
    });
    if (found.length === 0) return ok(undefined);
    const checked = check(UpdateUserDataSchema, { userData: Object.fromEntries(found) }, "userData");
    return checked.ok ? ok(checked.value.userData) : checked;
  }

  /** The event to read from: undefined where nothing is said. */
  position(name: string): Result<number | undefined> {
    const value = this.get(name);
    if (value === undefined) return ok(undefined);
    return check(z.coerce.number().int().min(-1), value, name);
  }
}

function userDataKey(name: string): string | undefined {
  const match = /^userData((?:\[[^[\]]*\])+)$/.exec(name);
  const keys = match?.[1]?.slice(1, -1).split("][");
  return keys?.map((key) => key.replace(/^"(.*)"$|^'(.*)'$/, "$1$2")).join(".");
}

/** Reads the parameters of an operation that carries no file. */
export function readFields(request: Request, now: () => number): Promise<Result<Fields>> {
  return isForm(request) ? readFormFields(request, now) : readEncodedFields(request);
}

function readFormFields(request: Request, now: () => number): Promise<Result<Fields>> {
  return readParts(request, now, async (parts) => {
    const pairs: [string, string][] = [];
    for await (const part of parts) pairs.push([part.name, await part.text()]);
    return ok(new Fields(pairs));
  });
}

async function readEncodedFields(request: Request): Promise<Result<Fields>> {
  const type = (request.headers.get("Content-Type") ?? "").split(";")[0]?.trim().toLowerCase();
  const bytes = await readAtMost(request, MAX_BODY_BYTES);
  if (!bytes.ok) return bytes;
  if (bytes.value.length > 0 && type !== "application/x-www-form-urlencoded") {
    return refuse({
      reason: "unsupported-media-type",
      expected: "application/x-www-form-urlencoded or multipart/form-data",
    });
  }
  try {
    return ok(
      new Fields(new URLSearchParams(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes.value))),
    );
  } catch {
    return refuseField("body", "UTF-8");
  }
}

/** The customer's time zone: `TimeZone` is minutes from UTC, -480 in California. What is no such number is left alone. */
export function timeZoneOf(userData: Readonly<Record<string, string>> | undefined): string | undefined {
  const minutes = Number(userData?.TimeZone ?? Number.NaN);
  if (!Number.isInteger(minutes) || userData?.TimeZone === "") return undefined;
  const pad = (part: number) => String(Math.floor(part)).padStart(2, "0");
  const [sign, size] = [minutes < 0 ? "-" : "+", Math.abs(minutes)];
  const zone = TimeZoneSchema.safeParse(`${sign}${pad(size / MINUTE)}:${pad(size % MINUTE)}`);
  return zone.success ? zone.data : undefined;
}

/** The customer's language, where the widget attached one that is a language tag. */
export function languageOf(userData: Readonly<Record<string, string>> | undefined): string | undefined {
  const language = LanguageSchema.safeParse(userData?.GCTI_LanguageCode?.replaceAll("_", "-"));
  return language.success ? language.data : undefined;
}
