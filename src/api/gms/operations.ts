/** What each operation of a running chat asks of the session, and what it answers (reference 4). */
import * as z from "zod";
import type { Named } from "../../core/chat.ts";
import type { CommandType } from "../../core/commands.ts";
import { ok, type Result, refuseField } from "../../core/refusal.ts";
import type { PollPage } from "../../core/views.ts";
import { MessageTypeSchema, NicknameSchema, PushUrlSchema, SendNoticeSchema, TextSchema } from "../../protocol/chat.ts";
import { MAX_PREVIEW } from "../../protocol/wire.ts";
import { check } from "../body.ts";
import { given } from "../given.ts";
import type { Ports, SessionCall } from "../route.ts";
import type { GmsAnswer } from "./envelope.ts";
import type { Fields } from "./read.ts";
import { MISSING } from "./status.ts";
import { writeLimits, writePage } from "./write.ts";

/** A verified call about one session. */
export interface GmsCall
  extends Pick<SessionCall<unknown, unknown, unknown>, "request" | "requestId" | "address" | "session" | "principal"> {
  readonly ports: Ports;
  readonly fields: Fields;
}

type Operation = (call: GmsCall) => Promise<Result<GmsAnswer>>;

/** Behind every event: nothing to read there, but where the transcript stands. */
const END = Number.MAX_SAFE_INTEGER;
/** Pages read for one answer; whoever is further behind gets the rest with the next. */
const MAX_PAGES = 5;
const LATEST = 64;

/** Gives one command; the answer carries events where the request says from which (reference 3.2). */
async function command<T extends CommandType>({ session, principal, fields }: GmsCall, asked: Named<T>) {
  // Before anything is done: what is refused must not have happened, or whoever tries again does it twice.
  const position = fields.position("transcriptPosition");
  if (!position.ok) return position;
  const done = await session.execute(principal, asked);
  return done.ok ? readFrom({ session, principal, fields }, 0) : done;
}

/** Events from `transcriptPosition`, or from `otherwise` where the request names none; 0 means none. */
async function readFrom(
  { session, principal, fields }: Pick<GmsCall, "session" | "principal" | "fields">,
  otherwise: number,
): Promise<Result<GmsAnswer>> {
  const asked = fields.position("transcriptPosition");
  if (!asked.ok) return asked;
  const from = asked.value ?? otherwise;
  if (from === -1) return latest({ session, principal });
  const first = await session.poll(principal, from === 0 ? END : from - 1);
  if (!first.ok) return first;
  let page = first.value;
  const messages = writePage(page);
  for (let pages = 1; page.more && pages < MAX_PAGES; pages += 1) {
    const next = await session.poll(principal, page.position);
    if (!next.ok) return next;
    page = next.value;
    messages.push(...writePage(page));
  }
  return ok(answer(page, messages));
}

/** -1: the last event alone, as a client in the background asks for it (reference 3.2). */
async function latest({ session, principal }: Pick<GmsCall, "session" | "principal">): Promise<Result<GmsAnswer>> {
  const end = await session.poll(principal, END);
  if (!end.ok) return end;
  const page = await session.poll(principal, Math.max(0, end.value.position - LATEST));
  return page.ok ? ok(answer(page.value, writePage({ events: page.value.events, typing: [] }).slice(-1))) : page;
}

function answer(page: PollPage, messages: GmsAnswer["messages"]): GmsAnswer {
  return {
    messages,
    chatEnded: page.ended,
    nextPosition: page.position + 1,
    monitored: page.supervised,
    ...given("idleTimerExpire", page.idleLeft === undefined ? undefined : Math.ceil(page.idleLeft / 1000)),
  };
}

/** News, and a sign of life; what stands in the input box is shown to agents (reference 4.3). */
const refresh: Operation = async (call) => {
  const position = call.fields.position("transcriptPosition");
  if (!position.ok) return position;
  const preview = call.fields.shortened("message", MAX_PREVIEW);
  if (preview !== undefined) {
    const typing = { type: "SetTyping", typing: true, preview } as const;
    // Nobody types in a session that has ended; the news is asked for all the same.
    await call.session.execute(call.principal, typing);
  }
  return readFrom(call, 1);
};

