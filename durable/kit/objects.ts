/** Names of objects to typed stubs, and buckets to stores: the one place that knows how a session is reached. */
import { createDocumentStore, type DocumentStore } from "../../src/backends/documents.ts";
import type { QueuePlace } from "../../src/core/assignment.ts";
import type { AttemptRef, StoredFile } from "../../src/core/attempts.ts";
import type { Named } from "../../src/core/chat.ts";
import { type CommandType, isRepeatable, type ReplyOf } from "../../src/core/commands.ts";
import { directoryName } from "../../src/core/directory.ts";
import type { Download, DownloadConditions } from "../../src/core/downloads.ts";
import type { EarlierChats } from "../../src/core/earlier-chats.ts";
import type {
  AddedFile,
  AgentResponse,
  Category,
  LibraryPage,
  LibrarySearch,
  ResponseEdit,
  StandardResponse,
  TakenResponse,
} from "../../src/core/library.ts";
import type {
  FileWish,
  LibraryEnding,
  LibraryLimits,
  LibraryObject,
  LibraryPlace,
  LibraryReservation,
} from "../../src/core/library-documents.ts";
import type { ImportReport, LibraryExport } from "../../src/core/library-transfer.ts";
import type { Jurisdiction } from "../../src/core/options.ts";
import type { AgentPrincipal, Principal } from "../../src/core/principal.ts";
import type { Result } from "../../src/core/refusal.ts";
import type { PollPage, TranscriptPage } from "../../src/core/views.ts";
import type { WireEventPage, WireLimits, WireSession } from "../../src/protocol/chat.ts";
import type { WireLobbyAgent, WireQueue } from "../../src/protocol/lobby.ts";
import { invoke } from "./invoke.ts";

/** One chat session, wherever it lives. Refusals are values; faults reject. */
export interface SessionPort {
  /** Every change to a chat, from any channel. */
  execute<T extends CommandType>(principal: Principal, command: Named<T>): Promise<Result<ReplyOf<T>>>;
  /** The session as this principal sees it. */
  view(principal: Principal): Promise<Result<WireSession>>;
  /** The limits of the customer's files. */
  limits(principal: Principal): Promise<Result<WireLimits>>;
  /** Events after a position, at most a page; a sign of life of a customer who polls. */
  events(principal: Principal, after: number): Promise<Result<WireEventPage>>;
  /** The same for a client that numbers everything it gets, typing too, and has no other way to learn of anything. */
  poll(principal: Principal, after: number): Promise<Result<PollPage>>;
  /** A page of the transcript without agents' notes, for rendering. */
  transcript(principal: Principal, before?: number): Promise<Result<TranscriptPage>>;
  /** The frozen transcript mail, where there is one. */
  frozenMail(principal: Principal): Promise<Result<string | undefined>>;
  /** Earlier chats of a customer with the same address, for agents; `from` is the month to go on with. */
  earlier(principal: Principal, from?: string): Promise<Result<EarlierChats>>;
  /**
   * Hands a socket to the object: `live` for the native protocol, `poll` for one answer. Answers 101, or for a poll
   * with news 200 and a page; where it refuses, the `Refusal` as JSON under the status of its public face.
   */
  connect(
    principal: Principal,
    request: { kind: "live" | "poll"; after: number; protocol?: string },
  ): Promise<Response>;
}

