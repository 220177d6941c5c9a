/** A client of the native API for tests: every answer is parsed with the protocol's schema of its operation, or as a problem. */
import * as z from "zod";
import {
  AgentSelfSchema,
  DevAgentTokenAnswerSchema,
  EarlierChatsSchema,
  JoinedSchema,
  SignedInSchema,
  SignInWaysSchema,
} from "../../../src/protocol/agent.ts";
import {
  EventPageSchema,
  EventSchema,
  LimitsSchema,
  OpenedSessionSchema,
  SessionSchema,
  TokenSchema,
} from "../../../src/protocol/chat.ts";
import { TicketSchema, UploadedFileSchema } from "../../../src/protocol/files.ts";
import * as library from "../../../src/protocol/library.ts";
import * as lobby from "../../../src/protocol/lobby.ts";
import { type Problem, ProblemSchema } from "../../../src/protocol/problem.ts";
import * as rescan from "../../../src/protocol/rescan.ts";
import { TranscriptSchema } from "../../../src/protocol/transcripts.ts";

interface Operation<S extends z.ZodType> {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly answer: S;
}

const operation = <S extends z.ZodType>(line: string, status: number, answer: S): Operation<S> => {
  const [method = "", path = ""] = line.split(" ");
  return { method, path, status, answer };
};

const nothing = z.undefined();
const SESSION = "/v1/sessions/:sessionId";
const SERVICE = "/v1/agent/services/:service";
const RESPONSES = "/v1/agent/standard-responses";
const RESPONSE = `${RESPONSES}/:responseId`;
const EDITED = "/v1/admin/services/:service/standard-responses";
const CATEGORIES = "/v1/admin/services/:service/standard-response-categories";

