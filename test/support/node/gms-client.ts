/** A client of the Genesys door as the widgets are: it polls, remembers, and sends what they send in their order. */
import { ApiClient } from "./api-client.ts";
import { agentToken, type Place } from "./chats.ts";
import {
  type GmsAnswer,
  type GmsEvent,
  type GmsOutcome,
  type GmsRefused,
  must,
  readOutcome,
  refused,
} from "./gms-answers.ts";

/** Parameters in their order. */
export type GmsFields = Readonly<Record<string, string>>;
/** The two ways of writing parameters. */
export const ENCODINGS = ["application/x-www-form-urlencoded", "multipart/form-data"] as const;
/** What a test may send instead of what a widget sends. */
export type GmsBody = string | Uint8Array<ArrayBuffer> | FormData | URLSearchParams | null;
/** One of the encodings. */
export type Encoding = (typeof ENCODINGS)[number];

/** What a widget stores of a chat. */
export interface GmsCredentials {
  readonly chatId: string;
  readonly secureKey: string;
  readonly userId: string;
  readonly alias: string;
}

type Stored = { -readonly [K in keyof GmsCredentials]: GmsCredentials[K] };

/** Parameters in the body that this encoding writes. */
export function formOf(fields: GmsFields, encoding: Encoding): FormData | URLSearchParams {
  const pairs = Object.entries(fields);
  if (encoding === ENCODINGS[0]) return new URLSearchParams(pairs);
  const form = new FormData();
  for (const [name, value] of pairs) form.append(name, value);
  return form;
}

/** One widget, from the start of a chat to its end. */
export class GmsClient {
  readonly #place: Place;
  readonly service: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly #stored: Stored = { chatId: "", secureKey: "", userId: "", alias: "" };
  readonly #drawn = new Map<number, GmsEvent>();
  #next = 1;
  /** True once an answer said so; a widget stops polling then. */
  ended = false;

  /** `headers` go with every request but a download, which is a form's navigation. */
  constructor(place: Place, service = "customer-support", headers: Readonly<Record<string, string>> = {}) {
    this.#place = place;
    this.service = service;
    this.headers = headers;
  }