/** The standard responses of one service. Refusals are values; faults reject. */
export interface LibraryPort {
  /** Responses for an agent, a page at a time. */
  search(agentId: string, search: LibrarySearch): Promise<LibraryPage>;
  /** One response with its texts and files. */
  response(agentId: string, responseId: string): Promise<Result<AgentResponse>>;
  /** Every category, by name. */
  categories(): Promise<Category[]>;
  /** Adds a response to an agent's favourites, or takes it away. */
  setFavourite(agentId: string, responseId: string, favourite: boolean): Promise<Result<undefined>>;
  /** Creates or replaces a response. */
  saveResponse(edit: ResponseEdit): Promise<Result<StandardResponse>>;
  /** Removes a response; `from` is the version its editor saw. */
  deleteResponse(responseId: string, from?: number): Promise<Result<undefined>>;
  /** Creates or replaces a category. */
  saveCategory(category: Category, mode: "create" | "replace"): Promise<Result<Category>>;
  /** Removes a category in which nothing lies. */
  deleteCategory(categoryId: string): Promise<Result<undefined>>;
  /** Texts, categories and the names of files, beginning after a response; the empty text for the first part. */
  exportPart(after: string): Promise<LibraryExport>;
  /** Brings in categories and texts by their ids, all or nothing. */
  importPart(part: Pick<LibraryExport, "categories" | "responses">): Promise<Result<ImportReport>>;
  /** Holds a place for a file; the upload then goes the way of all uploads. */
  reserveFile(
    place: LibraryPlace,
    responseId: string,
    wish: FileWish,
    limits: LibraryLimits,
  ): Promise<Result<LibraryReservation>>;
  /** Says that bytes move. */
  renewFile(ref: AttemptRef): Promise<Result<undefined>>;
  /** Says that a rescue works on the upload now; refused while somebody else does. */
  resumeFile(ref: AttemptRef): Promise<Result<undefined>>;
  /** Keeps the id of a multipart upload, before any part is sent. */
  attachMultipart(ref: AttemptRef, multipartId: string): Promise<Result<undefined>>;
  /** Makes a stored and judged file part of its response, in the place of one that had its name. */
  commitFile(file: AttemptRef & StoredFile): Promise<Result<AddedFile>>;
  /** Gives an upload up. */
  releaseFile(ref: AttemptRef, ending: LibraryEnding): Promise<Result<undefined>>;
  /** Takes a file from its response. */
  deleteFile(responseId: string, documentId: string): Promise<Result<undefined>>;
  /** A part of what is stored, beginning after a document; the empty text for the first. */
  storedFiles(after: string, limit: number): Promise<LibraryObject[]>;
  /** Takes a file with malware from its response; tells which sessions show it, and are to withdraw it. Repeatable. */
  quarantineFile(documentId: string): Promise<string[]>;
  /** Removes its bytes, once no session shows it any more. Repeatable. */
  purgeFile(documentId: string): Promise<void>;
  /** Where the bytes of a response's file lie, and which of them to send. */
  openFile(responseId: string, documentId: string, conditions: DownloadConditions): Promise<Result<Download>>;
  /**
   * A response for a session, in the language nearest to the one asked for; the text still holds its variables. From then
   * on the session refers to the files, until it is dropped: call it before the session announces them. Repeatable.
   * `agentId` is who sends it: it becomes the newest of what they sent. An erased session is refused.
   */
  takeForSession(
    sessionId: string,
    responseId: string,
    language?: string,
    agentId?: string,
  ): Promise<Result<TakenResponse>>;
  /** A session is erased: it refers to nothing any more, and what nobody needs then is purged. Repeatable. */
  dropSession(sessionId: string): Promise<void>;
  /** Whether a session refers to a document. */
  isReferenced(documentId: string): Promise<boolean>;
}

/** The sessions of one service and month. */
export interface DirectoryPort {
  /** Ids of sessions, beginning after one; the empty text for the first. */
  sessionsAfter(sessionId: string, limit: number): Promise<string[]>;
}

/** The queue and the agents of one service. Faults reject; nothing is refused, since it only ever hints. */
export interface LobbyPort {
  /** Says whether offers are wanted, and how many chats at once; a sign of life. */
  setReady(
    agent: AgentPrincipal,
    state: { readonly ready: boolean; readonly capacity?: number },
  ): Promise<WireLobbyAgent>;
  /** The queue as this agent sees it; a sign of life. Not named `queue`: tests in workerd cannot call that. */
  view(agent: AgentPrincipal): Promise<WireQueue>;
  /** Refuses an offer, or says that a session is not for this agent. Of another version it means nothing. */
  decline(agent: AgentPrincipal, sessionId: string, assignment: number): Promise<void>;
  /** Where a session stands; undefined where it does not wait. */
  place(sessionId: string): Promise<QueuePlace | undefined>;
  /** Hands the agent's socket to the object; answers 101. */
  connect(agent: AgentPrincipal, protocol: string): Promise<Response>;
}

/** Where an object lives, as its session id says. */
export interface Placement {
  readonly sessionId: string;
  readonly jurisdiction: Jurisdiction | "";
}

/** Header that carries the verified principal to the object; nothing from outside reaches an object with it. */
export const PRINCIPAL_HEADER = "X-Satchel-Principal";

/** What workerd answers outside Cloudflare's network. */
const NO_JURISDICTIONS = "Jurisdiction restrictions are not implemented in workerd.";

/** A namespace of objects, as far as finding one goes. */
interface Namespace<S> {
  getByName(name: string): S;
  jurisdiction(jurisdiction: Jurisdiction): Namespace<S>;
}

/** Bindings this file needs. */
export interface Bindings {
  readonly SESSIONS: Namespace<Fetcher>;
  readonly LIBRARY: Namespace<object>;
  readonly LOBBY: Namespace<Fetcher>;
  readonly DIRECTORY: Namespace<object>;
  readonly FILES: R2Bucket;
  readonly FILES_EU?: R2Bucket;
  readonly FILES_FEDRAMP?: R2Bucket;
}

/** The session with this id. Making a port wakes nothing. */
export function sessionPort(env: Bindings, { sessionId, jurisdiction }: Placement): SessionPort {
  const fresh = () => within(env.SESSIONS, jurisdiction).getByName(sessionId);
  const call = <R>(method: string, args: readonly unknown[], repeatable = true) =>
    invoke<R>(fresh, method, args, repeatable);
  return {
    execute: (principal, command) => call("execute", [principal, command], isRepeatable(command)),
    view: (principal) => call("view", [principal]),
    limits: (principal) => call("limits", [principal]),
    events: (principal, after) => call("events", [principal, after]),
    poll: (principal, after) => call("poll", [principal, after]),
    transcript: (principal, before) => call("transcript", [principal, before]),
    frozenMail: (principal) => call("frozenMail", [principal]),
    earlier: (principal, from) => call("earlier", [principal, from]),
    connect: (principal, { kind, after, protocol }) =>
      fresh().fetch(`https://session/${kind}?after=${after}`, upgrade(principal, protocol)),
  };
}