/** Every operation that answers JSON or nothing, by its `operationId`. */
const OPERATIONS = {
  openSession: operation("POST /v1/services/:service/sessions", 201, OpenedSessionSchema),
  getSession: operation(`GET ${SESSION}`, 200, SessionSchema),
  getLimits: operation(`GET ${SESSION}/limits`, 200, LimitsSchema),
  getEvents: operation(`GET ${SESSION}/events`, 200, EventPageSchema),
  openSocket: operation(`GET ${SESSION}/socket`, 101, nothing),
  sendMessage: operation(`POST ${SESSION}/messages`, 201, EventSchema),
  pushUrl: operation(`POST ${SESSION}/push-url`, 201, EventSchema),
  sendNotice: operation(`POST ${SESSION}/notices`, 201, EventSchema),
  stay: operation("POST /v1/sessions/:sessionId/stay", 204, nothing),
  setTyping: operation(`POST ${SESSION}/typing`, 204, nothing),
  markRead: operation(`POST ${SESSION}/read`, 204, nothing),
  updateNickname: operation(`POST ${SESSION}/nickname`, 200, EventSchema),
  updateUserData: operation(`POST ${SESSION}/user-data`, 204, nothing),
  endSession: operation(`POST ${SESSION}/end`, 204, nothing),
  renewToken: operation(`POST ${SESSION}/token`, 201, TokenSchema),
  uploadFile: operation(`POST ${SESSION}/files`, 201, UploadedFileSchema),
  cancelUpload: operation(`DELETE ${SESSION}/uploads/:key`, 204, nothing),
  createTicket: operation(`POST ${SESSION}/files/:fileId/ticket`, 201, TicketSchema),
  deleteFile: operation(`DELETE ${SESSION}/files/:fileId`, 204, nothing),
  downloadFile: operation(`GET ${SESSION}/files/:fileId`, 200, z.instanceof(Uint8Array)),
  getTranscript: operation(`GET ${SESSION}/transcript`, 200, TranscriptSchema),
  requestTranscriptEmail: operation(`POST ${SESSION}/transcript-email`, 202, nothing),
  joinSession: operation("POST /v1/agent/sessions/:sessionId/join", 200, JoinedSchema),
  leaveSession: operation("POST /v1/agent/sessions/:sessionId/leave", 204, nothing),
  transferSession: operation("POST /v1/agent/sessions/:sessionId/transfer", 204, nothing),
  getEarlierChats: operation("GET /v1/agent/sessions/:sessionId/earlier", 200, EarlierChatsSchema),
  sendStandardResponse: operation(
    "POST /v1/agent/sessions/:sessionId/standard-responses/:responseId",
    201,
    EventSchema,
  ),
  grantUploads: operation("POST /v1/agent/sessions/:sessionId/grants", 201, EventSchema),
  setReady: operation(`POST ${SERVICE}/ready`, 200, lobby.LobbyAgentSchema),
  getQueue: operation(`GET ${SERVICE}/queue`, 200, lobby.QueueSchema),
  declineOffer: operation(`POST ${SERVICE}/offers/:sessionId/decline`, 204, nothing),
  openServiceSocket: operation(`GET ${SERVICE}/socket`, 101, nothing),
  getPlace: operation(`GET ${SESSION}/queue`, 200, lobby.PlaceSchema),
  searchStandardResponses: operation(`GET ${RESPONSES}`, 200, library.ResponsePageSchema),
  getStandardResponseCategories: operation("GET /v1/agent/standard-response-categories", 200, library.CategoriesSchema),
  getStandardResponse: operation(`GET ${RESPONSE}`, 200, library.AgentResponseSchema),
  addFavourite: operation(`PUT ${RESPONSE}/favourite`, 204, nothing),
  removeFavourite: operation(`DELETE ${RESPONSE}/favourite`, 204, nothing),
  downloadLibraryFile: operation(`GET ${RESPONSE}/files/:documentId`, 200, z.instanceof(Uint8Array)),
  createStandardResponse: operation(`POST ${EDITED}`, 201, library.StandardResponseSchema),
  replaceStandardResponse: operation(`PUT ${EDITED}/:responseId`, 200, library.StandardResponseSchema),
  deleteStandardResponse: operation(`DELETE ${EDITED}/:responseId`, 204, nothing),
  uploadLibraryFile: operation(`POST ${EDITED}/:responseId/files`, 201, library.AddedFileSchema),
  deleteLibraryFile: operation(`DELETE ${EDITED}/:responseId/files/:documentId`, 204, nothing),
  exportLibrary: operation("GET /v1/admin/services/:service/library/export", 200, library.ExportedLibrarySchema),
  importLibrary: operation("POST /v1/admin/services/:service/library/import", 200, library.ImportReportSchema),
  rescanSession: operation("POST /v1/admin/sessions/:sessionId/rescan", 200, rescan.SessionRescanSchema),
  rescanService: operation("POST /v1/admin/services/:service/rescan", 200, rescan.ServiceRescanSchema),
  rescanLibrary: operation("POST /v1/admin/services/:service/library/rescan", 200, rescan.LibraryRescanSchema),
  createStandardResponseCategory: operation(`POST ${CATEGORIES}`, 201, library.CategorySchema),
  replaceStandardResponseCategory: operation(`PUT ${CATEGORIES}/:categoryId`, 200, library.CategorySchema),
  deleteStandardResponseCategory: operation(`DELETE ${CATEGORIES}/:categoryId`, 204, nothing),
  getAgentSelf: operation("GET /v1/agent/me", 200, AgentSelfSchema),
  getSignInWays: operation("GET /v1/agent/sign-in", 200, SignInWaysSchema),
  signIn: operation("POST /v1/agent/sign-in/:provider", 200, SignedInSchema),
  createDevelopmentAgentToken: operation("POST /v1/dev/agent-token", 201, DevAgentTokenAnswerSchema),
};

/** Names of operations. */
export type OperationName = keyof typeof OPERATIONS;
/** What an operation answers. */
export type AnswerOf<N extends OperationName> = z.infer<(typeof OPERATIONS)[N]["answer"]>;

/** Operations that answer a file's bytes. */
const FILES: readonly OperationName[] = ["downloadFile", "downloadLibraryFile"];
const BY_NAME: { readonly [N in OperationName]: Operation<z.ZodType<AnswerOf<N>>> } = OPERATIONS;

/** The HTTP method of an operation. */
export function methodOf(name: OperationName): string {
  return OPERATIONS[name].method;
}

/** What one request carries. `json` is sent as it is, wrong or not. */
export interface Asking {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly body?: string | Uint8Array<ArrayBuffer> | FormData | ReadableStream<Uint8Array>;
  readonly signal?: AbortSignal;
}

