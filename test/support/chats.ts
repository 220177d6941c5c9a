/**
 * Real session objects inside workerd, for tests: each chat has an object of its own, time stands still until a test moves it,
 * and alarms ring only when they are told to. Tests that use this file stop the clock with `stopClock`.
 */
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { documentStore, type SessionPort, sessionPort } from "../../durable/kit/objects.ts";
import { makeSessionId, type SessionAddress } from "../../src/auth/session-id.ts";
import { configFor } from "../../src/config.ts";
import { type Document, objectPrefix } from "../../src/core/documents.ts";
import type { ServiceOptions } from "../../src/core/options.ts";
import type { Effect } from "../../src/core/outbox.ts";
import type { Principal } from "../../src/core/principal.ts";
import type { SessionRecord } from "../../src/core/session.ts";
import type { Reservation, ReserveUpload } from "../../src/core/uploads.ts";
import { ANNA, accepted, CUSTOMER, type Opening, openCommand, SYSTEM } from "./core-fixtures.ts";
import { TestObject } from "./test-object.ts";

/** When these tests begin: far ahead, so that no alarm is due by the machine's own clock and none rings by itself. */
export const BEGIN = Date.UTC(2040, 0, 15, 12);

/** Stops the clock at `BEGIN`. Only the date is faked: timers and the platform go on. */
export function stopClock(): void {
  vi.useFakeTimers({ toFake: ["Date"], now: BEGIN });
}

/** Moves the clock of tests and objects forward, in milliseconds. */
export function pass(milliseconds: number): void {
  vi.setSystemTime(Date.now() + milliseconds);
}

/** A service that no configuration knows, so that a chat keeps the options it was opened with. */
const SERVICE = "unconfigured";

/** A reservation that waits for its bytes. */
export type Reserved = Extract<Reservation, { kind: "reserved" }>;

/** One chat in an object of its own. */
export class Chat extends TestObject {
  readonly address: SessionAddress;
  readonly port: SessionPort;

  constructor(address: SessionAddress) {
    super();
    this.address = address;
    this.port = sessionPort(env, address);
  }

  get stub() {
    return env.SESSIONS.getByName(this.address.sessionId);
  }

  /** Opens the session with these options. */
  async open(options: Partial<ServiceOptions> = {}, opening: Opening = {}): Promise<this> {
    const { sessionId, service, startDay } = this.address;
    const command = openCommand(options, opening);
    const record = { ...command.record, sessionId, service, startDay };
    accepted(await this.port.execute(SYSTEM, { ...command, record }));
    return this;
  }

  /** Rings the alarm until no effect is due any more, as it would by itself. */
  async settle(): Promise<void> {
    for (let rings = 0; rings < 20; rings += 1) {
      const due = (await this.effects()).some(({ dueAt, parkedAt }) => parkedAt === undefined && dueAt <= Date.now());
      if (!due) return;
      await this.alarm();
    }
    throw new Error("effects are due for ever");
  }

  /** Names of everything the object's storage holds: tables, indexes, and keys. */
  async stored(): Promise<string[]> {
    const names = await this.rows("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf\\_%' ESCAPE '\\'");
    const keys = await this.inside(async (_instance, { storage }) => [...(await storage.list()).keys()]);
    return [...names.map(({ name }) => String(name)), ...keys];
  }

  /** The stored effects, earliest first. */
  async effects(): Promise<Effect[]> {
    const effects = await this.#bodies<Effect>("effects");
    return effects.sort((a, b) => a.dueAt - b.dueAt);
  }

  /** The stored documents, oldest first. */
  async documents(): Promise<Document[]> {
    const documents = await this.#bodies<Document>("documents");
    return documents.sort((a, b) => a.createdAt - b.createdAt || a.attempt - b.attempt);
  }

  /** Where one document is in its life; `forgotten` where it has no row. */
  async state({ documentId }: { documentId: string }): Promise<string> {
    const document = (await this.documents()).find((one) => one.documentId === documentId);
    return document?.phase.state ?? "forgotten";
  }

  /** The stored session. */
  async record(): Promise<SessionRecord | undefined> {
    return (await this.#bodies<SessionRecord>("session"))[0];
  }

  /** Name of the phase the session is in. */
  async phase(): Promise<string | undefined> {
    return (await this.record())?.phase.name;
  }

  /** Types of the events in the transcript. */
  async eventTypes(): Promise<string[]> {
    return (await this.rows("SELECT type FROM events ORDER BY position")).map(({ type }) => String(type));
  }

  /** What the customer has used of the quota. */
  async used() {
    return accepted(await this.port.limits(SYSTEM)).used;
  }

  /** Keys in the store under the session's prefix, tombstones too, without the prefix. */
  async keys(): Promise<string[]> {
    const prefix = objectPrefix(this.address);
    const { objects } = await env.FILES.list({ prefix });
    return objects.map(({ key }) => key.slice(prefix.length));
  }

  /** Holds quota for a text file of 100 bytes, unless the test says otherwise. */
  async reserve(wish: Partial<Omit<ReserveUpload, "type">> = {}, who: Principal = CUSTOMER): Promise<Reserved> {
    const command = { name: "a.txt", extension: "txt", size: 100, exact: true, ...wish };
    const reservation = accepted(await this.port.execute(who, { type: "ReserveUpload", ...command }));
    if (reservation.kind !== "reserved") throw new Error("the upload had succeeded before");
    return reservation;
  }

  /** Lets Anna in. */
  async join(): Promise<this> {
    accepted(await this.port.execute(ANNA, { type: "JoinSession" }));
    return this;
  }

  /** Says something as the customer. */
  async say(text: string, who: Principal = CUSTOMER): Promise<number> {
    const sent = await this.port.execute(who, { type: "SendMessage", text, visibility: "all" });
    return accepted(sent).position;
  }

  async #bodies<T>(table: string): Promise<T[]> {
    return (await this.rows(`SELECT body FROM ${table}`)).map(({ body }) => JSON.parse(String(body)) as T);
  }
}

/** A chat whose object was never opened, of a service that no configuration knows. */
export async function unopenedChat(service = SERVICE): Promise<Chat> {
  const config = configFor(env);
  if (!config.ok) throw new Error("the tests' configuration is wrong");
  return new Chat(await makeSessionId(config.config, service, Date.now()));
}

/** A chat that a customer has just opened. */
export async function openedChat(options: Partial<ServiceOptions> = {}, opening: Opening = {}): Promise<Chat> {
  return (await unopenedChat()).open(options, opening);
}

/** The store of these tests. */
export const documents = () => documentStore(env, "");

/** A thing some of whose methods are replaced; the others work as before. */
export function faulty<T extends object>(target: T, methods: Record<string, (...args: never[]) => unknown>): T {
  return new Proxy(target, {
    get(real, name) {
      const replaced = typeof name === "string" ? methods[name] : undefined;
      if (replaced !== undefined) return replaced;
      const own: unknown = Reflect.get(real, name);
      return typeof own === "function" ? own.bind(real) : own;
    },
  });
}
