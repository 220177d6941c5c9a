/** The Genesys-compatible door: Chat API Version 2 as a thin adapter on the same core (reference sections 1 and 4). */
import { logFault } from "../../backends/log.ts";
import type { Config } from "../../config.ts";
import { ok, type Result, refuse } from "../../core/refusal.ts";
import { countRequest, guessers, type Limited, type LimitName } from "../address-limits.ts";
import { serveFile } from "../download.ts";
import { drainRequest } from "../form.ts";
import { addressOf, admitCustomer } from "../guard.ts";
import type { Ports } from "../route.ts";
import { type Credentials, type GmsAnswer, refusal, success, userIdOf } from "./envelope.ts";
import { deleteFile, type GmsCall, OPERATIONS } from "./operations.ts";
import { type Fields, readFields } from "./read.ts";
import { startChat } from "./start.ts";
import { FAULT, toGms } from "./status.ts";
import { receiveFile } from "./upload.ts";

/** Where this door is; behind it stand the service, the chat's id and the operation. */
export const GMS_PREFIX = "/genesys/2/chat/";

/** A request to this door. */
export interface GmsRequest {
  readonly config: Config;
  readonly ports: Ports;
  readonly request: Request;
  readonly requestId: string;
}

/** A request about one chat; who asks is in its body. */
type ChatRequest = GmsRequest & Pick<GmsCall, "address" | "session">;

/** Answers any request to this door in its own envelope, faults included. */
export async function answerGms(asking: GmsRequest): Promise<Response> {
  const { pathname } = new URL(asking.request.url);
  const [service = "", chatId = "", ...rest] = pathname.slice(GMS_PREFIX.length).replace(/\/$/, "").split("/");
  try {
    const result = await dispatch(asking, service, chatId, rest.join("/"));
    if (result instanceof Response) return result;
    // Refused unread: a page that is still sending would otherwise see a broken connection, and no reason.
    await drainRequest(asking.request);
    return refusal(chatId, toGms(result.refusal, asking.requestId));
  } catch (error) {
    logFault("request-failed", error, { requestId: asking.requestId });
    return refusal(chatId, FAULT);
  }
}

type Answered = Promise<Response | Extract<Result<never>, { ok: false }>>;

async function dispatch(asking: GmsRequest, service: string, chatId: string, operation: string): Answered {
  const { config, ports, request } = asking;
  const options = config.services.get(service);
  if (options === undefined) return refuse({ reason: "unknown-service" });
  if (request.method !== "POST") return refuse({ reason: "method-not-allowed", allow: ["POST"] });
  // A download is the navigation of a form: it cannot carry the key (reference 4.13).
  const navigates = /^file\/[^/]+\/download$/.test(operation);
  if (!navigates && !hasApiKey(request, options.genesysApiKey)) return refuse({ reason: "api-key-wrong" });
  if (chatId === "") return operation === "" ? start(asking, service) : refuse({ reason: "unknown-route" });
  const limited = limitedOf(asking);
  const kept = guessers.admit(limited);
  if (!kept.ok) return kept;
  const address = await addressOf(config, service, chatId);
  if (!address.ok) {
    await guessers.note(limited, address.refusal.reason);
    return address;
  }
  const chat: ChatRequest = { ...asking, address: address.value, session: ports.session(address.value) };
  const limit = LIMITS.get(operation);
  const counted = limit === undefined ? ok(undefined) : await countRequest(limitedOf(asking), limit);
  if (!counted.ok) return counted;
  return operation === "file" ? upload(chat) : operate(chat, operation);
}

/** The key is public, since every page of the operator's shows it: it keeps strangers' widgets out, and nobody else. */
function hasApiKey({ headers }: Request, key: string): boolean {
  return key === "" || [headers.get("apikey"), headers.get("x-api-key")].includes(key);
}

/** Operations that one address may ask for only so often. */
const LIMITS: ReadonlyMap<string, LimitName> = new Map([
  ["file", "uploads"],
  ["send", "messages"],
  ["pushUrl", "messages"],
  ["updateNickname", "messages"],
  ["customNotice", "messages"],
  ["updateData", "messages"],
]);

function limitedOf(asking: GmsRequest): Limited {
  return { ...asking, url: new URL(asking.request.url) };
}

async function start(asking: GmsRequest, service: string): Answered {
  const { config, ports, request } = asking;
  const counted = await countRequest(limitedOf(asking), "sessions");
  if (!counted.ok) return counted;
  const fields = await readFields(request, ports.now);
  if (!fields.ok) return fields;
  const started = await startChat({ config, ports, url: new URL(request.url) }, service, fields.value);
  return started.ok ? success(started.value.credentials, started.value.answer) : started;
}

async function operate(chat: ChatRequest, name: string): Answered {
  const [, fileId = "", onFile] = /^file\/([^/]+)\/(download|delete)$/.exec(name) ?? [];
  const operation = OPERATIONS.get(name);
  if (onFile === undefined && operation === undefined) return refuse({ reason: "unknown-route" });
  const fields = await readFields(chat.request, chat.ports.now);
  if (!fields.ok) return fields;
  const credentials = await admit(chat, fields.value);
  if (!credentials.ok) return credentials;
  const call = { ...chat, principal: credentials.value.principal, fields: fields.value };
  if (onFile === "download") return download(call, fileId);
  const result = await (operation === undefined ? deleteFile(call, fileId) : operation(call));
  return result.ok ? success(credentials.value, result.value) : result;
}

/** Whom the parameters of a request speak for. `userId` need not be there, and must match where it is (reference 1.1). */
async function admit(chat: ChatRequest, fields: Fields): Promise<Result<Credentials>> {
  const admitted = await speaker(chat, fields);
  if (!admitted.ok) await guessers.note(limitedOf(chat), admitted.refusal.reason);
  return admitted;
}

async function speaker({ config, ports, address }: ChatRequest, fields: Fields): Promise<Result<Credentials>> {
  const secureKey = fields.get("secureKey");
  if (secureKey === undefined) return refuse({ reason: "no-token" });
  const admitted = await admitCustomer(config, address, secureKey, ports.now());
  if (!admitted.ok) return admitted;
  const { principal } = admitted.value;
  const userId = fields.get("userId");
  if (userId !== undefined && userId !== userIdOf(principal)) return refuse({ reason: "bad-token" });
  return ok({ chatId: address.sessionId, secureKey, principal });
}

async function upload(chat: ChatRequest): Answered {
  let credentials: Credentials | undefined;
  const received = receiveFile({
    ...chat,
    async admit(fields) {
      const admitted = await admit(chat, fields);
      if (!admitted.ok) return admitted;
      credentials = admitted.value;
      return ok(credentials.principal);
    },
  });
  // A client that leaves cancels its request; the upload goes on to a clean end all the same.
  chat.ports.waitUntil(received.catch(() => {}));
  const uploaded = await received;
  if (!uploaded.ok) return uploaded;
  if (credentials === undefined) return refuse({ reason: "no-token" });
  const { file, position } = uploaded.value;
  const userData = { "file-id": file.fileId };
  const answer: GmsAnswer = { messages: [], chatEnded: false, nextPosition: position + 1, userData };
  return success(credentials, answer);
}

/** Attachment, whatever the file: the widget opens it in a window of its own. */
async function download(call: GmsCall, fileId: string): Answered {
  const served = await serveFile(call, fileId, { ticketed: false, inline: false });
  if (served instanceof Response) return served;
  return served.ok ? refuse({ reason: "unknown-file" }) : served;
}