/** An answer that satisfied its schema: what was asked for, or a problem. */
export type Outcome<T> =
  | { readonly ok: true; readonly status: number; readonly headers: Headers; readonly value: T }
  | { readonly ok: false; readonly status: number; readonly headers: Headers; readonly problem: Problem };

/** One person's way to a server: an address and, where there is one, a session and a token. */
export class ApiClient {
  readonly #url: () => string;
  readonly sessionId: string;
  readonly token: string | undefined;

  /** `url` is asked each time, since a server that starts again has another port. */
  constructor(url: () => string, sessionId = "", token?: string) {
    this.#url = url;
    this.sessionId = sessionId;
    this.token = token;
  }

  /** The same session with another token, or without any. */
  withToken(token: string | undefined): ApiClient {
    return new ApiClient(this.#url, this.sessionId, token);
  }

  /** The same token for another session. */
  inSession(sessionId: string): ApiClient {
    return new ApiClient(this.#url, sessionId, this.token);
  }

  /** Absolute address of an operation. */
  address(name: OperationName, { params = {}, query = {} }: Asking = {}): URL {
    const all: Record<string, string> = { sessionId: this.sessionId, ...params };
    const path = OPERATIONS[name].path.replace(/:(\w+)/g, (_all, key: string) => encodeURIComponent(all[key] ?? ""));
    const url = new URL(path, this.#url());
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
    return url;
  }

  /** Asks, and parses what comes. Fails only where the answer is not what the protocol promises. */
  async ask<N extends OperationName>(name: N, asking: Asking = {}): Promise<Outcome<AnswerOf<N>>> {
    const { method, status, answer } = BY_NAME[name];
    const authorization = this.token === undefined ? {} : { Authorization: `Bearer ${this.token}` };
    const json = asking.json === undefined ? {} : { "Content-Type": "application/json" };
    const body = asking.json === undefined ? asking.body : JSON.stringify(asking.json);
    const response = await fetch(this.address(name, asking), {
      method,
      headers: { ...authorization, ...json, ...asking.headers },
      ...(body === undefined ? {} : { body, duplex: "half" }),
      ...(asking.signal === undefined ? {} : { signal: asking.signal }),
    });
    const { headers } = response;
    if (!response.ok && response.status !== 304) {
      return { ok: false, status: response.status, headers, problem: await readProblem(response) };
    }
    const partial = FILES.includes(name) && [206, 304].includes(response.status);
    if (response.status !== status && !partial) throw new Error(`${name} answered ${response.status}`);
    return { ok: true, status: response.status, headers, value: answer.parse(await readContent(name, response)) };
  }

  /** Asks for what must succeed; a problem becomes an error that shows it. */
  async must<N extends OperationName>(name: N, asking: Asking = {}): Promise<AnswerOf<N>> {
    const outcome = await this.ask(name, asking);
    if (!outcome.ok) throw new Error(`${name} was refused: ${JSON.stringify(outcome.problem)}`);
    return outcome.value;
  }

  /** Asks for what must be refused; the answer is the problem with its status. */
  async refused<N extends OperationName>(name: N, asking: Asking = {}): Promise<Problem> {
    const outcome = await this.ask(name, asking);
    if (outcome.ok) throw new Error(`${name} was not refused: ${outcome.status}`);
    return outcome.problem;
  }
}

async function readContent(name: OperationName, response: Response): Promise<unknown> {
  if (FILES.includes(name)) return new Uint8Array(await response.arrayBuffer());
  const text = await response.text();
  if (text === "") return undefined;
  if (response.headers.get("Content-Type") !== "application/json") throw new Error(`${name} answered no JSON`);
  return JSON.parse(text);
}

/** A problem document whose status is the response's, and whose request id is in the header too (RFC 9457). */
export async function readProblem(response: Response): Promise<Problem> {
  const text = await response.text();
  const type = response.headers.get("Content-Type");
  if (type !== "application/problem+json")
    throw new Error(`${response.status} is no problem document: ${type} ${text}`);
  const problem = z.strictObject(ProblemSchema.shape).parse(JSON.parse(text));
  if (problem.status !== response.status) throw new Error(`the problem says ${problem.status}, not ${response.status}`);
  if (problem.requestId === undefined || problem.requestId !== response.headers.get("X-Request-Id"))
    throw new Error("the problem does not carry the request's id");
  return problem;
}
