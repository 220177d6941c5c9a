/** What participants say to each other: messages, pushed URLs, notices, and typing that is not stored. */
import { authorOf, type Draft, visibilityOf } from "./draft.ts";
import { ok, type Result, refuse, refuseField } from "./refusal.ts";
import type { Participant } from "./session.ts";
import type { TranscriptEvent, Visibility } from "./transcript.ts";

/** Sends a text. The same `clientId` of the same participant again gives the event it made the first time. */
export interface SendMessage {
  readonly type: "SendMessage";
  readonly text: string;
  readonly clientId?: string;
  readonly messageType?: string;
  /** `agents` makes it a note that customers and mails never see; agents only. */
  readonly visibility: Visibility;
}

/** Appends a message within the service's length. */
export function sendMessage(draft: Draft, actor: Participant, command: SendMessage): Result<TranscriptEvent> {
  const limit = draft.session.options.maxMessageLength;
  if (command.text.length > limit) return refuse({ reason: "message-too-long", limit });
  if (command.visibility === "agents" && actor.type === "Client") {
    return refuse({ reason: "missing-privilege", privilege: "chat:take" });
  }
  if (command.visibility === "all" && actor.silent === true) {
    return refuseField("visibility", "a silent supervisor writes notes only: agents");
  }
  const { text, messageType, clientId, visibility } = command;
  const body = {
    type: "Message",
    text,
    ...(messageType === undefined ? {} : { messageType }),
  } as const;
  return ok(
    draft.append(body, actor, {
      visibility,
      ...(clientId === undefined ? {} : { clientId }),
    }),
  );
}

/** Shows a URL to the others. */
export function pushUrl(
  draft: Draft,
  actor: Participant,
  command: { url: string; clientId?: string },
): Result<TranscriptEvent> {
  const { url, clientId } = command;
  return ok(draft.append({ type: "PushUrl", url }, actor, clientId === undefined ? {} : { clientId }));
}

/** A notice of the integrator's own kind. */
export function sendNotice(
  draft: Draft,
  actor: Participant,
  command: {
    text: string;
    userData?: Readonly<Record<string, string>>;
    clientId?: string;
  },
): Result<TranscriptEvent> {
  const { text, userData, clientId } = command;
  const body = {
    type: "CustomNotice",
    text,
    ...(userData === undefined ? {} : { userData }),
  } as const;
  return ok(draft.append(body, actor, clientId === undefined ? {} : { clientId }));
}

/** Tells the others that somebody types, or stopped; nothing is stored but, rarely, how far positions were taken. */
export function setTyping(
  draft: Draft,
  actor: Participant,
  command: { typing: boolean; preview?: string },
): Result<undefined> {
  const { typing, preview } = command;
  draft.frames.push({
    frame: "typing",
    from: authorOf(actor),
    typing,
    ...(preview === undefined ? {} : { preview }),
    visibility: visibilityOf(actor),
    position: draft.takePosition(),
    at: draft.context.now,
  });
  return ok(undefined);
}

/** Answers an idle alert without saying anything: the inactivity control starts anew, and nobody sees an event. */
export function stay(draft: Draft): Result<undefined> {
  const stayed = { at: draft.context.now, position: draft.session.position };
  draft.apply({ change: "SessionChanged", patch: { stayed } });
  return ok(undefined);
}
