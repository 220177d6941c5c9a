/** What each route demands of who asks; the security suite holds the server to it. A route that is missing here fails it. */
import { PRIVILEGES, type Privilege } from "../../../src/protocol/wire.ts";
import type { ApiClient, Asking, OperationName } from "./api-client.ts";
import { type Chat, openChat, send, textOf } from "./chats.ts";
import { SlowUpload } from "./slow-upload.ts";
import { upgradeRefusal } from "./socket-client.ts";

/** The service of the scene. */
const SERVICE = "customer-support";

/** Who may ask. `reading`: supervisors and compliance officers may, without being in the session. */
export interface Expectation {
  readonly access: "participant" | "customer" | "agent" | "agent-service" | "agent-session" | "agent-any";
  readonly privilege?: Privilege;
  /** Does as well as the one before. */
  readonly orPrivilege?: Privilege;
  readonly reading?: true;
  /** The code that an agent who may ask gets all the same, since what the scene has is the customer's own. */
  readonly notTheirs?: string;
  /** What a request carries that lacks nothing but the right to ask. */
  readonly asking?: (scene: Scene) => Asking;
}

/** A chat in which every route has something to act on. */
export interface Scene extends Chat {
  /** The customer's file, and the key of an upload of theirs that is under way. */
  readonly fileId: string;
  readonly key: string;
  /** A standard response with a file, and an empty category, in the session's service. */
  readonly responseId: string;
  readonly documentId: string;
  readonly categoryId: string;
}

const RESPONSE = { title: "Greeting", language: "en", text: "Hello {{customer.nickname}}" };
const LIBRARY = { format: "satchel-standard-responses", categories: [], responses: [] };
const json = (body: unknown) => () => ({ json: body });
const file = ({ fileId }: Scene): Asking => ({ params: { fileId } });
const service = SERVICE;
const lookUp = ({ responseId, documentId }: Scene): Asking => ({
  params: { responseId, documentId },
  query: { service },
});
const edit =
  (more: Omit<Asking, "params"> = {}) =>
  ({ responseId, documentId, categoryId }: Scene): Asking => ({
    params: { service, responseId, documentId, categoryId },
    ...more,
  });
const TAKER = { access: "agent-service", privilege: "chat:take" } as const;
/** The scene has no scanner: who may ask is told so. */
const OFFICER = {
  access: "agent-service",
  privilege: "compliance:erase",
  notTheirs: "scanner-unavailable",
} as const;
const EDITOR = { access: "agent-service", privilege: "library:edit" } as const;

/** Every route that asks for credentials. */
export const GUARDED: Partial<Readonly<Record<OperationName, Expectation>>> = {
  getSession: { access: "participant", reading: true },
  getLimits: { access: "participant", reading: true },
  getEvents: { access: "participant", reading: true },
  openSocket: { access: "participant", reading: true },
  getTranscript: { access: "participant", reading: true },
  sendMessage: { access: "participant", asking: json({ text: "a text" }) },
  pushUrl: { access: "participant", privilege: "chat:push-url", asking: json({ url: "https://example.com/" }) },
  sendNotice: { access: "participant", asking: json({ text: "a notice" }) },
  setTyping: { access: "participant", asking: json({ typing: true }) },
  stay: { access: "participant" },
  markRead: { access: "participant", asking: json({ position: 1 }) },
  updateNickname: { access: "participant", asking: json({ nickname: "Another" }) },
  updateUserData: { access: "participant", asking: json({ userData: { order: "1" } }) },
  endSession: { access: "participant" },
  renewToken: { access: "customer" },
  uploadFile: {
    access: "participant",
    privilege: "chat:transfer-file-from-file-system",
    asking: () => ({ query: { name: "b.txt" }, body: textOf(10) }),
  },
  cancelUpload: { access: "participant", notTheirs: "unknown-upload", asking: ({ key }) => ({ params: { key } }) },
  createTicket: { access: "participant", privilege: "chat:save-files", asking: file },
  downloadFile: { access: "participant", privilege: "chat:save-files", asking: file },
  deleteFile: { access: "participant", notTheirs: "not-own-file", asking: file },
  requestTranscriptEmail: { access: "customer", asking: json({ to: "ada@example.com" }) },
  joinSession: { access: "agent", privilege: "chat:take" },
  leaveSession: { access: "agent" },
  grantUploads: { access: "agent", privilege: "chat:take", asking: json({ files: 1, bytes: 1000 }) },
  getEarlierChats: { access: "agent", privilege: "chat:take" },
  sendStandardResponse: {
    access: "agent",
    privilege: "chat:transfer-file-from-standard-response",
    asking: ({ responseId }) => ({ params: { responseId } }),
  },
  transferSession: { access: "agent", privilege: "chat:take", asking: json({ to: "dev:Nobody" }) },
  rescanSession: { access: "agent-session", privilege: "compliance:erase", notTheirs: "scanner-unavailable" },
  rescanService: { ...OFFICER, asking: () => ({ params: { service }, query: { month: "2026-11" } }) },
  rescanLibrary: { ...OFFICER, asking: () => ({ params: { service } }) },
  setReady: { ...TAKER, asking: () => ({ params: { service }, json: { ready: false } }) },
  getQueue: { ...TAKER, orPrivilege: "chat:supervise", asking: () => ({ params: { service } }) },
  declineOffer: { ...TAKER, asking: () => ({ params: { service }, json: { assignment: 1 } }) },
  openServiceSocket: { ...TAKER, orPrivilege: "chat:supervise", asking: () => ({ params: { service } }) },
  getPlace: { access: "customer" },
  searchStandardResponses: { access: "agent-service", asking: () => ({ query: { service } }) },
  getStandardResponseCategories: { access: "agent-service", asking: () => ({ query: { service } }) },
  getStandardResponse: { access: "agent-service", asking: lookUp },
  addFavourite: { access: "agent-service", asking: lookUp },
  removeFavourite: { access: "agent-service", asking: lookUp },
  getAgentSelf: { access: "agent-any" },
  downloadLibraryFile: { access: "agent-service", asking: lookUp },
  createStandardResponse: { ...EDITOR, asking: edit({ json: RESPONSE }) },
  replaceStandardResponse: { ...EDITOR, asking: edit({ json: RESPONSE }) },
  deleteStandardResponse: { ...EDITOR, asking: edit() },
  uploadLibraryFile: { ...EDITOR, asking: edit({ query: { name: "b.txt" }, body: textOf(10) }) },
  deleteLibraryFile: { ...EDITOR, asking: edit() },
  exportLibrary: { ...EDITOR, asking: edit() },
  importLibrary: { ...EDITOR, asking: edit({ json: LIBRARY }) },
  createStandardResponseCategory: { ...EDITOR, asking: edit({ json: { name: "Bills" } }) },
  replaceStandardResponseCategory: { ...EDITOR, asking: edit({ json: { name: "Bills" } }) },
  deleteStandardResponseCategory: { ...EDITOR, asking: edit() },
};

