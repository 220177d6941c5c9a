/** What each route demands of who asks; the security suite holds the server to it. A route that is missing here fails it. */
import { PRIVILEGES, type Privilege } from "../../../src/protocol/wire.ts";
import type { ApiClient, Asking, OperationName } from "./api-client.ts";
import { type Chat, openChat, send, textOf } from "./chats.ts";
import { SlowUpload } from "./slow-upload.ts";
import { upgradeRefusal } from "./socket-client.ts";

/** Who may ask. `reading`: supervisors and compliance officers may, without being in the session. */
export interface Expectation {
  readonly access: "participant" | "customer" | "agent";
  readonly privilege?: Privilege;
  readonly reading?: true;
  /** What a request carries that lacks nothing but the right to ask. */
  readonly asking?: (scene: Scene) => Asking;
}

/** A chat in which every route has something to act on. */
export interface Scene extends Chat {
  /** The customer's file, and the key of an upload of theirs that is under way. */
  readonly fileId: string;
  readonly key: string;
}

const json = (body: unknown) => () => ({ json: body });
const file = ({ fileId }: Scene): Asking => ({ params: { fileId } });

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
  cancelUpload: { access: "participant", asking: ({ key }) => ({ params: { key } }) },
  createTicket: { access: "participant", privilege: "chat:save-files", asking: file },
  downloadFile: { access: "participant", privilege: "chat:save-files", asking: file },
  deleteFile: { access: "participant", asking: file },
  requestTranscriptEmail: { access: "customer", asking: json({ to: "ada@example.com" }) },
  joinSession: { access: "agent", privilege: "chat:take" },
  leaveSession: { access: "agent" },
};

/** Routes that anybody may ask, and the development issuer, which exists only where it may. */
export const OPEN = ["openSession", "getHealth", "getDescription", "createDevelopmentAgentToken"] as const;

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
  return { ...chat, fileId, key, leave: () => held.leave() };
}

/** Asks as the table says; undefined where it was granted. */
export async function attempt(who: ApiClient, name: OperationName, scene: Scene, extra: Asking = {}) {
  if (name === "openSocket") return upgradeRefusal(who, extra.headers);
  const outcome = await who.ask(name, { ...GUARDED[name]?.asking?.(scene), ...extra });
  return outcome.ok ? undefined : outcome.problem;
}