  /** What the widget would send with its next request. */
  get credentials(): GmsCredentials {
    return { ...this.#stored };
  }

  /** Every event that the widget has drawn, in their order: each index once. */
  get drawn(): readonly GmsEvent[] {
    return [...this.#drawn.values()];
  }

  /** Where the widget reads on. */
  get next(): number {
    return this.#next;
  }

  /** Address of an operation; without one, of the start. */
  address(operation?: string, chatId = this.#stored.chatId): URL {
    const base = `${this.#place().url}/genesys/2/chat/${this.service}`;
    return new URL(operation === undefined ? `${base}/` : `${base}/${chatId}/${operation}`);
  }

  /** The same chat in a page that was loaded again: only what a widget keeps is left. */
  reloaded(): GmsClient {
    const again = new GmsClient(this.#place, this.service, this.headers);
    Object.assign(again.#stored, this.#stored);
    return again;
  }

  /** The same chat with other credentials. */
  with(credentials: Partial<GmsCredentials>): GmsClient {
    const other = this.reloaded();
    Object.assign(other.#stored, credentials);
    return other;
  }

  /** The same customer at the native door. */
  get native(): ApiClient {
    return new ApiClient(() => this.#place().url, this.#stored.chatId, this.#stored.secureKey);
  }

  /** An agent with every privilege, at the native door, who has joined. */
  async agent(): Promise<ApiClient> {
    const agent = this.native.withToken(await agentToken(this.#place));
    await agent.must("joinSession");
    return agent;
  }

  /** Sends any body to an operation. */
  async post(operation: string | undefined, body: GmsBody, headers: GmsFields = {}): Promise<GmsOutcome> {
    const all = { ...this.headers, ...headers };
    const response = await fetch(this.address(operation), { method: "POST", body, headers: all });
    const outcome = await readOutcome(response);
    if (outcome.ok) this.#learn(outcome.answer);
    return outcome;
  }

  /** Starts a chat as widgets do: empty credentials, and a slash at the end of the address. */
  async start(fields: GmsFields = { nickname: "Ada" }, encoding: Encoding = ENCODINGS[0]): Promise<GmsAnswer> {
    const all = { ...this.#stored, subject: "", text: "", ...fields };
    const answer = must(await this.post(undefined, formOf(all, encoding)), "start");
    this.#draw(answer);
    return answer;
  }

  /** Asks for an operation. Limits go as multipart unless told otherwise, everything else url-encoded. */
  ask(operation: string, fields: GmsFields = {}, encoding?: Encoding): Promise<GmsOutcome> {
    const { userId, secureKey, alias } = this.#stored;
    const usual = ENCODINGS[operation === "file/limits" ? 1 : 0];
    return this.post(operation, formOf({ userId, secureKey, alias, ...fields }, encoding ?? usual));
  }

  /** Asks for what must succeed. */
  async must(operation: string, fields: GmsFields = {}, encoding?: Encoding): Promise<GmsAnswer> {
    return must(await this.ask(operation, fields, encoding), operation);
  }

  /** Asks for what must be refused. */
  async refused(operation: string, fields: GmsFields = {}, encoding?: Encoding): Promise<GmsRefused> {
    return refused(await this.ask(operation, fields, encoding), operation);
  }

  /** Polls once and gives what is new; an index that was drawn before is dropped. */
  async poll(fields: GmsFields = {}): Promise<readonly GmsEvent[]> {
    const answer = await this.must("refresh", { transcriptPosition: String(this.#next), ...fields });
    return this.#draw(answer);
  }

  /** Sends a file as widgets do: the file first, and the credentials after it. */
  upload(name: string, bytes: Uint8Array<ArrayBuffer>, fields: GmsFields = {}): Promise<GmsOutcome> {
    const form = new FormData();
    form.append("file", new Blob([bytes]), name);
    const { userId, secureKey, alias } = this.#stored;
    for (const [key, value] of Object.entries({ userId, secureKey, alias, ...fields })) form.append(key, value);
    return this.post("file", form);
  }

  /** Sends a file as other clients do: the credentials first. */
  uploadAfter(name: string, bytes: Uint8Array<ArrayBuffer>, fields: GmsFields = {}): Promise<GmsOutcome> {
    const { userId, secureKey, alias } = this.#stored;
    const form = new FormData();
    for (const [key, value] of Object.entries({ userId, secureKey, alias, ...fields })) form.append(key, value);
    form.append("file", new Blob([bytes]), name);
    return this.post("file", form);
  }

  /** Sends a file that must be taken. @returns its id */
  async send(name: string, bytes: Uint8Array<ArrayBuffer>, fields: GmsFields = {}): Promise<string> {
    const fileId = must(await this.upload(name, bytes, fields), "file").userData?.["file-id"];
    if (fileId === undefined) throw new Error("the answer names no file");
    return fileId;
  }

  /** Fetches a file as a form's navigation does: multipart, and no header of the widget's own. */
  download(fileId: string, encoding: Encoding = ENCODINGS[1]): Promise<Response> {
    const { userId, secureKey, alias } = this.#stored;
    const body = formOf({ userId, secureKey, alias }, encoding);
    return fetch(this.address(`file/${fileId}/download`), { method: "POST", body });
  }

  /** What may be sent and fetched, as the notice tells it. */
  async limits(): Promise<Readonly<Record<string, string>>> {
    const [notice] = (await this.must("file/limits")).messages;
    return notice?.userData ?? {};
  }

  /** Any value that is not empty takes the place of what was stored (reference 1.1). */
  #learn(answer: GmsAnswer): void {
    const { chatId, secureKey, userId, alias, chatEnded } = answer;
    for (const [key, value] of Object.entries({ chatId, secureKey, userId, alias })) {
      if (value !== "") this.#stored[key as keyof Stored] = value;
    }
    this.ended ||= chatEnded;
  }

  #draw({ messages, nextPosition }: GmsAnswer): readonly GmsEvent[] {
    this.#next = nextPosition;
    const fresh = messages.filter(({ index = 0 }) => !this.#drawn.has(index));
    for (const event of fresh) this.#drawn.set(event.index ?? 0, event);
    return fresh;
  }
}