const send: Operation = async (call) => {
  const text = call.fields.required("message");
  if (!text.ok) return text;
  const checked = check(TextSchema, text.value, "message");
  if (!checked.ok) return checked;
  const messageType = check(MessageTypeSchema.optional(), call.fields.get("messageType"), "messageType");
  if (!messageType.ok) return messageType;
  const kind = given("messageType", messageType.value);
  return command(call, { type: "SendMessage", text: checked.value, visibility: "all", ...kind });
};

/** Ends the session; a repeat is as good as the first (reference 4.4). */
const disconnect: Operation = async (call) => {
  const ended = await command(call, { type: "EndSession" });
  return ended.ok ? ok({ ...ended.value, chatEnded: true }) : ended;
};

function typing(started: boolean): Operation {
  return (call) => {
    const preview = call.fields.shortened("message", MAX_PREVIEW);
    return command(call, { type: "SetTyping", typing: started, ...given("preview", preview) });
  };
}

const pushUrl: Operation = async (call) => {
  const url = call.fields.required("pushUrl");
  const checked = url.ok ? check(PushUrlSchema.shape.url, url.value, "pushUrl") : url;
  return checked.ok ? command(call, { type: "PushUrl", url: checked.value }) : checked;
};

const updateNickname: Operation = async (call) => {
  const nickname = check(NicknameSchema, call.fields.get("nickname") ?? "", "nickname");
  return nickname.ok ? command(call, { type: "UpdateNickname", nickname: nickname.value }) : nickname;
};

/** Without a text there is nothing to see: the widget answers an idle alert this way (reference 4.8). */
const customNotice: Operation = async (call) => {
  const text = call.fields.get("message");
  if (text === undefined) return command(call, { type: "Stay" });
  const userData = call.fields.userData();
  if (!userData.ok) return userData;
  const checked = check(SendNoticeSchema.shape.text, text, "message");
  if (!checked.ok) return checked;
  return command(call, { type: "SendNotice", text: checked.value, ...given("userData", userData.value) });
};

const updateData: Operation = async (call) => {
  const userData = call.fields.userData();
  if (!userData.ok) return userData;
  if (userData.value === undefined) return refuseField("userData", MISSING);
  return command(call, { type: "UpdateUserData", userData: userData.value });
};

/** The position is what was read, not where to read from: the answer carries no events. */
const readReceipt: Operation = async (call) => {
  const given = call.fields.required("transcriptPosition");
  if (!given.ok) return given;
  const position = check(z.coerce.number().int().min(1), given.value, "transcriptPosition");
  if (!position.ok) return position;
  const done = await call.session.execute(call.principal, { type: "MarkRead", position: position.value });
  if (!done.ok) return done;
  const end = await call.session.poll(call.principal, END);
  return end.ok ? ok(answer(end.value, [])) : end;
};

/** What may be sent and fetched, as a notice that is no event, and once more beside it (reference 4.11). */
const limits: Operation = async ({ session, principal, ports }) => {
  const view = await session.view(principal);
  if (!view.ok) return view;
  const participantId = principal.kind === "customer" ? principal.participantId : 0;
  const notice = writeLimits(view.value, participantId, ports.now());
  const chatEnded = view.value.phase === "ended";
  const userData = notice.userData ?? {};
  return ok({ messages: [notice], chatEnded, nextPosition: view.value.position + 1, userData });
};

/** Deletes a file of the customer's own. */
export async function deleteFile(call: GmsCall, fileId: string): Promise<Result<GmsAnswer>> {
  return command(call, { type: "DeleteFile", fileId });
}

/** Operations by their path behind the chat's id; those with a file's id, and the upload, have routes of their own. */
export const OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ["send", send],
  ["refresh", refresh],
  ["disconnect", disconnect],
  ["startTyping", typing(true)],
  ["stopTyping", typing(false)],
  ["pushUrl", pushUrl],
  ["updateNickname", updateNickname],
  ["customNotice", customNotice],
  ["updateData", updateData],
  ["readReceipt", readReceipt],
  ["file/limits", limits],
]);
