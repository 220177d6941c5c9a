/** Chats to test with: a customer, an agent who has joined, and files as people send them. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PRIVILEGES, type Privilege } from "../../../src/protocol/wire.ts";
import { type AnswerOf, ApiClient, type Asking, type Outcome } from "./api-client.ts";
import { PROJECT } from "./command.ts";

/** Where a test's server is. */
export type Place = () => { readonly url: string };

/** A session with its customer, and an agent with every privilege who is in it. */
export interface Chat {
  readonly sessionId: string;
  readonly opened: AnswerOf<"openSession">;
  readonly customer: ApiClient;
  readonly agent: ApiClient;
}

/** Opens a session; `service` is the sample one with default limits unless told otherwise. */
export async function openSession(
  place: Place,
  service = "customer-support",
  body: object = {},
): Promise<{ customer: ApiClient; opened: AnswerOf<"openSession"> }> {
  const url = () => place().url;
  const json = { nickname: "Ada", ...body };
  const opened = await new ApiClient(url).must("openSession", { params: { service }, json });
  return { customer: new ApiClient(url, opened.sessionId, opened.token), opened };
}

/** A development token; every privilege unless told otherwise. */
export async function agentToken(
  place: Place,
  privileges: readonly Privilege[] | Readonly<Record<string, readonly Privilege[]>> = PRIVILEGES,
  name = "Grace",
): Promise<string> {
  const json = { name, privileges };
  return (await new ApiClient(() => place().url).must("createDevelopmentAgentToken", { json })).token;
}

/** Opens a session that an agent joins. */
export async function openChat(place: Place, service?: string, body?: object): Promise<Chat> {
  const { customer, opened } = await openSession(place, service, body);
  const agent = customer.withToken(await agentToken(place));
  await agent.must("joinSession");
  return { sessionId: opened.sessionId, opened, customer, agent };
}

/** The same customer with a new token, used once: every earlier one is worthless from then on. */
export async function renewed(customer: ApiClient): Promise<ApiClient> {
  const { token } = await customer.must("renewToken");
  const next = customer.withToken(token);
  await next.must("getSession");
  return next;
}

/** Text of so many bytes; content that every check of a `.txt` accepts. */
export function textOf(bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes).fill(0x61).map((byte, index) => (index % 64 === 63 ? 0x0a : byte + (index % 26)));
}

/** A sample file of `test/support/files`. */
export async function sample(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(join(PROJECT, "test/support/files", name)));
}

/** Sends a raw body under a name. */
export function upload(
  who: ApiClient,
  name: string,
  body: NonNullable<Asking["body"]>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Outcome<AnswerOf<"uploadFile">>> {
  return who.ask("uploadFile", { query: { name }, body, headers });
}

/** Sends a raw body that must be taken. */
export async function send(
  who: ApiClient,
  name: string,
  body: NonNullable<Asking["body"]>,
): Promise<AnswerOf<"uploadFile">> {
  return who.must("uploadFile", { query: { name }, body });
}

/** A form with one file, as a page sends it. */
export function formWith(name: string, bytes: Uint8Array<ArrayBuffer>): FormData {
  const form = new FormData();
  form.set("file", new Blob([bytes]), name);
  return form;
}

/** What a refusal must leave as it was: quota, and the position of the last event. */
export async function stateOf(
  who: ApiClient,
): Promise<{ used: AnswerOf<"getLimits">["used"]; position: number; phase: string }> {
  const { limits, position, phase } = await who.must("getSession");
  return { used: limits.used, position, phase };
}

/** Every event the reader sees, from the beginning. */
export async function eventsOf(who: ApiClient): Promise<AnswerOf<"getEvents">["events"]> {
  return (await who.must("getEvents")).events;
}