/** The directory of a service's sessions that began in a month, `YYYY-MM`. Making a port wakes nothing. */
export function directoryPort(env: Bindings, { service, jurisdiction }: LibraryPlace, month: string): DirectoryPort {
  const name = directoryName({ service, startDay: month });
  const fresh = () => within(env.DIRECTORY, jurisdiction).getByName(name);
  return { sessionsAfter: (...args) => invoke(fresh, "sessionsAfter", args, true) };
}

/** The Lobby of a service: a session's is the one of its own jurisdiction. Making a port wakes nothing. */
export function lobbyPort(env: Bindings, { service, jurisdiction }: LibraryPlace): LobbyPort {
  const fresh = () => within(env.LOBBY, jurisdiction).getByName(service);
  const call = <R>(method: keyof LobbyPort, args: readonly unknown[]) => invoke<R>(fresh, method, args, true);
  return {
    setReady: (...args) => call("setReady", args),
    view: (agent) => call("view", [agent]),
    decline: (...args) => call("decline", args),
    place: (sessionId) => call("place", [sessionId]),
    connect: (agent, protocol) => fresh().fetch("https://lobby/", upgrade(agent, protocol)),
  };
}

function upgrade(principal: Principal, protocol: string | undefined): { readonly headers: Headers } {
  const carried = encodeURIComponent(JSON.stringify(principal));
  const headers = new Headers({ Upgrade: "websocket", [PRINCIPAL_HEADER]: carried });
  if (protocol !== undefined) headers.set("Sec-WebSocket-Protocol", protocol);
  return { headers };
}

/**
 * The library of a service. A session's is the one of its own jurisdiction, since its files lie where the session's do.
 * Making a port wakes nothing.
 */
export function libraryPort(env: Bindings, { service, jurisdiction }: LibraryPlace): LibraryPort {
  const fresh = () => within(env.LIBRARY, jurisdiction).getByName(service);
  const call = <R>(method: keyof LibraryPort, args: readonly unknown[], repeatable = true) =>
    invoke<R>(fresh, method, args, repeatable);
  return {
    search: (...args) => call("search", args),
    response: (...args) => call("response", args),
    categories: () => call("categories", []),
    setFavourite: (...args) => call("setFavourite", args),
    saveResponse: (edit) => call("saveResponse", [edit], edit.mode === "create"),
    deleteResponse: (...args) => call("deleteResponse", args, false),
    saveCategory: (...args) => call("saveCategory", args),
    deleteCategory: (...args) => call("deleteCategory", args, false),
    exportPart: (...args) => call("exportPart", args),
    importPart: (...args) => call("importPart", args),
    reserveFile: (...args) => call("reserveFile", args, false),
    renewFile: (...args) => call("renewFile", args),
    resumeFile: (ref) => call("resumeFile", [ref], false),
    attachMultipart: (...args) => call("attachMultipart", args),
    commitFile: (...args) => call("commitFile", args),
    releaseFile: (...args) => call("releaseFile", args),
    deleteFile: (...args) => call("deleteFile", args, false),
    storedFiles: (...args) => call("storedFiles", args),
    quarantineFile: (documentId) => call("quarantineFile", [documentId]),
    purgeFile: (documentId) => call("purgeFile", [documentId]),
    openFile: (...args) => call("openFile", args),
    takeForSession: (...args) => call("takeForSession", args),
    dropSession: (...args) => call("dropSession", args),
    isReferenced: (...args) => call("isReferenced", args),
  };
}

/** The documents of a jurisdiction. */
export function documentStore(env: Bindings, jurisdiction: Jurisdiction | ""): DocumentStore {
  const bucket = { "": env.FILES, eu: env.FILES_EU, fedramp: env.FILES_FEDRAMP }[jurisdiction];
  if (bucket === undefined) throw new Error(`no bucket binding for jurisdiction ${jurisdiction}`);
  return createDocumentStore(bucket);
}

/**
 * The namespace of a jurisdiction: on Cloudflare its objects never leave it. workerd on one's own machine has no
 * jurisdictions and says so by an error of its own; there objects live on that machine, as all others do. Any other
 * error stays one: nothing is ever stored outside its jurisdiction because the platform was in trouble.
 */
export function within<S>(namespace: Namespace<S>, jurisdiction: Jurisdiction | ""): Namespace<S> {
  if (jurisdiction === "") return namespace;
  try {
    return namespace.jurisdiction(jurisdiction);
  } catch (error) {
    if (error instanceof Error && error.message === NO_JURISDICTIONS) return namespace;
    throw error;
  }
}
