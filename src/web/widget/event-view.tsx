/** One thing of the transcript: a message, a file, a link, or a notice; and messages that have not arrived. */

import type { WireEvent } from "../../protocol/chat.ts";
import type { ChatState, UnsentMessage } from "../client/chat-state.ts";
import { timeText } from "../view/format.ts";
import { Text } from "../view/text.tsx";
import type { TranscriptItem } from "../view/transcript-items.ts";
import { problemText } from "./faults.ts";
import { FileCard } from "./file-card.tsx";
import type { Scene, Speech } from "./scene.ts";

type MessageItem = Extract<TranscriptItem, { kind: "message" }>;

/** What somebody said or sent. */
export function EventView(
  props: Scene & { readonly item: MessageItem; readonly delivery: "delivered" | "read" | undefined },
) {
  const { item, delivery, say, language } = props;
  const { event, own, first } = item;
  return (
    <div class={`message ${own ? "own" : "other"} ${first ? "first" : ""}`} part={`message ${own ? "own" : "other"}`}>
      {first ? (
        <p class={own ? "unseen" : "author"} dir="auto">
          {own ? say("you") : event.from.nickname}
        </p>
      ) : null}
      <div class="bubble">
        {event.type === "FileUploaded" ? (
          <FileCard {...props} file={event.file} own={own} deleted={item.deleted === true} />
        ) : (
          <Text text={event.type === "PushUrl" ? event.url : event.text} whole={event.type === "PushUrl"} />
        )}
      </div>
      <p class="meta">
        <time dateTime={event.time}>{timeText(event.time, language)}</time>
        {delivery === undefined ? null : <span class="delivery">{say(delivery)}</span>}
      </p>
    </div>
  );
}

/** What happened, without anybody saying something. */
export function Notice({ event, state, say }: Scene & { readonly event: WireEvent }) {
  const text = noticeText(event, state, say);
  return text === "" ? null : (
    <p class="notice" dir="auto">
      {text}
    </p>
  );
}

/** A message of one's own that the transcript does not have yet. */
export function UnsentView(props: Scene & { readonly message: UnsentMessage }) {
  const { chat, state, say } = props;
  const { clientId, text, delivery, problem } = props.message;
  const sending = delivery === "sending" && state.phase === "open";
  return (
    <div class="message own unsent">
      <div class="bubble">
        <Text text={text} />
      </div>
      <p class="meta">{say(sending ? "sending" : "notSent")}</p>
      {sending ? null : (
        <p class="fault">
          {problem === undefined ? "" : problemText(problem, props)}{" "}
          <button class="plain" type="button" onClick={() => chat.tryAgain(clientId)}>
            {say("again")}
          </button>{" "}
          <button class="plain" type="button" onClick={() => chat.discard(clientId)}>
            {say("discard")}
          </button>
        </p>
      )}
    </div>
  );
}

function noticeText(event: WireEvent, { participantId }: ChatState, say: Speech["say"]): string {
  const name = event.from.nickname;
  switch (event.type) {
    case "ParticipantJoined":
      return say("joined", { name });
    case "ParticipantLeft":
      if (event.from.participantId !== participantId && event.reason === "left") return say("left", { name });
      return event.from.participantId === participantId && event.reason === "inactivity" ? say("endedIdle") : "";
    case "NicknameUpdated":
      return event.from.participantId === participantId ? "" : say("renamed", { name, nickname: event.nickname });
    case "UploadsGranted":
      return say("granted");
    case "IdleAlert":
    case "IdleClose":
      return event.text;
    default:
      return "";
  }
}