/** Routes that anybody may ask, and the development issuer, which exists only where it may. */
export const OPEN = [
  "openSession",
  "getHealth",
  "getDescription",
  "getSignInWays",
  "signIn",
  "createDevelopmentAgentToken",
] as const;

/** Everything an agent can have but what lets them read sessions they are not in. */
export const ORDINARY: readonly Privilege[] = PRIVILEGES.filter(
  (one) => one !== "chat:supervise" && one !== "compliance:read",
);

/** Opens a chat and prepares it. The upload that it holds open must be let go: call `leave`. */
export async function setScene(place: () => { readonly url: string }): Promise<Scene & { leave(): void }> {
  const chat = await openChat(place);
  const { fileId } = await send(chat.customer, "a.txt", textOf(100));
  const key = "upload-1";
  const held = new SlowUpload(chat.customer, "held.txt", 1000, { "Idempotency-Key": key });
  await held.write(textOf(10));
  for (let used = 0; used < 2; ) used = (await chat.customer.must("getLimits")).used.files;
  return { ...chat, fileId, key, ...(await fillLibrary(chat.agent)), leave: () => held.leave() };
}

/** Puts a response with a file, and a category, into the library. */
export async function fillLibrary(agent: ApiClient) {
  const params = { service };
  const { responseId } = await agent.must("createStandardResponse", { params, json: RESPONSE });
  const asking = { params: { service, responseId }, query: { name: "a.txt" }, body: textOf(100) };
  const { documentId } = await agent.must("uploadLibraryFile", asking);
  const { categoryId } = await agent.must("createStandardResponseCategory", { params, json: { name: "Bills" } });
  return { service, responseId, documentId, categoryId };
}

/** What an agent of the session who has just these privileges in its service is told; undefined where it is granted. */
export function toldWith(privileges: readonly Privilege[], { access, privilege, orPrivilege, notTheirs }: Expectation) {
  if (access === "customer") return "unauthenticated";
  if (access === "participant" && privileges.length === 0) return "not-joined";
  if (access === "agent-service" && privileges.length === 0) return "missing-privilege";
  const enough = privileges.some((one) => one === privilege || one === orPrivilege);
  if (privilege !== undefined && !enough) return "missing-privilege";
  return notTheirs;
}

/** Asks as the table says; undefined where it was granted. */
export async function attempt(who: ApiClient, name: OperationName, scene: Scene, extra: Asking = {}) {
  const asking = { ...GUARDED[name]?.asking?.(scene), ...extra };
  if (name === "openSocket" || name === "openServiceSocket") return upgradeRefusal(who, asking.headers, name, asking);
  const outcome = await who.ask(name, asking);
  return outcome.ok ? undefined : outcome.problem;
}
